"""Model helix, and plan two_level for DTensor (n = 4, m = 4).

    torchrun --nproc-per-node 16 THIS_FILE --help

The classes are plain PyTorch on whole tensors.  `partition` makes the parameters DTensors, and
`placed` stands where the plan moves data; the comment beside a tensor says how it is split then.
"""


import argparse
import datetime
import math
import os
from fnmatch import fnmatchcase

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.elastic.multiprocessing.errors import record
from torch.distributed.tensor import (
    DTensor,
    Partial,
    Replicate,
    Shard,
    distribute_tensor,
)

DTYPES = {
    "f64": torch.float64,
    "f32": torch.float32,
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "i32": torch.int32,
    "i8": torch.int8,
    "bool": torch.bool,
}
FLOATING = ("f64", "f32", "bf16", "f16")

# The axes of the mesh, outermost first; placements stand in this order.
AXES = {"n": 4, "m": 4}
# Inputs by name: shape, dtype, placements.
INPUTS = {
    "x": ((1024, 10000, 8192), "bf16", (Replicate(), Replicate())),
}
# Outputs by name, and their placements.
OUTPUTS = {
    "x": (Replicate(), Replicate()),
}
# Parameters by name, `*` for every turn of a repeat, and their placements.
PARAMETERS = {
    "layer.*.mha.wq": (Shard(1), Shard(2)),
    "layer.*.mha.wk": (Shard(1), Shard(2)),
    "layer.*.mha.wv": (Shard(1), Shard(2)),
    "layer.*.mha.wo": (Shard(0), Shard(1)),
    "layer.*.mlp.w1": (Shard(1), Shard(1)),
    "layer.*.mlp.w2": (Shard(0), Shard(0)),
}


class Mesh:
    """Where tensors live: on one device, or, after ``partition``, on a grid of processes."""

    def __init__(self):
        self.grid = None
        self.device = torch.device("cpu")

    def positions(self, size):
        return torch.arange(size, device=self.device)

    def everywhere(self, x):
        """A tensor that every process has made itself."""
        if self.grid is None:
            return x
        return DTensor.from_local(x, self.grid, [Replicate()] * len(AXES), run_check=False)


mesh = Mesh()


def placed(x, *placements):
    """The tensor with these placements, one for each axis; the tensor itself where there is no grid."""
    return x if mesh.grid is None else x.redistribute(mesh.grid, placements)


def contract(letters, left, right):
    """An einsum of two tensors; on a grid, of their blocks.

    DTensor's own einsum merges dimensions, which it does not follow where several of them are split.
    """
    if mesh.grid is None:
        return torch.einsum(letters, left, right)
    words, result = letters.partition("->")[0].split(","), letters.partition("->")[2]
    axes = [along(pair, words, result) for pair in zip(left.placements, right.placements)]
    blocks = [block(x, word, axes) for x, word in zip((left, right), words)]
    placements = [placement for _, placement in axes]
    return DTensor.from_local(torch.einsum(letters, *blocks), mesh.grid, placements, run_check=False)


def along(pair, words, result):
    """The letter that an axis of the grid splits, and the placement of the result along it."""
    for placement, word in zip(pair, words):
        if placement.is_shard():
            letter = word[placement.dim]
            return letter, Shard(result.index(letter)) if letter in result else Partial()
    return "", pair[0] if pair[0].is_partial() else pair[1]


def block(x, word, axes):
    """This process's block; its gradient is a sum over axes that split, or sum, what only the other has."""
    gradients = []
    for (letter, placement), own in zip(axes, x.placements):
        if own.is_partial():
            gradients.append(Replicate())
        elif (letter not in word) if letter else placement.is_partial():
            gradients.append(Partial())
        else:
            gradients.append(own)
    return x.to_local(grad_placements=gradients)


def held(name, x, *placements):
    """Raise if a tensor lies otherwise than the plan says."""
    if mesh.grid is None:
        return
    for axis, found, planned in zip(AXES, x.placements, placements):
        same = isinstance(planned, Partial) and isinstance(found, Partial)
        same = found.reduce_op == planned.reduce_op if same else found == planned
        if AXES[axis] > 1 and not same:
            raise RuntimeError(f"{name} is {found} along {axis}, and is to be {planned}")


def partition(model, grid):
    """Give every parameter its placements on a grid of processes."""
    mesh.grid = grid
    mesh.device = torch.device(grid.device_type)
    for name, parameter in list(model.named_parameters()):
        placements = next(found for key, found in PARAMETERS.items() if fnmatchcase(name, key))
        owner, _, own = name.rpartition(".")
        part = distribute_tensor(parameter.data, grid, placements)
        setattr(model.get_submodule(owner), own, nn.Parameter(part, parameter.requires_grad))


def weight(*shape, dtype, std):
    """A random parameter; of whole numbers or truth values all zero."""
    floating = dtype in FLOATING
    data = torch.randn(shape) * std if floating else torch.zeros(shape)
    return nn.Parameter(data.to(DTYPES[dtype]), requires_grad=floating)


def rms_norm(x, dims, eps):
    """Over the root of the mean square, which is taken in float32 or wider."""
    wide = x if x.dtype == torch.float64 else x.float()
    return (wide * torch.rsqrt(wide.square().mean(dims, keepdim=True) + eps)).to(x.dtype)


def layer_norm(x, dims, eps):
    wide = x if x.dtype == torch.float64 else x.float()
    return rms_norm(wide - wide.mean(dims, keepdim=True), dims, eps).to(x.dtype)


def embedding(table, index):
    """The rows of a table that an index picks; the rows may be split, and none may lie outside."""
    return F.embedding(index.long(), table)


def take(table, index):
    """The rows of a table that an index picks, zero outside."""
    inside = (index >= 0) & (index < table.shape[0])
    picked = table[torch.where(inside, index, 0).long()]
    return torch.where(inside.reshape(*index.shape, *[1] * (table.dim() - 1)), picked, 0)


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


class Attend(nn.Module):
    def forward(self, q, k, v):
        # [batch 1024, seq 10000, head 16 over n*m, key 10000]
        scores = contract("bshe,bkhe->bshk", q, k)
        scores = scores / 22.627416997969522  # [batch 1024, seq 10000, head 16 over n*m, key 10000]
        softmax = torch.softmax(scores, 3)  # [batch 1024, seq 10000, head 16 over n*m, key 10000]
        # [batch 1024, seq 10000, head 16 over n*m, head_dim 512]
        attended = contract("bshk,bkhe->bshe", softmax, v)
        return attended


class Mha(nn.Module):
    def __init__(self):
        super().__init__()
        self.wq = weight(8192, 16, 512, dtype="bf16", std=0.0110485)  # [embed, head, head_dim]
        self.wk = weight(8192, 16, 512, dtype="bf16", std=0.0110485)  # [embed, head, head_dim]
        self.wv = weight(8192, 16, 512, dtype="bf16", std=0.0110485)  # [embed, head, head_dim]
        self.wo = weight(16, 512, 8192, dtype="bf16", std=0.0110485)  # [head, head_dim, embed]
        self.attend = Attend()

    def forward(self, x):
        wq = self.wq  # [embed 8192, head 16 over n, head_dim 512 over m]
        wk = self.wk  # [embed 8192, head 16 over n, head_dim 512 over m]
        wv = self.wv  # [embed 8192, head 16 over n, head_dim 512 over m]
        wo = self.wo  # [head 16 over n, head_dim 512 over m, embed 8192]
        y = x  # [batch 1024, key 10000, embed 8192]
        # `wq` is split on head over n and split on head_dim over m; the matmul that makes `q` needs it
        # split on head over n, m
        wq = placed(wq, Shard(1), Shard(1))  # [embed 8192, head 16 over n*m, head_dim 512]
        # [batch 1024, seq 10000, head 16 over n*m, head_dim 512]
        q = contract("bse,eha->bsha", x, wq)
        # `wk` is split on head over n and split on head_dim over m; the matmul that makes `k` needs it
        # split on head over n, m
        wk = placed(wk, Shard(1), Shard(1))  # [embed 8192, head 16 over n*m, head_dim 512]
        # [batch 1024, key 10000, head 16 over n*m, head_dim 512]
        k = contract("bke,eha->bkha", y, wk)
        # `wv` is split on head over n and split on head_dim over m; the matmul that makes `v` needs it
        # split on head over n, m
        wv = placed(wv, Shard(1), Shard(1))  # [embed 8192, head 16 over n*m, head_dim 512]
        # [batch 1024, key 10000, head 16 over n*m, head_dim 512]
        v = contract("bke,eha->bkha", y, wv)
        attended = self.attend(q, k, v)
        # `wo` is split on head over n and split on head_dim over m; the matmul that makes `x` needs it
        # split on head over n, m
        wo = placed(wo, Shard(0), Shard(0))  # [head 16 over n*m, head_dim 512, embed 8192]
        # [batch 1024, seq 10000, embed 8192] partial sum over n*m
        x = contract("bshe,hem->bsm", attended, wo)
        return x


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = weight(8192, 32768, dtype="bf16", std=0.0110485)  # [embed, hidden]
        self.w2 = weight(32768, 8192, dtype="bf16", std=0.00552427)  # [hidden, embed]

    def forward(self, x):
        w1 = self.w1  # [embed 8192, hidden 32768 over n*m]
        w2 = self.w2  # [hidden 32768 over n*m, embed 8192]
        matmul = contract("bse,eh->bsh", x, w1)  # [batch 1024, seq 10000, hidden 32768 over n*m]
        gelu = F.gelu(matmul)  # [batch 1024, seq 10000, hidden 32768 over n*m]
        # [batch 1024, seq 10000, embed 8192] partial sum over n*m
        x = contract("bsh,he->bse", gelu, w2)
        return x


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.mha = Mha()
        self.mlp = Mlp()

    def forward(self, x):
        x_2 = layer_norm(x, 2, eps=1e-05)  # [batch 1024, seq 10000, embed 8192]
        x_2 = self.mha(x_2)
        # `x` is a partial sum over n, m; the add that makes `x` needs it whole
        x_2 = placed(x_2, Replicate(), Replicate())  # [batch 1024, seq 10000, embed 8192]
        x = x + x_2  # [batch 1024, seq 10000, embed 8192]
        x_2 = layer_norm(x, 2, eps=1e-05)  # [batch 1024, seq 10000, embed 8192]
        x_2 = self.mlp(x_2)
        # `x` is a partial sum over n, m; the add that makes `x` needs it whole
        x_2 = placed(x_2, Replicate(), Replicate())  # [batch 1024, seq 10000, embed 8192]
        x = x + x_2  # [batch 1024, seq 10000, embed 8192]
        return x


class Helix(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleList(Layer() for _ in range(2))

    def forward(self, inputs):
        x = inputs["x"]  # [batch 1024, seq 10000, embed 8192]
        for turn in self.layer:
            x = turn(x)
        return {
            "x": x,
        }


def build(weights=None, seed=0):
    """The model on one device, with random weights or those of a state dict."""
    torch.manual_seed(seed)
    model = Helix()
    if weights is not None:
        shapes = {name: parameter.shape for name, parameter in model.state_dict().items()}
        model.load_state_dict({name: weights[name].reshape(shape) for name, shape in shapes.items()})
    return model


def arrived(inputs=None):
    """The inputs with their placements; random ones where none are given."""
    found = {}
    for name, (shape, dtype, placements) in INPUTS.items():
        if inputs is not None:
            x = inputs[name].reshape(shape).to(DTYPES[dtype])
        elif dtype in FLOATING:
            x = torch.randn(shape).to(DTYPES[dtype])
        else:
            x = torch.zeros(shape, dtype=DTYPES[dtype])
        x = x.to(mesh.device)
        found[name] = x if mesh.grid is None else distribute_tensor(x, mesh.grid, placements)
    return found


def read(path):
    """The tensors of a file: a state dict of PyTorch, or safetensors."""
    if path is None:
        return None
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--dtype", choices=["f64", "f32", "bf16"], help="for all floating tensors")
    parser.add_argument("--seed", type=int, default=0, help="of random weights and inputs")
    parser.add_argument("--weights", help="a state dict (.pt) or .safetensors file; else random")
    parser.add_argument("--inputs", help="the same for the inputs")
    parser.add_argument("--save", help="a folder for every process's blocks of the outputs")
    parser.add_argument("--timeout", type=float, default=600, help="seconds without progress")
    return parser.parse_args()


@record
def main():
    options = arguments()
    if options.dtype is not None:
        DTYPES.update(dict.fromkeys(FLOATING, DTYPES[options.dtype]))
    torch.set_default_dtype(DTYPES["f32"])
    if options.device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    dist.init_process_group(
        "nccl" if options.device == "cuda" else "gloo",
        timeout=datetime.timedelta(seconds=options.timeout),
    )
    count = math.prod(AXES.values())
    if dist.get_world_size() != count:
        raise SystemExit(f"this program runs on exactly {count} processes: torchrun --nproc-per-node {count} ...")
    model = build(read(options.weights), options.seed).to(options.device)
    grid = init_device_mesh(options.device, tuple(AXES.values()), mesh_dim_names=tuple(AXES))
    partition(model, grid)
    with torch.inference_mode():
        outputs = model(arrived(read(options.inputs)))
    for name, output in outputs.items():
        held(name, output, *OUTPUTS[name])
        if dist.get_rank() == 0:
            print(f"{name}: {list(output.shape)}, {output.placements}", flush=True)
    if options.save is not None:
        os.makedirs(options.save, exist_ok=True)
        blocks = {name: output.to_local().cpu() for name, output in outputs.items()}
        torch.save(blocks, os.path.join(options.save, f"rank{dist.get_rank()}.pt"))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
