"""Records of votes: who voted how, as tables, as lists under a label, as a letter beside each State. Pure.

    State | 51/45 S | 52/38 A        In favour (155):           Y ALBANIA          Resolution 51/45 S: in favour
    Kenya | Y       | A              Albania, Algeria, ...      A ALGERIA          (of the Document's Subject)

What a record is about stands in the column's heading, in the record itself, or above it: the headings over it and the
paragraphs since the last one. Where none of these names a topic, a column of votes is about the Instruments that its
Source watches. A column whose heading names the topic and no vote ("L.44 Implementation of the Mine Ban Convention") is
one of votes where its cells, or the number of a draft, say so. The passage of a cell is its row up to that cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from watcher.classify.cues import Cue
from watcher.classify.folding import Recall
from watcher.classify.mentions import fold_mentions
from watcher.classify.names import named
from watcher.classify.pack import Pack, RollCalls
from watcher.classify.words import fold, split_words
from watcher.model.change import ROLL_CALL, About, Position
from watcher.model.document import Block, BlockKind, Document
from watcher.model.instruments import instrument_names
from watcher.model.subjects import subject_of

PARAGRAPHS_ABOVE = 8
LONGEST_CONTEXT = 600
LONGEST_PASSAGE = 400
LEAST_SHARE = 0.8  # of the pieces of a list that must be States
LONGEST_LABEL = 60
LEAST_LETTERS = 4  # of a label that nothing but a vote is told by: "Abstain", "Against"
LEAST_ALONE = 2  # States with their votes in one line or in lines that follow each other
_NUMBERED = re.compile(r"\b\d{2}/\d{1,3}(?!\d)")
_ON_SOMETHING = re.compile(
    r"\b(?:resolutions?|treaty|convention|protocol|votes?|voting)\s+(?:on|concerning|regarding|relating)\b", re.I
)
_DRAFT = re.compile(r"\bL\.\s?\d{1,3}\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LABEL = re.compile(r"\s*(?P<label>[^:;\n]{1,120}?)\s*(?:[\[(]?\s*\d{1,3}\s*[\])]?)?\s*(?P<mark>:|—|–|$)\s*")
_PIECE = re.compile(r"[^,;\n]+")
_ENDS = " \t.*•·-–—[]"
_BEFORE = re.compile(r"(?P<label>[^\W\d_]{1,12}|[+−–-])\s*[.:)\]|]?\s+(?P<state>\S.*)")
_AFTER = re.compile(r"(?P<state>.*[^\s:(\[|–—-])\s*(?:[:|–—-]\s*|[(\[]|\s)(?P<label>[^\d:()\[\]|]{1,30}|[+−–-])[)\]]?")
_OWN = re.compile(r"(?:[:|–—]|\s-)\s*(?P<label>[^\d:|–—]{1,30})$")
_COUNT = re.compile(r"\b(?:\d{1,3}|none|nil|zero|aucun|ninguno|нет)\b")
_BETWEEN = " \t\n.,;:|()[]•·*=–—-"
_AND = re.compile(r"^(?:and|et|y|и|with|votes?|states)\s+")
_SUM = frozenset({"total", "result", "results", "recorded vote", "states", "votes", "to", "and"})
_NONE = frozenset({"none", "aucun", "ninguno", "нет", "nil", "-"})


@dataclass(frozen=True, slots=True)
class _Vote:
    """A vote as found: whose, which stance, where in the text of its Block, and the words that say so."""

    subject: str
    stance: str
    start: int
    end: int
    said: str


@dataclass(slots=True)
class _State:
    """What stands above: the last heading of each level, the paragraphs since, and the label whose list goes on."""

    headings: dict[int, str] = field(default_factory=dict)
    paragraphs: list[str] = field(default_factory=list)
    stance: str = ""
    said: str = ""

    def above(self) -> str:
        return "\n".join((*self.headings.values(), *self.paragraphs))

    def pass_by(self, block: Block) -> None:
        if block.kind is BlockKind.HEADING:
            self.headings = {level: text for level, text in self.headings.items() if level < block.level}
            self.headings[block.level] = block.text[:LONGEST_CONTEXT]
            self.paragraphs.clear()
        elif block.kind is BlockKind.PARAGRAPH:
            self.paragraphs = [*self.paragraphs[1 - PARAGRAPHS_ABOVE :], block.text[:LONGEST_CONTEXT]]


def roll_call_positions(
    document: Document, starts: Sequence[int], *, subject: str, pack: Pack, instruments: tuple[str, ...] = ()
) -> tuple[list[Position], list[tuple[int, int]]]:
    """The votes that a Document records, and the spans of the Blocks in which they stand.

    `starts` are the places of the Blocks in `document.text`. `subject` is whose votes a record without States gives,
    `instruments` are those of the Document's Source.
    """
    if pack.roll_calls is None:
        return [], []
    reader = _Reader(pack, pack.roll_calls, subject, document.title, instruments)
    reader.know_columns(document.blocks)
    found: list[Position] = []
    spans: list[tuple[int, int]] = []
    for start, block in zip(starts, document.blocks, strict=True):
        votes = reader.read(block)
        if votes or reader.is_head(block):
            spans.append((start, start + len(block.text)))
        for vote in votes:
            rule = f"{pack.roll_calls.indicator}.{vote.stance}: {ROLL_CALL}, {vote.said}"
            found.append(
                Position(
                    subject=vote.subject,
                    indicator=pack.roll_calls.indicator,
                    stance=vote.stance,
                    about=About.OWN if vote.subject == subject else About.OTHER,
                    start=start + vote.start,
                    end=start + vote.end,
                    passage=block.text[vote.start : vote.end],
                    rule=rule,
                )
            )
    return found, spans


class _Reader:
    """Reads Blocks in order; what stands above a record is remembered."""

    def __init__(
        self, pack: Pack, calls: RollCalls, subject: str, title: str, instruments: tuple[str, ...] = ()
    ) -> None:
        self._pack = pack
        self._calls = calls
        self._subject = subject
        self._state = _State(headings={0: title})
        self._topics: dict[str, bool] = {}
        self._told_by_cells: frozenset[tuple[tuple[str, ...], str]] = frozenset()
        watched = set(instruments) <= set(pack.instruments)
        self._source_on_topic = watched and any(self._is_topic(instrument_names(code)[0]) for code in instruments)

    def know_columns(self, blocks: Sequence[Block]) -> None:
        """Find the columns in which nothing but votes stands, some of them in words that only a vote has."""
        cells: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for block in blocks:
            for cell, heading, _ in _cells(block):
                if heading:
                    cells.setdefault((block.columns, heading), []).append(fold(cell[:LONGEST_LABEL]).strip(_ENDS))
        self._told_by_cells = frozenset(
            column
            for column, found in cells.items()
            if all(not one or one in self._calls.labels for one in found)
            and any(len(one) >= LEAST_LETTERS for one in found)
        )

    def read(self, block: Block) -> list[_Vote]:
        if block.boilerplate:
            return []
        votes = list(self._row(block) if block.cells else self._prose(block))
        if not votes:
            self._state.pass_by(block)
            self._follow(block)
        return votes

    def is_head(self, block: Block) -> bool:
        """Whether a row only says what stands in its columns, or a Block only how many voted how, or a row how a State
        voted on other things than the topic."""
        if self._is_tally(block.text) or self._is_record(block):
            return True
        labels = [re.sub(r"[\s(]*\d+\)?$", "", fold(cell).strip(_ENDS)) for cell in block.cells]
        return sum(label in self._calls.labels or label in self._calls.columns for label in labels) > 1

    def _is_record(self, block: Block) -> bool:
        """Whether a row is one of a State and votes, in a table that has a column of votes on the topic."""
        if not any(
            self._is_topic(heading) and (self._is_vote(heading) or self._is_titled(block.columns, heading))
            for heading in block.columns
        ):
            return False
        rest = [fold(cell).strip(_ENDS) for cell in block.cells if not subject_of(cell.strip(_ENDS))]
        return len(rest) < len(block.cells) and all(not one or one in self._calls.labels for one in rest)

    def _is_tally(self, text: str) -> bool:
        """Whether a text pairs labels with numbers and says nothing else: "In favour: 167. Against: none"."""
        if len(text) > LONGEST_PASSAGE:
            return False
        pieces = _COUNT.split(fold(text))
        said = [plain for piece in pieces if (plain := _AND.sub("", piece.strip(_BETWEEN)).strip(_BETWEEN))]
        known = [one in self._calls.labels for one in said]
        return (
            len(pieces) > 1
            and any(known)
            and all(
                is_label or one in self._calls.columns or one in _SUM for is_label, one in zip(known, said, strict=True)
            )
        )

    def _follow(self, block: Block) -> None:
        """Remember a label that stands alone: what follows it is its list."""
        label = _LABEL.fullmatch(block.text)
        stance = self._stance(label["label"]) if label else ""
        self._state.stance = stance
        self._state.said = f"under “{block.text.strip()}”" if stance else ""

    def _stance(self, text: str) -> str:
        """The stance of a label, "" when it is none. A longer text counts by the label that it ends with."""
        plain = fold(text).strip(_ENDS + ":()|") or text.strip()
        if plain in self._calls.labels:
            return self._calls.labels[plain]
        words = plain.split()
        tails = (" ".join(words[at:]) for at in range(1, len(words)) if len(words) <= 12)
        return next((self._calls.labels[tail] for tail in tails if len(tail) > 3 and tail in self._calls.labels), "")

    def _is_topic(self, text: str) -> bool:
        known = self._topics.get(text)
        if known is None:
            known = self._topics[text] = self._holds(text, self._calls.topic)
        return known

    def _on_topic(self, nearest: str) -> bool:
        """Whether a record is about the topic: `nearest` says so where it names a resolution, else what stands above,
        nearest first."""
        above = [nearest, *reversed(self._state.paragraphs), *reversed(list(self._state.headings.values()))]
        for text in above:
            if text and self._is_topic(text):
                return True
            if text and _NUMBERED.search(text):
                return False
        return False

    def _of_source(self, heading: str) -> bool:
        """Whether a column of votes is about the Instruments of the Source: nothing near names anything else."""
        return self._source_on_topic and not any(
            self._is_of_another(text) for text in (heading, *self._state.paragraphs, *self._state.headings.values())
        )

    def _is_of_another(self, text: str) -> bool:
        return bool(_NUMBERED.search(text) or _ON_SOMETHING.search(text)) or self._names_another(text)

    def _names_another(self, text: str) -> bool:
        """Whether a text that names no topic names another treaty or weapon."""
        if any(one.startswith("@i_") for one in named(text)):
            return True
        apart = self._pack.indicators[self._calls.indicator].not_of
        return apart is not None and self._holds(text, apart)

    def _holds(self, text: str, cue: Cue) -> bool:
        words = split_words(text)
        folding, _ = fold_mentions(words, subject="", pack=self._pack, recall=Recall(), alone=True)
        return folding.holds(cue)

    def _row(self, block: Block) -> Iterator[_Vote]:
        who = next((code for cell in block.cells if (code := subject_of(cell.strip(_ENDS)))), "")
        own = not who
        if own and (not self._subject or not self._names_resolution(block)):
            yield from self._labelled_row(block)
            return
        nearest = block.text if own else ""
        for cell, heading, end in _cells(block):
            stance = self._cell_stance(cell, heading, rows=len(block.cells))
            if not stance and self._is_titled(block.columns, heading):
                stance = self._calls.labels.get(fold(cell).strip(_ENDS), "")
            on_topic = stance and (self._on_topic(nearest) if nearest else self._column_on_topic(heading))
            if on_topic or (stance and heading and self._of_source(heading)):
                said = f"column “{heading}”: {cell}" if heading else f"“{cell}”"
                yield _Vote(who or self._subject, stance, 0, end, said)

    def _column_on_topic(self, heading: str) -> bool:
        return self._is_topic(heading) or (not self._names_another(heading) and self._on_topic(heading))

    def _is_titled(self, columns: tuple[str, ...], heading: str) -> bool:
        """Whether a heading is the title of a resolution on the topic, over votes."""
        told = (columns, heading) in self._told_by_cells or _DRAFT.search(heading) is not None
        return told and self._is_topic(heading)

    def _names_resolution(self, block: Block) -> bool:
        return _NUMBERED.search(block.text) is not None or self._is_topic(block.text)

    def _labelled_row(self, block: Block) -> Iterator[_Vote]:
        """A row of two cells: a label and its list of States."""
        cells = list(_cells(block))
        if len(cells) == 2 and (stance := self._stance(re.sub(r"[\W\d]+$", "", cells[0][0]))):
            start = cells[1][2] - len(cells[1][0])
            yield from self._list(block.text, start, stance, f"“{cells[0][0]}”")

    def _cell_stance(self, cell: str, heading: str, *, rows: int) -> str:
        column = fold(heading).strip(_ENDS + ":()")
        under = self._calls.labels.get(re.sub(r"[\s(]*\d+\)?$", "", column), "")
        if under and fold(cell.strip()) in self._calls.marks:
            return under
        is_vote = self._is_vote(heading) or (not heading and rows <= 3)
        return self._calls.labels.get(fold(cell).strip(_ENDS) or cell.strip(), "") if is_vote else ""

    def _is_vote(self, heading: str) -> bool:
        """Whether a heading says that votes stand under it."""
        column = fold(heading).strip(_ENDS + ":()")
        return (
            column in self._calls.columns
            or _NUMBERED.search(heading) is not None
            or (_YEAR.search(heading) is not None and len(heading) <= 40)
            or not self._calls.columns.isdisjoint(re.findall(r"\w+", column))
        )

    def _prose(self, block: Block) -> Iterator[_Vote]:
        text = block.text
        label = _LABEL.match(text)
        if label and label["mark"] and label.end() < len(text) and (stance := self._stance(label["label"])):
            votes = list(self._list(text, label.end(), stance, f"under “{label['label']}”"))
            if votes or fold(text[label.end() :]).strip(_ENDS) in _NONE:
                self._state.stance = ""
                yield from votes
                return
        if block.kind is not BlockKind.HEADING:
            if self._state.stance:
                yield from self._list(text, 0, self._state.stance, self._state.said)
            else:
                yield from self._beside(text)

    def _list(self, text: str, start: int, stance: str, said: str) -> Iterator[_Vote]:
        states: list[tuple[str, int, int]] = []
        pieces = 0
        for first, last in _pieces(text, start):
            pieces += 1
            if code := subject_of(text[first:last]):
                states.append((code, first, last))
        if not states or len(states) < LEAST_SHARE * pieces or not self._on_topic(text[:start]):
            return
        for code, first, last in states:
            whole = (0, len(text)) if len(text) <= LONGEST_PASSAGE else (first, last)
            yield _Vote(code, stance, *whole, said)

    def _beside(self, text: str) -> Iterator[_Vote]:
        """Votes beside their States ("Y ALBANIA", "Albania: abstained"), or of the Document's Subject."""
        own = _OWN.search(text.rstrip(" ."))
        if own and self._subject and len(text) <= LONGEST_PASSAGE and _NUMBERED.search(text[: own.start()]):
            stance = self._calls.labels.get(fold(own["label"]).strip(_ENDS), "")
            if stance and self._on_topic(text[: own.start()]):
                yield _Vote(self._subject, stance, 0, len(text), f"“{own['label'].strip()}”")
                return
        votes, pieces = [], 0
        for first, last in _pieces(text, 0, join=False):
            pieces += 1
            if (vote := self._pair(text[first:last])) is not None:
                votes.append(_Vote(vote[0], vote[1], first, last, f"“{text[first:last]}”"))
        alone = len(votes) == 1 and pieces == 1
        enough = alone or len(votes) >= max(LEAST_ALONE, LEAST_SHARE * pieces)
        if votes and enough and self._on_topic(""):
            yield from votes

    def _pair(self, piece: str) -> tuple[str, str] | None:
        for pattern in (_BEFORE, _AFTER):
            match = pattern.fullmatch(piece)
            if match is None:
                continue
            code = subject_of(match["state"].strip(_ENDS))
            stance = self._calls.labels.get(fold(match["label"]).strip(" .*"), "")
            if code and stance:
                return code, stance
        return None


def _cells(block: Block) -> Iterator[tuple[str, str, int]]:
    """(cell, the heading of its column, where it ends in the row's text) of each filled cell."""
    at = 0
    for number, cell in enumerate(block.cells):
        if not cell:
            continue
        at = block.text.find(cell, at) + len(cell)
        yield cell, block.columns[number] if number < len(block.columns) else "", at


def _pieces(text: str, start: int, *, join: bool = True) -> Iterator[tuple[int, int]]:
    """The pieces of a list between commas and line ends, and around its last "and" (`join`)."""
    for match in _PIECE.finditer(text, start):
        piece = match[0]
        first = match.start() + len(piece) - len(piece.lstrip(_ENDS))
        last = match.start() + len(piece.rstrip(_ENDS))
        if last <= first:
            continue
        parts = re.split(r"(\s*\b(?:and|et|y|и)\s+)", text[first:last]) if join else [text[first:last]]
        if len(parts) == 1 or subject_of(text[first:last]):
            yield first, last
            continue
        yield from _split(text, first, last)


def _split(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """A piece parted at the "and" that leaves a State on each side; whole where none does, without a leading "and"."""
    begun = re.compile(r"(?:and|et|y|и)\s+").match(text, first, last)
    first = begun.end() if begun else first
    for word in re.compile(r"\s+(?:and|et|y|и)\s+").finditer(text, first, last):
        if subject_of(text[first : word.start()]):
            yield first, word.start()
            yield word.end(), last
            return
    yield first, last
