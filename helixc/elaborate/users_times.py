"""A user's function for the times of matrix products, of which nothing is taken on trust."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from helixc.diagnostics import Diagnostic, HelixError
from helixc.ir.figures import from_zero
from helixc.ir.hardware import GetTime, symbolic

LEGAL_SECONDS = from_zero("s")


def trusted(function: GetTime) -> GetTime:
    """The same function, whose every answer is seconds or None; it raises ``HelixError`` for any other."""
    return function if function is symbolic else _Checked(function)


@attrs.frozen
class _Checked:
    function: Callable[..., object]

    def __call__(self, m: int, k: int, n: int, batch: int, dtype: str) -> float | None:
        try:
            time = self.function(m, k, n, batch, dtype)
        except HelixError:
            raise
        except (Exception, SystemExit) as error:
            said = f"{type(error).__name__}: {error}"[:200]
            raise self._wrong((m, k, n, batch, dtype), f"failed: {said}") from error
        if time is None:
            return None
        if isinstance(time, int | float) and time in LEGAL_SECONDS:
            return float(time)
        message = f"gives {_shown(time)}; seconds are a number {LEGAL_SECONDS}"
        raise self._wrong((m, k, n, batch, dtype), message)

    def _wrong(self, product: tuple[object, ...], message: str) -> HelixError:
        module = getattr(self.function, "__module__", "")
        name = getattr(self.function, "__qualname__", type(self.function).__qualname__)
        return HelixError([Diagnostic("HX0422", f"`{module}:{name}{product}` {message}")])


def _shown(answer: object) -> str:
    try:
        return repr(answer)[:40]
    except ValueError:  # Python does not write whole numbers of thousands of digits
        return f"an absurd {type(answer).__name__}"
