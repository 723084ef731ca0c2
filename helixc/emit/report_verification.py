"""The section of ``report.md`` on the proof: what was executed, against what, and how far they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from helixc.emit.markdown import bullets, code, plain, table

_MEANING: Mapping[str, str] = {
    "equal": "The partitioned program, run on simulated GPUs, computes what the model says.",
    "approximation": (
        "The partitioned program, run on simulated GPUs, computes another model than the one written: "
        "the one that the plan's `local` lines make of it."
    ),
    "differs": "The partitioned program does **not** compute what the model says.",
    "not verified": "The partitioned program was not compared with the model.",
}

Proof = Mapping[str, Any]


def verification_section(proof: Proof | None) -> Iterator[str]:
    """The object of ``helixc verify`` for people; nothing where nothing was executed."""
    if proof is None:
        return
    verdict = str(proof.get("verdict", ""))
    yield "## Verification"
    yield ""
    yield f"**{verdict[:1].upper()}{verdict[1:]}.** {_MEANING.get(verdict, '')}".rstrip()
    yield ""
    if proof.get("reason"):
        yield plain(str(proof["reason"]))
        yield ""
    approximations: list[Proof] = [*proof.get("approximations", ())]
    if approximations:
        yield from bullets(map(_approximation, approximations))
    yield from _differences(proof, approximations)
    yield from _basis(proof)


def _approximation(found: Proof) -> str:
    return (
        f"{code('local ' + str(found['value']))}: the program computes {plain(str(found['statement']))}; "
        f"at {code(str(found['measured_at']))} its relative error is {found['relative']:.3g}."
    )


def _differences(proof: Proof, approximations: Iterable[Proof]) -> Iterator[str]:
    """Each output against the model as written, and as the plan rewrites it."""
    rows = [_difference("the model", output) for output in proof.get("outputs", ())]
    rewritten: list[Proof] = [o for found in approximations for o in found.get("outputs", ())]
    rows += [_difference("the model so rewritten", output) for output in rewritten]
    if rows:
        columns = ("output", "against", "largest difference >", "relative >", "rounding allows >")
        yield from table(columns, dict.fromkeys(rows))
    if any(output["tolerance"] is None for output in proof.get("outputs", ())):
        yield (
            "Rounding may tip a comparison on the way to an output, so nothing bounds the sum of it there; "
            "what is judged is each step alone, within its own rounding."
        )
        yield ""


def _difference(against: str, output: Proof) -> tuple[str, ...]:
    figures = (output["max_abs"], output["relative"], output["tolerance"])
    return (code(str(output["name"])), against, *map(_figure, figures))


def _figure(figure: float | None) -> str:
    """A figure of a difference; JSON has no number for an infinite one."""
    return "inf" if figure is None else f"{figure:.3g}"


def _basis(proof: Proof) -> Iterator[str]:
    """On what sizes, in what arithmetic, and after which passes."""
    instance: Proof = proof.get("instance", {})
    sizes = ", ".join(f"{code(str(k))} {v}" for k, v in instance.get("sizes", {}).items())
    if not sizes:
        return
    slices = int(instance.get("slices", 1))
    shrunk = ", ".join(code(str(axis)) for axis in instance.get("shrunk_axes", ()))
    passes = ", ".join(code(str(step["name"])) for step in proof.get("passes", ()))
    yield (
        f"Executed at {sizes}"
        + (f", in {slices} slices against the model on everything" if slices > 1 else "")
        + (f", with the mesh axes {shrunk} made smaller" if shrunk else "")
        + f"; arithmetic {plain(str(proof.get('arithmetic', '')))}, seed {proof.get('seed', 0)}."
        + (f" Compared after each of {passes}." if passes else "")
        + ("" if proof.get("replicas_equal", True) else " **Copies of one value differ.**")
    )
    yield ""
