"""The ``mesh`` line of a plan: its axes and sizes, checked against the cluster's GPUs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import log2

from helixc.diagnostics import Findings, Note
from helixc.elaborate.constants import evaluate
from helixc.elaborate.hardware import level_numbers
from helixc.elaborate.wording import plural
from helixc.ir import source
from helixc.ir.hardware import Cluster
from helixc.ir.mesh import Axis

# More axes than any parallelism needs: what may be tried for a plan grows with each of them.
MOST_AXES = 8
_MOST_SHOWN = 16
_MOST_COMPARED = 4096


def read_mesh(decl: source.PlanDecl, cluster: Cluster, findings: Findings) -> tuple[Axis, ...]:
    """The axes of a plan, outermost first; () and a finding if it declares none."""
    lines = [line for line in decl.lines if isinstance(line, source.MeshLine)]
    if not lines:
        mesh = _mesh_for(dict.fromkeys(_axes_named(decl.lines)), cluster)
        message = f"plan `{decl.name.text}` needs a mesh, such as `{mesh}`, first of all"
        findings.error("HX0501", message, decl.name.span)
        return ()
    if decl.lines[0] is not lines[0]:
        findings.error("HX0501", "the mesh line comes first in a plan", lines[0].span)
    for line in lines[1:]:
        note = Note("the first is here", lines[0].span)
        findings.error("HX0501", "a plan has one mesh line", line.span, notes=[note])
    return _axes(lines[0], cluster, findings)


def _axes_named(lines: Iterable[source.PlanLine]) -> Iterator[str]:
    """The axes that the lines of a plan speak of."""
    for line in lines:
        if isinstance(line, source.InBlock):
            yield from _axes_named(line.lines)
        else:
            yield from (name.text for name in getattr(line, "axes", ()))


def _mesh_for(names: Iterable[str], cluster: Cluster) -> str:
    """A mesh line of some axes that covers a cluster, no axis of one GPU if that can be."""
    axes = tuple(names)[:MOST_AXES] or ("tp",)
    ways = factorings(cluster.gpus, len(axes))
    return mesh_text(axes, next((way for way in ways if 1 not in way), ways[0]))


def _axes(line: source.MeshLine, cluster: Cluster, findings: Findings) -> tuple[Axis, ...]:
    if len(line.axes) > MOST_AXES:
        message = f"{len(line.axes)} mesh axes; at most {MOST_AXES}"
        findings.error("HX0503", message, line.axes[MOST_AXES].name.span)
        return ()
    axes: dict[str, Axis] = {}
    complete = True
    for binding in line.axes:
        name = binding.name
        if name.text in axes:
            message = f"the mesh has an axis `{name.text}` already ({axes[name.text].size})"
            findings.error("HX0502", message, name.span)
            complete = False
            continue
        size = _size(binding, cluster, findings)
        complete = complete and size is not None
        # An axis without a legal size counts as 1, so that lines which name it are still checked.
        axes[name.text] = Axis(name.text, size or 1)
    if complete:
        _compare(tuple(axes.values()), line, cluster, findings)
    return tuple(axes.values())


def _size(binding: source.Binding, cluster: Cluster, findings: Findings) -> int | None:
    quantity = evaluate(binding.value, level_numbers(cluster), findings)
    if quantity is None:
        return None
    if quantity.whole is None or quantity.whole < 1:
        message = (
            f"axis `{binding.name.text}` has {quantity} GPUs; it needs a whole number, 1 or more"
        )
        findings.error("HX0503", message, binding.value.span)
        return None
    return quantity.whole


def _compare(
    axes: tuple[Axis, ...], line: source.MeshLine, cluster: Cluster, findings: Findings
) -> None:
    covered = 1
    for axis in axes:
        covered *= axis.size
    product = " x ".join(str(axis.size) for axis in axes)
    total = f"{product} = {covered}" if len(axes) > 1 else product
    if covered > cluster.gpus:
        message = f"{total}, but `{cluster.name}` has {plural(cluster.gpus, 'GPU')}"
        findings.error("HX0504", message, line.span, legal=_legal(axes, cluster))
    elif covered < cluster.gpus:
        idle = cluster.gpus - covered
        verb = "GPU idles" if idle == 1 else "GPUs idle"
        message = f"the mesh covers {total} of the {cluster.gpus} GPUs: {idle} {verb}"
        findings.warn("HX0505", message, line.span, legal=_legal(axes, cluster))


def _legal(axes: Sequence[Axis], cluster: Cluster) -> tuple[str, ...]:
    sizes = [axis.size for axis in axes]
    near = nearest_factorings(cluster.gpus, sizes)[:_MOST_SHOWN]
    return tuple(mesh_text([axis.name for axis in axes], way) for way in near)


def mesh_text(names: Iterable[str], sizes: Iterable[int]) -> str:
    """The mesh line of some axes and sizes."""
    return f"mesh {', '.join(f'{n} = {size}' for n, size in zip(names, sizes, strict=True))}"


def nearest_factorings(number: int, sizes: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Ways to write ``number`` as a product of as many factors as there are sizes, the nearest first.

    Near is what doubles and halves least; of too many ways the first ``_MOST_COMPARED`` are looked at.
    """

    def distance(way: tuple[int, ...]) -> float:
        return sum(abs(log2(one / other)) for one, other in zip(way, sizes, strict=True))

    return tuple(sorted(factorings(number, len(sizes)), key=distance))


def factorings(number: int, count: int) -> tuple[tuple[int, ...], ...]:
    """The ways to write ``number`` as an ordered product of ``count`` factors, ``_MOST_COMPARED`` at most."""
    divisors = [d for d in range(1, number + 1) if number % d == 0] if number <= 2**20 else [1]
    return tuple(islice(_factorings(number, count, divisors), _MOST_COMPARED))


def _factorings(number: int, count: int, divisors: list[int]) -> Iterator[tuple[int, ...]]:
    if count == 1:
        yield (number,)
        return
    for divisor in divisors:
        if number % divisor == 0:
            for rest in _factorings(number // divisor, count - 1, divisors):
                yield (divisor, *rest)
