"""What a comparison of two Versions yields: Diff, Positions, significance, and the Change that carries them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watcher.model.capture import Trigger
from watcher.model.collection import DocumentEvent


class HunkOp(StrEnum):
    """What happened to a Block. LINKED is one whose words stay while a link in it leads elsewhere."""

    INSERTED = "inserted"
    DELETED = "deleted"
    EDITED = "edited"
    MOVED = "moved"
    LINKED = "linked"


class WordOp(StrEnum):
    KEPT = "kept"
    INSERTED = "inserted"
    DELETED = "deleted"


class Part(StrEnum):
    """What became of the Block of which a Hunk is a part: two where one was, one where two were, other line breaks."""

    SPLIT = "split"
    JOINED = "joined"
    WRAPPED = "wrapped anew"


@dataclass(frozen=True, kw_only=True, slots=True)
class WordEdit:
    """A run of text inside an edited Block: KEPT and DELETED joined give the old text, KEPT and INSERTED the new."""

    op: WordOp
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CellEdit:
    """One cell of a table row before and after, "" where there was or is none.

    `column` is the heading of its column, or its number from 1 where the table has no headings.
    """

    column: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkEdit:
    """Where a link led and leads, "" where the words were or are no link. `text` are its visible words."""

    text: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hunk:
    """One changed Block. `heading` is the nearest heading above it; indexes count Blocks from 0 in their Document.

    `heading` is the section it stands in, `lead` what introduces it as an item of a list: the words before the list
    that end with a colon, and the items it stands under, joined with " › ". `row_key` names the table row (the text of
    its key cell) when the Hunk is a table row, else "". `cells` are the cells of the row that changed: all filled ones
    of a row that came or went. `part` is set where the Hunk is a part of a Block that was split, joined or wrapped
    anew; a MOVED one then stands where it stood. `links` are those of a Block on both sides that lead elsewhere; of a
    LINKED Hunk they are all that changed. `renumbered` says that nothing of the row changed but its running number.
    """

    op: HunkOp
    old: str
    new: str
    heading: str
    old_index: int | None
    new_index: int | None
    words: tuple[WordEdit, ...] = ()
    row_key: str = ""
    boilerplate: bool = False
    cells: tuple[CellEdit, ...] = ()
    links: tuple[LinkEdit, ...] = ()
    renumbered: bool = False
    part: Part | None = None
    lead: str = ""

    @property
    def tells(self) -> bool:
        """Whether its words say something else than before: no move, link, boilerplate or running number alone."""
        return self.op not in (HunkOp.MOVED, HunkOp.LINKED) and not (self.boilerplate or self.renumbered)

    @property
    def is_shown(self) -> bool:
        """Whether it is worth a reader's time: its words say something else, or a link in the body leads elsewhere."""
        return self.tells or (self.op is HunkOp.LINKED and not self.boilerplate)

    @property
    def is_same_part(self) -> bool:
        """Whether it is a part of a Block that was split, joined or wrapped anew, with the words that it had."""
        return self.part is not None and self.op is HunkOp.MOVED

    @property
    def label(self) -> str:
        """What became of it in one word: its `part` where nothing else did, else its `op`."""
        return str(self.part) if self.is_same_part else self.op.value

    @property
    def over(self) -> str:
        """The words that stand over it: its section, then what leads it in."""
        return " › ".join(filter(None, (self.heading, self.lead)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """A representation of a Change by one differ. `coarse` says that a limit was hit and words were not compared."""

    differ: str
    differ_version: int
    hunks: tuple[Hunk, ...]
    coarse: bool = False


class ChangeKind(StrEnum):
    """What sort of Change it is; only some kinds are ever told to a monitor."""

    NONE = "none"
    CONTENT = "content"
    MOVED = "moved"
    REVERTED = "reverted"
    FLAPPING = "flapping"
    TECHNICAL = "technical"
    ENCODING = "encoding"
    TYPOGRAPHY = "typography"
    WHITESPACE = "whitespace"
    LINK_TARGET = "link_target"
    BOILERPLATE = "boilerplate"
    VOLATILE = "volatile"
    STATUS = "status"
    DOCUMENT_ADDED = "document_added"
    DOCUMENT_WITHDRAWN = "document_withdrawn"
    DOCUMENT_MOVED = "document_moved"
    DOCUMENT_REPLACED = "document_replaced"


class Severity(StrEnum):
    NOISE = "noise"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for noise to 3 for critical."""
        return ("noise", "minor", "major", "critical").index(self.value)


ROLL_CALL = "roll call"  # in the rule of a Position that a record of votes gives: what is above it is part of it


class About(StrEnum):
    """Whose policy a passage speaks of: the document's Subject, another one, or the world."""

    OWN = "own"
    OTHER = "other"
    WORLD = "world"


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """(subject, indicator, stance) asserted by a Version, with its passage as evidence.

    `subject` is ISO 3166-1 alpha-3, or "" when the passage names nobody and the document has no Subject.
    `start` and `end` count characters in the text that was read. `rule` names the cue that fired. `date` is the day
    from which the stance holds, ISO (YYYY-MM-DD), where a status table gives it; "" for what prose says.
    """

    subject: str
    indicator: str
    stance: str
    about: About
    start: int
    end: int
    passage: str
    rule: str
    date: str = ""


UNRANKED = 50  # of what a pack does not tell first


class PositionChangeKind(StrEnum):
    CHANGED = "changed"
    NEW_INFO = "new_info"
    WITHDRAWN = "withdrawn"
    REWORDED = "reworded"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, kw_only=True, slots=True)
class PositionChange:
    """Position before → Position after. `old` and `new` are stances, "" where there was or is none.

    `rank` is the place of its Indicator among those that the pack tells first, from 0.
    """

    subject: str
    indicator: str
    change: PositionChangeKind
    old: str
    new: str
    severity: Severity
    old_passage: str
    new_passage: str
    rank: int = UNRANKED


@dataclass(frozen=True, kw_only=True, slots=True)
class DepositaryEvent:
    """A treaty action: signature, ratification, acceptance, approval, accession, succession, withdrawal ...

    `date` is ISO (YYYY-MM-DD) when it could be read, else the text as given. `instrument` is "" when unknown.
    Where `event` is "correction" or "removed", `action` is the treaty action that lost its date, which was `old_date`.
    `indicators` are those that the pack counts the action for.
    """

    subject: str
    participant: str
    instrument: str
    event: str
    date: str
    passage: str
    action: str = ""
    old_date: str = ""
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SignificancePart:
    """One named reason why a Change matters: its points (they sum to the significance) and the passage it rests on."""

    name: str
    points: float
    passage: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What the pack says of a Diff. `significance` is the sum of the parts clamped to 0..1."""

    severity: Severity
    significance: float
    parts: tuple[SignificancePart, ...] = ()
    position_changes: tuple[PositionChange, ...] = ()
    depositary_events: tuple[DepositaryEvent, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An ordered pair of two Versions of one Source, made by the same extractor. `change_id` is "from..to".

    `alert` says if a monitor is told; `reason` says in one line why it has its kind. A Change whose
    `trigger` is an import was never sent to anybody.
    `captured_from_at` and `captured_at` are the capture times of the two Versions. `sequence` is the Capture that
    shows that a document went or came back: both Versions are then the last one known, and there is no Diff.
    `documents` are those that a Collection's list shows otherwise than before. `from_source_id` is set where the
    Version before is that of another Source: the same document of an earlier year.
    """

    change_id: str
    source_id: str
    from_version_id: str
    to_version_id: str
    captured_from_at: datetime
    captured_at: datetime
    recorded_at: datetime
    trigger: Trigger
    kind: ChangeKind
    alert: bool
    reason: str
    pack: str
    pack_version: int
    diff: Diff
    sequence: int | None = None
    judgement: Judgement = field(default_factory=lambda: Judgement(severity=Severity.NOISE, significance=0.0))
    documents: tuple[DocumentEvent, ...] = ()
    from_source_id: str = ""
