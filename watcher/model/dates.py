"""Dates as documents write them: a day, a month by its name, a year, or ISO 8601. Pure."""

from __future__ import annotations

import re

_MONTH_WORDS = (
    "jan(?:uary|vier)?|enero|январ[ья]",
    "feb(?:ruary|rero)?|f[ée]vrier|феврал[ья]",
    "mar(?:ch|s|zo)?|марта?",
    "apr(?:il)?|avril|abril|апрел[ья]",
    "may|mai|mayo|ма[йя]",
    "june?|juin|junio|июн[ья]",
    "july?|juillet|julio|июл[ья]",
    "aug(?:ust)?|ao[uû]t|agosto|августа?",
    "sept?(?:ember|embre|iembre)?|сентябр[ья]",
    "oct(?:ober|obre|ubre)?|октябр[ья]",
    "nov(?:ember|embre|iembre)?|ноябр[ья]",
    "dec(?:ember)?|d[ée]cembre|diciembre|декабр[ья]",
)
# The name of a month in English, French, Spanish or Russian, for an expression that ignores case.
MONTH = "(?:" + "|".join(_MONTH_WORDS) + r")\b\.?"
_MONTHS = tuple(re.compile(rf"(?:{words})\.?", re.IGNORECASE) for words in _MONTH_WORDS)
_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_DAY_FIRST = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|er)?\s+(?:of\s+|de\s+)?(?P<month>{MONTH}),?\s+(?:de\s+)?(?P<year>\d{{4}})\b",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b", re.IGNORECASE
)

_HYPHENATED = re.compile(
    rf"(?<![\w-])(?P<day>\d{{1,2}})-(?P<month>{MONTH})-(?P<year>\d{{4}}|\d{{2}})(?![\d-])", re.IGNORECASE
)
_FIRST_OF_LAST_CENTURY = 40  # of years of two figures: 40 is 1940, 39 is 2039


def month_number(word: str) -> int:
    """1 for January in any of the languages, short or long; 0 for what is no month."""
    return next((number for number, month in enumerate(_MONTHS, start=1) if month.fullmatch(word)), 0)


def iso_date(text: str) -> str:
    """The first date in a text as YYYY-MM-DD, or "" when there is none; ISO 8601 goes before other forms.

    A year of two figures is read in "25-Jun-25" alone, as one of 1940 to 2039.
    """
    for form in (_ISO, _DAY_FIRST, _MONTH_FIRST, _HYPHENATED):
        for match in form.finditer(text):
            date = _as_iso(match)
            if date:
                return date
    return ""


def plain_dates(text: str) -> str:
    """The text with every date that names its day, month and year written as YYYY-MM-DD.

    Dates in figures alone (03/04/2007) stay: which of them is the month is not known.
    """
    for form in (_DAY_FIRST, _MONTH_FIRST):
        text = form.sub(lambda match: _as_iso(match) or match[0], text)
    return text


def _as_iso(match: re.Match[str]) -> str:
    year, month, day = match["year"], match["month"], match["day"]
    if len(year) == 2:
        year = f"{'19' if int(year) >= _FIRST_OF_LAST_CENTURY else '20'}{year}"
    number = int(month) if month.isdigit() else month_number(month)
    return f"{int(year):04d}-{number:02d}-{int(day):02d}" if 1 <= number <= 12 and 1 <= int(day) <= 31 else ""
