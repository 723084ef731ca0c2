"""Models run as they are written, on drawn weights, for comparison with formulas in NumPy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from helixc.compiler import compile_text
from helixc.interp.logical import Turns, run_logical
from helixc.ir.ops import Op

Arrays = dict[str, np.ndarray]

AROUND = """
  import std.layers
  gpu chip {{ memory = 1000 PB; bandwidth = 2.68 TB/s; bf16 = 593.4 TFLOP/s }}
  link wire {{ bandwidth = 450 GB/s; latency = 3 us }}
  cluster box {{ gpu chip; level gpu = {gpus} via wire }}
  {rest}
  model m {{
    {body}
  }}
  plan p for m on box {{ {plan} }}
"""


def text_of(body: str, plan: str = "mesh g = 1", *, gpus: int = 1, rest: str = "") -> str:
    """A program of one model and one plan that may use the layers of the library."""
    return AROUND.format(body=body, plan=plan, gpus=gpus, rest=rest)


def run(body: str, given: Mapping[str, np.ndarray] | None = None, seed: int = 0) -> Arrays:
    """Every named value of a model by its last name; axes in the order in which types are written.

    ``given`` are arrays by name; other sources are drawn.
    """
    program = compile_text(text_of(body)).logical
    random = np.random.default_rng(seed)
    sources: Arrays = {}

    def supply(op: Op, turns: Turns) -> np.ndarray:
        del turns
        name = op.home.name
        shape = tuple(program.sizes[dim] for dim in op.type.dims)
        sources[name] = (given or {}).get(name, random.normal(size=shape))
        return sources[name]

    trace = run_logical(program, supply)
    found = {output.name: trace.latest[output.value][0] for output in program.outputs}
    return {**sources, **found}
