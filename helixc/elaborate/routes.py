"""``dispatch`` and ``combine``: tokens go to the experts that they choose, and what these yield comes back.

A ``slot`` that is declared is a capacity: tokens wait in line for the places of an expert.  One that is not
is made here, *ragged*: at every expert each token has a place of its own, which is full if it goes there.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import attrs

from helixc.elaborate.application import Results, label, positional
from helixc.elaborate.arrows import Reshaping, has_dims, is_axis, names_of
from helixc.elaborate.dimensions import Dimension, Dims, leaves, link, show
from helixc.elaborate.drafts import Names, Route, Value
from helixc.elaborate.wording import quoted
from helixc.ir import source
from helixc.ir.ops import Routed
from helixc.ir.rules import counts
from helixc.ir.tensor import Share

_NOTHING: Results = (None,)


@attrs.frozen
class _Words:
    """What a call names: the experts, their places, and the tokens if it says which (else ())."""

    expert: source.Name
    slot: source.Name
    tokens: tuple[source.Name, ...]


def dispatch(reshaping: Reshaping) -> Results:
    """``dispatch(x, choice, over expert, slot)``: at every expert the tokens that chose it."""
    use, words = reshaping.use, _words(reshaping, places_first=False)
    values = use.values() if use.takes(2) else None
    if words is None or values is None or not _is_choice(reshaping, *values):
        return _NOTHING
    expert = _expert(reshaping, words.expert, values)
    tokens = _tokens(reshaping, words.tokens, *values)
    if expert is None or tokens is None:
        _forget(reshaping, words.slot)
        return _NOTHING
    route = _route(reshaping, words.slot, values[1], expert, tokens, _rest(values[1], values[0]))
    if route is None or not _lacks(reshaping, values, 0, (route.slot,)):
        return _NOTHING
    places = _places(route)
    kept = (places.get(leaf, (leaf,)) for leaf in leaves(values[0].dims))
    line = () if route.places else leaves((route.slot,))
    over, rest = leaves((expert,)), (dim for some in kept for dim in some)
    result = use.builder.new_value(values[0].dtype, (*over, *line, *rest))
    span, params = use.call.span, _params(route)
    return (use.builder.emit("dispatch", values, result, span, over=over, params=params),)


def combine(reshaping: Reshaping) -> Results:
    """``combine(y, choice, over expert, slot)``: for every choice of a token what came of it there."""
    use, words = reshaping.use, _words(reshaping, places_first=True)
    values = use.values() if use.takes(2) else None
    if words is None or values is None or not _is_choice(reshaping, *values):
        return _NOTHING
    found = has_dims(reshaping, (words.expert, words.slot), values[0])
    if found is None:
        return _NOTHING
    route = _made_by(reshaping, words, values[1], *found)
    if route is None or not _lacks(reshaping, values, 0, route.tokens):
        return _NOTHING
    gone = {*leaves(found), *leaves(values[1].dims)}
    rest = tuple(leaf for leaf in leaves(values[0].dims) if leaf not in gone)
    result = use.builder.new_value(values[0].dtype, (*leaves(values[1].dims), *rest))
    span, over = use.call.span, leaves((route.expert,))
    return (use.builder.emit("combine", values, result, span, over=over, params=_params(route)),)


def _words(reshaping: Reshaping, *, places_first: bool) -> _Words | None:
    """``over expert, slot``, or an arrow between tokens and places and ``over expert``."""
    use = reshaping.use
    match reshaping.arrows, use.call.over:
        case (), (expert, slot):
            return _Words(expert, slot, ())
        case (arrow,), (expert,):
            left, right = (names_of(reshaping, side, "*") for side in (arrow.left, arrow.right))
            if left is None or right is None:
                return None
            tokens, places = (right, left) if places_first else (left, right)
            if len(places) == 1:
                return _Words(expert, places[0], tokens)
        case _:
            pass
    arrow_text = "slot -> seq" if places_first else "seq -> slot"
    message = f"`{use.name}` takes a value, the choices and `over expert, slot`; or which tokens "
    message += f"share the places, as in `{use.name}(x, choice, {arrow_text}, over expert)`"
    reshaping.wrong("HX0211", message, use.call.span)
    return None


def _is_choice(reshaping: Reshaping, value: Value, choice: Value) -> bool:
    """Whether the second value chooses by whole numbers, and the first can be sent; if not, findings."""
    first, second = positional(reshaping.use.call)
    if value.dtype == "bool":
        message = f"`{reshaping.use.name}` needs numbers; convert true and false first, as "
        reshaping.wrong("HX0311", message + "`f32(...)` does", first.span)
    if not counts(choice.dtype):
        message = f"choices are whole numbers, and {label(second)} is {choice.dtype}; "
        message += "`_, choice = top_k(...)` gives some"
        reshaping.wrong("HX0311", message, second.span)
    return value.dtype != "bool" and counts(choice.dtype)


def _expert(reshaping: Reshaping, name: source.Name, values: tuple[Value, ...]) -> Dimension | None:
    """The dimension of experts, which neither value can have yet."""
    expert = reshaping.environment.dim(name)
    if expert is None or not is_axis(reshaping.findings, expert, name.span):
        return None
    lacking = (_lacks(reshaping, values, place, (expert,)) for place in range(len(values)))
    return expert if all(lacking) else None


def _lacks(reshaping: Reshaping, values: tuple[Value, ...], place: int, dims: Dims) -> bool:
    """Whether a value has none of the dimensions that the result gets; if it has, a finding."""
    have = leaves(values[place].dims)
    there = [dim.name for dim in dims if not set(have).isdisjoint(leaves((dim,)))]
    if there:
        argument = positional(reshaping.use.call)[place]
        message = f"{label(argument)} has `{there[0]}` already: it is {show(values[place].dims)}"
        reshaping.wrong("HX0310", message, argument.span)
    return not there


def _rest(choice: Value, value: Value) -> Dims:
    """The choices of one token: what only the choices have."""
    own = set(leaves(value.dims))
    return tuple(leaf for leaf in leaves(choice.dims) if leaf not in own)


def _tokens(
    reshaping: Reshaping, names: tuple[source.Name, ...], value: Value, choice: Value
) -> Dims | None:
    """The dimensions whose tokens share the places of an expert; all that both have unless said."""
    if names:
        found = has_dims(reshaping, names, value), has_dims(reshaping, names, choice, 1)
        return None if None in found else found[0]
    own = set(leaves(value.dims))
    shared = tuple(leaf for leaf in leaves(choice.dims) if leaf in own)
    if shared:
        return shared
    first, second = map(label, positional(reshaping.use.call))
    message = f"{first} and {second} share no dimension, so there are no tokens to send: "
    message += f"{show(value.dims)}, {show(choice.dims)}"
    reshaping.wrong("HX0301", message, reshaping.use.call.span)
    return None


def _route(
    reshaping: Reshaping,
    name: source.Name,
    choice: Value,
    expert: Dimension,
    tokens: Dims,
    pick: Dims,
) -> Route | None:
    """The route of a dispatch: one that there is, or a new one, its places made where they are not declared."""
    environment, routes = reshaping.environment, reshaping.use.builder.routes
    known, slot = environment.use_dim(name)
    if not known:
        places = tuple(
            _place(name, token, alone=len(leaves(tokens)) == 1) for token in leaves(tokens)
        )
        _fill(places, prod(dim.size for dim in pick), expert.size)
        slot = places[0] if len(places) == 1 else _product(name, places)
        environment.declare_dim(name, slot)
        routes.append(Route(choice, expert, slot, tokens, pick, places))
        return routes[-1]
    if slot is None or not is_axis(reshaping.findings, slot, name.span):
        return None
    ragged = next((route for route in routes if route.slot is slot and route.places), None)
    if ragged is not None:
        if ragged.goes(choice, expert, slot) and set(ragged.tokens) == set(tokens):
            return ragged
        message = f"the places of `{name.text}` are those of other choices; name others"
        reshaping.wrong("HX0320", message, name.span)
        return None
    routes.append(Route(choice, expert, slot, tokens, pick))
    return routes[-1]


def _place(name: source.Name, token: Dimension, *, alone: bool) -> Dimension:
    text = name.text if alone else f"{name.text}.{token.name}"
    place = Dimension(text, token.size, name.span, hidden=not alone, fresh=False)
    link(token, place)
    return place


def _fill(places: Dims, picks: int, experts: int) -> None:
    """Say how many of the places are full: of a token's at all experts as many as it chooses."""
    for place in places:
        place.share = next((token.share for token in place.links if token.share), None) or Share()
    outermost = next((place for place in places if place.size > 1), places[0])
    share = outermost.share or Share()
    outermost.share = Share(share.part * min(picks, experts), share.of * experts)


def _product(name: source.Name, places: Dims) -> Dimension:
    size = prod(place.size for place in places)
    return Dimension(name.text, size, name.span, fresh=False, parts=places)


def _forget(reshaping: Reshaping, name: source.Name) -> None:
    """After an error, take a name that would have been made as known, but wrong."""
    if not reshaping.environment.use_dim(name)[0]:
        reshaping.environment.declare_dim(name, None)


def _made_by(
    reshaping: Reshaping, words: _Words, choice: Value, expert: Dimension, slot: Dimension
) -> Route | None:
    """The route by which a dispatch sent what comes back; None, and a finding, if there is none."""
    found = [r for r in reshaping.use.builder.routes if r.goes(choice, expert, slot)]
    if words.tokens:
        tokens = has_dims(reshaping, words.tokens, choice, 1)
        if tokens is None:
            return None
        found = [route for route in found if set(leaves(route.tokens)) == set(leaves(tokens))]
    if found:
        return found[-1]
    text = label(positional(reshaping.use.call)[1])
    message = f"`combine` brings back what `dispatch` sent, and nothing was sent by {text} to "
    message += quoted((words.expert.text, words.slot.text))
    message += f" along {quoted(name.text for name in words.tokens)}" if words.tokens else ""
    reshaping.wrong("HX0320", message, reshaping.use.call.span)
    return None


def _places(route: Route) -> dict[Dimension, Dims]:
    """What stands at the experts in the place of each leaf of the tokens: nothing where they wait in line."""
    if not route.places:
        return dict.fromkeys(leaves(route.tokens), ())
    pairs = zip(leaves(route.tokens), leaves(route.places), strict=True)
    return {token: (place,) for token, place in pairs}


def _params(route: Route) -> Callable[[Names], Routed]:
    def params(names: Names) -> Routed:
        if not route.places:
            return Routed((), names(route.tokens), names((route.slot,)), names(route.pick))
        pairs = zip(names(route.tokens), names(route.places), strict=True)
        return Routed(tuple(pairs), pick=names(route.pick))

    return params
