"""A bound on the time that a benchmark may take."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def bounded(seconds: float, folder: Path) -> Iterator[None]:
    """End this process with code 1, and remove `folder`, when the block takes longer."""

    def end() -> None:
        print(f"still running after {seconds:g} s: ended", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
