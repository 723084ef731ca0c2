"""Whether a drawing is whole: as many nodes as it says, every GPU there, all GPUs doing the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from helixc.inspect.collectives import Mesh
from helixc.inspect.facts import COLLECTIVES, Claim, Finder
from helixc.inspect.reader import DotGraph


def check_coverage(
    graph: DotGraph,
    edges: int,
    claims: Mapping[str, Claim],
    shown: tuple[int, ...],
    finder: Finder,
) -> None:
    """Nothing is left out (HX0912)."""
    counts = {"nodes": len(graph.nodes), "edges": edges}
    for what, count in counts.items():
        said = graph.attributes.get(what)
        if said != str(count):
            finder.add("HX0912", 1, f"{count} {what} are there, the drawing says {said}")
    for problem in (*_gpu_problems(claims, shown), *_group_problems(claims, shown)):
        finder.add("HX0912", 1, problem)


def check_mesh(mesh: Mesh, shown: tuple[int, ...], finder: Finder) -> None:
    """The GPUs that are shown are GPUs of the mesh (HX0906)."""
    devices = 1
    for size in mesh.values():
        devices *= size
    outside = [gpu for gpu in shown if gpu >= devices]
    if not shown or outside:
        finder.add("HX0906", 1, f"the mesh has GPUs 0 to {devices - 1}, `shown` says otherwise")


def _gpu_problems(claims: Mapping[str, Claim], shown: tuple[int, ...]) -> Iterator[str]:
    work: dict[int, Counter[tuple[str, str, str]]] = {gpu: Counter() for gpu in shown}
    for claim in claims.values():
        if claim.alone:
            key = (claim.op, claim.attributes["in"], claim.attributes["out"])
            work.setdefault(claim.gpus[0], Counter())[key] += 1
    for gpu, done in work.items():
        if gpu not in shown:
            yield f"GPU {gpu} is drawn, but not among those that are shown"
        elif not done:
            yield f"GPU {gpu} does nothing"
        elif done != work[shown[0]]:
            differing = sorted((done - work[shown[0]]) + (work[shown[0]] - done))
            op, _, out = differing[0]
            yield f"GPU {gpu} and GPU {shown[0]} differ: {op} {out}".rstrip()


def _group_problems(claims: Mapping[str, Claim], shown: tuple[int, ...]) -> Iterator[str]:
    """The groups of one collective hold every GPU once."""
    groups: dict[tuple[str, ...], Counter[int]] = {}
    for claim in claims.values():
        if claim.op in COLLECTIVES:
            turn = claim.node.id.rpartition("@")[0]
            groups.setdefault((turn, claim.attributes["out"]), Counter()).update(claim.gpus)
    for (turn, _), members in groups.items():
        uncovered = [gpu for gpu in shown if members[gpu] != 1]
        if uncovered:
            numbers = ", ".join(map(str, uncovered))
            yield f"{turn}: its groups hold GPU {numbers} not exactly once"
