"""Whether real votes are read as they were cast: prints one JSON line for each form, then one for all.

.venv/bin/python benchmarks/votes.py [--data ../shared/eval] [--misses 5]

The roll calls of `unga_votes.csv` are written as pages in the forms that governments and the United Nations use, read
by the product, and compared row by row. `wrong` are votes read that nobody cast.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from watcher.classify import Pack, document_positions
from watcher.extract import extract
from watcher.model.subjects import name_of, subject_of
from watcher.settings import load_pack

ROOT = Path(__file__).resolve().parents[1]
PACKS = {"mine_ban": "mine_action", "cluster_munitions": "cluster_munitions"}
WORDS = {"yes": "Yes", "no": "No", "abstain": "Abstain", "absent": "Absent"}
LETTERS = {"yes": "Y", "no": "N", "abstain": "A", "absent": "X"}
LABELS = {
    "en": {"yes": "In favour", "no": "Against", "abstain": "Abstaining", "absent": "Absent"},
    "fr": {"yes": "Pour", "no": "Contre", "abstain": "Abstentions", "absent": "Absents"},
    "es": {"yes": "A favor", "no": "En contra", "abstain": "Abstenciones", "absent": "Ausentes"},
}
SAID = {
    "yes": "{} voted in favour of resolution {} on {}.",
    "no": "{} voted against resolution {} on {}.",
    "abstain": "{} abstained from voting on resolution {} on {}.",
    "absent": "{} was absent from the vote on resolution {} on {}.",
}
TOGETHER = {
    "yes": "{} voted for resolution {}.",
    "no": "{} voted against resolution {}.",
    "abstain": "{} abstained on resolution {}.",
    "absent": "{} did not participate in the vote on resolution {}.",
}
_RESOLUTION = re.compile(r"\d\d/\d{1,3}(?: ?[A-Z]\b)?")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: HTML or CSV, whose page it is, the resolution that it is about where it is about one."""

    body: str
    subject: str
    resolution: str
    votes: frozenset[tuple[str, str, str]]
    media_type: str = "text/html"


Calls = dict[str, dict[str, str]]


def roll_calls(data: Path, family: str) -> tuple[Calls, dict[str, str]]:
    """{resolution: {State: vote}} of one family, and the day of each resolution."""
    calls: Calls = defaultdict(dict)
    days = {}
    with (data / "unga_votes.csv").open(newline="", encoding="utf-8") as file:
        for row in (row for row in csv.DictReader(file) if row["family"] == family):
            number = row["resolution"].removeprefix("A/RES/")
            days[number] = row["date"]
            state = subject_of(row["country"])
            if state is None:
                raise SystemExit(f"{row['country']} is no Subject that the product knows")
            calls[number][state] = row["vote"]
    return calls, days


def _rows(cells: list[list[str]], head: list[str]) -> str:
    first = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    rest = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in cells)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{rest}</tbody></table>"


def _page(heading: str, body: str) -> str:
    return f"<html><head><title>Voting</title></head><body><h1>{escape(heading)}</h1>{body}</body></html>"


def _all(calls: Calls, numbers: list[str]) -> frozenset[tuple[str, str, str]]:
    return frozenset((state, number, vote) for number in numbers for state, vote in calls[number].items())


def _by_vote(votes: dict[str, str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {vote: [] for vote in WORDS}
    for state, vote in votes.items():
        grouped[vote].append(name_of(state))
    return grouped


def _of_each(calls: Calls, number: str) -> Iterator[tuple[str, str]]:
    """(form, page body) of the forms that show one resolution."""
    votes = calls[number]
    heading = f"Recorded vote on resolution {number}"
    words = [[name_of(state), WORDS[vote]] for state, vote in votes.items()]
    yield "table", _page(heading, _rows(words, ["Member State", "Vote"]))
    marked = [[name_of(state), *("x" if vote == one else "" for one in WORDS)] for state, vote in votes.items()]
    yield "table of marks", _page(heading, _rows(marked, ["State", *LABELS["en"].values()]))
    grouped = _by_vote(votes)
    for language, labels in LABELS.items():
        lists = "".join(
            f"<p><i>{labels[vote]}</i>: {escape(', '.join(states)) or 'None'}.</p>" for vote, states in grouped.items()
        )
        yield f"lists ({language})", _page(heading, lists)
    items = "".join(
        f"<h2>{LABELS['en'][vote]} ({len(states)})</h2><ul>{''.join(f'<li>{escape(one)}</li>' for one in states)}</ul>"
        for vote, states in grouped.items()
    )
    yield "headed lists", _page(heading, items)
    lines = [f"{LETTERS[vote]} {name_of(state).upper()}" for state, vote in votes.items()]
    yield "letters", _page(heading, "".join(f"<div>{escape(line)}</div>" for line in lines))
    yield "letters in lines", _page(heading, f"<pre>{escape(chr(10).join(lines))}</pre>")
    beside = ", ".join(f"{name_of(state)} ({LETTERS[vote]})" for state, vote in votes.items())
    yield "letters in brackets", _page(heading, f"<p>{escape(beside)}</p>")
    told = "".join(
        f"<p>{escape(TOGETHER[vote].format(_joined(states), number))}</p>" for vote, states in grouped.items() if states
    )
    yield "prose of many", _page("Voting in the General Assembly", told)


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _of_all(calls: Calls, days: dict[str, str]) -> Iterator[tuple[str, Page]]:
    """(form, page) of the forms that show several resolutions."""
    numbers = list(calls)
    states = sorted({state for votes in calls.values() for state in votes})
    cells = [
        [name_of(state), *(LETTERS.get(calls[number].get(state, ""), "") for number in numbers)] for state in states
    ]
    head = ["State", *(f"A/RES/{number}" for number in numbers)]
    everything = _all(calls, numbers)
    yield "table of years", Page(_page("Voting record", _rows(cells, head)), "", "", everything)
    table = "\n".join(",".join(row) for row in [head, *([cell.replace(",", " ") for cell in row] for row in cells)])
    yield "table of years (csv)", Page(table, "", "", everything, "text/csv")
    for state in states:
        own = [(number, calls[number][state]) for number in numbers if state in calls[number]]
        votes = frozenset((state, number, vote) for number, vote in own)
        rows = [[f"A/RES/{number}", days[number], WORDS[vote]] for number, vote in own]
        heading = f"{name_of(state)} in the General Assembly"
        yield "own table", Page(_page(heading, _rows(rows, ["Resolution", "Date", "Vote"])), state, "", votes)
        items = "".join(
            f"<li>Resolution {number} ({days[number]}): {LABELS['en'][vote].lower()}</li>" for number, vote in own
        )
        yield "own list", Page(_page(heading, f"<ul>{items}</ul>"), state, "", votes)
        told = "".join(
            f"<p>{escape(SAID[vote].format(name_of(state), number, days[number]))}</p>" for number, vote in own
        )
        yield "prose", Page(_page(heading, told), state, "", votes)


def pages(calls: Calls, days: dict[str, str]) -> Iterator[tuple[str, Page]]:
    """Every form of every roll call."""
    for number in calls:
        for form, body in _of_each(calls, number):
            yield form, Page(body, "", number, _all(calls, [number]))
    yield from _of_all(calls, days)


def votes_read(page: Page, pack: Pack) -> frozenset[tuple[str, str, str]]:
    """(State, resolution, vote) of what the product reads; the number stands in the rule, the passage or over all."""
    document = extract(page.body.encode(), media_type=page.media_type, charset="utf-8")
    found = set()
    for one in document_positions(document, subject=page.subject, pack=pack):
        if one.indicator == "vote":
            named = _RESOLUTION.search(one.rule) or _RESOLUTION.search(one.passage)
            found.add((one.subject, page.resolution or (named[0] if named else ""), one.stance))
    return frozenset((state, number.replace(" ", ""), vote) for state, number, vote in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "eval")
    parser.add_argument("--misses", type=int, default=0, help="how many misread votes of each form to print")
    options = parser.parse_args()
    if not (options.data / "unga_votes.csv").exists():
        raise SystemExit(f"{options.data} is not here; name the folder of recorded votes with --data")
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for family, name in PACKS.items():
        pack, _ = load_pack(ROOT / "config" / "indicators", name)
        for form, page in pages(*roll_calls(options.data, family)):
            read = votes_read(page, pack)
            results = (len(page.votes), len(page.votes & read), len(read - page.votes))
            for place, count in enumerate(results):
                counts[form][place] += count
            if options.misses and read != page.votes and results[0] + results[2]:
                missed, wrong = sorted(page.votes - read), sorted(read - page.votes)
                print(form, page.resolution, "missed", missed[: options.misses], "wrong", wrong[: options.misses])
    for form, (rows, right, wrong) in counts.items():
        print(json.dumps({"form": form, "votes": rows, "read": round(right / rows, 4), "wrong": wrong}))
    rows, right, wrong = (sum(each[place] for each in counts.values()) for place in range(3))
    print(json.dumps({"benchmark": "votes", "votes": rows, "read": round(right / rows, 4), "wrong": wrong}))


if __name__ == "__main__":
    main()
