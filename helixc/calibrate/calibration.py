"""From a known GPU and link, and what was measured, to the text of a hardware file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from helixc.calibrate.hardware_file import Account, hardware_text
from helixc.calibrate.refit import Misses, misses, predicted, refit_gpu, refit_link
from helixc.calibrate.samples import Sample
from helixc.diagnostics import Findings
from helixc.elaborate.hardware import Catalogue
from helixc.ir.hardware import Cluster, Gpu, Link
from helixc.ir.source import Name
from helixc.text.loader import load_text


def known_hardware(gpu: str, link: str | None) -> tuple[Gpu, Link | None]:
    """A GPU and a link of the library by name.  Raises ``HelixError`` for a name that is not there."""
    findings = Findings()
    level = f"level gpu = 2 via {link}" if link else "level gpu = 1"
    text = f"import std.hardware\ncluster bench {{ gpu {gpu}; {level} }}\n"
    catalogue = Catalogue(load_text(text, "std.hardware"), findings)
    cluster = catalogue.cluster(Name("bench"))
    findings.stop_on_errors()
    if not isinstance(cluster, Cluster):
        raise TypeError("a cluster without a finding is none")
    return cluster.gpu, cluster.levels[0].link


def calibrated_text(
    name: str,
    known: tuple[Gpu, Link | None],
    samples: Sequence[Sample],
    *,
    gpus: int,
    device: str,
    day: str,
) -> str:
    """The hardware file of the machine on which ``samples`` were measured."""
    gpu, link = known
    own_gpu = refit_gpu(gpu, samples)
    own_link = None if link is None else refit_link(link, samples, gpus)
    account = Account(
        device=device,
        day=day,
        before=_misses(gpu, link, samples, gpus),
        after=_misses(own_gpu, own_link, samples, gpus),
    )
    links = None if link is None or own_link is None or gpus == 1 else (link, own_link)
    return hardware_text(name, (gpu, own_gpu), links, account)


def _misses(
    gpu: Gpu, link: Link | None, samples: Sequence[Sample], gpus: int
) -> Mapping[str, Misses]:
    """How far predictions are, for each kind of kernel and dtype."""
    times = predicted(gpu, link, samples, gpus)
    kinds = [s.kind if s.kind != "gemm" else f"gemm {s.dtype}" for s in samples]
    found: dict[str, Misses] = {}
    for kind in dict.fromkeys(kinds):
        own = [index for index, other in enumerate(kinds) if other == kind]
        found[kind] = misses([times[i] for i in own], [samples[i] for i in own])
    return found
