"""A way of an operator: how its work is divided over the mesh, and what that needs.

A way assigns each atom to one factor of the operator's rule, to an operand that passes through as a
partial value, or to nothing (the work is repeated).  It fixes the layouts that the operands must have and
the layout in which the result appears.
"""

from __future__ import annotations

import attrs

from helixc.ir.layout import Layout

# Where an atom goes: ("split", factor), ("partial", operand position as text), or ("out", "").
Choice = tuple[str, str]
OUT: Choice = ("out", "")
JOINT: Choice = ("partial", "all")


@attrs.frozen(eq=False)
class Way:
    """One way: the assignment by atom, the layouts it needs, and the layout of the result.

    ``operands`` has an entry per operand position (a number's is whole).  ``assignment`` is in the
    form of ``spmd.Compute.way``.  ``ways``: how many parts each factor is divided into.
    """

    assignment: tuple[tuple[str, str], ...]
    operands: tuple[Layout, ...]
    result: Layout
    ways: tuple[tuple[str, int], ...]
