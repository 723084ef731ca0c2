"""Model helix, split as plan two_level says, over 16 processes (n = 4, m = 4).

    torchrun --nproc-per-node 16 THIS_FILE --help

Every process runs this text.  The comment beside a tensor gives the shape of its own block; the
comment above a collective says why it is there.
"""


import argparse
import datetime
import glob
import math
import os
import time
import zlib

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.elastic.multiprocessing.errors import record

# The axes of the mesh, outermost first, and the axes over which collectives run together.
AXES = {"n": 4, "m": 4}
GROUPS = [
    ("m",),
    ("n", "m"),
]
# PyTorch computes nothing in f8 and f4: those are bf16 here.
DTYPES = {
    "f64": torch.float64,
    "f32": torch.float32,
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "f8": torch.bfloat16,
    "f4": torch.bfloat16,
    "i32": torch.int32,
    "i8": torch.int8,
    "bool": torch.bool,
}
FLOATING = ("f64", "f32", "bf16", "f16", "f8", "f4")
# Newer names of PyTorch, else the older ones.
GATHER = getattr(dist, "all_gather_single", None) or dist.all_gather_into_tensor
SCATTER = getattr(dist, "reduce_scatter_single", None) or dist.reduce_scatter_tensor
REDUCE = {"sum": dist.ReduceOp.SUM, "max": dist.ReduceOp.MAX, "min": dist.ReduceOp.MIN}

# Whole tensors by name: shape, the axes over which each dimension is split, dtype, the spread
# of random numbers, and the dimension that comes in slices of a step (-1: none).
INPUTS = {
    "x": ((1024, 10000, 8192), ((), (), ()), "bf16", 1, -1),
}
WEIGHTS = {
    "layer.0.mha.wq": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.1.mha.wq": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.0.mha.wk": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.1.mha.wk": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.0.mha.wv": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.1.mha.wv": ((8192, 16, 512), ((), ("n",), ("m",)), "bf16", 0.0110485, -1),
    "layer.0.mha.wo": ((16, 512, 8192), (("n",), ("m",), ()), "bf16", 0.0110485, -1),
    "layer.1.mha.wo": ((16, 512, 8192), (("n",), ("m",), ()), "bf16", 0.0110485, -1),
    "layer.0.mlp.w1": ((8192, 32768), ((), ("n", "m")), "bf16", 0.0110485, -1),
    "layer.1.mlp.w1": ((8192, 32768), ((), ("n", "m")), "bf16", 0.0110485, -1),
    "layer.0.mlp.w2": ((32768, 8192), (("n", "m"), ()), "bf16", 0.00552427, -1),
    "layer.1.mlp.w2": ((32768, 8192), (("n", "m"), ()), "bf16", 0.00552427, -1),
}
# What is kept from step to step, and by how many places a step goes on.
STATES = {}
PLACES = 0
# Shapes in the model of what is filled up with zeros here.
REAL = {}
# Weights out of a checkpoint with names of its own: tensors, each in a shape and cut along its
# axes; what they give one after the other, in a shape, and the order of its axes.
PREFIX = ""
CHECKPOINT = {}
# A step runs so many slices, one after the other.
SLICES = 1


class Pending:
    """A collective that has been started; ``wait`` gives its result."""

    def __init__(self, work, finish):
        self.work = work
        self.finish = finish

    def wait(self):
        if self.work is not None:
            self.work.wait()
        return self.finish()


class Mesh:
    """The processes as a grid with named axes, and a group for all axes that a collective runs over.

    A collective is started at once; its result is what ``wait`` gives.  ``dim`` counts the axes of a
    tensor.  ``ahead``: by how many places this step is ahead of the one that the text is written for.
    """

    def __init__(self, device):
        self.device = device
        self.rank = dist.get_rank()
        count = math.prod(AXES.values())
        if dist.get_world_size() != count:
            sizes = " x ".join(f"{axis} {size}" for axis, size in AXES.items())
            raise SystemExit(
                f"this program runs on exactly {count} processes ({sizes}), "
                f"not on {dist.get_world_size()}: torchrun --nproc-per-node {count} ..."
            )
        self.grid = init_device_mesh(device.type, tuple(AXES.values()), mesh_dim_names=tuple(AXES))
        self.ranks = self.grid.mesh
        self.at = dict(zip(AXES, self.grid.get_coordinate()))
        self.ahead = 0
        self.groups = {axes: self.group_over(axes) for axes in GROUPS}

    def group_over(self, axes):
        """The processes that differ from this one in these axes alone, and their order in ``axes``."""
        if len(axes) == 1:
            return self.grid.get_group(axes[0]), list(range(AXES[axes[0]]))
        names = list(AXES)
        numbers = [names.index(axis) for axis in axes]
        rest = [number for number in range(len(names)) if number not in numbers]
        rows = self.ranks.permute(*rest, *numbers).reshape(-1, self.count(axes)).tolist()
        group, _ = dist.new_subgroups_by_enumeration([sorted(row) for row in rows])
        own = next(row for row in rows if self.rank in row)
        return group, [sorted(own).index(rank) for rank in own]

    def count(self, axes):
        return math.prod(AXES[axis] for axis in axes)

    def index(self, axes):
        """The number of this process among those that differ in these axes, the last one fastest."""
        number = 0
        for axis in axes:
            number = number * AXES[axis] + self.at[axis]
        return number

    def positions(self, size, *axes):
        """The global positions of this process's block of a dimension."""
        first = self.index(axes) * size
        return torch.arange(first, first + size, device=self.device)

    def all_gather(self, x, dim, *axes):
        group, order = self.groups[axes]
        got = x.new_empty(len(order) * x.numel())
        work = GATHER(got, x.flatten(), group=group, async_op=True)
        parts = got.view(len(order), *x.shape)
        return Pending(work, lambda: torch.cat([parts[member] for member in order], dim))

    def reduce_scatter(self, x, dim, op, *axes):
        group, order = self.groups[axes]
        sent = self.pieces(x, dim, order)
        own = x.new_empty(sent[0].numel())
        work = SCATTER(own, sent.flatten(), REDUCE[op], group=group, async_op=True)
        return Pending(work, lambda: own.view(sent.shape[1:]))

    def all_reduce(self, x, op, *axes):
        group, _ = self.groups[axes]
        total = x.clone(memory_format=torch.contiguous_format)
        work = dist.all_reduce(total, REDUCE[op], group=group, async_op=True)
        return Pending(work, lambda: total)

    def all_to_all(self, x, *axes, split, join):
        group, order = self.groups[axes]
        sent = self.pieces(x, split, order)
        got = torch.empty_like(sent)
        work = dist.all_to_all_single(got, sent, group=group, async_op=True)
        return Pending(work, lambda: torch.cat([got[member] for member in order], join))

    def pieces(self, x, dim, order):
        """A tensor in equal pieces, each in the row of the member that is to get it."""
        pieces = x.chunk(len(order), dim)
        rows = sorted(range(len(order)), key=order.__getitem__)
        return torch.stack([pieces[row] for row in rows]).contiguous()

    def permute(self, x, before, after):
        """The block that ``after`` wants here, from a process that holds it as ``before`` says."""
        held, wanted = self.blocks(before), self.blocks(after)
        holder = {block: rank for rank, block in reversed(list(enumerate(held)))}
        source = [r if held[r] == block else holder[block] for r, block in enumerate(wanted)]
        got = torch.empty_like(x, memory_format=torch.contiguous_format)
        sent = x.contiguous()
        here = self.rank
        moves = [dist.P2POp(dist.isend, sent, r) for r, s in enumerate(source) if s == here != r]
        if source[here] == here:
            got = sent
        else:
            moves.append(dist.P2POp(dist.irecv, got, source[here]))
        works = dist.batch_isend_irecv(moves) if moves else []
        return Pending(None, lambda: [got, *(work.wait() for work in works)][0])

    def blocks(self, layout):
        """For each process the number of the block that it holds."""
        parts = [layout[name] for name in sorted(layout)]
        return [self.block(rank, parts) for rank in range(dist.get_world_size())]

    def block(self, rank, parts):
        place = dict(zip(AXES, (self.ranks == rank).nonzero()[0].tolist()))
        number = 0
        for axes, places in parts:
            part = 0
            for axis in axes:
                part = part * AXES[axis] + place[axis]
            number = number * self.count(axes) + (part + places) % self.count(axes)
        return number

    def part(self, x, dim, *axes):
        """This process's part of a dimension that it holds as a whole; nothing is sent."""
        return x.chunk(self.count(axes), dim)[self.index(axes)]

    def seed(self, x, *axes):
        """A term of a sum: the value on the first process along these axes, zero on the others."""
        return x if self.index(axes) == 0 else torch.zeros_like(x)


class Weights:
    """Weights and states by name, and those of one layer under names of their own."""

    def __init__(self, tensors, prefix=""):
        self.tensors = tensors
        self.prefix = prefix

    def inside(self, name):
        return Weights(self.tensors, f"{self.prefix}{name}.")

    def __getitem__(self, name):
        return self.tensors[self.prefix + name]

    def __setitem__(self, name, tensor):
        """What the next step is to find under a name."""
        self.tensors[self.prefix + name] = tensor


def rms_norm(x, dims, eps):
    """Over the root of the mean square, which is taken in float32 or wider."""
    wide = x if x.dtype == torch.float64 else x.float()
    return (wide * torch.rsqrt(wide.square().mean(dims, keepdim=True) + eps)).to(x.dtype)


def layer_norm(x, dims, eps):
    wide = x if x.dtype == torch.float64 else x.float()
    return rms_norm(wide - wide.mean(dims, keepdim=True), dims, eps).to(x.dtype)


def take(table, index, shared, blocks):
    """The rows that ``index`` picks, zero where one is not here.

    Of the table's axes the first ``shared`` are the first of ``index`` too; those after them are picked
    from.  ``blocks``: for each of these where this process's block begins, and the whole size.
    """
    sizes = table.shape[shared : shared + len(blocks)]
    inside = (index >= 0) & (index < math.prod(whole for _, whole in blocks))
    place, stride, rest = torch.zeros_like(index), 1, index
    for (first, whole), size in zip(reversed(blocks), reversed(sizes)):
        local = rest % whole - first
        inside = inside & (local >= 0) & (local < size)
        place, rest, stride = place + local * stride, rest // whole, stride * size
    rows = table.flatten(shared, shared + len(blocks) - 1)
    grid = [
        torch.arange(table.shape[axis], device=table.device).view(-1, *[1] * (index.dim() - axis - 1))
        for axis in range(shared)
    ]
    picked = rows[(*grid, torch.where(inside, place, 0).long())]
    here = inside.reshape((*inside.shape, *[1] * (picked.dim() - inside.dim())))
    return torch.where(here, picked, torch.zeros_like(picked))


def put_in(into, new, start, blocks):
    """``into`` with the rows of ``new`` in the place of those from ``start`` on.

    The first axes of ``into`` are one product of rows.  ``blocks``: for each of them where this process's
    block begins, and the whole size.
    """
    sizes = into.shape[: len(blocks)]
    place = torch.zeros(sizes, dtype=torch.long, device=into.device)
    for axis, (first, whole) in enumerate(blocks):
        own = torch.arange(first, first + sizes[axis], device=into.device)
        place = place * whole + own.view(-1, *[1] * (len(sizes) - axis - 1))
    row = place.flatten() - start
    here = (row >= 0) & (row < new.shape[0])
    filled = into.flatten(0, len(blocks) - 1).clone()
    filled[here] = new[row[here]]
    return filled.view(into.shape)


def scan(decay, step, state):
    """Every state of ``state = decay * state + step`` along the last axis; numbers are the same all along."""
    states = []
    for turn in range(step.shape[-1]):
        now = decay[..., turn] if torch.is_tensor(decay) else decay
        state = now * state + step[..., turn]
        states.append(state)
    return torch.stack(states, -1)


def rotate(x, angle):
    """Pairs of numbers, which lie along the last axis, turned by their angle."""
    first, second = x.unbind(-1)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    return torch.stack([first * cos - second * sin, first * sin + second * cos], -1)


def chosen(choice, experts):
    """For each token and each of these experts whether it is among the token's choices (last axis)."""
    return (choice[..., None] == experts).any(-2)


def in_line(choice, experts):
    """Who of the tokens in line (last axis but one of ``choice``) waits at each expert, and behind how many."""
    waits = chosen(choice, torch.arange(experts, device=choice.device))
    return waits, waits.long().cumsum(-2) - 1


def tokens_in_line(choice, experts, places):
    """For each place of each expert which token has it, -1 if none."""
    waits, before = in_line(choice, experts)
    shape = (*waits.shape[:-2], experts, places)
    tokens = torch.full(shape, -1, device=choice.device)
    *rest, token, expert = torch.nonzero(waits & (before < places), as_tuple=True)
    tokens[(*rest, expert, before[(*rest, token, expert)])] = token
    return tokens


def places_in_line(choice, experts, places):
    """For each choice its place among all places of all experts, -1 for what has none."""
    _, before = in_line(choice, experts)
    known = (choice >= 0) & (choice < experts)
    behind = before.gather(-1, torch.where(known, choice, 0).long())
    return torch.where(known & (behind < places), choice * places + behind, -1)


def mha(mesh, weights, x):
    wq = weights["wq"]  # [embed 8192, head 4, head_dim 128]
    # `wq` is split on head over n and split on head_dim over m; the matmul that makes `q` needs it
    # split on head over n, m
    wq = mesh.all_to_all(wq, "m", split=1, join=2).wait()  # [embed 8192, head 1, head_dim 512]
    wk = weights["wk"]  # [embed 8192, head 4, head_dim 128]
    # `wk` is split on head over n and split on head_dim over m; the matmul that makes `k` needs it
    # split on head over n, m
    wk_ready = mesh.all_to_all(wk, "m", split=1, join=2)
    wv = weights["wv"]  # [embed 8192, head 4, head_dim 128]
    # `wv` is split on head over n and split on head_dim over m; the matmul that makes `v` needs it
    # split on head over n, m
    wv_ready = mesh.all_to_all(wv, "m", split=1, join=2)
    wo = weights["wo"]  # [head 4, head_dim 128, embed 8192]
    # `wo` is split on head over n and split on head_dim over m; the matmul that makes `x` needs it
    # split on head over n, m
    wo_ready = mesh.all_to_all(wo, "m", split=0, join=1)
    q = torch.einsum("bse,eha->bsha", x, wq)  # [batch 1024, seq 10000, head 1, head_dim 512]
    y = x  # [batch 1024, key 10000, embed 8192]
    wk = wk_ready.wait()  # [embed 8192, head 1, head_dim 512]
    k = torch.einsum("bke,eha->bkha", y, wk)  # [batch 1024, key 10000, head 1, head_dim 512]
    wv = wv_ready.wait()  # [embed 8192, head 1, head_dim 512]
    v = torch.einsum("bke,eha->bkha", y, wv)  # [batch 1024, key 10000, head 1, head_dim 512]
    scores = torch.einsum("bshe,bkhe->bshk", q, k)  # [batch 1024, seq 10000, head 1, key 10000]
    scores = scores / 22.627416997969522  # [batch 1024, seq 10000, head 1, key 10000]
    softmax = torch.softmax(scores, 3)  # [batch 1024, seq 10000, head 1, key 10000]
    # [batch 1024, seq 10000, head 1, head_dim 512]
    attended = torch.einsum("bshk,bkhe->bshe", softmax, v)
    wo = wo_ready.wait()  # [head 1, head_dim 512, embed 8192]
    # [batch 1024, seq 10000, embed 8192] partial sum over n, m
    x = torch.einsum("bshe,hem->bsm", attended, wo)
    return x


def mlp(mesh, weights, x):
    w1 = weights["w1"]  # [embed 8192, hidden 2048]
    matmul = torch.einsum("bse,eh->bsh", x, w1)  # [batch 1024, seq 10000, hidden 2048]
    gelu = F.gelu(matmul)  # [batch 1024, seq 10000, hidden 2048]
    w2 = weights["w2"]  # [hidden 2048, embed 8192]
    # [batch 1024, seq 10000, embed 8192] partial sum over n, m
    x = torch.einsum("bsh,he->bse", gelu, w2)
    return x


def layer(mesh, weights, x):
    x_2 = layer_norm(x, 2, eps=1e-05)  # [batch 1024, seq 10000, embed 8192]
    x_2 = mha(mesh, weights.inside("mha"), x_2)
    # `x` is a partial sum over n, m; the add that makes `x` needs it whole
    x_2 = mesh.all_reduce(x_2, "sum", "n", "m").wait()  # [batch 1024, seq 10000, embed 8192]
    x = x + x_2  # [batch 1024, seq 10000, embed 8192]
    x_2 = layer_norm(x, 2, eps=1e-05)  # [batch 1024, seq 10000, embed 8192]
    x_2 = mlp(mesh, weights.inside("mlp"), x_2)
    # `x` is a partial sum over n, m; the add that makes `x` needs it whole
    x_2 = mesh.all_reduce(x_2, "sum", "n", "m").wait()  # [batch 1024, seq 10000, embed 8192]
    x = x + x_2  # [batch 1024, seq 10000, embed 8192]
    return x


def forward(mesh, weights, inputs):
    x = inputs["x"]  # [batch 1024, seq 10000, embed 8192]
    for turn in range(2):
        x = layer(mesh, weights.inside(f"layer.{turn}"), x)
    return {
        "x": x,
    }


def shard(mesh, full, split):
    """This process's block of a whole tensor; ``split``: the axes over which each dimension lies."""
    for dim, axes in enumerate(split):
        if axes:
            full = mesh.part(full, dim, *axes)
    return full.contiguous()


def random_tensor(name, shape, dtype, scale, seed):
    """The same numbers in every process, whatever the mesh is."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + zlib.crc32(name.encode()))
    if dtype not in FLOATING:
        return torch.randint(0, 4, shape, generator=generator)
    return torch.randn(shape, generator=generator, dtype=torch.float64) * scale


def stored(name, tensors):
    """The tensor of a name, in a file or made of those of a checkpoint; None where there is no such."""
    if tensors is None or name in tensors:
        return None if tensors is None else tensors[name]
    if name not in CHECKPOINT:
        return None
    names, shape, cut, factors, order = CHECKPOINT[name]
    names = [one if one in tensors else PREFIX + one for one in names]
    missing = [one for one in names if one not in tensors]
    if missing:
        raise SystemExit(f"the file has no tensor {name}, nor {missing[0]} of which it is made")
    parts = [tensors[one].reshape(shape)[tuple(slice(*ends) for ends in cut)] for one in names]
    return torch.stack(parts).reshape(factors).permute(order)


def whole(name, shape, dtype, scale, tensors, seed):
    """A whole tensor: from ``tensors`` or, where these are None, random; a state of none is zero."""
    real = REAL.get(name, shape)
    full = stored(name, tensors)
    if full is None:
        if name in STATES:
            return torch.zeros(shape)
        if tensors is not None:
            raise SystemExit(f"the file has no tensor {name} (it is to be {tuple(real)})")
        full = random_tensor(name, real, dtype, scale, seed)
    if full.numel() == math.prod(shape):
        real = shape
    elif full.numel() != math.prod(real):
        raise SystemExit(f"{name} is {tuple(full.shape)} in the file and is to be {tuple(real)}")
    if not torch.isfinite(full).all():
        raise SystemExit(f"{name} has numbers in the file that are not finite")
    lacks = [size for pair in zip(reversed(shape), reversed(real)) for size in (0, pair[0] - pair[1])]
    return F.pad(full.reshape(real), lacks) if any(lacks) else full.reshape(real)


def load(mesh, table, tensors, seed):
    """The blocks of all tensors in a table; of what comes in slices there is one for each of them."""
    blocks = [{} for _ in range(SLICES)]
    for name, (shape, split, dtype, scale, sliced) in table.items():
        full = whole(name, shape, dtype, scale, tensors, seed)
        parts = [full] if sliced < 0 else full.chunk(SLICES, sliced)
        own = [shard(mesh, part, split).to(mesh.device, DTYPES[dtype]) for part in parts]
        for block, part in zip(blocks, own * SLICES):
            block[name] = part
    return blocks


def step(mesh, weights, inputs):
    """This process's block of each output, for every slice of a step."""
    return [forward(mesh, Weights(own), part) for own, part in zip(weights, inputs)]


class Checkpoint:
    """The tensors of safetensors files, each read when it is asked for."""

    def __init__(self, paths):
        from safetensors import safe_open

        self.files = {}
        for path in paths:
            file = safe_open(path, "pt")
            self.files.update(dict.fromkeys(file.keys(), file))

    def __contains__(self, name):
        return name in self.files

    def __getitem__(self, name):
        return self.files[name].get_tensor(name)


def read(path):
    """The tensors of a file: a state dict of PyTorch, safetensors, or a folder of these; None for none."""
    if path is None:
        return None
    if os.path.isdir(path):
        return Checkpoint(sorted(glob.glob(os.path.join(glob.escape(path), "*.safetensors"))))
    if path.endswith(".safetensors"):
        return Checkpoint([path])
    return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", choices=["f64", "f32", "bf16"], help="for all floating tensors")
    parser.add_argument("--seed", type=int, default=0, help="of random weights and inputs")
    parser.add_argument("--weights", help="a state dict (.pt), .safetensors or a folder; else random")
    parser.add_argument("--inputs", help="the same for the inputs; of several steps one after the other")
    parser.add_argument("--steps", type=int, default=1, help="the last one is the one written")
    parser.add_argument("--save", help="a folder for every process's blocks of the outputs")
    parser.add_argument("--timeout", type=float, default=600, help="seconds without progress")
    return parser.parse_args()


def joined(options):
    """The device of this process, which is one of the group now."""
    if options.dtype is not None:
        DTYPES.update(dict.fromkeys(FLOATING, DTYPES[options.dtype]))
    torch.set_default_dtype(DTYPES["f32"])
    device = torch.device(options.device)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if device.index >= torch.cuda.device_count():
            raise SystemExit(
                f"there is no GPU for process {device.index} of this machine: PyTorch finds "
                f"{torch.cuda.device_count()}"
            )
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        timeout=datetime.timedelta(seconds=options.timeout),
    )
    return device


def given(mesh, options):
    """Blocks of the weights and states, and for each step those of its inputs."""
    tensors = read(options.weights)
    weights = load(mesh, {**WEIGHTS, **STATES}, tensors, options.seed)
    tensors = read(options.inputs)
    inputs = []
    for number in range(options.steps):
        part = tensors
        if tensors is not None and options.steps > 1:
            part = {name: tensors[name].chunk(options.steps)[number] for name in INPUTS}
        inputs.append(load(mesh, INPUTS, part, options.seed + number))
    return weights, inputs


def save(mesh, options, made, **more):
    """Write this process's blocks of the outputs of every step."""
    if options.save is not None:
        os.makedirs(options.save, exist_ok=True)
        blocks = [[{name: x.cpu() for name, x in part.items()} for part in step] for step in made]
        path = os.path.join(options.save, f"rank{mesh.rank}.pt")
        torch.save({"steps": blocks, **more}, path)


@record
def main():
    options = arguments()
    mesh = Mesh(joined(options))
    weights, inputs = given(mesh, options)
    made = []
    for number in range(options.steps):
        mesh.ahead = PLACES * (number + 1 - options.steps)
        dist.barrier()
        start = time.perf_counter()
        with torch.inference_mode():
            made.append(step(mesh, weights, inputs[number]))
        if mesh.device.type == "cuda":
            torch.cuda.synchronize()
        if mesh.rank == 0:
            print(f"step {number}: {time.perf_counter() - start:.6f} s", flush=True)
    save(mesh, options, made)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
