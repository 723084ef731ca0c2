"""Links with the constants that were fitted to measurements, and clusters of them."""

from __future__ import annotations

from benchmarks.collective_data import NVLINK
from benchmarks.collective_hardware import SWITCHES, network_lines, switch_lines
from helixc.ir.hardware import Cluster, Gpu, Level, Link
from helixc.ir.kernels import field_name

GPU = Gpu(name="gpu", memory_bytes=80 * 10**9, bandwidth=2e12, peaks=(("bf16", 1e15),))


def switch(gpu: str) -> Link:
    """The NVLink of a GPU."""
    figures = tuple((field_name("nccl", name), value) for name, value, _ in switch_lines(gpu))
    return Link(name=f"nvlink of {gpu}", bandwidth=NVLINK[gpu], latency=3e-6, figures=figures)


def network(name: str, bandwidth: float = 50e9) -> Link:
    """A network."""
    figures = tuple((field_name("network", name), value) for name, value, _ in network_lines(name))
    return Link(name=name, bandwidth=bandwidth, latency=1e-5, figures=figures)


PLAIN = Link(name="plain", bandwidth=300e9, latency=3e-6)
PLAIN_NETWORK = Link(name="plain network", bandwidth=25e9, latency=1e-5)
LINKS = (*(switch(gpu) for gpu in SWITCHES.values()), PLAIN)
NETWORKS = (network("ib_ndr400"), network("efa_400"), PLAIN_NETWORK)


def node(link: Link, gpus: int = 8) -> Cluster:
    """One node."""
    return Cluster(name="node", gpu=GPU, levels=(Level(name="gpu", size=gpus, link=link),))


def nodes(count: int, across: Link, inside: Link, gpus: int = 8) -> Cluster:
    """Several nodes."""
    outer = Level(name="node", size=count, link=across)
    return Cluster(name="nodes", gpu=GPU, levels=(outer, Level(name="gpu", size=gpus, link=inside)))
