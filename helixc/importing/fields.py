"""What a family of models is, as data: which fields of ``config.json`` it reads, and what they mean.

A field gives the value of a *slot*, a name that the texts and the table of tensors use for all families:
``embed`` is ``hidden_size`` in one file and ``n_embd`` in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

Kind = Literal["size", "count", "number", "amount", "flag", "word", "words", "layers"]
Legal = Mapping[str | int | bool, str | int | bool]

# What a kind is called in messages.
KINDS: Mapping[Kind, str] = {
    "size": "a whole number from 1",
    "count": "a whole number from 0",
    "number": "a positive number",
    "amount": "a number from 0",
    "flag": "true or false",
    "word": "a word",
    "words": "a list of words",
    "layers": "a list of numbers of layers",
}


@attrs.frozen(kw_only=True)
class Field:
    """One value of a model.

    ``spellings``: names of fields that give it, today's first, ``a.b`` being ``b`` in the object ``a``; without
    any the value is implied.  ``default``: a formula for what an absent field means; without one it has to
    be there.  ``null``: the same for null; without one null is as good as absent.  ``legal``: the values that are
    understood, each with what it means.  ``when``: the condition under which it is read at all.  ``told``:
    whether a reader should hear of a default that was taken.
    """

    slot: str
    spellings: tuple[str, ...] = ()
    kind: Kind = "size"
    default: str | None = None
    null: str | None = None
    legal: Legal | None = None
    when: str = ""
    told: bool = True


@attrs.frozen
class Rule:
    """A condition that a file has to fulfil: what must hold, and in words why."""

    condition: str
    reason: str


@attrs.frozen(kw_only=True)
class Tensor:
    """Tensors of a checkpoint, and the weights of the model that they hold.

    ``name`` may have ``{layer}`` and ``{expert}``, which count.  ``weights``: paths, with the number of the call
    within a layer where there are several (``rms[1].gain``).  ``axes``: for each axis of the tensor, in its
    order, the dimensions it is made of, outermost first (``kv_head*group*head_dim, embed``).  Of several
    weights, ``(a|b)`` is the axis along which they lie one behind the other, ``1`` being a single place.
    ``when``: the condition under which it is there; for ``{layer}`` it may ask what the layer is.  ``frozen``:
    whether it is kept and not trained, and no parameter.  Without weights: what files may hold besides, where
    ``{beyond}`` counts layers that the model does not have and ``*`` is anything.
    """

    name: str
    weights: tuple[str, ...]
    axes: str
    when: str = ""
    frozen: bool = False


@attrs.frozen(kw_only=True)
class Family:
    """Models of one architecture.

    ``types``: values of ``model_type``.  ``fields`` are read in this order, so that a default may ask for what came
    before.  ``sparse``, ``windowed``: formulas on ``layer`` for layers with experts and with a window.
    ``prefix``: what names of tensors may begin with and need not.
    """

    types: tuple[str, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    tensors: tuple[Tensor, ...]
    sparse: str = "False"
    windowed: str = "False"
    prefix: str = ""

    @property
    def name(self) -> str:
        """What the family is called."""
        return self.types[0]
