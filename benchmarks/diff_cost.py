"""How much more a Diff marks than the shortest one possible, on adjacent versions of real documents.

The cost of a Diff is the number of words and signs that it marks as deleted or inserted; blanks count nothing. A moved
Block costs nothing in `as_told`, because its words are told once and as unchanged, and counts as deleted and inserted
in `moves_as_edits`. The optimum is an exact longest common subsequence over the same tokens of the whole texts, which
cannot tell a move. Prints one JSON line: the ratio to the optimum over all pairs, its median, 95th percentile, worst,
and the share of pairs within one percent; of all pairs, of those that differ from each other (a page that flips between
two texts counts once), and of these the `edited` ones, in which the optimum keeps half of the words or more, apart from
the `replaced` ones, in which one text stands where another stood.

    python benchmarks/diff_cost.py ../shared/eval/histories [--pairs-of-a-document 12]
"""

from __future__ import annotations

import argparse
import json
import lzma
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

from rapidfuzz.distance import Indel

from watcher.diff import compare
from watcher.diff.words import tokens
from watcher.extract import extract
from watcher.model.change import Diff, HunkOp, WordOp
from watcher.model.document import Document


def main() -> None:
    """Measure the histories under a folder and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--pairs-of-a-document", type=int, default=12)
    parser.add_argument("--worst", type=int, default=3, help="How many of the worst pairs are named.")
    options = parser.parse_args()
    measured = [
        Measured(name=name, texts=frozenset((old.text, new.text)), **costs(old, new))
        for file in sorted(options.histories.rglob("*.jsonl.xz"))
        for name, old, new in pairs(file, options.pairs_of_a_document)
    ]
    every = [each for each in measured if each.optimum]
    distinct = list({each.texts: each for each in reversed(every)}.values())
    groups = {
        "every": every,
        "distinct": distinct,
        "edited": [each for each in distinct if each.optimum <= each.words / 2],
        "replaced": [each for each in distinct if each.optimum > each.words / 2],
    }
    found = {name: _summary(group, options.worst) for name, group in groups.items() if group}
    print(json.dumps({"benchmark": "diff_cost", **found}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One pair: the words and signs of both texts, and what the optimum and the Diff mark of them."""

    name: str
    texts: frozenset[str]
    words: int
    optimum: int
    as_told: int
    moves_as_edits: int


def costs(old: Document, new: Document) -> dict[str, int]:
    """The counts of a pair of Documents in words and signs."""
    told, moved = told_and_moved(compare(old, new))
    left, right = words(old.text), words(new.text)
    optimum = Indel.distance(left, right)
    return {"words": len(left) + len(right), "optimum": optimum, "as_told": told, "moves_as_edits": told + moved}


def words(text: str) -> list[str]:
    """The tokens of a text without blanks."""
    return [token for token in tokens(text) if not token.isspace()]


def told_and_moved(diff: Diff) -> tuple[int, int]:
    """The cost of what a Diff tells as changed, and what its moves would cost as deletions and insertions.

    Where a link leads is no word of the text. An unchanged part of a Block that was split, merged or wrapped anew
    stands where it stood: that is no move.
    """
    told = moved = 0
    parts_of_old = Counter(hunk.old_index for hunk in diff.hunks)
    parts_of_new = Counter(hunk.new_index for hunk in diff.hunks)
    for hunk in diff.hunks:
        if hunk.op is HunkOp.LINKED:
            continue
        if hunk.op is HunkOp.MOVED:
            in_place = parts_of_old[hunk.old_index] > 1 or parts_of_new[hunk.new_index] > 1
            moved += 0 if in_place else 2 * len(words(hunk.new))
        elif hunk.words:
            told += sum(len(words(edit.text)) for edit in hunk.words if edit.op is not WordOp.KEPT)
        else:
            told += len(words(hunk.old)) + len(words(hunk.new))
    return told, moved


def pairs(file: Path, most: int) -> Iterator[tuple[str, Document, Document]]:
    """Adjacent versions of one history that differ, spread evenly over it."""
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        versions = [json.loads(line) for line in lines]
    steps = [(each["old"], each["new"]) for each in versions if "old" in each]
    steps += pairwise(each["text"] for each in versions if "text" in each)
    differing = [(one, two) for one, two in steps if one != two]
    step = max(len(differing) / most, 1.0)
    for place in range(min(most, len(differing))):
        number = int(place * step)
        one, two = differing[number]
        yield f"{file.name.split('.jsonl')[0]}:{number}", document(one), document(two)


def document(text: str) -> Document:
    """The Document that a text is read as: JSON where it is JSON."""
    media_type = "application/json" if text.lstrip().startswith("{") else "text/plain"
    return extract(text.encode("utf-8", "surrogatepass"), media_type=media_type, charset="utf-8", name="")


def _summary(group: Sequence[Measured], worst: int) -> dict[str, object]:
    found: dict[str, object] = {"pairs": len(group)}
    optimum = sum(each.optimum for each in group)
    for label, cost in (("as_told", attrgetter("as_told")), ("moves_as_edits", attrgetter("moves_as_edits"))):
        ratios = sorted((cost(each) / each.optimum, each.name) for each in group)
        values = [ratio for ratio, _ in ratios]
        found[label] = {
            "total": round(sum(map(cost, group)) / optimum, 4),
            "median": round(statistics.median(values), 4),
            "within_one_percent": round(sum(value <= 1.01 for value in values) / len(values), 3),
            "percentile_95": round(values[int(len(values) * 0.95)], 4),
            "worst": [[name, round(ratio, 3)] for ratio, name in ratios[: -worst - 1 : -1]],
        }
    return found


if __name__ == "__main__":
    main()
