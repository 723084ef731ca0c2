"""Processes that run one emitted module after the other, and tell what they made and what they sent."""

from __future__ import annotations

import datetime as dt
import os
import traceback
import types
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import attrs
import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor.debug import CommDebugMode
from torch.utils._python_dispatch import TorchDispatchMode

from helixc.interp.site import Array
from helixc.running.case import RunCase
from helixc.running.launch import Finished, steps_of

# How long a process may wait for another, where many share few cores.
SECONDS = 600
# Operators of torch.distributed by the kind of collective that they carry out.
KINDS = {
    "_allgather_base_": "all_gather",
    "_reduce_scatter_base_": "reduce_scatter",
    "allreduce_": "all_reduce",
    "alltoall_base_": "all_to_all",
    "send": "send",
    "recv_": "recv",
}


@attrs.frozen
class Sent:
    """A collective that a process took part in: its kind, the ranks of its group, bytes that it put in."""

    kind: str
    ranks: tuple[int, ...]
    bytes: int


class Recorder(TorchDispatchMode):
    """Notes every operator of torch.distributed that goes through PyTorch's dispatcher."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Sent] = []

    def __torch_dispatch__(self, func: Any, types_: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types_
        name = func.name().removeprefix("c10d::").partition(".")[0]
        if func.namespace == "c10d" and name in KINDS:
            tensors = list(_tensors(args))
            group = next(g for g in args if isinstance(g, torch.ScriptObject))
            ranks = tuple(dist.get_process_group_ranks(dist.ProcessGroup.unbox(group)))
            sent = (
                tensors[-1]
                if name in ("_allgather_base_", "_reduce_scatter_base_", "alltoall_base_")
                else tensors[0]
            )
            self.found.append(Sent(KINDS[name], ranks, sent.numel() * sent.element_size()))
        return func(*args, **(kwargs or {}))


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)


def _serve(rank: int, size: int, port: int, tasks: Any, results: Any) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    limit = dt.timedelta(seconds=SECONDS)
    dist.init_process_group("gloo", timeout=limit, rank=rank, world_size=size)
    for text, inputs, weights, steps in iter(tasks.get, None):
        with _Told(rank, results):
            results.put((rank, _made(text, inputs, weights, steps), ""))
    dist.destroy_process_group()


@attrs.frozen
class _Told:
    """Sends an error, whatever it is, to those who wait for a result."""

    rank: int
    results: Any

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Send the error, if there is one."""
        if error is not None:
            lines = traceback.format_exception(kind, error, trace)
            self.results.put((self.rank, None, "".join(lines)))
        return error is not None


def _made(
    text: str, inputs: Any, weights: Any, steps: int
) -> tuple[list[list[dict[str, Array]]], list[Sent]]:
    module = types.ModuleType("emitted")
    exec(compile(text, "emitted", "exec"), module.__dict__)
    module.DTYPES.update(dict.fromkeys(module.FLOATING, torch.float64))
    if hasattr(module, "partition"):
        return [[_placed(module, inputs, weights)]], []
    mesh = module.Mesh(torch.device("cpu"))
    options = types.SimpleNamespace(weights=weights, inputs=inputs, seed=0, steps=steps)
    module.read = lambda tensors: tensors
    held, given = module.given(mesh, options)
    recorder = Recorder()
    made = []
    with torch.inference_mode(), recorder:
        for number in range(steps):
            mesh.ahead = module.PLACES * (number + 1 - steps)
            parts = module.step(mesh, held, given[number])
            made.append([{name: block.numpy() for name, block in part.items()} for part in parts])
    return made, recorder.found


def _placed(module: Any, inputs: Any, weights: Any) -> dict[str, Array]:
    """The blocks that a module for DTensor makes, and those of its parameters."""
    grid = init_device_mesh("cpu", tuple(module.AXES.values()), mesh_dim_names=tuple(module.AXES))
    model = module.build(weights)
    module.partition(model, grid)
    blocks = {f"parameter {name}": p.to_local() for name, p in model.named_parameters()}
    with torch.no_grad():
        outputs = as_placed(module, model, module.arrived(inputs))
    blocks.update((name, output.to_local()) for name, output in outputs.items())
    return {name: block.detach().numpy() for name, block in blocks.items()}


def as_placed(module: Any, model: Any, given: Any) -> dict[str, Any]:
    """What a module for DTensor makes; raises where data moves that no ``placed`` moves."""
    placed, asked, mode = module.placed, [0], CommDebugMode()

    def counted(x: Any, *placements: Any) -> Any:
        before = mode.get_total_counts()
        moved = placed(x, *placements)
        asked[0] += mode.get_total_counts() - before
        return moved

    module.placed = counted
    with mode:
        outputs = model(given)
    for name, output in outputs.items():
        module.held(name, output, *module.OUTPUTS[name])
    unasked = mode.get_total_counts() - asked[0]
    if unasked:
        raise RuntimeError(f"{unasked} collectives that no `placed` asked for")
    return outputs


class Pool:
    """So many processes, which are there until they are closed."""

    def __init__(self, size: int) -> None:
        context = mp.get_context("spawn")
        self.size = size
        self._tasks = [context.Queue() for _ in range(size)]
        self._results = context.Queue()
        self._processes = [
            context.Process(
                target=_serve, args=(rank, size, 29500 + size, self._tasks[rank], self._results)
            )
            for rank in range(size)
        ]
        for process in self._processes:
            process.start()

    def run(self, text: str, case: RunCase) -> tuple[Finished, list[list[Sent]]]:
        """What a module makes of a case, and for each rank what it sent."""
        task = (text, _given(case.inputs), _given(case.weights), case.steps)
        for queue in self._tasks:
            queue.put(task)
        answers = sorted(self._results.get(timeout=SECONDS) for _ in range(self.size))
        for rank, made, error in answers:
            assert made is not None, f"rank {rank}: {error}"
        steps = steps_of([made[0] for _, made, _ in answers])
        return Finished(steps=steps), [made[1] for _, made, _ in answers]

    def close(self) -> None:
        """End the processes."""
        for queue in self._tasks:
            queue.put(None)
        for process in self._processes:
            process.join(10)
            if process.is_alive():
                process.kill()


def _given(arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
