"""A few seconds of what `make fuzz` does for minutes, and its own honesty: a broken claim is found and kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def fuzz(target: str, folder: Path, *, first: str = "") -> tuple[int, dict[str, object]]:
    """Exit code and printed line of five seconds on one target; `first` is Python to run before."""
    program = f"import runpy, sys\n{first}\nsys.argv[0] = 'fuzz.py'\nrunpy.run_path('fuzz.py', run_name='__main__')"
    command = [sys.executable, "-c", program] if first else [sys.executable, "fuzz.py"]
    done = subprocess.run(
        [*command, target, "--minutes", "0.08", "--seed", "5", "--keep", folder],
        cwd=ROOT / "benchmarks",
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'benchmarks'}"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout, done.stderr[-2000:]
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("target", ["html", "docx", "feed", "csv"])
def test_a_few_seconds_of_broken_payloads_give_documents_or_named_errors(target: str, tmp_path: Path) -> None:
    code, report = fuzz(target, tmp_path)
    assert (code, report.get("finding")) == (0, None)
    assert report["outcomes"]["document"] > 0


def test_a_lost_word_is_found_and_its_payload_kept(tmp_path: Path) -> None:
    losing = "import fuzz_inputs\nfuzz_inputs._Words.next = lambda self: self.used.append('not-there') or 'there'"
    code, report = fuzz("csv", tmp_path, first=losing)
    assert code == 1
    assert report["finding"]["claim"] == "the word 'not-there' was lost"
    assert b"there" in Path(report["finding"]["file"]).read_bytes()
