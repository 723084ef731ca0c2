"""What is too much to simulate, said before it is tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from helixc.analysis.local_compute import local_compute
from helixc.interp.site import product_size
from helixc.ir.layout import local_elements
from helixc.ir.logical import Logical, Op, Repeat, Statement
from helixc.ir.ops import OPS, Fused
from helixc.ir.slices import slice_count
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement

MOST_GPUS = 256
# Elements of all values of one version on all simulated GPUs: 8 bytes each, all kept to be compared.
MOST_ELEMENTS = 2**25
# Multiply-adds of one version on all simulated GPUs, and statements executed.
MOST_MULTIPLICATIONS = 2**33
MOST_STATEMENTS = 200_000


def excess(programs: Iterable[Logical | Spmd]) -> str:
    """Why these versions are too large to be run at their sizes, or "" if they are not."""
    for program in programs:
        if isinstance(program, Spmd):
            gpus = program.mesh.devices
            if gpus > MOST_GPUS:
                return _reason(f"{gpus} GPUs", f"{MOST_GPUS} GPUs")
            totals = _placed(program, program.body)
        else:
            totals = _whole(program, program.body)
        totals = _times(slice_count(program), totals)
        for found, most, what in zip(totals, _MOST, _WHAT, strict=True):
            if found > most:
                return _reason(f"{found} {what}", f"{most} {what}")
    return ""


_MOST = (MOST_ELEMENTS, MOST_MULTIPLICATIONS, MOST_STATEMENTS)
_WHAT = ("elements", "multiplications", "statements")
_Totals = tuple[int, int, int]


def _reason(found: str, limit: str) -> str:
    return f"there are {found} at these sizes, more than the {limit} simulated"


def _whole(program: Logical, body: tuple[Statement, ...]) -> _Totals:
    """Elements, multiplications and statements of a body."""
    rows: list[_Totals] = []
    for statement in body:
        if isinstance(statement, Repeat):
            rows.append(_times(statement.trips, _whole(program, statement.body)))
        else:
            elements = statement.type.elements(program.sizes)
            rows.append((elements, _multiplications(statement, program.sizes), 1))
    return _sum(rows)


def _placed(program: Spmd, body: tuple[SpmdStatement, ...]) -> _Totals:
    rows: list[_Totals] = []
    gpus, sizes, mesh = program.mesh.devices, program.sizes, program.mesh
    for statement in body:
        if isinstance(statement, Loop):
            rows.append(_times(statement.trips, _placed(program, statement.body)))
            continue
        elements = gpus * local_elements(statement.type, statement.layout, sizes, mesh)
        flops = 0
        if isinstance(statement, Compute):
            flops = gpus * local_compute(statement, program).work.matrix_flops
        rows.append((elements, flops // 2, 1))
    return _sum(rows)


def _multiplications(op: Op, sizes: Mapping[str, int]) -> int:
    if isinstance(op.params, Fused):
        return sum(_multiplications(member, sizes) for member in op.params.body)
    if OPS[op.kind].work != "matmul":
        return 0
    return op.type.elements(sizes) * product_size(sizes, op.over)


def _times(count: int, totals: _Totals) -> _Totals:
    return (count * totals[0], count * totals[1], count * totals[2])


def _sum(rows: list[_Totals]) -> _Totals:
    return (sum(r[0] for r in rows), sum(r[1] for r in rows), sum(r[2] for r in rows))
