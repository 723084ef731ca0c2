"""Whether the label of a node says what its attributes say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from helixc.inspect.facts import COLLECTIVES, EDGE_OPS, Claim, Finder
from helixc.inspect.reader import DotGraph

_AMOUNT = re.compile(r"([0-9.]+) (|k|M|G|T|P|E)B to each GPU, .*")
_PREFIX = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def check_labels(claims: Mapping[str, Claim], graph: DotGraph, finder: Finder) -> None:
    """Labels, frames and attributes agree at every node (HX0908)."""
    frames = {name: attributes.get("gpu") for name, attributes in graph.frames.items()}
    for claim in claims.values():
        for problem in (*_label_problems(claim), *_frame_problems(claim, frames)):
            finder.add("HX0908", claim.node.line, f"{claim.node.id}: {problem}")


def read_record(label: str) -> tuple[tuple[str, ...], ...]:
    """The fields of a record label, each as its lines."""
    fields: list[list[str]] = [[""]]
    position = 0
    while position < len(label):
        char = label[position]
        if char == "\\" and position + 1 < len(label):
            position += 1
            if label[position] in "lnr":
                fields[-1].append("")
            else:
                fields[-1][-1] += label[position]
        elif char == "|":
            fields.append([""])
        elif char not in "{}":
            fields[-1][-1] += char
        position += 1
    return tuple(tuple(_joined(line for line in lines if line)) for lines in fields)


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Lines with what is indented put back to the line before."""
    whole = ""
    for line in lines:
        if line.startswith(" ") or whole.endswith(","):
            whole += f" {line.strip()}"
        else:
            if whole:
                yield whole
            whole = line
    if whole:
        yield whole


def _label_problems(claim: Claim) -> Iterator[str]:
    fields = read_record(claim.attributes.get("label", ""))
    title = " ".join(fields[0])
    if title != _title(claim):
        yield f"the label is headed {title!r}, the attributes say {_title(claim)!r}"
    if claim.op == "gpu":
        return
    body = fields[1] if len(fields) > 1 else ()
    yield from _body_problems(claim, body)
    place = " ".join(fields[2]) if len(fields) > 2 else ""  # noqa: PLR2004 - title, body, place
    where = claim.attributes["gpu" if claim.alone else "gpus"]
    if place != f"{'GPU' if claim.alone else 'GPUs'} {where}":
        yield f"the label says {place!r}, the attributes say GPU {where}"


def _body_problems(claim: Claim, body: tuple[str, ...]) -> Iterator[str]:
    inputs = [line.removeprefix("in: ") for line in body if line.startswith("in: ")]
    outs = [line.removeprefix("out: ") for line in body if line.startswith("out: ")]
    if "; ".join(inputs) != claim.attributes["in"]:
        yield f"the label reads {'; '.join(inputs)!r}, the attributes {claim.attributes['in']!r}"
    if "; ".join(outs) != claim.attributes["out"]:
        yield f"the label yields {'; '.join(outs)!r}, the attributes {claim.attributes['out']!r}"
    if claim.op in COLLECTIVES:
        yield from _amount_problems(claim, body)


def _amount_problems(claim: Claim, body: tuple[str, ...]) -> Iterator[str]:
    amounts = [match for match in map(_AMOUNT.fullmatch, body) if match]
    count = claim.attributes.get("bytes", "")
    if len(amounts) != 1 or not count.isdecimal():
        yield "the bytes are missing in the label or in the attributes"
        return
    unit = 10 ** _PREFIX[amounts[0][2]]
    # Three decimals are shown.
    if abs(float(amounts[0][1]) * unit - int(count)) > unit / 1000:
        yield f"the label says {amounts[0][1]} {amounts[0][2]}B, the attributes {count} bytes"


def _title(claim: Claim) -> str:
    """How the label must be headed."""
    if claim.op in EDGE_OPS - {"gpu"}:
        return claim.op
    if claim.op == "gpu":
        return f"GPU {claim.gpus[0]}"
    words = [claim.op]
    if "axes" in claim.attributes:
        words += [" to ".join(claim.names("along"))] if claim.names("along") else []
        words += ["over", claim.attributes["axes"]]
    if "over" in claim.attributes:
        words += ["over", claim.attributes["over"]]
    if "members" in claim.attributes:
        words.append(claim.attributes["members"])
    if "pairs" in claim.attributes:
        words.append(claim.attributes["pairs"])
    name = claim.out.name if claim.out else ""
    return f"{name} = {' '.join(words)}"


def _frame_problems(claim: Claim, frames: Mapping[str, str | None]) -> Iterator[str]:
    """A node of one GPU stands in that GPU's frame; a node of a group in none."""
    around = {gpu for name in claim.node.frames if (gpu := frames.get(name)) is not None}
    if claim.op == "gpu":
        return
    expected = {str(claim.gpus[0])} if claim.alone else set[str]()
    if around != expected:
        inside = ", ".join(sorted(around)) or "none"
        yield f"it names GPU {claim.attributes.get('gpu', 'group')}, its frame is of {inside}"
