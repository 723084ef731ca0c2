"""Whether a plan can be followed, found without searching for the best way to follow it.

The whole choice takes longer than everything else that finds mistakes.  A search that follows hardly any
states mostly shows as well that there is a way, and one that gathers no weight: then the whole choice
finds such a way too, and has nothing more to say than how good its own is.
"""

from __future__ import annotations

from helixc.choice.choose import Chooser, Limits
from helixc.choice.planning import plan_layouts
from helixc.choice.problem import Problem
from helixc.choice.verdicts import judge_forcing
from helixc.diagnostics import Findings
from helixc.ir.logical import Logical

FEW = Limits(width=1)


def look_ahead(program: Logical, findings: Findings) -> bool:
    """Record what is wrong with the plan of a program; False where only the whole choice can say."""
    planning = plan_layouts(program, findings)
    findings.stop_on_errors()
    problem = Problem(program, planning)
    found = Chooser(problem, FEW).solve()
    if found is None or found.cost[0]:
        return False
    judge_forcing(program, problem.forcing_lines, findings, possible=True)
    return True
