"""Damage good programs at random and look whether reading them ever fails.

``python benchmarks/fuzz_parser.py --minutes 10`` prints what it did; a text that raises, takes too long or yields
neither a file nor a finding is printed with its seed, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from helixc.text.parser import parse_text
from helixc.text.source_printer import print_source

ROOT = Path(__file__).resolve().parent.parent
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9][0-9_.]*|\s+|->|\*\*|.", re.DOTALL)
CHARACTERS = "(){}[]=+-*/%<>!:;,.#_ \t\n\r\"'@\\\x00\x1b\u00e9\u2028\ufeff\U0001f600aZ09"
SECONDS = 5.0


def programs() -> tuple[str, ...]:
    """Every program that the project shows: examples, library, and the page on the language."""
    files = sorted([*(ROOT / "examples").glob("*.hx"), *(ROOT / "helixc" / "std").glob("*.hx")])
    page = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```hx\n(.*?)```", page, re.DOTALL)
    return tuple([file.read_text(encoding="utf-8") for file in files] + blocks)


def mutated(text: str, chance: random.Random, others: Sequence[str]) -> str:
    """The text with one to six damages: pieces deleted, doubled, swapped, or put in from elsewhere."""
    for _ in range(chance.randint(1, 6)):
        text = chance.choice(DAMAGES)(text, chance, others)
    return text


def _delete_token(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = TOKEN.findall(text)
    if tokens:
        del tokens[chance.randrange(len(tokens))]
    return "".join(tokens)


def _double_token(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = TOKEN.findall(text)
    if tokens:
        position = chance.randrange(len(tokens))
        tokens.insert(position, tokens[position])
    return "".join(tokens)


def _swap_tokens(text: str, chance: random.Random, _: Sequence[str]) -> str:
    tokens = TOKEN.findall(text)
    if tokens:
        first, second = (chance.randrange(len(tokens)) for _ in range(2))
        tokens[first], tokens[second] = tokens[second], tokens[first]
    return "".join(tokens)


def _insert_token(text: str, chance: random.Random, others: Sequence[str]) -> str:
    tokens = TOKEN.findall(text)
    foreign = TOKEN.findall(chance.choice(others))
    tokens.insert(chance.randint(0, len(tokens)), chance.choice(foreign))
    return "".join(tokens)


def _insert_line(text: str, chance: random.Random, others: Sequence[str]) -> str:
    lines = text.split("\n")
    lines.insert(chance.randint(0, len(lines)), chance.choice(chance.choice(others).split("\n")))
    return "\n".join(lines)


def _delete_line(text: str, chance: random.Random, _: Sequence[str]) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _change_character(text: str, chance: random.Random, _: Sequence[str]) -> str:
    position = chance.randint(0, len(text))
    return text[:position] + chance.choice(CHARACTERS) + text[position + chance.randint(0, 2) :]


def _cut(text: str, chance: random.Random, _: Sequence[str]) -> str:
    start = chance.randint(0, len(text))
    return text[:start] + text[start + chance.randint(0, 200) :]


def _damage_bytes(text: str, chance: random.Random, _: Sequence[str]) -> str:
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data).decode("utf-8", "replace")


Damage = Callable[[str, random.Random, Sequence[str]], str]
DAMAGES: tuple[Damage, ...] = (
    _delete_token, _double_token, _swap_tokens, _insert_token, _insert_line, _delete_line,
    _change_character, _cut, _damage_bytes,
)  # fmt: skip


def wrong_with(text: str) -> str:
    """What is wrong with how a text is read; "" if all is well."""
    start = time.process_time()
    file, findings = parse_text(text, "fuzz.hx")
    if time.process_time() - start > SECONDS:
        return f"took more than {SECONDS} s"
    lines = text.count("\n") + 1
    for finding in findings:
        if not 1 <= finding.span.line <= lines:
            return f"{finding.code} stands on line {finding.span.line} of {lines}"
    if not findings and parse_text(print_source(file), "fuzz.hx") != (file, ()):
        return "its canonical text is another program"
    return ""


def attempt(seed: int, texts: Sequence[str]) -> str:
    """A report on one damaged program; "" if all is well."""
    chance = random.Random(seed)
    text = mutated(chance.choice(texts), chance, texts)
    try:
        wrong = wrong_with(text)
    except Exception:  # noqa: BLE001 - the point is that nothing at all is raised
        wrong = traceback.format_exc()
    return f"seed {seed}: {wrong}\n{text}\n" if wrong else ""


def main() -> int:
    """Damage programs until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0, help="where to begin")
    options = parser.parse_args()
    texts = programs()
    end = time.monotonic() + 60 * options.minutes
    seed, failures = options.seed, 0
    while time.monotonic() < end:
        report = attempt(seed, texts)
        if report:
            failures += 1
            print(report)
        seed += 1
    print(f"{seed - options.seed} damaged programs, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
