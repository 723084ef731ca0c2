"""What ``scan`` means, and what rounding and errors of its operands do to it.

Along the dimensions worked over h[t] = decay[t] * h[t - 1] + step[t], and h[-1] is where it starts from.
Rounding errors and errors of operands obey a recurrence of the same form, with magnitudes for values, so
their bounds are scans too.
"""

from __future__ import annotations

import numpy as np

from helixc.interp.site import Array, Site, align, as_number, merged, product_size, unmerged

Operands = tuple[Array, ...]
# Roundings of one turn: a product and a sum, and one to spare.
_ROUNDINGS = 3


def scan(site: Site, operands: Operands) -> Array:
    """Every state, one for each element along the dimensions worked over."""
    decay, step, start = _parts(site, operands)
    return _unmerged(site, _states(site, decay, step, start))


def scan_rounding(site: Site, operands: Operands, result: Array, unit: float) -> Array:
    """How far the states may be off for exact operands."""
    decay, step, start = (np.abs(part) for part in _parts(site, operands))
    before = np.abs(_before(site, result, start))
    lost = (decay * before + step) * (_ROUNDINGS * unit)
    return _unmerged(site, _states(site, decay, lost, np.zeros_like(start)))


def scan_error(site: Site, operands: Operands, errors: Operands, result: Array) -> Array:
    """How far the states move when decay, steps and start are off."""
    decay, _, start = (np.abs(part) for part in _parts(site, operands))
    decay_error, step_error, start_error = _parts(site, errors)
    moved = decay_error * np.abs(_before(site, result, start)) + step_error
    return _unmerged(site, _states(site, decay + decay_error, moved, start_error))


def _rest(site: Site) -> tuple[str, ...]:
    return tuple(dim for dim in site.dims if dim not in site.over)


def _parts(site: Site, operands: Operands) -> tuple[Array, Array, Array]:
    """The operands with their axes in one order, the one worked along last (length 1: all alike)."""
    decay, step, start = (as_number(operand) for operand in operands)
    rest, (decay_dims, step_dims, start_dims) = _rest(site), site.operands
    along = merged(decay, decay_dims, rest, site.over), merged(step, step_dims, rest, site.over)
    return *along, align(start, start_dims, rest)


def _states(site: Site, decay: Array, step: Array, start: Array) -> Array:
    length = product_size(site.sizes, site.over)
    shape = np.broadcast_shapes(decay.shape[:-1], step.shape[:-1], start.shape)
    decay = np.broadcast_to(decay, (*decay.shape[:-1], length))
    step = np.broadcast_to(step, (*step.shape[:-1], length))
    states: list[Array] = []
    state = np.broadcast_to(start, shape)
    for turn in range(length):
        state = np.asarray(decay[..., turn] * state + step[..., turn])
        states.append(state)
    return np.stack(states, axis=-1)


def _before(site: Site, result: Array, start: Array) -> Array:
    """For each state the one before it."""
    states = merged(result, site.dims, _rest(site), site.over)
    first = np.broadcast_to(start[..., None], (*states.shape[:-1], 1))
    return np.concatenate([first, states[..., :-1]], axis=-1)


def _unmerged(site: Site, states: Array) -> Array:
    return unmerged(site, states, _rest(site), site.over)
