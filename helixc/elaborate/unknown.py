"""What is said of a name in an expression that means nothing, and what it may have meant."""

from __future__ import annotations

from collections.abc import Sequence

from helixc import foreign
from helixc.elaborate.environment import LATER, Environment
from helixc.elaborate.operators import OPERATORS, RESHAPINGS
from helixc.ir import source
from helixc.library import had_from
from helixc.spelling import close_names, did_you_mean


def report_value(name: source.Name, env: Environment) -> None:
    """Record that a name is no value, option or dimension, or not yet."""
    legal = env.value_names()
    notes = env.made_later(name)
    hint = LATER if notes else did_you_mean(name.text, [*legal, *env.dim_names()])
    message = f"no value, option or dimension `{name.text}` in `{env.body.name}`{hint}"
    env.findings.error("HX0201", message, name.span, legal=legal, notes=notes)


def report_function(name: source.Name, layers: Sequence[str], env: Environment) -> None:
    """Record that a name is none of the ``layers`` and no operator."""
    known = (*layers, *OPERATORS, *RESHAPINGS, "where")
    elsewhere = foreign.OPERATORS.get(name.text.lower(), "")
    hint = had_from("layer", name.text) or (elsewhere and f"; {elsewhere}")
    message = f"no layer or operator `{name.text}`{hint or did_you_mean(name.text, known)}"
    likely = () if hint else close_names(name.text, known)
    legal = dict.fromkeys((*likely, *layers))
    env.findings.error("HX0203", message, name.span, legal=legal)


def report_option(
    name: source.Name, call: source.Call, legal: tuple[str, ...], env: Environment
) -> None:
    """Record that an operator has no option of this name."""
    elsewhere = foreign.OPTIONS.get(name.text, "")
    hint = f"; {elsewhere}" if elsewhere else did_you_mean(name.text, legal)
    message = f"`{call.function.text}` has no option `{name.text}`{hint}"
    env.findings.error("HX0210", message, name.span, legal=legal)
