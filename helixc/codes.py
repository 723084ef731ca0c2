"""Every diagnostic code with its title; a code is stable, its wording is not.

00xx files and limits, 01xx syntax, 02xx names, 03xx shapes, 04xx hardware and units, 05xx plans,
06xx communication, 07xx price and memory, 08xx proof, 09xx drawings.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    # 00xx files and limits
    # 01xx syntax
    # 02xx names
    # 03xx shapes
    # 04xx hardware and units
    "HX0401": "unknown unit",
    "HX0402": "quantities of different kinds",
    "HX0403": "no number of sensible size",
    "HX0404": "division by zero",
    "HX0405": "not a number known when compiling",
    "HX0406": "unknown number",
    "HX0410": "unknown hardware",
    "HX0411": "hardware declared twice",
    "HX0412": "unknown field of hardware",
    "HX0413": "missing field of hardware",
    "HX0414": "field of the wrong kind",
    "HX0415": "field or level given twice",
    "HX0416": "field out of range",
    "HX0417": "hardware from two imports",
    "HX0418": "level without members",
    "HX0419": "too many GPUs",
    # 05xx plans
    # 06xx communication
    # 07xx price and memory
    # 08xx proof
    # 09xx drawings
}
