"""Which faults in compiled programs are caught, by the checks of facts and by the proof.

    python benchmarks/mutation_score.py [--random N] [--seed S]

Puts every fault of every kind (``tests/spmd_faults.py``) into the compiled examples and into drawn programs,
and prints a table by kind.  A fault that nothing catches has computed, on three seeds, every value of the
model: it is listed with the reason why it changes nothing, if one is known.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from helixc.compiler import Compilation, compile_text, plan_names
from helixc.compiler import compile as compile_file
from helixc.diagnostics import HelixError
from helixc.interp.data import Data
from helixc.interp.shrink import shrink, shrink_model, smallest_instance
from helixc.interp.spmd import ExecutionError, run_spmd
from helixc.interp.tasks import run_tasks
from helixc.interp.verify import verify
from helixc.ir.device import DeviceProgram
from helixc.ir.invariants import COMMUNICATED_FACTS
from helixc.ir.invariants_device import SCHEDULED_FACTS
from helixc.ir.spmd import Spmd, walk
from helixc.passes.localize import localize
from helixc.passes.schedule import schedule
from helixc.text.loader import load_path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (0, 1, 2)
# How many edges of each program are taken out.
EDGES = 20
sys.path.insert(0, str(ROOT / "tests"))


def programs(count: int, seed: int) -> Iterator[Compilation]:
    """The examples under all of their plans, and drawn programs that compile."""
    for path in sorted((ROOT / "examples").glob("*.hx")):
        for plan in plan_names(load_path(path)):
            yield compile_file(path, plan=plan)
    draw = import_module("random_programs").draw_program
    for number in range(count):
        source = random.Random(seed * 1_000_003 + number)
        try:
            yield compile_text(draw(source.choice))
        except HelixError:
            continue


def breaks_a_fact(program: Spmd) -> bool:
    """Whether a check of a named fact finds something, without running the program."""
    try:
        return any(True for fact in COMMUNICATED_FACTS for _ in fact.check(program))
    except (LookupError, ValueError, TypeError):
        return True


def differs(compiled: Compilation, program: Spmd) -> bool:
    """Whether the proof finds the program wrong, on one of some seeds."""
    stages: list[Any] = [*compiled.stages[1:-1], ("faulty", program)]
    return any(verify(compiled.logical, stages, seed=seed).verdict == "differs" for seed in SEEDS)


def count_missing_edges(compiled: Compilation, row: Counter[str]) -> None:
    """Take some edges out of the tasks, one at a time: a missing dependency."""
    report = shrunk(compiled)
    if report is None:
        return
    spmd, supply = report
    tasks = schedule(localize(spmd))
    for position in range(0, tasks.edges, max(1, tasks.edges // EDGES)):
        reader = int(np.searchsorted(tasks.start, position, side="right"))
        start = tasks.start.copy()
        start[reader:] -= 1
        broken = attrs.evolve(
            tasks,
            start=start,
            after=np.delete(tasks.after, position),
            operand=np.delete(tasks.operand, position),
        )
        by_fact = any(True for fact in SCHEDULED_FACTS for _ in fact.check(broken))
        by_proof = _fails(broken, supply)
        row.update({"all": 1, "facts": by_fact, "proof": by_proof, "either": by_fact or by_proof})


def shrunk(compiled: Compilation) -> tuple[Spmd, Data] | None:
    """The small instance that is proved, and its data; None under an approximation."""
    if compiled.spmd.approximations:
        return None
    stages: list[Any] = [program for _, program in compiled.stages[1:]]
    instance = smallest_instance(compiled.logical, stages, {})
    spmd = shrink(compiled.spmd, instance)
    return (
        (spmd, Data(shrink_model(compiled.logical, instance), 0))
        if isinstance(spmd, Spmd)
        else None
    )


def _fails(tasks: DeviceProgram, supply: Data) -> bool:
    try:
        run_tasks(tasks, supply, range(tasks.tasks))
    except ExecutionError:
        return True
    return False


def why_equivalent(compiled: Compilation, fault: Any) -> str:
    """Why a fault that nothing catches is none, as far as it can be told."""
    small = shrunk(compiled)
    blocks = run_spmd(*small).latest if small else {}
    return import_module("equivalent_faults").reason(fault, blocks)


def main() -> None:
    """Count what is caught by what, for each kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--survivors", action="store_true", help="show each fault that survives")
    arguments = parser.parse_args()
    faults = import_module("spmd_faults").faults
    rows: dict[str, Counter[str]] = {}
    survivors: Counter[str] = Counter()
    for compiled in programs(arguments.random, arguments.seed):
        count_missing_edges(compiled, rows.setdefault("missing dependency", Counter()))
        for fault in faults(compiled.spmd):
            by_fact, by_proof = breaks_a_fact(fault.program), differs(compiled, fault.program)
            row = rows.setdefault(fault.kind, Counter())
            row["all"] += 1
            row["facts"] += by_fact
            row["proof"] += by_proof
            row["either"] += by_fact or by_proof
            if not by_fact and not by_proof:
                survivors[f"{fault.kind}: {why_equivalent(compiled, fault)}"] += 1
                if arguments.survivors:
                    print(_shown(fault))
    _print(rows, survivors)


def _shown(fault: Any) -> str:
    """A fault that survived: the statement before, and the one that took its place."""
    after = next(s for s in walk(fault.program.body) if getattr(s, "result", None) == fault.value)
    pair = [_statement_text(s) for s in (fault.statement, after)]
    return f"{fault.kind}: {fault.value}: {pair[0]} -> {pair[1]}"


def _statement_text(statement: Any) -> str:
    if hasattr(statement, "op"):
        read = ", ".join(o if isinstance(o, str) else str(o.value) for o in statement.op.operands)
        return f"{statement.op.kind}({read})"
    return f"{statement.step} of {statement.source}"


def _print(rows: dict[str, Counter[str]], survivors: Counter[str]) -> None:
    print("| fault | programs | caught by facts | by the proof | by either |")
    print("| --- | --- | --- | --- | --- |")
    total: Counter[str] = Counter()
    for kind, row in [*sorted(rows.items()), ("all", total)]:
        total += row if kind != "all" else Counter()
        cells = " | ".join(str(row[name]) for name in ("all", "facts", "proof", "either"))
        print(f"| {kind} | {cells} |")
    for reason, count in sorted(survivors.items()):
        print(f"survived {count}: {reason}")


if __name__ == "__main__":
    main()
