"""The simulated GPUs of a mesh: who is in whose group, and which block of a dimension is whose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from helixc.interp.site import Array
from helixc.ir.mesh import Mesh

Atoms = tuple[str, ...]


class Devices:
    """Index tables of a mesh, one entry per GPU, made once for each tuple of atoms.

    ``gpus``: only these GPUs of the mesh, in this order; groups that are asked for must lie inside.
    """

    def __init__(self, mesh: Mesh, gpus: Sequence[int] | None = None) -> None:
        self.mesh = mesh
        self.count = mesh.devices if gpus is None else len(gpus)
        self._numbers: Array = np.arange(self.count) if gpus is None else np.array(gpus)
        self._places: dict[int, int] | None = None
        if gpus is not None:
            self._places = {gpu: place for place, gpu in enumerate(gpus)}
        self._ranks: dict[Atoms, Array] = {}
        self._members: dict[Atoms, Array] = {}

    def ranks(self, atoms: Atoms) -> Array:
        """Position of each GPU in its group over ``atoms``, row-major as written; shape (GPUs,)."""
        if atoms not in self._ranks:
            rank = np.zeros(self.count, dtype=np.int64)
            for atom in atoms:
                rank = rank * self.mesh.sizes[atom] + self._coordinates(atom)
            self._ranks[atoms] = rank
        return self._ranks[atoms]

    def members(self, atoms: Atoms) -> Array:
        """The places of the GPUs of each one's group over ``atoms``, in rank order.

        Shape (GPUs, group size); a place is a position among the GPUs simulated.
        """
        if atoms not in self._members:
            base = self._numbers
            offsets = np.zeros(1, dtype=np.int64)
            for atom in atoms:
                stride = self.mesh.strides[atom]
                base = base - self._coordinates(atom) * stride
                steps = np.arange(self.mesh.sizes[atom]) * stride
                offsets = (offsets[:, None] + steps).reshape(-1)
            self._members[atoms] = self._placed(base[:, None] + offsets)
        return self._members[atoms]

    def _placed(self, gpus: Array) -> Array:
        if self._places is None:
            return gpus
        return np.array([[self._places[gpu] for gpu in row] for row in gpus.tolist()])

    def _coordinates(self, atom: str) -> Array:
        return self._numbers // self.mesh.strides[atom] % self.mesh.sizes[atom]
