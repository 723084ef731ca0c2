"""helixc: a compiler that partitions transformers over GPUs.

``compile(path, plan=...)`` and ``compile_text(text, plan=...)`` return a ``Compilation``: the program at
each level, the report and the drawings.  ``check(path)`` returns what is wrong with any plan of a file.
They raise ``HelixError`` if the program is wrong, ``CompilerBug`` if the compiler is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from helixc.diagnostics import CompilerBug, Diagnostic, HelixError, Span

if TYPE_CHECKING:
    from helixc.compiler import Checked, Compilation, check, compile, compile_text  # noqa: A004 - as users know it

__version__ = "0.1.0"
__all__ = [
    "Checked",
    "Compilation",
    "CompilerBug",
    "Diagnostic",
    "HelixError",
    "Span",
    "__version__",
    "check",
    "compile",
    "compile_text",
]


def __getattr__(name: str) -> object:
    """Load the compiler when it is first asked for, so that ``helixc --version`` stays quick."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("helixc.compiler"), name)
