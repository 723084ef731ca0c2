"""``helixc calibrate``: measure this machine, and write what it is as a hardware file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import click

from helixc.calibrate.samples import Gemm, Sample
from helixc.cli.findings import show_json
from helixc.cli.loudness import tell
from helixc.cli.options import FORMAT, Command
from helixc.cli.terminal import hand_over
from helixc.diagnostics import Diagnostic, HelixError
from helixc.emit.files import write_file

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.command("calibrate", cls=Command)
@click.option("--like", required=True, metavar="GPU", help="The GPU of std.hardware that it is.")
@click.option("--link", metavar="LINK", help="The link of std.hardware between several of them.")
@click.option("--gpus", type=click.IntRange(1, 64), default=1, help="How many, one process each.")
@click.option("--name", default="mine", help="What to call the GPU in the file.")
@click.option("--device", type=click.Choice(["cuda", "cpu"]), default="cuda")
@click.option("-o", "--output", metavar="FILE.hx", default="-", help="Where to write; `-`: print.")
@FORMAT
def command(
    *,
    like: str,
    link: str | None,
    gpus: int,
    name: str,
    device: str,
    output: str,
    output_format: str,
) -> int:
    """Measure matrix products, memory and collectives of this machine with PyTorch; write them as .hx."""
    for word in (like, name, *([link] if link else [])):
        if not _NAME.fullmatch(word):
            raise click.UsageError(f"`{word}` is no name.")
    if gpus > 1 and link is None:
        raise click.UsageError("Several GPUs are joined by a link: name it with --link.")
    torch = _torch(device, gpus)
    from helixc.calibrate.calibration import calibrated_text, known_hardware
    from helixc.calibrate.ranks import measured_here

    known = known_hardware(like, link)
    samples = measured_here(torch, device, gpus, _tell)
    day = datetime.now(UTC).date().isoformat()
    text = calibrated_text(name, known, samples, gpus=gpus, device=_called(torch, device), day=day)
    if output != "-":
        write_file(Path(output), text)
    if output_format == "json":
        rows = [attrs.asdict(sample) for sample in samples]
        show_json({"schema": "helixc.calibrate/1", "samples": rows, "text": text})
    elif output == "-":
        hand_over(text)
    else:
        tell(output)
    return 0


def _tell(sample: Sample) -> None:
    """Long work shows that it goes on."""
    size = sample.size
    made = f"{size.m} x {size.k} x {size.n}" if isinstance(size, Gemm) else f"{size} B"
    tell(f"{sample.kind} {sample.dtype} {made}: {sample.seconds:.3e} s", err=True)


def _torch(device: str, gpus: int) -> ModuleType:
    """PyTorch, if it and SciPy are there and see as many devices as are to be measured."""
    for module in ("torch", "scipy"):
        try:
            import_module(module)
        except ImportError as error:
            message = (
                f"calibrating needs {module}, which is not installed: install `helixc[calibrate]`"
            )
            raise HelixError([Diagnostic("HX0016", message)]) from error
    torch: Any = import_module("torch")
    seen = torch.cuda.device_count() if device == "cuda" else gpus
    if seen < gpus:
        message = (
            f"PyTorch sees {seen} GPUs here, not {gpus}; `--device cpu` tries the procedure without"
        )
        raise HelixError([Diagnostic("HX0017", message)])
    return torch


def _called(torch: Any, device: str) -> str:
    name = torch.cuda.get_device_name(0) if device == "cuda" else "a CPU"
    return f"{name} with PyTorch {torch.__version__}"
