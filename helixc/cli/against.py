"""``helixc verify --against``: a user's own PyTorch model on the numbers that the ``.hx`` model gets."""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from helixc.activity import doing
from helixc.cli.findings import show_json
from helixc.cli.status import DONE, FINDINGS
from helixc.cli.terminal import say
from helixc.compiler import plan_names
from helixc.elaborate.choice import Choice
from helixc.elaborate.open_choices import open_choices
from helixc.ir.source import Sources
from helixc.running.against import AgainstCase, against_case
from helixc.running.differences import TOLERANCE, Compared, compare_returned, place
from helixc.running.launch import find_torch
from helixc.running.users_model import call_function, find_function

SCHEMA = "helixc.against/1"
_SHOWN = 12


@attrs.frozen(kw_only=True)
class Against:
    """How to compare: the function, and how many seconds it may take (``timeout``)."""

    against: str
    full: bool = False
    seed: int = 0
    tolerance: float = TOLERANCE
    timeout: float = 300.0


def compare_with(sources: Sources, choice: Choice, how: Against, *, as_json: bool) -> int:
    """Compare every model and phase that a choice leaves open; the exit status."""
    find_torch()
    function = find_function(how.against)
    found: list[tuple[AgainstCase, tuple[Compared, ...]]] = []
    for case in _cases(sources, choice, how):
        with doing(f"running {how.against}"):
            returned = call_function(how.against, function, case, how.timeout)
        found.append((case, compare_returned(how.against, case, returned, how.tolerance)))
    if as_json:
        objects = [_json(case, outputs, how) for case, outputs in found]
        show_json(objects[0] if len(objects) == 1 else objects)
    else:
        for case, outputs in found:
            for line in _lines(case, outputs, how):
                say(line)
    return DONE if all(one.equal for _, outputs in found for one in outputs) else FINDINGS


def _cases(sources: Sources, choice: Choice, how: Against) -> Iterator[AgainstCase]:
    """Each model and phase once, whatever plans there are for it."""
    plans = (choice.plan,) if choice.plan else plan_names(sources, choice.model)
    done: set[str] = set()
    for one in open_choices(sources, plans, choice) or [choice]:
        with doing("running the model"):
            case = against_case(sources, one, full=how.full, seed=how.seed)
        if case.model not in done:
            done.add(case.model)
            yield case


def _lines(case: AgainstCase, outputs: tuple[Compared, ...], how: Against) -> Iterator[str]:
    wrong = next((one for one in outputs if not one.equal), None)
    yield f"model {case.model} against {how.against}: {'equal' if wrong is None else 'differs'}"
    if wrong is not None:
        yield (
            f"  first at `{wrong.name}`: farthest off at {place(wrong.dims, wrong.at)}, "
            f"{wrong.found:.6g} where the model has {wrong.expected:.6g}"
        )
        if wrong.single:
            yield "  so little is what single precision makes: look for float32 inside, or allow it with --tolerance"
    for one in outputs[:_SHOWN]:
        yield f"  `{one.name}` is off by {one.relative:.3g} of its largest number; {one.tolerance:g} is rounding"
    rest = outputs[_SHOWN:]
    if rest:
        yield f"  {len(rest)} more by {max(one.relative for one in rest):.3g} at most"
    sizes = ", ".join(f"{name} {size}" for name, size in case.sizes.items())
    yield f"  run with {sizes}; float64, seed {case.seed}"


def _json(case: AgainstCase, outputs: tuple[Compared, ...], how: Against) -> dict[str, object]:
    given = [
        {"name": one.name, "kind": one.kind, "dims": {d.name: d.size for d in one.dims}}
        for one in case.given
    ]
    return {
        "schema": SCHEMA,
        "model": case.model,
        "function": how.against,
        "equal": all(one.equal for one in outputs),
        "outputs": [_figures(one) for one in outputs],
        "given": given,
        "sizes": dict(case.sizes),
        "seed": case.seed,
    }


def _figures(one: Compared) -> dict[str, object]:
    """What was found of one output; null where a number is not finite, for which JSON has none."""
    found = {**attrs.asdict(one), "dims": {d.name: d.size for d in one.dims}, "equal": one.equal}
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in found.items()
    }
