"""Hardware declarations: checked field by field, looked up by file, turned into SI figures."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helixc.diagnostics import Findings
from helixc.elaborate.hardware import Catalogue, level_numbers
from helixc.elaborate.hardware_fields import GPU_FIELDS, LEVEL_OPTIONS, LINK_FIELDS
from helixc.elaborate.units import Quantity
from helixc.ir.hardware import Cluster, Gpu
from helixc.ir.kernels import GemmConstants
from helixc.ir.source import Name
from helixc.text.loader import load_text

CHIP = "gpu chip { memory = 80 GB; bandwidth = 2 TB/s; bf16 = 300 TFLOP/s }\n"
WIRE = "link wire { bandwidth = 100 GB/s; latency = 3 us }\n"


def cluster_of(text: str, name: str = "box") -> tuple[Cluster | None, Findings]:
    findings = Findings()
    catalogue = Catalogue(load_text(text, "test.hx"), findings)
    catalogue.check()
    return catalogue.cluster(Name(name)), findings


def codes(text: str) -> list[str]:
    return [d.code for d in cluster_of(text)[1].all]


def test_a_cluster_is_its_gpu_and_levels_in_si_units() -> None:
    text = CHIP + WIRE + "cluster box { gpu chip; level node = 2 * 2 via wire with links = 8\n"
    cluster, findings = cluster_of(text + "level gpu = 8 via wire }\n")
    assert cluster is not None
    assert not findings.all
    assert (cluster.gpus, cluster.gpu.memory_bytes) == (32, 80 * 10**9)
    assert cluster.gpu.peak("bf16") == 300e12
    assert [(level.name, level.size, level.links) for level in cluster.levels] == [
        ("node", 4, 8),
        ("gpu", 8, None),
    ]
    assert level_numbers(cluster)["gpus"] is not None


def test_the_library_has_every_gpu_and_link_that_it_promises() -> None:
    gpus = ["a100_40g", "a100_80g", "h100_sxm", "h100_pcie", "h200", "b200", "l40s"]
    links = ["nvlink3", "nvlink4", "nvlink5", "pcie4", "pcie5", "ib_hdr", "ib_ndr400"]
    text = "import std.hardware\n"
    for gpu in gpus:
        text += f"cluster {gpu}_box {{ gpu {gpu}\n"
        text += "".join(f"level {link} = 2 via {link}\n" for link in links) + "}\n"
    findings = Findings()
    catalogue = Catalogue(load_text(text, "test.hx"), findings)
    for gpu in gpus:
        cluster = catalogue.cluster(Name(f"{gpu}_box"))
        assert cluster is not None
        assert cluster.gpu.memory_bytes >= 40e9
        assert all(peak >= 1e12 for _, peak in cluster.gpu.peaks)
        assert all(level.link and 1e-6 <= level.link.latency <= 1e-4 for level in cluster.levels)
    assert not findings.all


def test_every_figure_of_the_library_says_where_it_comes_from() -> None:
    text = (Path(__file__).parent.parent / "helixc/std/hardware.hx").read_text()
    tagged = re.compile(r"  \w+ = (measured|calibrated|datasheet|assumed)\(.*\)|  like = \w+")
    fields = [line.split("#")[0].rstrip() for line in text.splitlines() if line.startswith("  ")]
    assert len(fields) > 300
    assert [line for line in fields if not tagged.fullmatch(line)] == []


@given(st.sampled_from(sorted({**GPU_FIELDS, **LINK_FIELDS})), st.sampled_from(["gpu", "link"]))
def test_a_field_has_the_dimension_of_its_row_or_is_refused(field: str, kind: str) -> None:
    rules = GPU_FIELDS if kind == "gpu" else LINK_FIELDS
    own = "memory = 8 GB; bandwidth = 8 GB/s" if kind == "gpu" else "bandwidth = 8 GB/s"
    own += "; f32 = 1 FLOP/s" if kind == "gpu" else "; latency = 0 s"
    given_already = field in own
    found = codes(f"{kind} thing {{ {own}; {field} = 3 FLOP }}\n" + CHIP + WIRE)
    expected = "HX0415" if given_already else "HX0414" if field in rules else "HX0412"
    assert expected in found
    assert "HX0410" in found  # and the cluster that was asked for is not there


@given(st.sampled_from(sorted(LEVEL_OPTIONS)), st.integers(-3, 3))
def test_an_option_of_a_level_is_at_least_one(option: str, number: int) -> None:
    text = (
        CHIP + WIRE + f"cluster box {{ gpu chip; level a = 2 via wire with {option} = {number} }}\n"
    )
    assert ("HX0416" in codes(text)) == (number < 1)


@given(st.lists(st.integers(1, 2**12), min_size=1, max_size=3))
def test_the_number_of_gpus_is_the_product_of_the_levels_up_to_the_limit(sizes: list[int]) -> None:
    levels = "; ".join(f"level l{i} = {size} via wire" for i, size in enumerate(sizes))
    cluster, findings = cluster_of(CHIP + WIRE + f"cluster box {{ gpu chip; {levels} }}\n")
    product = 1
    for size in sizes:
        product *= size
    if product > 2**20:
        assert [d.code for d in findings.all] == ["HX0011"]
    else:
        assert cluster is not None
        assert cluster.gpus == product


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("cluster box { gpu chip; level a = 2 via wires }", "HX0410"),
        ("cluster box { gpu wire; level a = 2 via wire }", "HX0410"),
        ("cluster box { gpu chip; level a = 2 }", "HX0413"),
        ("cluster box { gpu chip }", "HX0413"),
        ("cluster box { level a = 2 via wire }", "HX0413"),
        ("cluster box { gpu chip; gpu chip; level a = 2 via wire }", "HX0415"),
        ("cluster box { gpu chip; level a = 2 via wire; level a = 2 via wire }", "HX0415"),
        ("cluster box { gpu chip; level gpus = 2 via wire }", "HX0415"),
        ("cluster box { gpu chip; memory = 3; level a = 2 via wire }", "HX0412"),
        ("cluster box { gpu chip; level a = 0 via wire }", "HX0418"),
        ("cluster box { gpu chip; level a = 3 / 2 via wire }", "HX0418"),
        ("cluster box { gpu chip; level a = 2 s via wire }", "HX0418"),
        ("gpu other { memory = 1 GB; bandwidth = 1 GB/s }", "HX0413"),
        ("gpu other { bandwidth = 1 GB/s; f32 = 1 FLOP/s }", "HX0413"),
        ("gpu chip { memory = 1 GB; bandwidth = 1 GB/s; f32 = 1 FLOP/s }", "HX0411"),
        ("link other { bandwidth = 1 GB/s; latency = 1 s; in_switch = 3 }", "HX0414"),
        ("link other { bandwidth = 1 GB/s; latency = true }", "HX0414"),
        ("link other { bandwidth = 0 GB/s; latency = 1 s }", "HX0416"),
        ("gpu other { like = chips }", "HX0410"),
        ("gpu other { like = wire }", "HX0410"),
        ("gpu other { like = 3 }", "HX0414"),
        ("gpu other { like = chip; like = chip }", "HX0415"),
        ("gpu other { like = other }", "HX0419"),
        ("gpu other { like = chip; bf16_memory = 0.5 }", "HX0413"),
        ("gpu other { like = chip; bf16_memory = 0 }", "HX0416"),
        ("gpu other { like = chip; bandwidth = measured(3 GB) }", "HX0414"),
        ("gpu other { like = chip; bandwidth = measured(3 GB/s, 3) }", "HX0405"),
        ("gpu other { like = chip; bandwidth = guessed(3 GB/s) }", "HX0405"),
    ],
)
def test_a_mistake_in_hardware_has_its_code(text: str, code: str) -> None:
    assert code in codes(CHIP + WIRE + text + "\n")


def test_one_s_own_declaration_hides_an_imported_one() -> None:
    text = "import std.hardware\ngpu h200 { memory = 1 GB; bandwidth = 1 GB/s; f32 = 1 FLOP/s }\n"
    cluster, findings = cluster_of(text + "cluster box { gpu h200; level a = 2 via nvlink4 }\n")
    assert not findings.all
    assert cluster is not None
    assert cluster.gpu.memory_bytes == 10**9


def test_two_imports_with_one_name_clash_where_it_is_used(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.hx").write_text(CHIP + WIRE)
    text = "import one\nimport two\ncluster box { gpu chip; level a = 2 via wire }\n"
    findings = Findings()
    catalogue = Catalogue(load_text(text, "test.hx", tmp_path), findings)
    assert catalogue.clusters() == ("box",)
    assert not findings.all
    assert catalogue.cluster(Name("box")) is None
    assert [d.code for d in findings.all] == ["HX0417", "HX0417"]


def test_a_cluster_of_an_imported_file_uses_that_file_s_names(tmp_path: Path) -> None:
    text = "import std.hardware\ncluster box { gpu h200; level a = 8 via nvlink4 }\n"
    (tmp_path / "machines.hx").write_text(text)
    findings = Findings()
    catalogue = Catalogue(load_text("import machines\n", "test.hx", tmp_path), findings)
    cluster = catalogue.cluster(Name("box"))
    assert cluster is not None
    assert cluster.gpus == 8
    assert not findings.all


def test_numbers_of_a_file_may_size_its_clusters() -> None:
    sources = load_text(
        CHIP + WIRE + "cluster box { gpu chip; level a = nodes via wire }\n", "t.hx"
    )
    findings = Findings()
    catalogue = Catalogue(sources, findings, {"": {"nodes": Quantity(6)}})
    cluster = catalogue.cluster(Name("box"))
    assert cluster is not None
    assert cluster.gpus == 6


def test_an_unknown_name_lists_what_there_is() -> None:
    findings = Findings()
    catalogue = Catalogue(load_text("import std.hardware\n", "test.hx"), findings)
    assert catalogue.cluster(Name("box")) is None
    (finding,) = findings.all
    assert "no cluster is declared" in finding.message


GEMM = "; ".join(
    f"bf16_{name} = calibrated({figure})"
    for name, figure in (
        ("efficiency", 0.83), ("fill", 1.13), ("memory", 0.82), ("launch", "2.7 us"),
        ("wave", "0 s"), ("split", "1.7 us"), ("overlap", 5), ("epilogue", 2),
    )
)  # fmt: skip


def gpu_of(text: str) -> Gpu:
    cluster, findings = cluster_of(
        text + "\n" + WIRE + "cluster box { gpu x; level a = 2 via wire }"
    )
    assert not findings.all
    assert cluster is not None
    return cluster.gpu


def test_a_figure_says_where_it_comes_from_and_is_assumed_where_it_does_not() -> None:
    text = "gpu x { memory = 80 GB; bandwidth = measured(1.9 TB/s); bf16 = datasheet(312 TFLOP/s) }"
    gpu = gpu_of(text)
    assert gpu.bandwidth == 1.9e12
    sources = [gpu.source(name) for name in ("memory", "bandwidth", "bf16", "f64")]
    assert sources == ["assumed", "measured", "datasheet", "assumed"]


def test_the_constants_of_a_kernel_come_together() -> None:
    gpu = gpu_of(CHIP.replace("chip", "x").replace(" }", f"; {GEMM} }}"))
    assert gpu.kernels["bf16"] == GemmConstants(
        efficiency=0.83, fill=1.13, memory=0.82, launch=2.7e-6, wave=0, split=1.7e-6, overlap=5,
        epilogue=2,
    )  # fmt: skip
    assert set(gpu.kernels) == {"bf16"}
    assert gpu.source("bf16_wave") == "calibrated"


def test_what_is_like_another_says_only_what_differs() -> None:
    model = CHIP.replace(" }", f"; sms = datasheet(108); {GEMM} }}\n")
    gpu = gpu_of(model + "gpu x { like = chip; bandwidth = 1 TB/s; bf16_memory = measured(0.5) }")
    assert (gpu.name, gpu.memory_bytes, gpu.bandwidth, gpu.sms) == ("x", 80 * 10**9, 1e12, 108)
    assert gpu.kernels["bf16"] == attrs.evolve(
        gpu_of(model.replace("chip", "x")).kernels["bf16"], memory=0.5
    )
    assert (gpu.source("bf16_memory"), gpu.source("bf16_fill")) == ("measured", "calibrated")


def test_a_link_may_be_like_another() -> None:
    text = CHIP + WIRE + "link fast { like = wire; latency = 1 us }\n"
    cluster, findings = cluster_of(text + "cluster box { gpu chip; level a = 2 via fast }")
    assert not findings.all
    assert cluster is not None
    link = cluster.levels[0].link
    assert link is not None
    assert (link.name, link.bandwidth, link.latency) == ("fast", 1e11, 1e-6)
