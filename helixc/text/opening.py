"""Opens files of which nobody knows what their names may be."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import IO


@contextmanager
def opened(file: Path | Traversable) -> Generator[IO[bytes]]:
    """The bytes of a file; raises ``OSError`` also for a name that no file can have."""
    try:
        stream = file.open("rb")
    except ValueError as error:
        raise OSError(errno.EINVAL, str(error)) from error
    with stream:
        yield stream
