"""The dates that a passage itself names: "in April 2000", "from 6 of August 1997", "as it had in 1997 and 1998". Pure.

A resolution of the UN General Assembly dates too: "54/54B" is of the 54th session, which opened in 1945 + 54
(symbols of this form are used since the 31st session, 1976).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from watcher.model.dates import MONTH, month_number

_YEAR = r"(?<![\d/.])(?:19|20)\d\d(?![\d/])"
_DATE = re.compile(
    rf"(?P<day>\b\d{{1,2}})(?:st|nd|rd|th|er)?\s+(?:of\s+|de\s+)?(?P<month>{MONTH}),?\s+(?:de\s+)?(?P<year>{_YEAR})"
    rf"|\b(?P<month_first>{MONTH})\s+(?P<second_day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<second_year>{_YEAR})"
    rf"|\b(?P<only_month>{MONTH}),?\s+(?:de\s+)?(?P<third_year>{_YEAR})"
    r"|(?:\bresolutions?|\brésolutions?|\bresoluci[oó]n(?:es)?|\bрезолюци\w*|\bA/RES/?)\s*(?:A/RES/)?"
    r"(?P<session>\d{2})/\d{1,3} ?[A-Z]?\b"
    rf"|(?P<bare>{_YEAR})",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:(?P<since>since|from|as of|depuis|à partir de|desde|с)"
    r"|in|during|until|before|after|of|by|on|late|early|en|durante|в|до)\s+(?:the\s+|le\s+|el\s+)?$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,|and|or|to|et|y|и|-|–|, and)\s*(?:in\s+|of\s+)?", re.IGNORECASE)
# "for the first time since 2005" says how long ago it was last so, and dates nothing.
_LAST_SO = re.compile(
    r"\b(?:(?:the|its|their|a)\s+first\s+(?:\w+\s+){0,2}since|first\s+time\s+(?:\w+\s+){0,5}since"
    r"|premi[eè]re\s+fois\s+(?:\w+\s+){0,3}depuis|primera\s+vez\s+(?:\w+\s+){0,3}desde|впервые\s+(?:\w+\s+){0,3}с)\s+"
    r"(?:[^\s,;.\d]+\s+){0,3}$",
    re.IGNORECASE,
)
_LOOKED_BACK = 160  # characters
_FIRST_SESSION = 31


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedDate:
    """A date as a passage gives it: `month` and `day` are 0 where it names none, `since` marks a beginning."""

    year: int
    month: int = 0
    day: int = 0
    since: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        """What dates are put in order by; a date that is less exact comes first."""
        return (self.year, self.month, self.day)

    def __str__(self) -> str:
        """The date as far as it is known, as in ISO 8601: 1997-08-06, 2000-04, 1996."""
        return "-".join(
            [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part)][: 3 if self.month else 1]
        )


def stated_dates(passage: str) -> tuple[StatedDate, ...]:
    """The dates that a passage names, in order of time, each once.

    A year alone counts after a preposition ("in 1996") or joined to a date that counts ("1997 and 1998"), so that
    "the 1980 Convention" dates nothing. The year after "for the first time since" does not count either.
    """
    found: dict[tuple[int, int, int], StatedDate] = {}
    counted_to = -1
    for match in _DATE.finditer(passage):
        before = _BEFORE.search(passage[: match.start()])
        if _LAST_SO.search(passage, max(0, match.start() - _LOOKED_BACK), match.start()):
            continue
        joined = counted_to >= 0 and _JOINED.fullmatch(passage[counted_to : match.start()])
        if match["bare"] and not before and not joined:
            continue
        read = _read(match, since=bool(before and before["since"]))
        if read is not None:
            counted_to = match.end()
            found.setdefault(read.order, read)
    return tuple(found[order] for order in sorted(found))


def heading_dates(heading: str) -> tuple[StatedDate, ...]:
    """The dates that a heading names, where a year or the number of a resolution may stand alone ("51/45 S")."""
    return stated_dates(heading) or stated_dates(f"in {heading}") or stated_dates(f"resolution {heading}")


def _read(match: re.Match[str], *, since: bool) -> StatedDate | None:
    if match["session"]:
        session = int(match["session"])
        return StatedDate(year=1945 + session) if session >= _FIRST_SESSION else None
    year = int(match["year"] or match["second_year"] or match["third_year"] or match["bare"])
    word = match["month"] or match["month_first"] or match["only_month"] or ""
    month = month_number(word)
    day = int(match["day"] or match["second_day"] or 0)
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    return StatedDate(year=year, month=month, day=day, since=since)
