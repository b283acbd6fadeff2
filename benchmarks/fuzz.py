"""Hunts for payloads that an extractor does not survive, with made and with mutated documents.

Whatever the bytes, a reading gives a Document with text or an ExtractError, gives the same when repeated, ends within
its time and memory, and keeps every word that a made document holds. Each reading runs in a child process that can be
killed. Prints one JSON line for each target; ends with code 1 when something was found: the smallest payload that
shows it is written to a file, and should become a test.

    python benchmarks/fuzz.py [html docx feed csv] [--minutes 10] [--seed 1] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzz_inputs import TARGETS, Case
from fuzz_reading import Observed, observe
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from watcher.errors import ExtractError
from watcher.isolation import ChildPool

BATCH = 100
CHILD_SECONDS = 20.0
CHILD_MEMORY = 1024**3


class FoundError(AssertionError):
    """A claim that a payload contradicts."""

    def __init__(self, claim: str, case: Case) -> None:
        super().__init__(claim)
        self.claim = claim
        self.case = case


@dataclass(kw_only=True, slots=True)
class _Hunt:
    """One target's run: when it ends, and what it saw."""

    children: ChildPool
    ends_at: float
    outcomes: Counter[str] = field(default_factory=Counter)

    def judge(self, case: Case) -> None:
        """Read one payload; FoundError when a claim does not hold."""
        if time.monotonic() > self.ends_at:
            return
        try:
            seen = self._observed(case)
        except ExtractError as error:
            raise FoundError(f"the child was lost: {error}", case) from error
        self.outcomes[seen.code or "document"] += 1
        problem = seen.problem or _lost(case, seen)
        if problem:
            raise FoundError(problem, case)

    def _observed(self, case: Case) -> Observed:
        """What a child tells; one that ran out of time may have waited for the machine, so it has a second try."""
        try:
            return self.children.run(observe, case.payload, case.media_type)
        except ExtractError as error:
            if error.code != "timed_out":
                raise
        self.outcomes["second try"] += 1
        return self.children.run(observe, case.payload, case.media_type)


def main() -> None:
    """Hunt on each target in turn and print its line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()))
    asked = parser.parse_args()
    found = 0
    for name in asked.targets or TARGETS:
        report = _run(name, TARGETS[name](), minutes=asked.minutes, first_seed=asked.seed, keep=asked.keep)
        found += "finding" in report
        print(json.dumps(report), flush=True)
    sys.exit(1 if found else 0)


def _run(name: str, cases: SearchStrategy[Case], *, minutes: float, first_seed: int, keep: Path) -> dict[str, object]:
    started = time.monotonic()
    report: dict[str, object] = {"benchmark": "fuzz", "target": name, "seed": first_seed}
    with ChildPool(size=1, seconds=CHILD_SECONDS, memory_bytes=CHILD_MEMORY) as children:
        hunt = _Hunt(children=children, ends_at=started + 60 * minutes)
        number = first_seed
        try:
            while time.monotonic() < hunt.ends_at:
                _batch(cases, hunt, number)
                number += 1
        except FoundError as finding:
            keep.mkdir(parents=True, exist_ok=True)
            path = keep / f"fuzz-{name}-{number}.payload"
            path.write_bytes(finding.case.payload)
            report["finding"] = {"claim": finding.claim, "file": str(path), "media_type": finding.case.media_type}
    return report | {
        "payloads": hunt.outcomes.total(),
        "outcomes": dict(hunt.outcomes),
        "seconds": round(time.monotonic() - started, 1),
    }


def _batch(cases: SearchStrategy[Case], hunt: _Hunt, number: int) -> None:
    """Payloads drawn from one seed; a FoundError is raised with the smallest payload that shows it."""

    @seed(number)
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )
    @given(cases)
    def each(case: Case) -> None:
        hunt.judge(case)

    each()


def _lost(case: Case, seen: Observed) -> str:
    """The first word of a made document that was not read, "" when all were."""
    if seen.code:
        return f"a made document was refused: {seen.message}" if case.words else ""
    missing = next((word for word in case.words if word not in seen.text), "")
    return f"the word {missing!r} was lost" if missing else ""


if __name__ == "__main__":
    main()
