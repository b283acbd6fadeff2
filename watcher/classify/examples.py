"""The tests inside a pack: sentences with the stance that must be read in them."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.classify.pack import Example, Pack
from watcher.classify.positions import find_positions


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleResult:
    """One Example and what was read; `passed` says if that is what the pack expects."""

    example: Example
    passed: bool
    found: tuple[tuple[str, str], ...]


def check_examples(pack: Pack) -> tuple[ExampleResult, ...]:
    """Run every Example of a pack. One without an indicator passes when nothing is read."""
    results = []
    for example in pack.examples:
        positions = find_positions(example.text, subject=example.subject, pack=pack)
        found = tuple((position.indicator, position.stance) for position in positions)
        wanted = (example.indicator, example.stance)
        passed = not found if not example.indicator else wanted in found
        results.append(ExampleResult(example=example, passed=passed, found=found))
    return tuple(results)
