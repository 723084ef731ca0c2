"""Random `.hx` programs with plans: legal by construction as far as the model goes.

A program is drawn through a ``Chooser``, so that hypothesis can shrink it and a plain random generator can
make many.  Plans may be refused (a size may not divide); everything else must compile and verify.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from random_kernels import KERNELS
from random_plans import draw_plan

Choice = TypeVar("Choice")
Dims = tuple[str, ...]

HARDWARE = """gpu chip { memory = 1000 PB; bandwidth = 2.68 TB/s; bf16 = 593.4 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
link net { bandwidth = 50 GB/s; latency = 10 us }
"""
SIZES = {"a": 24, "b": 48, "c": 12, "d": 60, "e": 36, "f": 24, "p": 12, "q": 24, "r": 36, "s": 6}
FREE = ("a", "b", "c", "d", "e", "f")
UNARY = ("gelu", "gelu_tanh", "relu", "tanh", "silu", "sigmoid", "sin", "cos", "abs", "softplus")
# More dimensions than this on one value make the simulated instance needlessly large.
MOST_DIMS = 4


class Chooser(Protocol):
    """Picks one of some options; everything random goes through it."""

    def __call__(self, options: Sequence[Choice], /) -> Choice:
        """One of them."""
        ...


class Layer:
    """A layer as drawn: its name, its argument's dimensions, what it returns and what is in it."""

    def __init__(self, name: str, dims: Dims, result: Dims, inside: list[str]) -> None:
        self.name = name
        self.inside = inside
        self.dims = dims
        self.result = result


class Writer:
    """Writes one program; ``values`` are those in view, with their dimensions."""

    def __init__(self, pick: Chooser) -> None:
        self.pick = pick
        self.layers: list[Layer] = []
        self.texts: list[str] = []
        self.named: list[str] = []
        self.sizes = {name: pick([size, size, 2 * size]) for name, size in SIZES.items()}
        self.sizes["r"] = self.sizes["p"] + self.sizes["q"]
        # For a dimension made by a rename what it was made of; contractions with what they sum over.
        self.renamed: dict[str, str] = {}
        self.contracted: list[tuple[str, str]] = []
        # Queries and keys of attentions.
        self.met: list[tuple[str, str]] = []
        # Values that one kernel makes: what is between is read by nobody else.
        self.kernels: list[str] = []
        self.factors: dict[str, int] = {}
        # Paths of some turns of repeats.
        self.turns: list[str] = []
        self.count = 0
        # The dimension along which the step runs in slices: on every value, and named by nothing.
        self.sliced: Dims = ("a",) if self.chance(4) else ()

    def chance(self, one_in: int) -> bool:
        """True once in so many times."""
        return self.pick(range(one_in)) == one_in - 1

    def fresh(self, stem: str) -> str:
        """A name not used yet."""
        self.count += 1
        return f"{stem}{self.count}"

    def some(self, dims: Sequence[str], most: int, least: int = 1) -> Dims:
        """Some of the dimensions, at least ``least`` where there are so many."""
        rest = list(dims)
        count = min(len(rest), self.pick(range(least, most + 1)))
        return tuple(rest.pop(self.pick(range(len(rest)))) for _ in range(count))


class Body:
    """One block of statements: a model, a layer or a repeat."""

    def __init__(self, writer: Writer, values: dict[str, Dims], indent: str, hidden: Dims) -> None:
        self.writer = writer
        self.pick = writer.pick
        self.values = values
        self.lines: list[str] = []
        self.indent = indent
        # Dimensions that came in by `..`: nothing here may name them.
        self.hidden = hidden
        # Inputs of whole numbers, with their dimensions.
        self.indices: dict[str, Dims] = {}
        # Whether there are parameters, by which dimensions can come in.
        self.in_layer = False

    def write(self, text: str) -> None:
        """Add a line."""
        self.lines.append(self.indent + text)

    def bind(self, expression: str, dims: Dims) -> str:
        """Give a name to an expression."""
        name = self.writer.fresh("v")
        self.write(f"{name} = {expression}")
        self.values[name] = dims
        self.writer.named.append(name)
        return name

    def weight(self, dims: Dims) -> str:
        """Declare a weight."""
        name = self.writer.fresh("w")
        kind = self.pick(["weight", "weight", "weight", "frozen"])
        self.write(f"{kind} {name}: f32[{', '.join(dims)}]")
        self.writer.named.append(name)
        return name

    def seen(self, dims: Sequence[str]) -> Dims:
        """The dimensions that may be named here."""
        return tuple(dim for dim in dims if dim not in self.hidden)

    def unused(self, dims: Dims) -> Dims:
        """Dimensions that a value does not have, nor anything they are made of or renamed from."""
        family = {self.writer.renamed.get(dim, dim) for dim in (*dims, *self.hidden)}
        return tuple(dim for dim in FREE if dim not in family)

    def value(self) -> str:
        """Some value in view, a late one by preference."""
        names = list(self.values)
        return self.pick(names[-3:]) if self.writer.chance(2) else self.pick(names)

    def renamed(self, value: str, dims: Dims, dim: str) -> tuple[str, str] | None:
        """A copy of a value in which one dimension has a new name, and that name."""
        return rename_one(self, value, dims, dim)

    def statement(self) -> None:
        """One statement of a kind that suits a value in view."""
        value = self.value()
        self.pick(STATEMENTS)(self, value, self.values[value])


def project(body: Body, value: str, dims: Dims) -> None:
    over = body.writer.some(body.seen(dims), 2)
    if not over:
        return
    kept = tuple(dim for dim in dims if dim not in over)
    new = body.writer.some(body.unused(dims), min(2, MOST_DIMS - len(kept)), 0)
    shared = body.writer.some(body.seen(kept), 1, 0) if body.writer.chance(4) else ()
    weight = body.weight(over + shared + new)
    name = body.bind(f"matmul({value}, {weight}, over {', '.join(over)})", kept + new)
    body.writer.contracted.append((name, over[0]))


def meet(body: Body, value: str, dims: Dims) -> None:
    """A contraction of two values, as queries meet keys."""
    family = body.writer.renamed
    roots = {family.get(dim, dim): dim for dim in dims}
    others = [
        name
        for name, have in body.values.items()
        if set(have) & set(body.seen(dims))
        and all(roots.get(family.get(dim, dim), dim) == dim for dim in have)
    ]
    if not others:
        return
    other = body.pick(others)
    shared = [dim for dim in body.seen(dims) if dim in body.values[other]]
    over = body.writer.some(shared, 2)
    result = tuple(dict.fromkeys(d for d in dims + body.values[other] if d not in over))
    if len(result) <= MOST_DIMS:
        body.bind(f"matmul({value}, {other}, over {', '.join(over)})", result)


def attend(body: Body, value: str, dims: Dims) -> None:
    """Rename, contract, soften, contract: attention, perhaps behind a causal mask."""
    named = body.seen(dims)
    if len(named) < 2 or len(dims) >= MOST_DIMS:
        return
    seq, depth = body.writer.some(named, 2, 2)
    key = rename_one(body, value, dims, seq)
    if key is None:
        return
    copy, new = key
    scores_dims = (*(d for d in dims if d != depth), new)
    scores = body.bind(f"matmul({value}, {copy}, over {depth}) / 3", scores_dims)
    if body.writer.chance(2):
        mask = f"where(index({new}) <= index({seq}), {scores}, -1e30)"
        scores = body.bind(mask, scores_dims)
    body.writer.contracted.append((scores, depth))
    body.writer.met.append((seq, new))
    probs = body.bind(f"softmax({scores}, over {new})", scores_dims)
    body.bind(f"matmul({probs}, {copy}, over {new})", dims)


def rename_one(body: Body, value: str, dims: Dims, dim: str) -> tuple[str, str] | None:
    """A copy of a value in which one dimension has a new name."""
    new = body.writer.fresh("k")
    root = body.writer.renamed.get(dim, dim)
    body.writer.renamed[new] = root
    renamed = tuple(new if d == dim else d for d in dims)
    return body.bind(f"rename({value}, {dim} -> {new})", renamed), new


def rename(body: Body, value: str, dims: Dims) -> None:
    named = body.seen(dims)
    if named:
        rename_one(body, value, dims, body.pick(named))


def product(body: Body, value: str, dims: Dims) -> None:
    """A dimension as the product of two, in either order; or such a product merged again."""
    made = [d for d in dims if d in body.writer.factors]
    for factor in made:
        whole = body.writer.renamed[factor]
        rest = next((d for d in dims if d != factor and body.writer.renamed.get(d) == whole), None)
        if rest is not None and whole not in body.hidden and whole not in dims:
            merged = tuple(whole if d == factor else d for d in dims if d != rest)
            body.bind(f"rename({value}, {factor} * {rest} -> {whole})", merged)
            return
    named = [d for d in body.seen(dims) if d in FREE]
    if not named or len(dims) >= MOST_DIMS:
        return
    dim, factor, rest = body.pick(named), body.writer.fresh("g"), body.writer.fresh("n")
    body.writer.factors[factor] = body.pick([2, 3])
    body.writer.renamed.update({factor: dim, rest: dim})
    pair = body.pick([(factor, rest), (rest, factor)])
    body.bind(
        f"rename({value}, {dim} -> {pair[0]} * {pair[1]})",
        tuple(name for d in dims for name in (pair if d == dim else (d,))),
    )


def turn(body: Body, value: str, dims: Dims) -> None:
    """Pairs along one dimension, in either order, turned by angles along another, as rotary ones are."""
    named = [d for d in body.seen(dims) if d in FREE]
    if len(named) < 2 or len(dims) >= MOST_DIMS:
        return
    seq, dim = body.writer.some(named, 2, 2)
    half, pair = body.writer.fresh("g"), body.writer.fresh("n")
    body.writer.factors[half] = 2
    body.writer.renamed.update({half: dim, pair: dim})
    order = body.pick([f"{half} * {pair}", f"{pair} * {half}"])
    pairs = f"rename({value}, {dim} -> {order})"
    turned = f"rotate({pairs}, index({seq}) * 0.5 ** index({pair}), over {half})"
    body.bind(f"rename({turned}, {order} -> {dim})", dims)


def spread(body: Body, value: str, dims: Dims) -> None:
    """An outer product, which spreads on purpose."""
    new = body.writer.some(body.unused(dims), 1)
    if new and len(dims) < MOST_DIMS:
        body.bind(f"outer({value}, {body.weight(new)})", dims + new)


def function(body: Body, value: str, dims: Dims) -> None:
    body.bind(f"{body.pick(UNARY)}({value})", dims)


def number(body: Body, value: str, dims: Dims) -> None:
    body.bind(f"{value} {body.pick(['* 0.5', '/ 3', '+ 1', '- 2', '* -1'])}", dims)


def combine(body: Body, value: str, dims: Dims) -> None:
    smaller = [name for name, have in body.values.items() if set(have) <= set(dims)]
    other = body.pick(smaller)
    forms = [
        "{0} + {1}",
        "{0} - {1}",
        "{0} * {1}",
        "{0} / (abs({1}) + 1)",
        "max({0}, {1})",
        "min({0}, {1})",
    ]
    body.bind(body.pick(forms).format(value, other), dims)


def scale(body: Body, value: str, dims: Dims) -> None:
    weight = body.weight(body.writer.some(body.seen(dims), 2))
    body.bind(f"{value} {body.pick(['*', '+'])} {weight}", dims)


def reduce(body: Body, value: str, dims: Dims) -> None:
    over = body.writer.some(body.seen(dims), 2)
    if not over:
        return
    kind = body.pick(["sum", "mean", "max", "min"])
    kept = tuple(dim for dim in dims if dim not in over)
    reduced = f"{kind}({value}, over {', '.join(over)})"
    if body.writer.chance(2):
        body.bind(f"{value} - {reduced}", dims)
    else:
        body.bind(reduced, kept)


def normalise(body: Body, value: str, dims: Dims) -> None:
    over = body.writer.some(body.seen(dims), 2)
    if not over:
        return
    kind = body.pick(["softmax", "softmax", "log_softmax", "layer_norm", "rms_norm"])
    body.bind(f"{kind}({value}, over {', '.join(over)})", dims)


def mask(body: Body, value: str, dims: Dims) -> None:
    named = body.seen(dims)
    if not named:
        return
    one = body.pick(named)
    forms = [
        "where(index({0}) < 5, {1}, 0)",
        "{1} * (index({0}) + 1) / 7",
        "{1} + sin(index({0}))",
        "where({1} > 0 and index({0}) != 3, {1}, {1} / 2)",
        "where(any({1} > 2, over {0}), {1}, 1)",
        "{1} * f32(index({0}) % 2 == 0)",
    ]
    body.bind(body.pick(forms).format(one, value), dims)


def joined(body: Body, value: str, dims: Dims) -> None:
    """Two values with one dimension each, end to end; or one cut in two."""
    left = [n for n, have in body.values.items() if "p" in have and "q" not in have]
    if "r" in dims and "r" not in body.hidden and not set("pq") & set(dims):
        first, second = body.writer.fresh("v"), body.writer.fresh("v")
        body.write(f"{first}, {second} = split({value}, r -> p + q)")
        for name, dim in ((first, "p"), (second, "q")):
            body.values[name] = tuple(dim if d == "r" else d for d in dims)
    elif left and not set("pqr") & set(body.hidden):
        other = body.pick(left)
        have = body.values[other]
        if "r" in have:
            return
        rest = tuple("q" if dim == "p" else dim for dim in have)
        weight = body.weight(body.seen(rest))
        result = tuple("r" if dim == "p" else dim for dim in have)
        body.bind(f"concat({other}, {weight}, p + q -> r)", result)
    elif not set("pqr") & set(dims) and body.seen(dims) and len(dims) < MOST_DIMS:
        over = body.writer.some(body.seen(dims), 1)
        new = body.pick(["p", "r"])
        if new not in body.hidden:
            weight = body.weight((*over, new))
            kept = tuple(dim for dim in dims if dim not in over)
            body.bind(f"matmul({value}, {weight}, over {over[0]})", (*kept, new))


def look_up(body: Body, value: str, dims: Dims) -> None:
    """What a number picks from a value, or an index; or rows of a table."""
    named = [dim for dim in body.seen(dims) if dim in SIZES]
    if not named:
        return
    from_table = bool(body.indices) and body.writer.chance(2)
    if from_table:
        index = body.pick(list(body.indices))
        dims = body.writer.some(body.unused(body.indices[index]), 2, 2)
        value, along = body.weight(dims), dims[0]
        own = body.indices[index]
    else:
        along = body.pick(named)
        index, own = body.pick([one_place, one_place, places])(body, dims, along)
    if along in own or along in map(body.writer.renamed.get, own):
        return
    kept = tuple(dim for dim in dims if dim != along)
    result = tuple(dict.fromkeys((*own, *kept)))
    if len(result) <= MOST_DIMS:
        body.bind(f"take({value}, {along} = {index})", result)


def one_place(body: Body, dims: Dims, along: str) -> tuple[str, Dims]:
    """A number, the last place among them."""
    del dims
    return body.pick(["0", "5", f"{along} / 2", f"{along} - 1"]), ()


def places(body: Body, dims: Dims, along: str) -> tuple[str, Dims]:
    """An index: an input, or made of positions along another dimension, which the value may have."""
    fitting = [n for n, have in body.indices.items() if set(have) <= {*dims, *body.unused(dims)}]
    if fitting and body.writer.chance(2):
        index = body.pick(fitting)
        return body.pick(["{}", "{} + 1", "11 - {}"]).format(index), body.indices[index]
    other = body.pick([*body.unused(dims), *(dim for dim in body.seen(dims) if dim != along)])
    forms = ["index({})", "index({}) % 7", "index({}) - 3", "2 * index({}) + 1"]
    return body.pick(forms).format(other), (other,)


def rank(body: Body, value: str, dims: Dims) -> None:
    """The largest elements, and where they stand, which may serve as an index later."""
    named = [dim for dim in body.seen(dims) if dim in FREE]
    if not named or "s" in (*dims, *body.hidden):
        return
    dim = body.pick(named)
    result = tuple("s" if d == dim else d for d in dims)
    best, choice = body.writer.fresh("v"), body.writer.fresh("i")
    body.write(f"{best}, {choice} = top_k({value}, {dim} -> s)")
    body.values[best] = body.indices[choice] = result
    body.writer.named += [best, choice]


def run_along(body: Body, value: str, dims: Dims) -> None:
    """What stood before along a dimension, or a recurrence along it."""
    named = [dim for dim in body.seen(dims) if dim in SIZES]
    if not named:
        return
    dim = body.pick(named)
    rest = tuple(d for d in dims if d != dim)
    if body.writer.chance(2):
        tap = body.pick([d for d in body.unused(dims) if d != dim] or [""])
        far = f"index({tap})" if tap and len(dims) < MOST_DIMS else "2"
        by = body.pick(["1", "3", "0 - 2", far])
        new = (tap,) if by.startswith("index") else ()
        body.bind(f"shift({value}, by = {by}, over {dim})", (*dims, *new))
        return
    starts = ["0", "1", f"take({value}, {dim} = 0)"]
    starts += [name for name, have in body.values.items() if set(have) <= set(rest)][:1]
    decay = body.pick([f"sigmoid({value})", f"sigmoid({value})", "0.5"])
    steps, last = body.writer.fresh("v"), body.writer.fresh("v")
    given = body.pick(["", *(f", from = {start}" for start in starts)])
    body.write(f"{steps}, {last} = scan({decay}, {value}{given}, over {dim})")
    body.values.update({steps: dims, last: rest})
    body.writer.named += [steps, last]


def remember(body: Body, value: str, dims: Dims) -> None:
    """A state, and what it is in the next step; a later statement may change it once more."""
    if body.in_layer and not {*body.hidden} <= {*dims}:
        return
    name = body.writer.fresh("s")
    named = [*[".."] * bool(body.hidden), *body.seen(dims)] if body.in_layer else dims
    body.write(f"state {name}: f32[{', '.join(named)}]")
    body.values[name] = dims
    body.writer.named.append(name)
    forms = ["{0} * 0.5 + {1}", "{1} - {0}", "{1}", "gelu({0}) * {1}", "{0}"]
    body.write(f"{name} = " + body.pick(forms).format(name, value))


def put_in(body: Body, value: str, dims: Dims) -> None:
    """A value put into a longer state: at its beginning, in it or at its end."""
    sizes = body.writer.sizes
    short = [dim for dim in body.seen(dims) if dim in FREE]
    pairs = [(a, b) for a in short for b in body.unused(dims) if sizes[b] >= sizes[a]]
    if not pairs or (body.in_layer and not {*body.hidden} <= {*dims}):
        return
    from_, to = body.pick(pairs)
    kept = tuple(to if dim == from_ else dim for dim in dims)
    name, room = body.writer.fresh("s"), sizes[to] - sizes[from_]
    named = [*[".."] * bool(body.hidden), *body.seen(kept)] if body.in_layer else kept
    body.write(f"state {name}: f32[{', '.join(named)}]")
    body.write(
        f"{name} = append({name}, {value}, at = {body.pick([0, room // 2, room])}, {from_} -> {to})"
    )
    body.values[name] = kept
    body.writer.named.append(name)


def experts(body: Body, value: str, dims: Dims) -> None:
    """Tokens sent to where an index says, changed there, and brought back."""
    fitting = [name for name, have in body.indices.items() if set(have) & set(dims)]
    if not fitting:
        return
    choice = body.pick(fitting)
    have = body.indices[choice]
    result = tuple(dict.fromkeys((*have, *dims)))
    free = body.writer.some(body.unused(result), 2, 2)
    if len(free) < 2 or len(result) > MOST_DIMS:
        return
    expert, slot = free[0], body.pick([free[1], body.writer.fresh("place_")])
    tokens = [dim for dim in body.seen(have) if dim in dims]
    there = back = f"over {expert}, {slot}"
    if tokens and body.writer.chance(2):
        token = body.pick(tokens)
        there, back = f"{token} -> {slot}, over {expert}", f"{slot} -> {token}, over {expert}"
    sent, made = body.writer.fresh("v"), body.writer.fresh("v")
    body.write(f"{sent} = dispatch({value}, {choice}, {there})")
    over = [dim for dim in body.seen(dims) if dim not in have]
    weight = body.weight((expert, *body.writer.some(over, 1)))
    forms = ["gelu({})", "{} * {w}", "{} + {w}"]
    body.write(f"{made} = {body.pick(forms).format(sent, w=weight)}")
    body.writer.named += [sent, made]
    body.bind(f"combine({made}, {choice}, {back})", result)


def kernel(body: Body, value: str, dims: Dims) -> None:
    """A chain of operators with one name, which a plan may fuse."""
    made = body.pick(KERNELS)(body, value, dims, MOST_DIMS)
    if made is not None and len(made[1]) <= MOST_DIMS:
        body.writer.kernels.append(body.bind(*made))


def call(body: Body, value: str, dims: Dims) -> None:
    """A layer that takes the value: one that exists, or a new one."""
    fitting = [layer for layer in body.writer.layers if set(layer.dims) == set(dims)]
    layer = body.pick(fitting) if fitting and body.writer.chance(2) else new_layer(body, dims)
    if layer is None:
        return
    if set(layer.result) == set(dims) and body.writer.chance(2):
        body.bind(f"{value} + {layer.name}({value})", dims)
    else:
        body.bind(f"{layer.name}({value})", layer.result)


DEEPEST = 2


def new_layer(body: Body, dims: Dims) -> Layer | None:
    """Write a layer for values with these dimensions; some of them may come in by `..`."""
    if set(body.hidden) - set(body.writer.sliced) or len(body.indent) > 2 * DEEPEST:
        return None
    named = body.writer.some([d for d in body.seen(dims) if d in SIZES], 3)
    rest = tuple(dim for dim in dims if dim not in named)
    name = body.writer.fresh("layer_")
    inner = Body(body.writer, {"x": dims}, body.indent + "  ", rest)
    inner.in_layer = True
    for _ in range(body.pick([1, 2, 3, 4])):
        inner.statement()
    known = {*SIZES, *dims}
    result = [name for name, have in inner.values.items() if set(have) <= known][-1]
    header = ", ".join([".."] * bool(rest) + list(named))
    lines = [line[len(body.indent) :] for line in inner.lines]
    text = [f"layer {name}(x: [{header}]) {{", *lines, f"  return {result}", "}"]
    body.writer.texts.append("\n".join(text))
    inside = [value for value in inner.values if value != "x"]
    layer = Layer(name, dims, inner.values[result], inside)
    body.writer.layers.append(layer)
    return layer


def repeat(body: Body, value: str, dims: Dims) -> None:
    """A region in which a value keeps its dimensions."""
    if len(body.indent) > 2 * DEEPEST:
        return
    trips = body.pick([1, 2, 3])
    name = body.writer.fresh("loop_") if body.writer.chance(4) else ""
    body.write(f"repeat {trips} as {name} {{" if name else f"repeat {trips} {{")
    if body.writer.chance(2):
        body.writer.turns.append(f"{name or 'layer'}[{body.pick(['0', '-1', f'0..{trips - 1}'])}]")
    inner = Body(body.writer, dict(body.values), body.indent + "  ", body.hidden)
    inner.indices, inner.in_layer = dict(body.indices), body.in_layer
    for _ in range(body.pick([1, 2, 3])):
        inner.statement()
    same = [n for n, have in inner.values.items() if set(have) == set(dims) and n != value]
    inner.write(f"{value} = {value} + {body.pick(same)}" if same else f"{value} = tanh({value})")
    others = [n for n in body.values if n != value and body.writer.chance(3)]
    for other in others[:1]:
        same = [n for n, have in inner.values.items() if set(have) == set(body.values[other])]
        inner.write(f"{other} = {body.pick(same)} * 0.5")
    body.lines += [*inner.lines, body.indent + "}"]


STATEMENTS: list[Callable[[Body, str, Dims], None]] = [
    project, project, project, meet, attend, rename, function, number, combine, combine, scale,
    reduce, normalise, normalise, mask, joined, call, call, call, repeat, product, spread,
    kernel, kernel, experts, experts, look_up, look_up, rank, turn, turn, run_along,
    remember, remember, put_in, put_in,
]  # fmt: skip


def draw_phase(writer: Writer) -> list[str]:
    """A phase, or none; its sizes are those that the model has already, for it is all there is."""
    if not writer.chance(6):
        return []
    names = writer.some([name for name in writer.sizes if name != "r"], 2)
    sizes = ", ".join(f"{name} = {writer.sizes[name]}" for name in names)
    return [f"  phase used {{ dim {sizes} }}"]


def draw_program(pick: Chooser) -> str:
    """The text of a program with a model ``m``, a cluster ``box`` and a plan ``p``."""
    writer = Writer(pick)
    values: dict[str, Dims] = {}
    body = Body(writer, values, "  ", writer.sliced)
    for _ in range(pick([1, 1, 2])):
        name = writer.fresh("x")
        values[name] = (*writer.sliced, *writer.some(body.seen(FREE), 3 - len(writer.sliced), 2))
        body.write(f"input {name}: f32[{', '.join(values[name])}]")
    inputs = len(values)
    if writer.chance(2):
        name = writer.fresh("i")
        body.indices[name] = (*writer.sliced, *writer.some(body.seen(FREE), 2))
        body.write(f"input {name}: i32[{', '.join(body.indices[name])}]")
    for _ in range(pick(range(2, 9))):
        body.statement()
    outputs = list(values)[inputs:][-pick([1, 1, 2]) :] or list(values)[:1]
    sizes = ", ".join(f"{name} = {size}" for name, size in writer.sizes.items() if name != "r")
    sizes += "".join(f", {name} = {size}" for name, size in writer.factors.items())
    plan, gpus = draw_plan(
        pick,
        {**writer.sizes, **writer.factors},
        {layer.name: layer.inside for layer in writer.layers},
        [*writer.turns, *writer.named],
        writer.contracted,
        writer.sliced,
        (writer.kernels, writer.met),
    )
    phase = draw_phase(writer)
    model = ["model m {", f"  dim {sizes}", "  dim r = p + q", *body.lines]
    model += [f"  output {', '.join(dict.fromkeys(outputs))}", *phase, "}"]
    plan = plan.replace("for m ", f"for m{'.used' if phase and writer.chance(2) else ''} ", 1)
    cluster = f"cluster box {{ gpu chip; level node = {gpus[0]} via net; level gpu = {gpus[1]} via wire }}"
    return HARDWARE + "\n".join([*model, *writer.texts, cluster, plan]) + "\n"
