"""Time of a kernel that is bound by memory: elementwise, softmax, norms, and turning values to f8.

What moves over what the memory gives, with a ramp, and with further passes over rows that are too long
to be kept on the chip.  A kernel that is launched alone and waited for takes at least what that takes
the host; queued kernels hide it.
"""

from __future__ import annotations

from helixc.ir.kernels import StreamConstants
from helixc.price.elementary import SCALAR, Elementary, Quantity
from helixc.price.kernel import Chip, KernelPrice

# How sharply the further passes set in with the length of a row, and host and device exclude each other.
SHARP = 6.0


def stream_seconds(
    moved: Quantity, row: Quantity, chip: Chip, constants: StreamConstants, f: Elementary
) -> Quantity:
    """Seconds of reading and writing ``moved`` bytes; ``row``: elements that one reduction runs over, or 1.

    Further passes read the row again from memory, and count as multiples of all that moves.
    """
    passes = constants.passes / (1 + (constants.columns / row) ** SHARP)
    time = moved * (1 + passes) / (constants.memory * chip.bandwidth)
    device = constants.launch + time + f.sqrt(time * constants.ramp)
    return f.soft_maximum(device, constants.host, SHARP)


def stream_price(moved: float, row: float, chip: Chip, constants: StreamConstants) -> KernelPrice:
    """The same for one kernel, and what bounds it."""
    seconds = stream_seconds(moved, row, chip, constants, SCALAR)
    fixed = max(constants.launch, constants.host)
    return KernelPrice(seconds, "latency" if 2 * fixed > seconds else "bandwidth")
