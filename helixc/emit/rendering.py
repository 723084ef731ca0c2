"""How a renderer says that it cannot."""

from __future__ import annotations


class RenderError(Exception):
    """No picture came of it; the text says why."""


class TooSlowError(RenderError):
    """The layout took longer than allowed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the layout took more than {seconds:g} s")
