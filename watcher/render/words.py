"""How values are said to a person (times, outcomes, names), and how foreign text is made harmless to show."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from watcher.model.change import Change, ChangeKind
from watcher.model.source import Definition, Source, SourceState
from watcher.model.subjects import name_of

SUBJECT_LINE_LIMIT = 150

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT_FORMS = {"http": "HTTP", "dns": "DNS", "tls": "TLS", "ccw": "CCW", "url": "URL"}

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Overrides and isolates; soft hyphen, zero-width blanks, joiners and fillers, tags and interlinear marks.
_HIDDEN = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Scripts that are written with joiners and directional marks: there they are spelling, and stay.
_JOINING = re.compile("[\u0590-\u08ff\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff\u1800-\u18af\ufb1d-\ufdff\ufe70-\ufefe]")
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
_WORD = re.compile("[A-Za-z\u0370-\u04ff]{2,}")
_LATIN = re.compile("[A-Za-z]")
# Letters of Cyrillic and Greek that look like Latin ones (Unicode Technical Standard 39, confusables).
_LIKE_LATIN = re.compile("[аеорсухіјѕԁһАВЕКМНОРСТХУІЈЅαοντυρικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]")
_SCHEME = re.compile(r"(?<=[A-Za-z0-9]):(?=//|\\\\)")
_NAME_DOT = re.compile(r"(?<=\w)\.(?=[a-z]{2})")


def shown(text: str) -> str:
    """The text with every character that could hide or reorder its neighbours made visible.

    Control characters and lone surrogates become U+FFFD; directional overrides and characters without width become
    "[U+202E]" and the like, but for the joiners and marks that a script needs, beside its letters. In a word of Latin
    letters a Cyrillic or Greek one that looks like them is followed by its name: "Kа[U+0430]zakhstan".
    """
    visible = _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    if visible.isascii():
        return visible
    return _WORD.sub(_lookalikes, _HIDDEN.sub(_named, visible))


def _named(found: re.Match[str]) -> str:
    character, place, text = found[0], found.start(), found.string
    beside = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    if character in _JOINERS and _JOINING.search(beside):
        return character
    return f"[U+{ord(character):04X}]"


def _lookalikes(found: re.Match[str]) -> str:
    if not _LATIN.search(found[0]):
        return found[0]
    return _LIKE_LATIN.sub(lambda letter: f"{letter[0]}[U+{ord(letter[0]):04X}]", found[0])


def folded(text: str) -> str:
    """One line: shown as by `shown`, white space folded to single blanks."""
    return " ".join(shown(text).split())


def defanged(text: str) -> str:
    """Foreign text that no mail program turns into a link: "http[:]//host[.]example"."""
    return _NAME_DOT.sub("[.]", _SCHEME.sub("[:]", text))


def subject_line(text: str) -> str:
    """A mail subject: NFC, no control or format characters, one line, at most 150 characters."""
    one_line = " ".join(unicodedata.normalize("NFC", text).split())
    plain = "".join(char for char in one_line if unicodedata.category(char)[0] != "C")
    return clipped(" ".join(plain.split()), SUBJECT_LINE_LIMIT)


def clipped(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a blank where one is near, with "…" where something was cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    blank = head.rfind(" ")
    return (head[:blank] if blank > limit * 2 // 3 else head).rstrip() + "…"


def said(name: str) -> str:
    """A machine name in words: "not_party" is "not party", "http_error" is "HTTP error"."""
    return " ".join(_SHORT_FORMS.get(word, word) for word in name.replace("_", " ").split())


def said_date(moment: datetime) -> str:
    """A day: "3 May 2026" (UTC)."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"


def said_time(moment: datetime) -> str:
    """A moment to the minute: "3 May 2026, 14:05 UTC"."""
    return f"{said_date(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def said_period(start: datetime, end: datetime) -> str:
    """From one moment to another; within one minute with seconds: "3 May 2026, 14:05:07 to 14:05:41 UTC"."""
    if not within_a_minute(start, end):
        return f"{said_time(start)} to {said_time(end)}"
    if _second(start) == _second(end):
        return said_time(start)
    return f"{said_date(start)}, {_second(start)} to {_second(end)} UTC"


def said_between(start: datetime, end: datetime) -> str:
    """The same as part of a sentence: "between … and …", "on 3 May 2026 at 14:05 UTC"."""
    if not within_a_minute(start, end):
        return f"between {said_time(start)} and {said_time(end)}"
    if _second(start) == _second(end):
        return f"on {said_date(start)} at {start.astimezone(UTC):%H:%M} UTC"
    return f"on {said_date(start)} between {_second(start)} and {_second(end)} UTC"


def said_beside(moment: datetime, other: datetime) -> str:
    """A moment beside another one: to the second where the minute does not tell them apart."""
    if not within_a_minute(moment, other) or _second(moment) == _second(other):
        return said_time(moment)
    return f"{said_date(moment)}, {_second(moment)} UTC"


def within_a_minute(start: datetime, end: datetime) -> bool:
    """Whether two moments are the same to the minute."""
    return said_time(start) == said_time(end)


def _second(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def said_since(moment: datetime, *, now: datetime) -> str:
    """A moment that `now` looks back on: "08:29 UTC" of the same day, else with its day."""
    same = moment.astimezone(UTC).date() == now.astimezone(UTC).date()
    return f"{moment.astimezone(UTC):%H:%M} UTC" if same else said_time(moment)


def said_iso_date(text: str, *, short: bool = False) -> str:
    """An ISO date in words ("1997-12-03" is "3 December 1997", `short` "3 Dec 1997"); any other text as it is."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {_month(day, short=short)} {day.year}"


def said_step(old: str, new: str, *, short: bool = False) -> str:
    """From one ISO date to another, what both have in common once: "18 → 20 November 2026"."""
    try:
        before, after = date.fromisoformat(old), date.fromisoformat(new)
    except ValueError:
        return f"{said_iso_date(old, short=short) or 'no date'} → {said_iso_date(new, short=short)}"
    words = [str(before.day), _month(before, short=short), str(before.year)]
    common = 2 if before.year != after.year else 1 if before.month != after.month else 0
    return f"{' '.join(words[: common + 1])} → {said_iso_date(new, short=short)}"


def _month(day: date, *, short: bool) -> str:
    name = _MONTHS[day.month - 1]
    return name[:3] if short else name


def said_cadence(seconds: int) -> str:
    """A cadence in words: "every 6 hours"."""
    for length, unit in ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % length == 0:
            count = seconds // length
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return f"every {seconds} seconds"


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 Source", "45 Sources", "1 240 times"."""
    return f"{grouped(count)} {one if count == 1 else many or one + 's'}"


def grouped(count: int) -> str:
    """A number with a narrow no-break space between groups of three digits."""
    return f"{count:,}".replace(",", "\u202f")


def said_bytes(length: int) -> str:
    """A length in bytes as a person reads it: "14.2 kB"."""
    if length < 1000:
        return counted(length, "byte")
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if length >= size:
            return f"{length / size:.1f} {unit}"
    raise AssertionError("unreachable")


def title_of(source: Source) -> str:
    """What a Source is called: its title, or else its address, or else its id."""
    definition = source.definition
    return folded(definition.title) or folded(definition.url) or source.source_id


def presence_citation(definition: Definition, change: Change, *, archived_at: str) -> str:
    """How to cite that a document was not found, found again or redirected; "" for a Change of two texts."""
    if change.sequence is None:
        return ""
    found = "no document found" if change.kind is ChangeKind.DOCUMENT_WITHDRAWN else "found again"
    if any(part.name == "document_redirected" for part in change.judgement.parts):
        found = "redirected"
    title = folded(definition.title) or folded(definition.url)
    return f"{title}, {definition.url}: {found} on {said_time(change.captured_at)}, recorded at {archived_at}."


def why_no_diff(change: Change) -> str:
    """What stands in place of the passages of a Change without a Diff."""
    if change.sequence is not None:
        return "There is nothing to compare: the text cited under “before” is the last one known."
    if change.documents:
        return "What the list says beside its links is as before."
    return "The texts were not compared word by word."


def why_unchecked(source: Source) -> str:
    """What follows the name of a Source that nobody tried: the reason, where its state is one, or when it is tried."""
    if source.state is SourceState.ACTIVE and source.next_check_at is not None:
        return f": checked {said_cadence(source.definition.every_seconds)}, next {said_time(source.next_check_at)}"
    if source.state is not SourceState.QUARANTINED:
        return ""
    return f": in quarantine, its checks ended their worker; `watcher source resume {source.source_id}` tries it again"


def host_of(definition: Definition) -> str:
    """Where a Source's text comes from: the host of its address, or the publisher of an Upload."""
    try:
        host = urlsplit(definition.url).hostname
    except ValueError:
        host = None
    return host or folded(definition.publisher) or "an uploaded document"


def subject_name(alpha3: str) -> str:
    """The Subject's short name; "" for nobody."""
    return name_of(alpha3) if alpha3 else ""
