"""Declarations and statements: from what a grammar rule matched to nodes of level 0.

The methods are called while the text is parsed, from the inside out, so nothing here recurses.
"""

from __future__ import annotations

from typing import Any

from helixc.ir.source import (
    Assign,
    Declare,
    Dims,
    DTypeStmt,
    Field,
    GpuField,
    Hardware,
    Import,
    Language,
    Layer,
    LevelField,
    MinimizeStmt,
    Model,
    Name,
    OutputItem,
    OutputStmt,
    Param,
    PhaseStmt,
    RepeatStmt,
    ReturnStmt,
    TypeExpr,
)
from helixc.text.nodes_expressions import optional_name
from helixc.text.nodes_plans import PlanNodes
from helixc.text.pieces import Group, Word, all_of, group, header, items_of, nodes_of, whole


class Nodes(PlanNodes):
    """One method for each rule of the grammar; each takes all pieces that the rule matched."""

    # --- files and blocks

    def file(self, pieces: list[Any]) -> tuple[Any, ...]:
        """What stands in a file, or inside a block that is read by itself."""
        return nodes_of(pieces)

    math_body = lines_body = fields_body = file

    def math(self, pieces: list[Any]) -> Group:
        """The block of a model, layer, repeat or phase."""
        return group("block", pieces)

    lines = fields = math

    # --- declarations

    def language(self, pieces: list[Any]) -> Language:
        """``language 1``."""
        return Language(pieces[1].value, whole(pieces))

    def import_file(self, pieces: list[Any]) -> Import:
        """``import a.b``."""
        return Import(all_of(pieces, Name), whole(pieces))

    def model(self, pieces: list[Any]) -> Model:
        """``model name { }``."""
        return Model(pieces[1], items_of(pieces, "block"), header(pieces))

    def layer(self, pieces: list[Any]) -> Layer:
        """``layer name(params, over dims) -> types { }``."""
        params = items_of(pieces, "params")
        return Layer(
            pieces[1],
            all_of(params, Param),
            items_of(params, "over"),
            items_of(pieces, "results") or None,
            items_of(pieces, "block"),
            header(pieces),
        )

    def params(self, pieces: list[Any]) -> Group:
        """What stands in the brackets of a layer's header."""
        return group("params", pieces)

    def results(self, pieces: list[Any]) -> Group:
        """``->`` and types."""
        return group("results", pieces)

    def value_param(self, pieces: list[Any]) -> Param:
        """``name: type``."""
        return Param(pieces[0], type=pieces[2], span=whole(pieces))

    def option_param(self, pieces: list[Any]) -> Param:
        """``name = default``."""
        return Param(pieces[0], default=pieces[2], span=whole(pieces))

    def hardware(self, pieces: list[Any]) -> Hardware:
        """A ``gpu``, ``link`` or ``cluster``."""
        kind, name, _block = pieces
        return Hardware(kind.keyword, name, items_of(pieces, "block"), header(pieces))

    def field(self, pieces: list[Any]) -> Field:
        """``name = value``."""
        return Field(pieces[0], pieces[2], whole(pieces))

    def gpu_field(self, pieces: list[Any]) -> GpuField:
        """``gpu name``."""
        return GpuField(pieces[1], whole(pieces))

    def level(self, pieces: list[Any]) -> LevelField:
        """``level name = size via link with options``."""
        link = optional_name(pieces, "via")
        return LevelField(pieces[1], pieces[3], link, items_of(pieces, "options"), whole(pieces))

    # --- statements of models and layers

    def _kind(self, pieces: list[Word]) -> Word:
        return pieces[0]

    declare_kind = hardware_kind = _kind

    def dims(self, pieces: list[Any]) -> Dims:
        """``dim a = 1, b = 2``."""
        return Dims(nodes_of(pieces), whole(pieces))

    def declare(self, pieces: list[Any]) -> Declare:
        """``weight a, b: type`` and the like."""
        kind, names, _colon, declared = pieces
        return Declare(kind.keyword, names.items, declared, whole(pieces))

    def type(self, pieces: list[Any]) -> TypeExpr:
        """``bf16[.., a, b]``."""
        dtype = pieces[0] if isinstance(pieces[0], Name) else None
        for piece in pieces:
            if isinstance(piece, Group):
                rest, *dims = piece.items
                return TypeExpr(dtype, rest, tuple(dims), whole(pieces))
        return TypeExpr(dtype, rest=False, dims=(), span=whole(pieces))

    def type_dims(self, pieces: list[Any]) -> Group:
        """Whether the dimensions begin with ``..``, then the named ones."""
        rest = isinstance(pieces[0], Word)
        return Group("type_dims", (rest, *nodes_of(pieces)), whole(pieces))

    def assign(self, pieces: list[Any]) -> Assign:
        """``a, b = value``."""
        return Assign(pieces[0].items, pieces[2], whole(pieces))

    def repeat(self, pieces: list[Any]) -> RepeatStmt:
        """``repeat count as name { }``."""
        name = optional_name(pieces, "as_name")
        return RepeatStmt(pieces[1], name, items_of(pieces, "block"), header(pieces))

    def as_name(self, pieces: list[Any]) -> Group:
        """``as name``."""
        return group("as_name", pieces)

    def output(self, pieces: list[Any]) -> OutputStmt:
        """``output a, b = value``."""
        return OutputStmt(nodes_of(pieces), whole(pieces))

    def output_item(self, pieces: list[Any]) -> OutputItem:
        """``name`` or ``name = value``."""
        value = pieces[2] if len(pieces) > 1 else None
        return OutputItem(pieces[0], value, whole(pieces))

    def dtype(self, pieces: list[Any]) -> DTypeStmt:
        """``dtype bf16``."""
        return DTypeStmt(pieces[1], whole(pieces))

    def phase(self, pieces: list[Any]) -> PhaseStmt:
        """``phase name { }``."""
        body = pieces[2].items if len(pieces) > 2 else None  # noqa: PLR2004 - keyword, name, body
        return PhaseStmt(pieces[1], body, whole(pieces[:2]))

    def return_stmt(self, pieces: list[Any]) -> ReturnStmt:
        """``return a, b``."""
        return ReturnStmt(nodes_of(pieces), whole(pieces))

    def minimize(self, pieces: list[Any]) -> MinimizeStmt:
        """``minimize loss with options``."""
        return MinimizeStmt(pieces[1], items_of(pieces, "options"), whole(pieces))
