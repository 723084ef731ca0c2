"""A partitioned program as modules of PyTorch: one for each layer call and repeat, one for the model.

A module holds the weights that its layer declares, and calls those inside it; modules that are alike are one
class.  Statements stand in the order of the program, since overlapping is left to PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from helixc.analysis.uses import reads_of
from helixc.ir.advance import STILL
from helixc.ir.logical import ancestors
from helixc.ir.spmd import Compute, Loop, Spmd, SpmdStatement, walk
from helixc.pytorch.dtensor.lines import Refused, WholeWriter
from helixc.pytorch.dtensor.names import (
    attribute,
    class_name,
    first_turns,
    runs_of,
    step_name,
)
from helixc.pytorch.functions import Call, Event, Functions
from helixc.pytorch.identifiers import Identifiers
from helixc.pytorch.scopes import between
from helixc.pytorch.weights import Source, is_weight, resting_of

_STEP = "    "
# What the module uses itself beside what all emitted modules use.
TAKEN = (
    "nn", "Shard", "Replicate", "Partial", "placed", "held", "self", "weight", "embedding",
    "contract", "along", "block", "PARAMETERS", "OUTPUTS", "partition", "build", "arrived",
    "Mesh", "DTensor", "distribute_tensor", "init_device_mesh", "fnmatchcase",
)  # fmt: skip


@attrs.frozen
class Method:
    """What a module does when it is called, or the second time it is."""

    name: str
    parameters: tuple[str, ...]
    lines: tuple[str, ...]

    def text(self) -> list[str]:
        """The method as lines of a class."""
        head = f"def {self.name}({', '.join(('self', *self.parameters))}):"
        return [head, *(_STEP + line if line else "" for line in self.lines)]


class Classes(Functions):
    """Makes the classes of a program; ``refused``: operators that DTensor does not run as they are split."""

    def __init__(self, program: Spmd, *, checked: bool) -> None:
        super().__init__(program, {}, STILL, timed=False)
        self.taken = (*self.taken, *TAKEN)
        self.checked = checked
        self.refused: list[Refused] = []
        self.methods: dict[int, list[Method]] = {}
        self.read = {output.value for output in program.outputs}
        for statement in walk(program.body):
            self.read.update(reads_of(statement))
            if isinstance(statement, Loop):
                self.read.update(value.yields for value in statement.carried)

    # --- what is written otherwise than in functions

    def new_writer(self, names: Identifiers, base: int) -> WholeWriter:
        """What writes statements on whole tensors."""
        return WholeWriter(
            self.program,
            self.advance,
            self.homes,
            names,
            lambda scope: self._module(scope, base),
            refused=self.refused,
            checked=self.checked,
        )

    def in_time(self, statements: Sequence[SpmdStatement]) -> Iterator[SpmdStatement]:
        """Statements as they stand in the program, without weights that nothing reads."""
        for statement in statements:
            if not isinstance(statement, Compute) or not self._is_idle(statement):
                yield statement

    def _is_idle(self, statement: Compute) -> bool:
        return is_weight(statement) and statement.result not in self.read

    def inside(self, call: Call) -> list[Event]:
        """A module calls modules: calls inside a call are calls."""
        return list(self.events(call.statements, call.scope))

    def turns(self, loop: Loop) -> str:
        """The first line of a loop, over the modules of its turns."""
        scope = self.program.scopes[loop.scope]
        start = first_turns(self.program)[loop.scope]
        modules = f"self.{step_name(scope)}"
        if len(runs_of(self.program)[scope.parent, scope.name]) > 1:
            modules += f"[{start}:{start + loop.trips}]"
        return f"for turn in {modules}:"

    def add(self, scope: int, parameters: tuple[str, ...], lines: Iterable[str]) -> str:
        """Note what a module does; the name of the method."""
        methods = self.methods.setdefault(scope, [])
        name = f"part_{len(methods) + 1}" if methods else "forward"
        methods.append(Method(name, parameters, tuple(lines)))
        return name

    def invocation(self, name: str, scope: int, base: int, given: Iterable[str]) -> str:
        """The call of a module, or of another method of it."""
        repeated = self.program.scopes[scope].kind == "repeat"
        module = "turn" if repeated else self._module(scope, base)
        method = "" if name == "forward" else f".{name}"
        return f"{module}{method}({', '.join(given)})"

    def _module(self, scope: int, base: int) -> str:
        way = reversed(between(self.program, scope, base))
        return ".".join(("self", *(step_name(self.program.scopes[found]) for found in way)))

    # --- classes

    def texts(self, title: str) -> tuple[str, ...]:
        """Each class after those that it uses; the last one, of this name, is the model."""
        return _Texts(self).all(title)


class _Texts:
    """Writes classes, inner ones first; two that are alike are one."""

    def __init__(self, classes: Classes) -> None:
        self.classes, self.program = classes, classes.program
        self.titles = Identifiers((*TAKEN, *classes.taken))
        self.known: dict[tuple[str, ...], str] = {}
        self.children = _children(self.program, classes.methods)
        self.weights = _weights(self.program)
        self.found: list[str] = []

    def all(self, title: str) -> tuple[str, ...]:
        """The texts, in order."""
        lines = self._lines(0)
        self.found.append(_class(self._title(title), lines))
        return tuple(self.found)

    def _name(self, scope: int) -> str:
        """The class of a scope, which is written where there is none like it."""
        lines = tuple(self._lines(scope))
        if lines not in self.known:
            self.known[lines] = self._title(class_name(self.program.scopes[scope].name))
            self.found.append(_class(self.known[lines], lines))
        return self.known[lines]

    def _title(self, wish: str) -> str:
        return self.titles.give(f"class {len(self.found)}", wish, -1, held=True)

    def _lines(self, scope: int) -> list[str]:
        own = [*self._weights_of(scope), *self._modules_of(scope)]
        start = ["def __init__(self):", *(_STEP + line for line in ("super().__init__()", *own))]
        lines = start if own else []
        for method in self.classes.methods.get(scope, ()):
            lines += ["", *method.text()] if lines else method.text()
        return lines

    def _weights_of(self, scope: int) -> Iterator[str]:
        for source in self.weights.get(scope, ()):
            sizes = "".join(f"{size}, " for size in source.shape)
            name, dims = attribute(source.op.home.name), ", ".join(source.op.type.dims)
            text = f'weight({sizes}dtype="{source.dtype}", std={source.scale:.6g})'
            yield f"self.{name} = {text}  # [{dims}]"

    def _modules_of(self, scope: int) -> Iterator[str]:
        runs = runs_of(self.program)
        for child in self.children.get(scope, ()):
            own = self.program.scopes[child]
            if own.kind != "repeat":
                yield f"self.{step_name(own)} = {self._name(child)}()"
                continue
            loops = runs[scope, own.name]
            if loops[0].scope == child:
                lists = [
                    f"{self._name(loop.scope)}() for _ in range({loop.trips})" for loop in loops
                ]
                parts = lists[0] if len(lists) == 1 else ", ".join(f"*({one})" for one in lists)
                yield f"self.{step_name(own)} = nn.ModuleList({f'[{parts}]' if len(lists) > 1 else parts})"


def _children(program: Spmd, methods: Mapping[int, object]) -> Mapping[int, list[int]]:
    """For each scope the scopes directly inside that are modules, in order."""
    wanted = {*methods, *_weights(program)}
    modules = {around for scope in wanted for around in ancestors(program.scopes, scope)}
    found: dict[int, list[int]] = {}
    for scope in sorted(modules):
        parent = program.scopes[scope].parent
        if parent >= 0:
            found.setdefault(parent, []).append(scope)
    return found


def _weights(program: Spmd) -> Mapping[int, list[Source]]:
    """The weights of each scope, once for all turns."""
    found: dict[int, dict[str, Source]] = {}
    for source in resting_of(program):
        found.setdefault(source.op.scope, {}).setdefault(source.op.result, source)
    used = {s.result for s in walk(program.body) if isinstance(s, Compute) and is_weight(s)}
    return {
        scope: [source for value, source in own.items() if value in used]
        for scope, own in found.items()
    }


def _class(name: str, lines: Iterable[str]) -> str:
    body = [_STEP + line if line else "" for line in lines] or [f"{_STEP}pass"]
    return "\n".join([f"class {name}(nn.Module):", *body])
