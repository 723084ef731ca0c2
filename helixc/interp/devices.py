"""The simulated GPUs of a mesh: who is in whose group, and which block of a dimension is whose."""

from __future__ import annotations

import numpy as np

from helixc.interp.site import Array
from helixc.ir.mesh import Mesh

Atoms = tuple[str, ...]


class Devices:
    """Index tables of a mesh, one entry per GPU, made once for each tuple of atoms."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.count = mesh.devices
        self._numbers: Array = np.arange(self.count)
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
        """The GPUs of each GPU's group over ``atoms``, in rank order; shape (GPUs, group size)."""
        if atoms not in self._members:
            base = self._numbers
            offsets = np.zeros(1, dtype=np.int64)
            for atom in atoms:
                stride = self.mesh.strides[atom]
                base = base - self._coordinates(atom) * stride
                steps = np.arange(self.mesh.sizes[atom]) * stride
                offsets = (offsets[:, None] + steps).reshape(-1)
            self._members[atoms] = base[:, None] + offsets
        return self._members[atoms]

    def _coordinates(self, atom: str) -> Array:
        return self._numbers // self.mesh.strides[atom] % self.mesh.sizes[atom]
