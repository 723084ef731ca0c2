"""Compares a checkpoint with the model that its configuration describes: names, shapes, counts, dtypes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from helixc.diagnostics import Diagnostic, Findings
from helixc.importing.checkpoint import Stored, count_tensors, stored_tensors
from helixc.importing.formulas import holds
from helixc.importing.reading import Reading
from helixc.importing.safetensors import Header
from helixc.limits import MAX_TENSORS

_DTYPES: Mapping[str, str] = {"bf16": "BF16", "f16": "F16", "f32": "F32", "f64": "F64"}


def compare(reading: Reading, tensors: Mapping[str, Header]) -> tuple[Diagnostic, ...]:
    """What does not fit, of each kind of tensor once: errors, and a warning where dtypes differ."""
    findings = Findings()
    needed = count_tensors(reading)
    if needed > MAX_TENSORS:
        message = f"the model has {needed} tensors; at most {MAX_TENSORS} are compared"
        findings.error("HX1014", message)
        return findings.all
    held = {name.removeprefix(reading.family.prefix): tensor for name, tensor in tensors.items()}
    wanted = {stored.name: stored for stored in stored_tensors(reading)}
    _report(findings, "HX1011", _missing(wanted.values(), held))
    _report(findings, "HX1012", _misshapen(wanted.values(), held))
    _report(findings, "HX1013", _strange(reading, wanted, held))
    _count(findings, reading, wanted, held)
    _compare_dtypes(findings, reading, wanted, held)
    return findings.all


def _report(findings: Findings, code: str, found: Iterator[tuple[object, str]]) -> None:
    """One finding for all that are of one kind, which names the first of them."""
    first: dict[object, str] = {}
    counts: Counter[object] = Counter()
    for kind, message in found:
        first.setdefault(kind, message)
        counts[kind] += 1
    for kind, message in first.items():
        others = f", and {counts[kind] - 1} more of its kind" if counts[kind] > 1 else ""
        findings.error(code, f"{message}{others}")


def _missing(wanted: Iterable[Stored], held: Mapping[str, Header]) -> Iterator[tuple[object, str]]:
    for stored in wanted:
        if stored.name not in held:
            shape = list(stored.shape)
            yield stored.row.name, f"no tensor `{stored.name}`, which should be {shape}"


def _misshapen(
    wanted: Iterable[Stored], held: Mapping[str, Header]
) -> Iterator[tuple[object, str]]:
    for stored in wanted:
        tensor = held.get(stored.name)
        if tensor is not None and tensor.shape != stored.shape:
            found = f"`{stored.name}` is {list(tensor.shape)}, not {list(stored.shape)}"
            yield (stored.row.name, tensor.shape), found


def _strange(
    reading: Reading, wanted: Mapping[str, Stored], held: Mapping[str, Header]
) -> Iterator[tuple[object, str]]:
    for name in held:
        if name not in wanted and not _may_be_there(name, reading):
            yield re.sub(r"\d+", "#", name), f"`{name}` is no weight of the model"


def _may_be_there(name: str, reading: Reading) -> bool:
    """Whether the table of the family says that files may hold such a tensor besides."""
    depth = reading.values["depth"]
    for row in reading.family.tensors:
        if row.weights or not holds(row.when, reading.values):
            continue
        pattern = re.escape(row.name).replace(r"\*", ".*")
        pattern = pattern.replace(r"\{layer\}", r"\d+").replace(
            r"\{beyond\}", r"(?P<beyond>\d{1,9})"
        )
        match = re.fullmatch(pattern, name)
        if match is None:
            continue
        beyond = match.groupdict().get("beyond")
        if beyond is None or (isinstance(depth, int) and int(beyond) >= depth):
            return True
    return False


def _count(
    findings: Findings,
    reading: Reading,
    wanted: Mapping[str, Stored],
    held: Mapping[str, Header],
) -> None:
    """Numbers of the model against those of its checkpoint, with what is kept and not trained."""
    needed = sum(_elements(stored.shape) for stored in wanted.values())
    found = sum(t.elements for n, t in held.items() if n in wanted or not _may_be_there(n, reading))
    if needed != found:
        findings.error("HX1014", f"the checkpoint holds {found} numbers, the model {needed}")


def _elements(shape: tuple[int, ...]) -> int:
    return Header("", shape, 0, 0).elements


def _compare_dtypes(
    findings: Findings, reading: Reading, wanted: Mapping[str, Stored], held: Mapping[str, Header]
) -> None:
    usual = _DTYPES[str(reading.values["dtype"])]
    others: dict[tuple[str, str], list[str]] = {}
    for name, stored in wanted.items():
        # What is kept and not trained is kept in full.
        expected = "F32" if stored.row.frozen else usual
        if name in held and held[name].dtype != expected:
            others.setdefault((held[name].dtype, expected), []).append(name)
    for (dtype, expected), names in sorted(others.items()):
        message = f"{len(names)} of {len(held)} tensors are {dtype}, not {expected}: `{names[0]}`"
        findings.warn("HX1015", message)
