"""Prove many random programs: every one that compiles must equal its model after every pass.

    python benchmarks/prove_random.py --count 20000 --seed 1

Prints how many were proved, refused (with the codes) or not verified, and every failure with the number that
draws it again (``--only N``).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from helixc.compiler import compile_sources, make_choice
from helixc.diagnostics import CompilerBug, HelixError
from helixc.interp.verify import verify
from helixc.text.loader import load_text

TESTS = Path(__file__).resolve().parent.parent / "tests"


def generator() -> Callable[..., str]:
    """What draws a program; it stands with the tests, which draw through hypothesis."""
    sys.path.insert(0, str(TESTS))
    return import_module("random_programs").draw_program


DRAW = generator()


def text_of(seed: int, number: int) -> str:
    """The program that a seed and a number draw."""
    source = random.Random(seed * 1_000_003 + number)

    def pick(options: Sequence[Any]) -> Any:
        return options[source.randrange(len(options))]

    return DRAW(pick)


def outcome(text: str) -> tuple[str, str]:
    """What became of a program: a word, and what there is to say."""
    try:
        sources = load_text(text, "drawn.hx")
        compiled = compile_sources(sources, make_choice(None, None, None, ()), verify_each=True)
        report = verify(compiled.logical, compiled.stages[1:])
    except HelixError as error:
        return "refused", ", ".join(
            sorted({d.code for d in error.diagnostics if d.severity == "error"})
        )
    except CompilerBug as error:
        return "bug", str(error)
    except Exception:  # noqa: BLE001 - whatever else comes out is what this script looks for
        return "crash", traceback.format_exc()
    return report.verdict, report.reason


def main() -> None:
    """Draw, compile, verify, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, default=None, help="show one program and its outcome")
    parser.add_argument("--start", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.only is not None:
        text = text_of(arguments.seed, arguments.only)
        print(text, *outcome(text), sep="\n")
        return
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    begun = time.process_time()
    for number in range(arguments.start, arguments.start + arguments.count):
        verdict, detail = outcome(text_of(arguments.seed, number))
        counts[verdict] += 1
        if verdict == "refused":
            refused[detail] += 1
        elif verdict not in ("equal", "approximation"):
            print(f"{number}: {verdict}: {detail}", flush=True)
    seconds = time.process_time() - begun
    print(f"seed {arguments.seed}: {dict(counts)}, refused {dict(refused)}, {seconds:.0f} s of CPU")
    if counts["differs"] + counts["bug"] + counts["crash"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
