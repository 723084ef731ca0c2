"""The report of one compile: everything that people ask about a partitioned program, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import attrs

from helixc.analysis.collectives import (
    Alternatives,
    Collective,
    find_collectives,
    no_alternatives,
)
from helixc.analysis.critical_path import CriticalPath, find_critical_path
from helixc.analysis.fit import Fit
from helixc.analysis.hints import Hint
from helixc.analysis.layers import LayerMap, find_layers
from helixc.analysis.matmuls import Matmul, find_matmuls
from helixc.analysis.memory import Memory, find_memory, fit_warnings
from helixc.analysis.notes import find_notes
from helixc.analysis.numbers_text import byte_text
from helixc.analysis.parameters import count_parameters
from helixc.analysis.prices import StatementPrice
from helixc.analysis.report_card import collective_table, headline, memory_fact, time_facts
from helixc.analysis.report_rows import (
    collective_row,
    diagnostic_row,
    in_turns,
    layer_row,
    matmul_row,
    memory_row,
    path_row,
    price_row,
    seconds,
    slices_row,
    storage_row,
)
from helixc.analysis.schedule import find_schedule
from helixc.analysis.storage import StoredOrder, stored_orders
from helixc.analysis.structure import LayerContent, layer_contents, sequence
from helixc.card import Card, Shown
from helixc.diagnostics import Diagnostic
from helixc.ir.hardware import Cluster
from helixc.ir.mesh import Axis
from helixc.ir.plan import Slices
from helixc.ir.slices import slices_text, whole_dims
from helixc.ir.spmd import Spmd
from helixc.ir.tensor import Dim
from helixc.price.compute import PICOSECONDS

SCHEMA = "helixc.report/1"


@attrs.frozen(kw_only=True)
class DrawingFacts:
    """What was written into one drawing."""

    file: str
    nodes: int
    edges: int
    acyclic: bool


@attrs.frozen(kw_only=True, repr=False)
class Report(Shown):
    """The analysis of one program.  Its size does not grow with GPUs or turns; rows do when written.

    ``parameters`` are those of the whole model.  ``sequence`` is the order of the layers in words;
    ``layer_map`` tells whose each value is.  ``dims`` are those of the step; with ``slices`` (in words
    ``slices_text``) it runs in slices of one of them, and all sizes of blocks are those of a slice.
    ``storage``: dimensions of weights that are to be stored in another order than the model has.
    ``verification`` is the object of ``helixc verify``, None where nothing was executed.  The texts of
    ``hints`` stand among the notes, and that of ``fit``: how a program that does not fit would.
    """

    model: str
    dims: tuple[Dim, ...]
    slices: Slices | None = None
    slices_text: str = ""
    plan: str
    mesh: tuple[Axis, ...]
    cluster: Cluster
    gpus: int
    parameters: int
    sequence: str
    layers: tuple[LayerContent, ...]
    layer_map: LayerMap = attrs.field(repr=False)
    matmuls: tuple[Matmul, ...]
    collectives: tuple[Collective, ...]
    critical_path: CriticalPath
    memory: Memory
    storage: tuple[StoredOrder, ...] = ()
    notes: tuple[str, ...]
    hints: tuple[Hint, ...] = ()
    fit: Fit | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    drawings: tuple[DrawingFacts, ...] = ()
    verification: Mapping[str, Any] | None = None

    @property
    def headline(self) -> str:
        """What was analysed."""
        return headline(self.model, self.plan, self.mesh, self.cluster)

    def card(self) -> Card:
        """What to know first: sizes, time, memory, and the dearest collectives."""
        sizes = ", ".join(f"{dim.name} {dim.size:,}".replace(",", " ") for dim in self.dims)
        facts = (
            ("sizes", sizes),
            *([("in slices", self.slices_text)] if self.slices_text else []),
            *time_facts(self.critical_path),
            ("utilisation (MFU)", f"{100 * self.utilisation:.1f} %"),
            ("received per GPU", byte_text(self.bytes_per_gpu)),
            memory_fact(self.memory),
        )
        tables = (collective_table(self.collectives),) if self.collectives else ()
        return Card(title=self.headline, facts=facts, tables=tables)

    def to_dict(self) -> dict[str, Any]:
        """The report as a JSON object, schema ``helixc.report/1``: plain values, keys as documented there."""
        return {
            key: [*cast("Iterator[Any]", value)] if isinstance(value, Iterator) else value
            for key, value in self.items()
        }

    def items(self) -> Iterator[tuple[str, Any]]:
        """The entries of the JSON object in their order; long lists come as iterators of rows."""
        yield "schema", SCHEMA
        yield "model", self.model
        yield "dims", [{"name": dim.name, "size": dim.size} for dim in self.dims]
        yield "microbatches", None if self.slices is None else slices_row(self.slices, self.dims)
        yield "plan", {"name": self.plan, "mesh": [_axis_row(axis) for axis in self.mesh]}
        yield "cluster", self.cluster.name
        yield "gpu", self.cluster.gpu.name
        yield "gpus", self.gpus
        yield "cluster_gpus", self.cluster.gpus
        yield "structure", {"sequence": self.sequence, "layers": [*map(layer_row, self.layers)]}
        yield "totals", self._totals()
        yield "matmuls", in_turns(self.matmuls, matmul_row)
        yield "collectives", in_turns(self.collectives, collective_row)
        yield "critical_path", path_row(self.critical_path, self.layer_map)
        yield "memory", memory_row(self.memory, self.fit)
        yield "storage", [*map(storage_row, self.storage)]
        yield "drawings", [attrs.asdict(drawing) for drawing in self.drawings]
        yield "verification", self.verification
        yield "notes", list(self.notes)
        yield "diagnostics", [*map(diagnostic_row, self.diagnostics)]

    def _totals(self) -> dict[str, Any]:
        path = self.critical_path
        return {
            "parameters": self.parameters,
            "macs_per_gpu": self.macs_per_gpu,
            "flops_per_gpu": 2 * self.macs_per_gpu,
            "collective_bytes_per_gpu": self.bytes_per_gpu,
            "seconds_at_peak": seconds(self.peak_picoseconds),
            **price_row(path.compute, "compute_"),
            **price_row(path.communication, "communication_"),
            "exposed_communication_seconds": seconds(path.exposed_picoseconds),
            "hidden_communication_seconds": seconds(path.hidden_picoseconds),
            "mfu": self.utilisation,
        }

    @property
    def utilisation(self) -> float:
        """Model FLOPs utilisation: the model's matrix products at the peak of all GPUs, over the time.

        Work that GPUs repeat counts once, so it is at most the share of the peak that they reach
        (Chowdhery et al., 2022, appendix B).
        """
        once = sum(
            m.layer.turns * m.flops_per_gpu / m.repeated / self.cluster.gpu.peak(m.dtype)
            for m in self.matmuls
        )
        time = self.critical_path.picoseconds
        return once * PICOSECONDS / time if time else 0.0

    @property
    def peak_picoseconds(self) -> int:
        """What the matrix multiplications of one GPU would take at its datasheet peak."""
        return sum(
            round(m.layer.turns * m.flops_per_gpu * PICOSECONDS / self.cluster.gpu.peak(m.dtype))
            for m in self.matmuls
        )

    @property
    def macs_per_gpu(self) -> int:
        """Multiply-adds of one GPU's matrix multiplications, all turns."""
        return sum(matmul.layer.turns * matmul.macs_per_gpu for matmul in self.matmuls)

    @property
    def bytes_per_gpu(self) -> int:
        """Bytes that one GPU receives in collectives, all turns."""
        return sum(c.layer.turns * c.bytes_per_gpu for c in self.collectives)


def build_report(
    program: Spmd,
    *,
    diagnostics: Iterable[Diagnostic] = (),
    price: StatementPrice | None = None,
    alternatives: Alternatives = no_alternatives,
    hints: tuple[Hint, ...] = (),
    fit: Fit | None = None,
) -> Report:
    """The report of a program whose collectives are explicit; ``diagnostics``: found before it."""
    layers = find_layers(program)
    schedule = find_schedule(program, price)
    memory = find_memory(program, layers, schedule)
    matmuls = find_matmuls(program, layers)
    path = find_critical_path(program, schedule)
    misfit = _misfit(program, memory, fit)
    return Report(
        model=program.name,
        dims=whole_dims(program),
        slices=program.slices,
        slices_text=slices_text(program),
        plan=program.plan.name,
        mesh=program.mesh.axes,
        cluster=program.cluster,
        gpus=program.mesh.devices,
        parameters=count_parameters(program),
        sequence=sequence(program, layers),
        layers=layer_contents(program, layers),
        layer_map=layers,
        matmuls=matmuls,
        collectives=find_collectives(program, layers, alternatives, path.timing),
        critical_path=path,
        memory=memory,
        storage=stored_orders(program),
        notes=(*_told(fit), *(hint.text for hint in hints), *find_notes(program, matmuls, path)),
        hints=hints,
        fit=fit,
        diagnostics=tuple(dict.fromkeys((*diagnostics, *program.notes, *misfit))),
    )


def _misfit(program: Spmd, memory: Memory, fit: Fit | None) -> tuple[Diagnostic, ...]:
    remedy = "" if fit is None else fit.remedy
    return fit_warnings(memory, program.cluster.gpu.name, program.plan.span, remedy)


def _told(fit: Fit | None) -> Iterator[str]:
    if fit is not None:
        yield f"It does not fit as it is. {fit.text}"


def _axis_row(axis: Axis) -> dict[str, Any]:
    return {"axis": axis.name, "size": axis.size}
