"""How the weights of a program come out of the checkpoint of the model that it was imported from."""

from __future__ import annotations

from math import prod

from helixc.diagnostics import Diagnostic, Findings, HelixError
from helixc.importing.placing import Placed, place_weights, recipe_of
from helixc.importing.reading import Reading
from helixc.ir.logical import Logical
from helixc.pytorch.recipes import Checkpoint, Recipe


def checkpoint_of(program: Logical, reading: Reading) -> Checkpoint:
    """A recipe for every weight of a model in every turn.

    Raises ``HelixError`` for weights that no checkpoint of the family holds, or in another shape.
    """
    try:
        places = place_weights(program, reading)
    except KeyError as error:
        ((_, path),) = error.args
        weight = ".".join(name for name, _ in path)
        message = f"no checkpoint of the family `{reading.family.name}` holds the weight `{weight}`"
        raise HelixError([Diagnostic("HX1011", message)]) from error
    findings = Findings()
    recipes = {
        moment: recipe_of(program, program.stored[moment[0]], p) for moment, p in places.items()
    }
    for moment, recipe in recipes.items():
        _check(recipe, places[moment], findings)
    findings.stop_on_errors()
    return Checkpoint(recipes, reading.family.prefix)


def _check(recipe: Recipe, placed: Placed, findings: Findings) -> None:
    for stored in placed.stored:
        if prod(recipe.shape) != prod(stored.shape):
            message = (
                f"`{stored.name}` is {list(stored.shape)} by the configuration, and the model has "
                f"{prod(recipe.shape)} numbers for it"
            )
            findings.error("HX1012", message)
