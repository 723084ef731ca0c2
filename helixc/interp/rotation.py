"""What ``rotate`` means, and what rounding and errors of its operands do to it.

A pair (x, y) by an angle a becomes (x cos a - y sin a, x sin a + y cos a); the two elements of a pair lie
along the dimensions worked over.
"""

from __future__ import annotations

import numpy as np

from helixc.interp.site import Array, Site, align, as_number

Operands = tuple[Array, ...]
# Roundings of a sine and a cosine (both relative to 1: the argument is reduced first), two products, a sum.
_ROUNDINGS = 32


def rotate(site: Site, operands: Operands) -> Array:
    """Each pair turned by its angle."""
    first, second = _halves(site, as_number(operands[0]))
    angle = _angles(site, operands)
    cosine, sine = np.cos(angle), np.sin(angle)
    return _joined(site, first * cosine - second * sine, first * sine + second * cosine)


def rotation_rounding(site: Site, operands: Operands, unit: float) -> Array:
    """How far a result may be off for exact operands: relative to both elements of a pair."""
    return _both(site, np.abs(operands[0])) * (_ROUNDINGS * unit)


def rotation_error(site: Site, operands: Operands, errors: Operands) -> Array:
    """How far a result moves: by the errors of both elements, and by as much as the pair is turned."""
    turned = np.abs(_angles(site, (operands[0], errors[1])))
    own, reach = _both(site, errors[0]), _both(site, np.abs(operands[0]) + errors[0])
    return own + reach * _joined(site, turned, turned)


def _both(site: Site, array: Array) -> Array:
    """For each element of a pair the sum of the two."""
    first, second = _halves(site, array)
    return _joined(site, first + second, first + second)


def _halves(site: Site, array: Array) -> tuple[Array, Array]:
    """The first and the second elements of all pairs, axes in the order of the other dimensions."""
    others = _others(site)
    ordered = align(array, site.operands[0], others + site.over)
    pairs = ordered.reshape(*ordered.shape[: 1 + len(others)], 2)
    return pairs[..., 0], pairs[..., 1]


def _angles(site: Site, operands: Operands) -> Array:
    return align(as_number(operands[1]), site.operands[1], _others(site))


def _joined(site: Site, first: Array, second: Array) -> Array:
    pairs = np.stack([first, second], axis=-1)
    sizes = [site.sizes[dim] for dim in site.over]
    return align(pairs.reshape(*pairs.shape[:-1], *sizes), _others(site) + site.over, site.dims)


def _others(site: Site) -> tuple[str, ...]:
    return tuple(dim for dim in site.dims if dim not in site.over)
