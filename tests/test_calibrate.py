"""Calibration finds the constants of a machine that is known, and writes them as a file that can be read."""

from __future__ import annotations

import attrs
import pytest

from helixc.calibrate.calibration import calibrated_text, known_hardware
from helixc.calibrate.refit import misses, predicted, refit_gpu, refit_link
from helixc.calibrate.samples import COLLECTIVES, GEMMS, KINDS, STREAMS, Sample
from helixc.cli.main import run
from helixc.diagnostics import Findings, HelixError
from helixc.elaborate.hardware import Catalogue
from helixc.ir.hardware import Gpu, Link
from helixc.ir.source import Name
from helixc.text.loader import load_text

GPUS = 4
BLANK = tuple(
    [Sample("gemm", dtype, size, 1.0) for dtype in ("bf16", "f32") for size in GEMMS]
    + [Sample("stream", "bf16", moved, 1.0) for moved in STREAMS]
    + [Sample(kind, "bf16", total, 1.0) for kind in KINDS for total in COLLECTIVES]
)


def scaled(
    figures: tuple[tuple[str, float], ...], **factors: float
) -> tuple[tuple[str, float], ...]:
    """Figures, some of them multiplied."""
    return tuple((name, value * factors.get(name, 1.0)) for name, value in figures)


def machine() -> tuple[tuple[Gpu, Link], tuple[Gpu, Link]]:
    """A GPU and a link of the library, and a machine that differs from them."""
    gpu, link = known_hardware("h100_sxm", "nvlink4")
    assert link is not None
    other = attrs.evolve(
        gpu,
        figures=scaled(gpu.figures, bf16_efficiency=0.8, bf16_memory=0.9, elementwise_memory=0.7),
    )
    slower = attrs.evolve(
        link,
        latency=link.latency * 1.5,
        figures=tuple(
            (name, value * (1.5 if name.endswith(("base", "step", "ramp")) else 1.0))
            for name, value in link.figures
        ),
    )
    return (gpu, link), (other, slower)


def samples_of(gpu: Gpu, link: Link) -> tuple[Sample, ...]:
    """What a machine would measure if it were as its constants say."""
    times = predicted(gpu, link, BLANK, GPUS)
    return tuple(attrs.evolve(s, seconds=t) for s, t in zip(BLANK, times, strict=True))


def test_a_refit_predicts_the_machine_that_was_measured() -> None:
    (gpu, link), (other, slower) = machine()
    samples = samples_of(other, slower)

    before = misses(predicted(gpu, link, samples, GPUS), samples)
    fitted = refit_gpu(gpu, samples), refit_link(link, samples, GPUS)
    after = misses(predicted(*fitted, samples, GPUS), samples)

    assert before.mean > 0.05
    assert after.mean < 0.01


def test_a_gpu_without_constants_has_its_roofline_refitted() -> None:
    gpu = Gpu(name="plain", memory_bytes=1, bandwidth=1e12, peaks=(("bf16", 1e14), ("f32", 1e13)))
    other = attrs.evolve(gpu, compute_fraction=0.5, bandwidth_fraction=0.7, launch_seconds=4e-6)
    samples = tuple(
        s
        for s in samples_of(
            other, known_hardware("h100_sxm", "nvlink4")[1] or Link(name="", bandwidth=1, latency=0)
        )
        if (s.kind, s.dtype) == ("gemm", "bf16")
    )

    fitted = refit_gpu(gpu, samples)

    assert fitted.compute_fraction == pytest.approx(0.5, rel=0.02)
    assert fitted.source("compute_fraction") == "measured"


def test_the_file_reads_back_as_the_machine() -> None:
    known, (other, slower) = machine()
    samples = samples_of(other, slower)

    text = calibrated_text("lab", known, samples, gpus=GPUS, device="a\nb", day="2026-01-02")

    findings = Findings()
    box = "cluster box { gpu lab; level gpu = 4 via lab_link }\n"
    cluster = Catalogue(load_text(text + box, "lab.hx"), findings).cluster(Name("box"))
    assert not findings.all
    assert cluster is not None
    times = predicted(cluster.gpu, cluster.levels[0].link, samples, GPUS)
    assert misses(times, samples).mean < 0.02
    assert cluster.gpu.source("bf16_efficiency") == "measured"
    assert cluster.gpu.source("bf16_fill") == "calibrated"


def test_a_name_that_the_library_does_not_have_is_an_error() -> None:
    with pytest.raises(HelixError) as caught:
        known_hardware("h1000", None)
    assert [d.code for d in caught.value.diagnostics] == ["HX0410"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--like", "h100_sxm; level"], 2),
        (["--like", "h100_sxm", "--gpus", "2"], 2),
        (["--like", "h100_sxm", "--gpus", "1000"], 2),
        ([], 2),
    ],
)
def test_a_wrong_command_line_is_refused(
    words: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", *words]) == status
    assert "Error" in capsys.readouterr().err


def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert run(["calibrate", "--like", "h100_sxm"]) == 2
    assert "HX0016" in capsys.readouterr().err
