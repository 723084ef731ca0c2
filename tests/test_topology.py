"""One plan on one cluster, with its mesh axes inside the nodes or across them."""

from __future__ import annotations

import pytest
from oracle_programs import BLOCK, HARDWARE, LAYERS

from benchmarks.collective_hardware import network_lines, switch_lines, written
from helixc.analysis.crossings import crossings
from helixc.compiler import compile_text
from helixc.ir.hardware import Cluster, Gpu, Level
from helixc.ir.layout import AllReduce
from helixc.ir.mesh import Axis, Mesh
from helixc.ir.spmd import Move, walk

NVLINK = "\n".join(written("nccl", switch_lines("h100")))
INFINIBAND = "\n".join(written("network", network_lines("ib_ndr400")))

PROGRAM = f"""
gpu big {{ like = oracle }}
link switched {{ like = nv
{NVLINK}
}}
link adapters {{ like = ib
{INFINIBAND}
}}
cluster measured {{ gpu big; level node = 4 via adapters; level gpu = 8 via switched }}
cluster plain {{ gpu big; level node = 4 via ib; level gpu = 8 via nv }}
"""

SIZES = "dim batch = 64, seq = 2048, embed = 8192, head = 64, head_dim = 128, hidden = 32_768"


def all_reduces(cluster: str, mesh: str) -> list[Move]:
    """Those of a block with heads and hidden split over ``tp``, and the batch over ``dp``."""
    text = f"""{HARDWARE}{PROGRAM}{LAYERS}
    model m {{ {SIZES}
    {BLOCK} }}
    plan p for m on {cluster} {{
      mesh {mesh}
      shard batch over dp
      in mha {{ shard head over tp }}
      in mlp {{ shard hidden over tp }}
    }}
    """
    spmd = compile_text(text, name="topology.hx").spmd
    moves = [s for s in walk(spmd.body) if isinstance(s, Move)]
    return [move for move in moves if isinstance(move.step, AllReduce)]


INSIDE, ACROSS = "dp = 4, tp = 8", "tp = 8, dp = 4"


@pytest.mark.parametrize(("cluster", "least", "most"), [("plain", 4.2, 4.5), ("measured", 4, 5)])
def test_tensor_parallelism_across_nodes_costs_what_the_links_say(
    cluster: str, least: float, most: float
) -> None:
    """The mesh says where: its last axis lies inside the nodes.

    With ``tp`` first each group has two ranks in each of four nodes.  By latency and bandwidth alone
    there is a ring of the four over 50 GB/s while blocks are small, and one of the two over 450: per byte
    of a shard 3/50 + 4/450 against 7/450, a ratio of 4.4.  Measured, a ring past two adapters of 49.6
    GB/s carries 7/4 of the buffer, and the switch adds 273 GB/s of it: 273 x 1.75 / 99.2 is 4.8.
    """
    near, far = (all_reduces(cluster, mesh) for mesh in (INSIDE, ACROSS))

    assert len(near) == len(far) == 2
    for one, other in zip(near, far, strict=True):
        assert least < other.picoseconds / one.picoseconds < most


def test_the_algorithm_follows_the_links() -> None:
    near, far = (all_reduces("measured", mesh) for mesh in (INSIDE, ACROSS))

    assert {move.algorithm for move in near} == {"in-switch"}
    assert {move.algorithm for move in far} == {"ring"}


def test_groups_that_fill_nodes_unequally_cross_no_more_nodes_than_there_are() -> None:
    """Over ``b`` of 3 x 5 on nodes of 8 a group is 3 + 2; over both axes it is 8 + 7."""
    cluster = Cluster(
        name="c",
        gpu=Gpu(name="g", memory_bytes=1, bandwidth=1.0, peaks=()),
        levels=(Level(name="node", size=2, link=None), Level(name="gpu", size=8, link=None)),
    )
    mesh = Mesh.uncut((Axis("a", 3), Axis("b", 5)))
    found = [
        [one.text for one in crossings(atoms, mesh, cluster)] for atoms in (("b",), ("a", "b"))
    ]
    assert found == [["2 x node", "5 x gpu"], ["2 x node"]]
