"""Real files give text or a named error in their time: a sample of what benchmarks/corpora.py reads whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("collection", "every", "files", "readable"),
    [("charsets", 8, 50, 1.0), ("feeds", 25, 80, 0.9), ("robots", 25, 160, 1.0), ("documents", 7, 9, 0.5)],
)
def test_real_files_are_read_or_refused_by_name(
    shared: Path, collection: str, every: int, files: int, readable: float
) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "corpora.py", collection, "--every", str(every)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout, done.stderr[-2000:]
    counts = json.loads(done.stdout)["results"][collection]
    assert (done.returncode, counts["wrong"]) == (0, {})
    assert counts["files"] >= files
    assert counts.get("text", counts.get("read", 0)) >= readable * counts["files"]
