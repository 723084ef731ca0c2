"""From DOT text to SVG: an engine that comes with the package, else an installed ``dot``, else none.

Every renderer obeys a limit in seconds, because layouts of hostile or huge graphs may take forever.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from typing import Protocol

import attrs

from helixc.diagnostics import Diagnostic
from helixc.emit.dot import FONT
from helixc.emit.engine import EmbeddedEngine
from helixc.emit.rendering import RenderError, TooSlowError
from helixc.limits import MAX_DRAWING_SECONDS

# What a viewer without the font of the layout falls back to; all are narrower, so text still fits.
_FONTS = f"{FONT},Verdana,Helvetica,Arial,sans-serif"


class Renderer(Protocol):
    """Something that lays out DOT text; raises ``RenderError`` (``TooSlowError``) where it cannot."""

    @property
    def name(self) -> str:
        """What it is called in notes."""
        ...

    def render(self, dot: str, seconds: float) -> str:
        """The SVG text, within so many seconds."""
        ...


@attrs.frozen
class SystemDot:
    """The ``dot`` program of an installed Graphviz."""

    command: str = "dot"

    @property
    def name(self) -> str:
        """What it is called in notes."""
        return f"system {self.command}"

    def render(self, dot: str, seconds: float) -> str:
        """The SVG text, within so many seconds."""
        program = shutil.which(self.command)
        if program is None:
            raise RenderError("not installed")
        try:
            done = subprocess.run(  # noqa: S603 - a program found on the path, with one fixed argument
                [program, "-Tsvg"],
                input=dot.encode(),
                capture_output=True,
                timeout=seconds,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise TooSlowError(seconds) from error
        except (OSError, subprocess.CalledProcessError) as error:
            raise RenderError(str(error)) from error
        return done.stdout.decode("utf-8", errors="replace")


@attrs.frozen
class Picture:
    """An SVG text, or None and the note that says why there is none."""

    svg: str | None
    note: Diagnostic | None = None


class SvgWriter:
    """Renders drawings with the first renderer that can; keeps the engine between drawings."""

    def __init__(
        self, renderers: Sequence[Renderer] | None = None, seconds: float = MAX_DRAWING_SECONDS
    ) -> None:
        chosen = (EmbeddedEngine(), SystemDot()) if renderers is None else renderers
        self._renderers: tuple[Renderer, ...] = tuple(chosen)
        self._seconds = seconds

    def picture(self, stem: str, dot: str) -> Picture:
        """The picture of one drawing; ``stem`` names it in the note."""
        reasons: list[str] = []
        code = "HX0903"
        for renderer in self._renderers:
            try:
                return Picture(_with_fallback_fonts(renderer.render(dot, self._seconds)))
            except TooSlowError as error:
                # Another engine runs the same algorithm and would need as long.
                reasons.append(f"{renderer.name}: {error}")
                code = "HX0012"
                break
            except RenderError as error:
                reasons.append(f"{renderer.name}: {error}")
        message = f"{stem} is written as .dot alone ({'; '.join(reasons) or 'no renderer'})"
        legal = ("fewer GPUs or layers (--gpus, --layers)", "any Graphviz: dot -Tsvg -O FILE.dot")
        return Picture(None, Diagnostic(code, message, severity="note", legal=legal))


def _with_fallback_fonts(svg: str) -> str:
    return svg.replace(f'font-family="{FONT}"', f'font-family="{_FONTS}"')
