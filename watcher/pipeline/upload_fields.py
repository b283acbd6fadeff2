"""What a person says of a document that is handed in: each field by name, judged here for every way in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from watcher.errors import ConfigError
from watcher.model.instruments import INSTRUMENTS, instrument_of
from watcher.model.subjects import subject_of

SHORT, LONG = 300, 2000
TEXT_FIELDS = {
    "title": SHORT,
    "author": SHORT,
    "addressee": SHORT,
    "publisher": SHORT,
    "reference": SHORT,
    "language": 35,
    "provenance": LONG,
    "handed_in_by": 100,
    "source": 80,
}
LISTS = ("subject", "instrument")
FIELDS = (*TEXT_FIELDS, "date", *LISTS)
EARLIEST_YEAR = 1000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A document as the person who hands it in describes it; "" and empty where nothing was said.

    `dated_on` is the document's own date. `source_id` names the Upload of which this is a further version.
    """

    title: str = ""
    author: str = ""
    addressee: str = ""
    publisher: str = ""
    reference: str = ""
    language: str = ""
    provenance: str = ""
    handed_in_by: str = ""
    source_id: str = ""
    dated_on: date | None = None
    subjects: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()


def describe(given: Mapping[str, Sequence[str]]) -> Described:
    """The description that named fields give. ConfigError names in `key` the first field that is unknown or wrong.

    `subject` and `instrument` may come several times, or hold several names with ";" between them.
    """
    for name in given:
        if name not in FIELDS:
            raise ConfigError(f"{name[:60]!r} is no field that can be set; known are {', '.join(FIELDS)}", key=name)
    texts = {name: _text(name, given.get(name, ()), limit) for name, limit in TEXT_FIELDS.items()}
    language, source_id = texts.pop("language"), texts.pop("source")
    if language and not _LANGUAGE.fullmatch(language):
        raise ConfigError(f"{language!r} is no language tag: write en, fr, ru, pt-BR", key="language")
    return Described(
        **texts,
        source_id=source_id,
        language=language,
        dated_on=_day(_text("date", given.get("date", ()), SHORT)),
        subjects=tuple(dict.fromkeys(_subject(name) for name in _names(given.get("subject", ())))),
        instruments=tuple(dict.fromkeys(_instrument(name) for name in _names(given.get("instrument", ())))),
    )


def _text(name: str, values: Sequence[str], limit: int) -> str:
    if len(values) > 1:
        raise ConfigError(f"{name} is given {len(values)} times; it is wanted once", key=name)
    text = " ".join("".join(values).split())
    if not text.isprintable():
        raise ConfigError(f"{name} holds a character that cannot be shown; type it anew", key=name)
    if len(text) > limit:
        raise ConfigError(f"{name} has {len(text)} characters; at most {limit} are kept", key=name)
    return text


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise ConfigError(f"{text!r} is no day: write the document's date as 2000-04-19", key="date")
    if day.year < EARLIEST_YEAR:
        raise ConfigError(f"{text!r} lies too far back: is the year right?", key="date")
    return day


def _names(values: Sequence[str]) -> Iterator[str]:
    for value in values:
        yield from (part.strip() for part in value.split(";") if part.strip())


def _subject(name: str) -> str:
    found = subject_of(name)
    if found is None:
        raise ConfigError(f"{name[:80]!r} is no State that is known here: write KAZ or Kazakhstan", key="subject")
    return found


def _instrument(name: str) -> str:
    found = instrument_of(name)
    if found is None:
        known = ", ".join(instrument.code for instrument in INSTRUMENTS)
        raise ConfigError(f"{name[:80]!r} is no treaty that is known here; known are {known}", key="instrument")
    return found
