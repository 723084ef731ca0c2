"""The proof of a compiled program, as one call."""

from __future__ import annotations

from helixc.compilation import Compilation
from helixc.interp.verdict import VerifyReport
from helixc.interp.verify import verify as verify_stages


def verify(compilation: Compilation, *, full: bool = False, seed: int = 0) -> VerifyReport:
    """Run the program after every pass on simulated GPUs, and compare it with the model as elaborated.

    At the least faithful sizes, or with ``full`` at those written; ``seed``: on which random numbers.
    Never raises for a program that differs: that is the verdict.
    """
    return verify_stages(compilation.logical, compilation.stages[1:], full=full, seed=seed)
