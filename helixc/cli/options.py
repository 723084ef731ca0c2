"""What the commands have in common: their options, and how they end when a program is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

import attrs
import click

from helixc.cli.findings import show_error
from helixc.cli.loudness import loudness_options, overheard
from helixc.diagnostics import HelixError
from helixc.limits import MAX_SIZE

_WHOLE_SENTENCE = 1000


class Command(click.Command):
    """A command that shows the findings of a wrong program, in the format that it was asked for.

    It is as loud as it is asked to be.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.params += loudness_options()

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, whole: lists of commands wrap it rather than cut it short."""
        del limit
        return super().get_short_help_str(_WHOLE_SENTENCE)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the result is its exit status."""
        try:
            with overheard():
                return super().invoke(ctx)
        except HelixError as error:
            return show_error(error, ctx.params.get("output_format", "text"))


class Setting(click.ParamType[tuple[str, int]]):
    """``dim=value``: a dimension's name and another size for it."""

    name = "DIM=SIZE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """The name and the number; ``_`` may separate digits, as in the language."""
        if isinstance(value, tuple):
            return cast("tuple[str, int]", value)
        name, equals, number = str(value).partition("=")
        digits = number.strip().replace("_", "")
        if not (equals and name.strip() and digits.isascii() and digits.isdigit()):
            self.fail(f"`{value}` should be like seq=4096", param, ctx)
        if len(digits) > len(str(MAX_SIZE)):
            self.fail(f"the size of `{name.strip()}` is too large", param, ctx)
        return name.strip(), int(digits)


@attrs.frozen
class Chosen:
    """What the options say of the program that is meant, each by its field's name."""

    plan: str | None = None
    model: str | None = None
    cluster: str | None = None
    phase: str | None = None
    settings: tuple[tuple[str, int], ...] = ()
    gemm_times: str | None = None


def _format(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(names),
        default="text",
        help="How to print the answer.",
    )


FORMAT = _format("text", "json")
# For commands whose answer is what they find in a program.
FINDINGS_FORMAT = _format("text", "json", "sarif")
VERIFY_EACH = click.option(
    "--verify-each", is_flag=True, help="Recheck every known fact after every pass."
)
_WHICH = (
    click.option("--plan", metavar="NAME", help="Which plan of the file."),
    click.option("--cluster", metavar="NAME", help="Which cluster, if the plan leaves it open."),
    click.option("--phase", metavar="NAME", help="Which phase, if the plan is for several."),
)
_SHARED = (
    click.option("--model", metavar="NAME", help="Which model of the file."),
    click.option(
        "--set",
        "settings",
        type=Setting(),
        multiple=True,
        help="Another size for a dimension; may be repeated.",
    ),
    click.option(
        "--gemm-times",
        metavar="WHERE",
        help="Own times of matrix products: a CSV table, module:function, or `symbolic`.",
    ),
)

_Option = Callable[[Callable[..., int]], Callable[..., int]]


def choice_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options that ``Chosen`` holds; the function gets them as ``chosen``."""
    return _with_options((*_WHICH, *_SHARED), function)


def shared_options(function: Callable[..., int]) -> Callable[..., int]:
    """The same without ``--plan``, ``--cluster`` and ``--phase``, for commands that take several of them."""
    return _with_options(_SHARED, function)


def _with_options(options: Sequence[_Option], function: Callable[..., int]) -> Callable[..., int]:
    @wraps(function)
    def gather(**given: Any) -> int:
        names = [name for name in attrs.fields_dict(Chosen) if name in given]
        chosen = Chosen(**{name: given.pop(name) for name in names})
        return function(chosen=chosen, **given)

    decorated: Callable[..., int] = gather
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
