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
    # 05xx plans
    # 06xx communication
    # 07xx price and memory
    # 08xx proof
    # 09xx drawings
}
