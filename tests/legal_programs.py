"""One small legal program at every level, from a dump: the ground on which facts are broken one by one.

It has what the facts speak of: a repeat, a rename, contractions over split dimensions, a softmax, a residual
sum, two mesh axes, a plan with blocks in blocks.
"""

from __future__ import annotations

import functools

from helixc.ir.device import DeviceProgram
from helixc.ir.logical import Logical
from helixc.ir.spmd import Spmd
from helixc.passes.communicate import communicate
from helixc.passes.localize import localize
from helixc.passes.partition import partition
from helixc.passes.schedule import schedule
from helixc.text.dump_parser import parse_dump

LOGICAL = """\
helixc 1 logical
program tiny

dim batch = 4
dim embed = 16
dim head = 4
dim size = 8
dim place = 4

scope 0 model tiny
scope 1 in 0 repeat layer turns 3
scope 2 in 1 layer mix dims [d = [size]]

cluster box
gpu chip memory 80000000000 bandwidth 2e12 compute 0.8 stream 0.8 launch 1e-6 peaks [bf16 = 1e15]
level node = 2 via wire bandwidth 1e10 latency 1e-6
level gpu = 4 via wire bandwidth 1e11 latency 1e-6

plan split mesh [n = 2, m = 2]
block 0 at [@0] {
  shard [batch] over [n]
}
block 1 in 0 for mix at [@2] {
  shard [head] over [m]
  shard [d = [size]] over [n]
  label halves
}
block 2 for mix.q at [@2.q] {
  strict
}

%x = input with declared : bf16[batch, embed] in 0 as @0.x
repeat 3 in 1 {
  carry %x.1 from %x yields %sum gives %x.2 : bf16[batch, embed] as @0.x
  %ln = layer_norm %x.1 over [embed] with eps 1e-05 : bf16[batch, embed] in 1 as @1.ln
  %wq = weight with declared : bf16[embed, head, size] in 2 as @2.wq
  %wo = weight with declared : bf16[head, size, embed] in 2 as @2.wo
  %q = matmul %ln %wq over [embed] : bf16[batch, head, size] in 2 as @2.q
  %r = rename %q with pairs [batch -> place] : bf16[place, head, size] in 2 as @2.r
  %s = matmul %q %r over [size] : bf16[batch, head, place] in 2 as @2.s
  %p = softmax %s over [place] : bf16[batch, head, place] in 2 as @2.p
  %a = matmul %p %r over [place] : bf16[batch, head, size] in 2 as @2.a
  %half = mul %a 0.5 : bf16[batch, head, size] in 2 as @2.half
  %y = matmul %half %wo over [head, size] : bf16[batch, embed] in 2 as @1.y
  %sum = add %x.1 %y : bf16[batch, embed] in 1 as @0.x
}

output x = %x.2
"""


@functools.cache
def logical_program() -> Logical:
    """The program before it is partitioned."""
    program = parse_dump(LOGICAL, "legal.hxir")
    if not isinstance(program, Logical):
        raise TypeError(LOGICAL)
    return program


@functools.cache
def partitioned_program() -> Spmd:
    """The same with layouts and abstract reshards."""
    return partition(logical_program())


@functools.cache
def communicated_program() -> Spmd:
    """The same with every step of communication."""
    return communicate(partitioned_program())


@functools.cache
def device_program() -> DeviceProgram:
    """The same as scheduled tasks of every GPU."""
    return schedule(localize(communicated_program()))
