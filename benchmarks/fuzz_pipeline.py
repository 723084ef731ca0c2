"""Damage good programs at random and look whether the whole compiler stays on its feet.

    python benchmarks/fuzz_pipeline.py --minutes 10 --seed 0

Reads, checks, compiles (every fact after every pass), reports and, where small, proves each damaged program.
Anything but findings (check and compile must agree on them) is printed with its seed: an exception, a broken fact, a program that differs from its
model, a finding outside the text, or a program that takes too long; the exit status is then 1.  ``--only SEED``
shows one program and what became of it.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FrameType

from helixc.codes import CODES
from helixc.compiler import Checked, Compilation, check_sources, compile_plans, make_choice
from helixc.diagnostics import Diagnostic, HelixError
from helixc.emit.report_markdown import report_markdown
from helixc.interp.verify import verify
from helixc.ir.spmd import walk
from helixc.render import render_text
from helixc.text.loader import load_text
from helixc.text.parser import parse_text

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))
SECONDS = 10.0
ILLEGIBLE = 0.15  # the share of programs that are damaged below the level of words
DRAWN = 0.3  # the share of programs that are drawn anew before they are damaged
TRIES = 5
MOST_GPUS = 16  # proved
MOST_TURNS = 1000  # reported row by row
NAME = re.compile(r"\b[A-Za-z_][A-Za-z0-9_]*\b")
NUMBER = re.compile(r"\b[0-9][0-9_]*(?:\.[0-9]+)?(?:e-?[0-9]+)?\b")
AXIS = re.compile(r"(?:over|mesh) (\w+)")
DIMS = re.compile(r"[\[,] ?(\w+)(?=[,\]])")
VALUE = re.compile(r"^ *(?:layer |weight |input )?(\w+)(?= ?[=(:])", re.MULTILINE)
FITTING = 0.8
NUMBERS = (
    "0", "1", "2", "3", "5", "6", "7", "8", "12", "16", "30", "4096", "8190", "-1", "0.5", "1e-5", "1e300",
    "1_000_000_000", "1048576", "1048577", "9007199254740991", "9007199254740992", "10 ** 30", "2 ** 20",
)  # fmt: skip
LINES = (
    "strict", "keep weights", "replicate all", "shard batch over n", "shard seq, key over tp",
    "shard head over tp via all_reduce", "shard embed over m via all_gather", "local scores over m",
    "shard key over tp", "shard embed over tp", "partial over tp", "label again", "mesh n = 2, m = 2",
    "in layer[0] { replicate all }", "in layer[-1] { strict }", "in layer[1..-2] { keep weights }",
    "in mha.scores { shard key over tp via all_to_all }", "in x { shard seq over tp }",
    "x = x + x", "x = x * x", "x = softmax(x, over embed)", "x = sum(x, over embed)", "output x",
    "x = rename(x, embed -> other)", "x = matmul(x, x, over embed)", "repeat 3 { x = x + 1 }", "dim seq = 1",
    "x = bool(x)", "x = where(x > 0, x, -x)", "x = outer(x, 2)", "weight w: [embed]", "dtype i8", "dtype f64",
    "y = x", "return x, x", "x = split(x, embed -> a + b)", "x = mean(x, over seq, embed)", "output w = x",
)  # fmt: skip


@cache
def token_damages() -> tuple[Callable[..., str], Callable[[], tuple[str, ...]]]:
    """How the parser's own fuzzing damages a text, and the programs that it starts from."""
    module = import_module("fuzz_parser")
    return module.mutated, module.programs


def drawn(seed: int) -> str:
    """A random program that means something."""
    return import_module("prove_random").text_of(0, seed)


@cache
def programs() -> tuple[str, ...]:
    """Where it starts: what the project shows, its bad inputs, and the cases of its passes."""
    bad = sorted((ROOT / "tests" / "errors").glob("*.hx"))
    cases = sorted((ROOT / "tests" / "cases").glob("*/*.hx"))
    texts = [path.read_text(encoding="utf-8") for path in (*bad, *cases)]
    shown = [text for text in token_damages()[1]() if "plan " in text]
    return (*(shown * 4), *(text.split("\n# ---- expected ----\n")[0] for text in texts))


def damaged(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """The text with some damages: mostly such as leave it readable, so that later passes see them."""
    if chance.random() < ILLEGIBLE:
        return token_damages()[0](text, chance, others)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5))):
        text = _readable(text, chance, others)
    return text


def _readable(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """The text with one damage, preferably one that a reader does not notice."""
    after = text
    for _ in range(TRIES):
        after = chance.choice(DAMAGES)(text, chance, others)
        if not parse_text(after, "fuzz.hx")[1]:
            break
    return after


def _another_name(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """One occurrence of a name becomes another name of the same text."""
    found = list(NAME.finditer(text))
    if not found:
        return text
    place = chance.choice(found)
    return text[: place.start()] + chance.choice(found).group() + text[place.end() :]


def _another_name_throughout(text: str, chance: random.Random, _: Sequence[str]) -> str:
    names = NAME.findall(text)
    if not names:
        return text
    return re.sub(rf"\b{chance.choice(names)}\b", chance.choice(names), text)


def _another_number(text: str, chance: random.Random, _: Sequence[str]) -> str:
    found = list(NUMBER.finditer(text))
    if not found:
        return text
    place = chance.choice(found)
    return text[: place.start()] + chance.choice(NUMBERS) + text[place.end() :]


def _another_line(text: str, chance: random.Random, _: Sequence[str]) -> str:
    """A line of some use, its words mostly from the text: mesh axes, dimensions, layers and values."""
    lines = text.split("\n")
    line = chance.choice(LINES)
    for pattern, words in ((AXIS, r"\b(?:n|m|tp)\b"), (DIMS, r"\b(?:batch|seq|key|head|embed)\b"),
                           (VALUE, r"\b(?:mha|scores|x|w|y)\b")):  # fmt: skip
        known = pattern.findall(text)
        if known and chance.random() < FITTING:
            line = re.sub(words, lambda _: chance.choice(known), line)  # noqa: B023 - used at once
    lines.insert(chance.randint(0, len(lines)), line)
    return "\n".join(lines)


def _foreign_line(text: str, chance: random.Random, others: Sequence[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randint(0, len(lines)), chance.choice(chance.choice(others).split("\n")))
    return "\n".join(lines)


def _line_moved(text: str, chance: random.Random, _: Sequence[str]) -> str:
    lines = text.split("\n")
    line = lines.pop(chance.randrange(len(lines)))
    lines.insert(chance.randint(0, len(lines)), line)
    return "\n".join(lines)


def _line_removed(text: str, chance: random.Random, _: Sequence[str]) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _line_doubled(text: str, chance: random.Random, _: Sequence[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randint(0, len(lines)), chance.choice(lines))
    return "\n".join(lines)


Damage = Callable[[str, random.Random, Sequence[str]], str]
DAMAGES: tuple[Damage, ...] = (
    _another_name, _another_name, _another_name_throughout, _another_number, _another_number,
    _another_line, _another_line, _foreign_line, _line_moved, _line_removed, _line_doubled,
)  # fmt: skip


def wrong_with(text: str, *, prove: bool = True) -> tuple[str, str]:
    """What became of a text, in a word, and what is wrong with that; "" if all is well."""
    try:
        sources = load_text(text, "fuzz.hx")
    except HelixError as error:
        return "unreadable", _misplaced(error.diagnostics, text)
    choice = make_choice(None, None, None, None)
    checked, compiled = compile_plans(sources, choice, verify_each=True)
    wrong = _misplaced(checked.diagnostics, text) or _unrendered(checked)
    quick, full = (_errors(found) for found in (check_sources(sources, choice), checked))
    if quick != full:
        wrong = wrong or f"check finds {quick}, compiling {full}"
    for compilation in compiled:
        wrong = wrong or _wrong_program(compilation, prove=prove)
    if compiled:
        return "compiled", wrong
    return ("refused" if not checked.ok else "empty"), wrong


def _errors(checked: Checked) -> list[str]:
    return [f"{d.code} on line {d.span.line}" for d in checked.diagnostics if d.severity == "error"]


def _wrong_program(compilation: Compilation, *, prove: bool) -> str:
    """What is wrong with the report and the arithmetic of a program."""
    json.dumps(compilation.report.to_dict() if _short(compilation) else "")
    report_markdown(compilation.report)
    if prove and compilation.spmd.mesh.devices <= MOST_GPUS:
        proof = verify(compilation.logical, compilation.stages[1:])
        if proof.verdict == "differs" or not proof.replicas_equal:
            return f"plan {compilation.choice.plan} differs from its model: {proof.passes}"
    return ""


def _short(compilation: Compilation) -> bool:
    """Whether the rows of a report, one per layer and turn, are few enough to write."""
    trips = [getattr(statement, "trips", 1) for statement in walk(compilation.spmd.body)]
    return max(trips, default=1) <= MOST_TURNS


def _misplaced(found: Sequence[Diagnostic], text: str) -> str:
    """A finding that stands nowhere in the text, or whose code nobody knows."""
    lines = text.count("\n") + text.count("\r") + 1
    for finding in found:
        if finding.code not in CODES:
            return f"unknown code {finding.code}"
        if finding.span.file == "fuzz.hx" and not 1 <= finding.span.line <= lines:
            return f"{finding.code} stands on line {finding.span.line} of {lines}"
        if finding.severity == "error" and not finding.span.file:
            return f"{finding.code} stands nowhere: {finding.message}"
    return ""


def _unrendered(checked: Checked) -> str:
    if not checked.diagnostics:
        return ""
    return "" if render_text(checked.diagnostics, checked.texts) else "findings without a text"


class TooLongError(Exception):
    """A program takes longer than any may."""


def _interrupt(_: int, __: FrameType | None) -> None:
    raise TooLongError(f"more than {SECONDS} s")


def attempt(seed: int, texts: Sequence[str], *, prove: bool = True) -> tuple[str, str, str]:
    """The program that a seed draws, what became of it, and what is wrong with that ("": nothing)."""
    chance = random.Random(seed)
    start = drawn(seed) if chance.random() < DRAWN else chance.choice(texts)
    text = damaged(start, chance, texts)
    try:
        return text, *wrong_with(text, prove=prove)
    except Exception:  # noqa: BLE001 - the point is that nothing at all is raised
        return text, "failed", traceback.format_exc()


def timed_attempt(seed: int, texts: Sequence[str]) -> tuple[str, str, str]:
    """The same, interrupted when it takes too long (where the system can do that)."""
    if not hasattr(signal, "setitimer"):
        return attempt(seed, texts)
    signal.signal(signal.SIGPROF, _interrupt)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        return attempt(seed, texts)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> int:
    """Damage programs until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="where to begin")
    parser.add_argument("--only", type=int, default=None, help="show what one seed draws")
    options = parser.parse_args()
    texts = programs()
    if options.only is not None:
        print(*timed_attempt(options.only, texts), sep="\n")
        return 0
    end = time.monotonic() + 60 * options.minutes
    seed, outcomes, failures, slowest = options.seed, Counter[str](), 0, (0.0, 0)
    while time.monotonic() < end:
        begun = time.process_time()
        text, outcome, wrong = timed_attempt(seed, texts)
        slowest = max(slowest, (time.process_time() - begun, seed))
        outcomes[outcome] += 1
        if wrong:
            failures += 1
            print(f"seed {seed}: {outcome}: {wrong}\n{text}\n", flush=True)
        seed += 1
    print(f"seeds {options.seed} to {seed - 1}: {dict(outcomes)}, {failures} failures")
    print(f"slowest: {slowest[0]:.1f} s of CPU (seed {slowest[1]})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
