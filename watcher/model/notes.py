"""Which source a footnote means that says only "Ibid.", "op. cit." or "see note 5". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from watcher.model.document import Block, BlockKind


class NoteReference(StrEnum):
    """How a footnote points at another one: to the one before it, by its author or title, or by its number."""

    IBIDEM = "ibidem"
    CITED_WORK = "cited_work"
    NUMBER = "number"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedNote:
    """A footnote that points at an earlier one.

    `place` and `meant` count the Blocks given, from 0; `meant` is None when no note can be told. `pinpoint` is the
    page or passage that it adds ("p. 4"), "" when none. `several` is True when the note meant names more than one
    source, parted by semicolons, so that a person has to choose.
    """

    place: int
    reference: NoteReference
    meant: int | None
    pinpoint: str = ""
    several: bool = False


_MARK = re.compile(r"\s*(?:\[[^\]\s]{1,6}\]|\(\d{1,3}\)|\d{1,3}[.)]?(?=\s)|[*\u2020\u2021\u00a7]{1,3})\s*")
_LEAD = re.compile(r"(?:see(?: also)?|cf\.?|voir|véase|см\.)[,:]?\s+", re.IGNORECASE)
_IBIDEM = re.compile(r"(?:ibid(?:em)?|ibíd(?:em)?|íd(?:em)?|idem|id\.|ebd|ebenda|там же)(?![\w])\.?", re.IGNORECASE)
_CITED_WORK = re.compile(r"[,.]?\s*(?:\b(?:op|loc)\.?\s*cit\b|\bук(?:аз)?\.\s*соч\b)\.?", re.IGNORECASE)
_NUMBER = re.compile(
    r"(?:\b(?:supra|above|infra)\s+)?\b(?:foot|end)?(?:note|n\.|nota|fn\.?)\s*(\d{1,3})(?:\s*(?:above|supra))?\b",
    re.IGNORECASE,
)
_BY_NUMBER = re.compile(r"\b(?:supra|above)\b", re.IGNORECASE)
_SOURCES = re.compile(r";\s+")
_LONGEST_NAME = 120


def resolve_notes(notes: Sequence[Block]) -> tuple[ResolvedNote, ...]:
    """The footnotes among `notes`, in their order, that point at an earlier one, each with the note that it means.

    Blocks of one note follow each other and share its `anchor`. "Ibid." means the note before; where that one is
    itself an "Ibid.", the note that it means. "Smith, op. cit." means the last earlier note that names Smith first.
    """
    starts = [at for at, note in enumerate(notes) if at == 0 or not note.anchor or note.anchor != notes[at - 1].anchor]
    bare = {at: _MARK.sub("", notes[at].text, count=1).strip() for at in starts}
    wholes: dict[int, int] = {}
    found: list[ResolvedNote] = []
    before: int | None = None
    for at in starts:
        resolved = _resolved(at, before, notes, bare, wholes)
        if resolved is not None:
            found.append(resolved)
        wholes[at] = at if resolved is None or resolved.meant is None else resolved.meant
        before = at
    return tuple(found)


def marks_meant(blocks: Sequence[Block]) -> dict[int, str]:
    """For each footnote of a Document that points at another: its place among `blocks`, and the mark of the other."""
    places = [at for at, block in enumerate(blocks) if block.kind is BlockKind.FOOTNOTE]
    notes = [blocks[at] for at in places]
    return {
        places[each.place]: notes[each.meant].anchor
        for each in resolve_notes(notes)
        if each.meant is not None and notes[each.meant].anchor
    }


def _resolved(
    at: int, before: int | None, notes: Sequence[Block], bare: dict[int, str], wholes: dict[int, int]
) -> ResolvedNote | None:
    """What one note points at, None for a note that names its source itself."""
    lead = _LEAD.match(bare[at])
    text = bare[at][lead.end() :] if lead else bare[at]
    same = _IBIDEM.match(text)
    if same:
        meant = wholes[before] if before is not None else None
        return _reference(at, NoteReference.IBIDEM, meant, _pinpoint(text[same.end() :]), bare)
    work = _CITED_WORK.search(_SOURCES.split(text, maxsplit=1)[0])
    if work:
        meant = _names_first(text[: work.start()], at, bare, wholes)
        return _reference(at, NoteReference.CITED_WORK, meant, _pinpoint(text[work.end() :]), bare)
    number = _NUMBER.search(text[:_LONGEST_NAME])
    if number and (_BY_NUMBER.search(number[0]) or (lead and number.start() == 0)):
        meant = next((wholes[each] for each in reversed(wholes) if notes[each].anchor == number[1]), None)
        return _reference(at, NoteReference.NUMBER, meant, _pinpoint(text[number.end() :]), bare)
    return None


def _reference(
    at: int, reference: NoteReference, meant: int | None, pinpoint: str, bare: dict[int, str]
) -> ResolvedNote:
    several = meant is not None and len(_SOURCES.split(bare[meant])) > 1
    return ResolvedNote(place=at, reference=reference, meant=meant, pinpoint=pinpoint, several=several)


def _names_first(written: str, at: int, bare: dict[int, str], wholes: dict[int, int]) -> int | None:
    """The last earlier note one of whose sources begins with, or failing that holds, the name that is written."""
    name = written.strip(" ,.:\u201c\u201d\"'").casefold()
    if not name:
        return None
    earlier = [each for each in reversed(wholes) if each < at and wholes[each] == each]
    for each in earlier:
        if any(source.casefold().startswith(name) for source in _SOURCES.split(bare[each])):
            return each
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return next((each for each in earlier if word.search(bare[each].casefold())), None)


def _pinpoint(rest: str) -> str:
    """What stands between the reference and the next source."""
    return _SOURCES.split(rest.strip(" ,"), maxsplit=1)[0].strip(" ,.")
