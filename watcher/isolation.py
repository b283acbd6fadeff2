"""Runs functions on hostile input in child processes that can be killed.

A small pool of forkserver children, each with its own limits on memory and CPU time. A call that
overruns its time is killed with its child and named; the pool starts another one.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import queue
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any, ParamSpec, Self, TypeVar

from watcher.errors import ExtractError, WatcherError

P = ParamSpec("P")
R = TypeVar("R")

CALLS_PER_CHILD = 500
# Large Documents are made of many objects that live as long as the call; looking through them often is lost time.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


class ChildPool:
    """At most `size` children. `run` may be called from many threads; each call has one child to itself."""

    def __init__(self, *, size: int, seconds: float = 30.0, memory_bytes: int = 2 * 1024**3) -> None:
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["watcher.extract", "watcher.diff", "watcher.classify"])
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(size):
            self._idle.put(None)
        self._size = size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's result. Its WatcherErrors come through; a lost child is an ExtractError."""
        child = self._idle.get()
        try:
            if child is None or not child.usable():
                if child is not None:
                    child.stop()
                child = _Child(self._context, self._memory_bytes, self._seconds)
            answer: tuple[bool, Any] = child.call((function, args, kwargs), self._seconds)
        except BaseException:
            if child is not None:
                child.stop()
            self._idle.put(None)
            raise
        self._idle.put(child)
        succeeded, value = answer
        if succeeded:
            result: R = value
            return result
        raise value

    def close(self) -> None:
        """Stop all children; calls that are running are waited for."""
        for _ in range(self._size):
            child = self._idle.get()
            if child is not None:
                child.stop()
        for _ in range(self._size):
            self._idle.put(None)


class _Child:
    def __init__(self, context: multiprocessing.context.ForkServerContext, memory_bytes: int, seconds: float) -> None:
        self._pipe, theirs = context.Pipe()
        self._process: ForkServerProcess = context.Process(
            target=_serve, args=(theirs, memory_bytes, int(seconds) + 1), daemon=True
        )
        self._process.start()
        theirs.close()
        self._calls = 0

    def usable(self) -> bool:
        return self._calls < CALLS_PER_CHILD and self._process.is_alive()

    def call(self, task: tuple[Any, ...], seconds: float) -> tuple[bool, Any]:
        self._calls += 1
        try:
            self._pipe.send(task)
            if not self._pipe.poll(seconds):
                raise ExtractError(
                    f"reading this document took longer than {seconds:g} s and was stopped", code="timed_out"
                )
            answer: tuple[bool, Any] = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise ExtractError(
                "reading this document ended its process (out of memory or crashed)", code="killed"
            ) from error
        return answer

    def stop(self) -> None:
        self._pipe.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join(5)


def _serve(pipe: Connection, memory_bytes: int, cpu_seconds: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            function, args, kwargs = pipe.recv()
            _allow_cpu(cpu_seconds)
            pipe.send(_answer(function, args, kwargs))


def _allow_cpu(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, resource.RLIM_INFINITY))


def _answer(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[bool, Any]:
    try:
        return True, function(*args, **kwargs)
    except WatcherError as error:
        return False, error
    except MemoryError:
        return False, ExtractError("reading this document needs more memory than is allowed", code="too_large")
    except Exception as error:  # noqa: BLE001 - hostile input may raise anything; it becomes a named error
        return False, ExtractError(
            f"reading this document failed: {type(error).__name__}: {error}"[:500], code="damaged"
        )
