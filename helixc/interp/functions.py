"""Elementwise functions that NumPy lacks, in double precision."""

from __future__ import annotations

import math

import numpy as np

from helixc.interp.site import Array


def erf(x: Array) -> Array:
    """The error function: the C library's, one element at a time, so exact to its last digits."""
    values = np.asarray(x, dtype=np.float64)
    return np.fromiter(map(math.erf, values.ravel().tolist()), np.float64, values.size).reshape(
        values.shape
    )


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def gelu(x: Array) -> Array:
    """X times the normal distribution function at x."""
    return 0.5 * x * (1.0 + erf(x * math.sqrt(0.5)))


def gelu_tanh(x: Array) -> Array:
    """The approximation of gelu by tanh that many models were trained with."""
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))


def silu(x: Array) -> Array:
    """X times sigmoid(x)."""
    return x * sigmoid(x)


def relu(x: Array) -> Array:
    """The positive part."""
    return np.maximum(x, 0)


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    return np.logaddexp(0.0, x)


def rsqrt(x: Array) -> Array:
    """1 / sqrt(x)."""
    return 1.0 / np.sqrt(x)


def power(x: Array, y: Array) -> Array:
    """X to the power y, as real numbers."""
    return np.power(np.asarray(x, dtype=np.float64), y)
