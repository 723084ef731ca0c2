"""The head of a safetensors file: names, types and shapes of its tensors, without the tensors.

Eight bytes say how long the head is, lowest first; then comes JSON: of each tensor its dtype, its shape, and
where its data begins and ends.  A file may come from anyone, or be cut off behind its head.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import attrs

from helixc.diagnostics import Diagnostic, Findings, HelixError
from helixc.limits import MAX_ELEMENTS, MAX_HEADER_BYTES
from helixc.text.opening import opened

_LENGTH_BYTES = 8
_METADATA = "__metadata__"
_BYTES: Final[Mapping[str, int]] = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "F8_E8M0": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}


@attrs.frozen
class Header:
    """One tensor as a file describes it; ``begin`` and ``end``: bytes, counted from the end of the head."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def read_headers(paths: Iterable[Path]) -> dict[str, Header]:
    """The tensors of all files of a checkpoint, a folder standing for those in it.

    Raises ``HelixError`` with what is wrong with any of them.
    """
    findings = Findings()
    tensors: dict[str, Header] = {}
    for path in _files(paths):
        try:
            held = read_header(path)
        except HelixError as error:
            findings.extend(error.diagnostics)
            continue
        for name in sorted(held.keys() & tensors.keys()):
            findings.error("HX1010", f"`{path}`: tensor `{name}` is in an earlier file too")
        tensors.update(held)
    findings.stop_on_errors()
    return tensors


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        inside = sorted(path.glob("*.safetensors")) if path.is_dir() else []
        yield from inside or (path,)


def read_header(path: Path) -> dict[str, Header]:
    """The tensors of a file by name.  Raises ``HelixError`` with everything that is wrong with its head."""
    try:
        with opened(path) as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            text = file.read(min(length, MAX_HEADER_BYTES) + 1)[:length]
    except OSError as error:
        message = f"cannot read `{path}`: {error.strerror or error}"
        raise HelixError([Diagnostic("HX0001", message)]) from error
    if length > MAX_HEADER_BYTES:
        message = f"its head would have {length} bytes; at most {MAX_HEADER_BYTES} are read"
        raise _unreadable(path, message)
    if len(text) < length or not length:
        raise _unreadable(path, f"its head should have {length} bytes and has {len(text)}")
    findings = Findings()
    tensors = _tensors(_members(text, path), path, findings)
    findings.stop_on_errors()
    return tensors


def _unreadable(path: Path, message: str) -> HelixError:
    return HelixError([Diagnostic("HX1010", f"`{path}`: {message}")])


def _members(text: bytes, path: Path) -> dict[str, Any]:
    """What the head's object holds, by name."""
    try:
        whole: object = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, f"its head is no JSON: {error}") from error
    if not isinstance(whole, dict):
        raise _unreadable(path, "its head is no object")
    return cast("dict[str, Any]", whole)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"`{name}` stands twice in an object")
        found[name] = value
    return found


def _tensors(members: Mapping[str, Any], path: Path, findings: Findings) -> dict[str, Header]:
    tensors: dict[str, Header] = {}
    for name, described in members.items():
        if name == _METADATA:
            continue
        tensor = _tensor(described)
        if isinstance(tensor, str):
            findings.error("HX1010", f"`{path}`: {tensor} of tensor `{name}`")
        else:
            tensors[name] = tensor
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin != end:
            message = f"data of tensor `{name}` begins at {tensor.begin}, where {end} is next"
            findings.error("HX1010", f"`{path}`: {message}")
            break
        end = tensor.end
    return tensors


def _tensor(described: object) -> Header | str:
    """A tensor, or what about its description is wrong."""
    if not isinstance(described, dict):
        return "no description"
    fields = cast("dict[str, object]", described)
    dtype, shape, offsets = (fields.get(name) for name in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in _BYTES:
        return "unknown dtype"
    sizes, places = _whole_numbers(shape), _whole_numbers(offsets)
    if sizes is None or math.prod(sizes) > MAX_ELEMENTS:
        return "no sensible shape"
    if places is None or len(places) != len(("begin", "end")):
        return "no sensible data_offsets"
    tensor = Header(dtype, sizes, *places)
    if tensor.end - tensor.begin != tensor.elements * _BYTES[dtype]:
        return "data_offsets that do not go with the shape and dtype"
    return tensor


def _whole_numbers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    if len(items) > MAX_ELEMENTS.bit_length():
        return None
    numbers = tuple(i for i in items if isinstance(i, int) and not isinstance(i, bool) and i >= 0)
    return numbers if len(numbers) == len(items) else None
