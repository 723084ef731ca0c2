"""helixc: a compiler that partitions transformers over GPUs.

``compile(path, plan=...)`` and ``compile_text(text, plan=...)`` return a ``Compilation``: the program at
each level, the report and the drawings; ``write(compilation, folder)`` writes its files.  They raise
``HelixError`` if the program is wrong, ``CompilerBug`` if the compiler is.  ``check(path)`` collects what is
wrong with any plan of a file.  ``verify(compilation)`` runs it on simulated GPUs and compares it with the
model.  ``evaluate(path, table)`` prices many plans at once, as columns.  In a notebook results show themselves.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from helixc.diagnostics import CompilerBug, Diagnostic, HelixError, Span

if TYPE_CHECKING:
    from helixc.columns.evaluation import Evaluation, evaluate
    from helixc.compilation import Checked, Compilation
    from helixc.compiler import check, compile, compile_text
    from helixc.outputs import write
    from helixc.proving import verify

__version__ = "0.1.0"
__all__ = [
    "Checked",
    "Compilation",
    "CompilerBug",
    "Diagnostic",
    "Evaluation",
    "HelixError",
    "Span",
    "__version__",
    "check",
    "compile",
    "compile_text",
    "evaluate",
    "verify",
    "write",
]

# Where the names live that are loaded when they are first asked for, so that ``helixc --version`` is quick.
_LATER = {
    **dict.fromkeys(("Checked", "Compilation"), "compilation"),
    **dict.fromkeys(("check", "compile", "compile_text"), "compiler"),
    "verify": "proving",
    "write": "outputs",
    **dict.fromkeys(("Evaluation", "evaluate"), "columns.evaluation"),
}


def __getattr__(name: str) -> object:
    """Load the part of the compiler that a name belongs to."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"helixc.{_LATER[name]}"), name)
