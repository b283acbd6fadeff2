"""Citation watch: the notes of a report bound to Sources, and what a Change means for the sentences they rest on.

Reports and bindings are acts: the audit trail, and with it the ledger, holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from watcher.diff.anchor import Stands, anchors_of, find_again
from watcher.errors import ExtractError, NotFoundError, RefusedError
from watcher.model.capture import Version
from watcher.model.change import ChangeKind, Severity, SignificancePart
from watcher.model.citations import Binding, BoundNote, Note, Rests, address_in, citing_words, read_notes
from watcher.model.source import Source
from watcher.pipeline.compare import TOLD_KINDS, Comparison
from watcher.pipeline.ports import Rooms
from watcher.pipeline.register import plain, record_act
from watcher.store import audit, sources, versions
from watcher.store.database import Connection
from watcher.store.types import from_json

ADD, BIND, UNBIND = "citation.add", "citation.bind", "citation.unbind"
GONE_POINTS, REWORDED_POINTS = 0.5, 0.4


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedNote:
    """A note of a report with the bindings of the works that it cites; `unbound` are the marks of the other works."""

    note: Note
    bindings: tuple[Binding, ...]
    unbound: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A report whose notes are watched."""

    source: Source
    notes: tuple[WatchedNote, ...]


def add_report(rooms: Rooms, report_id: str, *, user: str) -> Report:
    """Watch the notes of a Source's newest Document, and bind those that give a Source's address or number.

    RefusedError when it has no numbered notes.
    """
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, report_id)
        notes = _notes(connection, source)
        every = sources.list_sources(connection)
        known = report_id in _report_ids(connection)
    if not known:
        with rooms.database.writing() as connection:
            record_act(rooms, connection, user=user, action=ADD, target=report_id, after={"notes": len(notes)})
    for note in notes:
        if note.works == (note.mark,):
            match = _named_source(note.text, [each for each in every if each.source_id != report_id])
            if match is not None:
                bind(rooms, report_id, note.mark, match.source_id, user=user)
    return show_report(rooms, report_id)


def show_report(rooms: Rooms, report_id: str) -> Report:
    """A watched report with its notes. NotFoundError when its notes are not watched."""
    with rooms.database.reading() as connection:
        if report_id not in _report_ids(connection):
            raise NotFoundError(
                f"the notes of {report_id!r} are not watched; `watcher citations add` takes a file, or --source"
            )
        return _report(connection, report_id)


def list_reports(rooms: Rooms) -> list[Report]:
    """All reports whose notes are watched, in the order in which they were added."""
    with rooms.database.reading() as connection:
        return [_report(connection, report_id) for report_id in _report_ids(connection)]


def bind(rooms: Rooms, report_id: str, mark: str, source_id: str, *, user: str) -> Binding:
    """Say that the work that note `mark` cites is a Source: all notes that cite the work are bound with it.

    RefusedError when the note cites several works, or the Source has no text yet.
    """
    with rooms.database.reading() as connection:
        report = sources.get_source(connection, report_id)
        notes = _notes(connection, report)
        source = sources.get_source(connection, source_id)
        version = _newest(connection, source_id)
    work = _work(notes, mark)
    if version is None or version.document is None:
        raise RefusedError(f"{source_id} has no text yet: check it first, then bind note {mark}")
    text = version.document.text
    citing = [note for note in notes if work in note.works]
    binding = Binding(
        report_id=report_id,
        report_title=report.definition.title or report_id,
        mark=work,
        source_id=source.source_id,
        notes=rooms.children.run(bound_notes, citing, text),
    )
    with rooms.database.writing() as connection:
        record_act(
            rooms, connection, user=user, action=BIND, target=source_id, after={"binding": plain(asdict(binding))}
        )
    return binding


def unbind(rooms: Rooms, report_id: str, mark: str, source_id: str, *, user: str) -> None:
    """Say that a work is not that Source after all."""
    with rooms.database.writing() as connection:
        there = [
            each for each in bindings_to(connection, source_id) if (each.report_id, each.mark) == (report_id, mark)
        ]
        if not there:
            raise NotFoundError(f"note {mark} of {report_id} is not bound to {source_id}")
        after = {"report_id": report_id, "mark": mark}
        record_act(rooms, connection, user=user, action=UNBIND, target=source_id, after=after)


def bound_notes(notes: Sequence[Note], text: str) -> tuple[BoundNote, ...]:
    """Notes with the passages of a Source's text that they quote or paraphrase. Pure; runs in a child process."""
    found = []
    for note in notes:
        quoted = tuple(
            dict.fromkeys(anchor for quote in note.quotes for anchor in anchors_of(text, quote, quoted=True))
        )
        anchors = quoted or (anchors_of(text, note.sentence, quoted=False) if note.sentence else ())
        rests = Rests.QUOTES if quoted else Rests.PARAPHRASES if anchors else Rests.CITES
        found.append(BoundNote(mark=note.mark, text=note.text, sentence=note.sentence, rests=rests, anchors=anchors))
    return tuple(found)


def bindings_to(connection: Connection, source_id: str) -> list[Binding]:
    """What reports rest on a Source, each work as it was bound last."""
    return _bindings(audit.list_acts(connection, (BIND, UNBIND), target=source_id))


def with_citations(rooms: Rooms, source: Source, old: Version, new: Version, comparison: Comparison) -> Comparison:
    """A Comparison with a part for each note that rests on the Source; it may become graver, never less grave."""
    if comparison.kind not in TOLD_KINDS or comparison.kind is ChangeKind.LINK_TARGET:
        return comparison
    with rooms.database.reading() as connection:
        bindings = bindings_to(connection, source.source_id)
    if not bindings or old.document is None or new.document is None:
        return comparison
    if comparison.kind is ChangeKind.DOCUMENT_WITHDRAWN:
        parts = [_part(f"{_cited_by(each)}, which was withdrawn", 0.0) for each in bindings]
    elif old.document.text == new.document.text:
        return comparison
    else:
        try:
            parts = rooms.children.run(citation_parts, bindings, old.document.text, new.document.text)
        except ExtractError as error:
            parts = [_part(f"{_cited_by(each)}; its passages could not be compared: {error}", 0.0) for each in bindings]
    judgement = comparison.judgement
    grave = any(part.points > 0 for part in parts)
    severity = max(judgement.severity, Severity.MAJOR if grave else judgement.severity, key=lambda one: one.rank)
    significance = min(1.0, round(judgement.significance + sum(part.points for part in parts), 4))
    return replace(
        comparison,
        judgement=replace(judgement, severity=severity, significance=significance, parts=(*judgement.parts, *parts)),
    )


def citation_parts(bindings: Sequence[Binding], old_text: str, new_text: str) -> list[SignificancePart]:
    """What became of the passages that notes rest on, from one text to the next. Pure; runs in a child process."""
    parts: list[SignificancePart] = []
    untouched: list[str] = []
    for binding in bindings:
        standing = []
        for note in binding.notes:
            part = _note_part(binding, note, old_text, new_text)
            if part is None:
                standing.append(note)
            else:
                parts.append(part)
        kept = [note for note in standing if any(find_again(old_text, anchor).anchor for anchor in note.anchors)]
        for notes, what in (
            (kept, "what is rested on stands as it was"),
            ([note for note in standing if note.anchors and note not in kept], "what is rested on was gone before"),
            ([note for note in standing if not note.anchors], "no sentence of it was found to rest on"),
        ):
            if notes:
                untouched.append(f"{_cited_by(replace(binding, notes=tuple(notes)))}; {what}")
    return [*parts, *(_part(name, 0.0) for name in untouched)]


def _note_part(binding: Binding, note: BoundNote, old_text: str, new_text: str) -> SignificancePart | None:
    cites = citing_words([note.mark], binding.report_title)
    reworded: SignificancePart | None = None
    for anchor in note.anchors:
        before = find_again(old_text, anchor)
        if before.anchor is None:
            continue
        now = find_again(new_text, before.anchor)
        if now.stands is Stands.GONE:
            name = f"{cites}; the sentence it rests on is gone"
            return _part(name, GONE_POINTS, before.anchor.exact)
        if now.stands is Stands.REWORDED and now.anchor is not None and reworded is None:
            name = f"{cites}; the sentence it rests on was reworded, it reads now"
            reworded = _part(name, REWORDED_POINTS, now.anchor.exact)
    return reworded


def _part(name: str, points: float, passage: str = "") -> SignificancePart:
    return SignificancePart(name=name, points=points, passage=passage)


def _cited_by(binding: Binding) -> str:
    return citing_words([note.mark for note in binding.notes], binding.report_title)


def _bindings(entries: Iterable[audit.AuditEntry]) -> list[Binding]:
    found: dict[tuple[str, str, str], Binding] = {}
    for entry in entries:
        if entry.action == BIND and entry.after:
            binding = from_json(_Bound, entry.after).binding
            found[binding.report_id, binding.mark, binding.source_id] = binding
        elif entry.after:
            taken = from_json(_Unbound, entry.after)
            found.pop((taken.report_id, taken.mark, entry.target), None)
    return list(found.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bound:
    binding: Binding


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unbound:
    report_id: str
    mark: str


def _report_ids(connection: Connection) -> list[str]:
    return list(dict.fromkeys(entry.target for entry in audit.list_acts(connection, (ADD,))))


def _report(connection: Connection, report_id: str) -> Report:
    source = sources.get_source(connection, report_id)
    every = [each for each in _bindings(audit.list_acts(connection, (BIND, UNBIND))) if each.report_id == report_id]
    notes = []
    for note in _notes(connection, source):
        bound = tuple(each for each in every if each.mark in note.works)
        unbound = tuple(work for work in note.works if work not in {each.mark for each in bound})
        notes.append(WatchedNote(note=note, bindings=bound, unbound=unbound))
    return Report(source=source, notes=tuple(notes))


def _notes(connection: Connection, source: Source) -> tuple[Note, ...]:
    version = _newest(connection, source.source_id)
    notes = read_notes(version.document.blocks) if version is not None and version.document is not None else ()
    if not notes:
        raise RefusedError(f"{source.source_id} has no numbered notes that could be read")
    return notes


def _newest(connection: Connection, source_id: str) -> Version | None:
    baseline_id = sources.get_baseline_id(connection, source_id)
    return versions.get_version(connection, baseline_id) if baseline_id else None


def _work(notes: Sequence[Note], mark: str) -> str:
    """The one work that a note cites; "4.2" names a work itself."""
    named = {work for note in notes for work in note.works}
    note = next((each for each in notes if each.mark == mark), None)
    if note is None and mark in named:
        return mark
    if note is None:
        raise NotFoundError(f"there is no note {mark!r}; there are {', '.join(each.mark for each in notes)}")
    if len(note.works) != 1:
        works = ", ".join(note.works) or "none that could be told"
        raise RefusedError(f"note {mark} cites several works ({works}): bind each by its own number")
    return note.works[0]


def _named_source(text: str, every: Sequence[Source]) -> Source | None:
    """The one Source whose address, or whose number, a note gives."""
    address = _bare(address_in(text))
    by_address = [each for each in every if address and _bare(each.definition.url) == address]
    by_number = [
        each
        for each in every
        if len(each.definition.reference) >= 5
        and each.definition.reference.casefold().replace(" ", "") in text.casefold().replace(" ", "")
    ]
    found = by_address or by_number
    return found[0] if len(found) == 1 else None


def _bare(url: str) -> str:
    """An address without what does not tell documents apart."""
    return url.partition("://")[2].removeprefix("www.").rstrip("/")
