"""Level 0 back to text: canonical, without comments, and read back as the same file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helixc.ir.source import (
    Assign,
    Binding,
    Decl,
    Declare,
    Dims,
    DTypeStmt,
    Field,
    GpuField,
    Hardware,
    Import,
    InBlock,
    Language,
    Layer,
    LevelField,
    MeshLine,
    MicrobatchesLine,
    MinimizeStmt,
    Model,
    Name,
    OutputItem,
    OutputStmt,
    Param,
    Path,
    PathsLine,
    PathStep,
    PhaseStmt,
    PipelineLine,
    PlanDecl,
    PlanLine,
    RepeatStmt,
    ReturnStmt,
    ShardLine,
    SourceFile,
    Stmt,
    TypeExpr,
    WordsLine,
)
from helixc.text.expression_printer import print_expression

_INDENT = "  "


def print_source(file: SourceFile) -> str:
    """The canonical text of a file; parsing it gives an equal file."""
    return "".join(f"{line}\n" for item in file.declarations for line in _declaration(item))


def _declaration(item: Decl) -> list[str]:
    match item:
        case Language():
            return [f"language {item.version}"]
        case Import():
            return [f"import {'.'.join(step.text for step in item.path)}"]
        case Dims():
            return [_dims(item)]
        case Model():
            return _block(f"model {item.name.text}", map(_statement, item.body))
        case Layer():
            return _block(_layer_header(item), map(_statement, item.body))
        case Hardware():
            header = f"{item.kind} {item.name.text}"
            return _block(header, ([_field(field)] for field in item.fields))
        case PlanDecl():
            return _block(_plan_header(item), map(_line, item.lines))


def _block(header: str, items: Iterable[Sequence[str]]) -> list[str]:
    """A header and its block, one statement a line."""
    inside = [f"{_INDENT}{line}" for item in items for line in item]
    return [f"{header} {{", *inside, "}"] if inside else [f"{header} {{ }}"]


# --- hardware


def _field(field: Field | GpuField | LevelField) -> str:
    match field:
        case Field():
            return f"{field.name.text} = {print_expression(field.value)}"
        case GpuField():
            return f"gpu {field.name.text}"
        case LevelField():
            size = print_expression(field.size)
            via = f" via {field.link.text}" if field.link else ""
            return f"level {field.name.text} = {size}{via}{_with(field.options)}"


# --- models and layers


def _layer_header(layer: Layer) -> str:
    params = [_param(param) for param in layer.params]
    if layer.over:
        params.append(f"over {_names(layer.over)}")
    results = f" -> {', '.join(map(_type, layer.results))}" if layer.results else ""
    return f"layer {layer.name.text}({', '.join(params)}){results}"


def _param(param: Param) -> str:
    if param.type is not None:
        return f"{param.name.text}: {_type(param.type)}"
    default = print_expression(param.default) if param.default is not None else ""
    return f"{param.name.text} = {default}"


def _type(declared: TypeExpr) -> str:
    dims = [".."] if declared.rest else []
    dims += [dim.text for dim in declared.dims]
    return f"{declared.dtype.text if declared.dtype else ''}[{', '.join(dims)}]"


def _statement(statement: Stmt) -> list[str]:
    match statement:
        case RepeatStmt():
            name = f" as {statement.name.text}" if statement.name else ""
            header = f"repeat {print_expression(statement.count)}{name}"
            return _block(header, map(_statement, statement.body))
        case PhaseStmt():
            header = f"phase {statement.name.text}"
            body = statement.body
            return [header] if body is None else _block(header, map(_statement, body))
        case _:
            return [_simple_statement(statement)]


def _simple_statement(
    statement: Dims | Declare | Assign | OutputStmt | DTypeStmt | ReturnStmt | MinimizeStmt,
) -> str:
    match statement:
        case Dims():
            return _dims(statement)
        case Declare():
            return f"{statement.kind} {_names(statement.names)}: {_type(statement.type)}"
        case Assign():
            return f"{_names(statement.targets)} = {print_expression(statement.value)}"
        case OutputStmt():
            return f"output {', '.join(map(_output, statement.items))}"
        case DTypeStmt():
            return f"dtype {statement.name.text}"
        case ReturnStmt():
            return f"return {', '.join(map(print_expression, statement.values))}"
        case MinimizeStmt():
            return f"minimize {statement.name.text}{_with(statement.options)}"


def _output(item: OutputItem) -> str:
    value = f" = {print_expression(item.value)}" if item.value is not None else ""
    return f"{item.name.text}{value}"


# --- plans


def _plan_header(plan: PlanDecl) -> str:
    on = f" on {plan.cluster.text}" if plan.cluster else ""
    return f"plan {plan.name.text} for {_paths(plan.models)}{on}"


def _line(line: PlanLine) -> list[str]:
    if isinstance(line, InBlock):
        return _block(f"in {_paths(line.paths)}", map(_line, line.lines))
    return [_simple_line(line)]


def _simple_line(
    line: MeshLine | ShardLine | WordsLine | PipelineLine | MicrobatchesLine | PathsLine,
) -> str:
    match line:
        case MeshLine():
            return f"mesh {_bindings(line.axes)}"
        case ShardLine():
            via = f" via {line.via.text}" if line.via else ""
            return f"shard {_names(line.dims)} over {_names(line.axes)}{via}"
        case WordsLine():
            names = f" {_names(line.names)}" if line.names else ""
            return f"{line.keyword}{names}{_over(line.axes)}"
        case PipelineLine():
            name = f" {line.name.text}" if line.name else ""
            return f"pipeline{name}{_over(line.axes)}{_with(line.options)}"
        case MicrobatchesLine():
            return f"microbatches {print_expression(line.count)}{_over(line.dims)}"
        case PathsLine():
            return f"{line.keyword} {_paths(line.paths)}"


def _paths(paths: Iterable[Path]) -> str:
    return ", ".join(".".join(map(_step, path.steps)) for path in paths)


def _step(step: PathStep) -> str:
    if step.first is None:
        return step.name.text
    last = "" if step.last is None else f"..{step.last}"
    return f"{step.name.text}[{step.first}{last}]"


# --- parts of statements


def _dims(dims: Dims) -> str:
    return f"dim {_bindings(dims.bindings)}"


def _names(names: Iterable[Name]) -> str:
    return ", ".join(name.text for name in names)


def _over(names: Sequence[Name]) -> str:
    return f" over {_names(names)}" if names else ""


def _with(options: Sequence[Binding]) -> str:
    return f" with {_bindings(options)}" if options else ""


def _bindings(bindings: Iterable[Binding]) -> str:
    return ", ".join(f"{b.name.text} = {print_expression(b.value)}" for b in bindings)
