"""What passes between `extract` and the extractors: a judged payload goes in, a Reading comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watcher.model.document import Block, BlockKind, ExtractRules, RuleMatch

SOFT_HYPHEN = "\u00ad"
NO_RULES = ExtractRules()


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """A payload with its judged media type and the charset that the server declared, if any."""

    data: bytes
    media_type: str
    charset: str | None = None
    rules: ExtractRules = NO_RULES
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What one extractor read. `charset` is None for binary formats; `rules` says how far each selector applied."""

    title: str
    blocks: tuple[Block, ...]
    charset: str | None = None
    notes: tuple[str, ...] = ()
    rules: tuple[RuleMatch, ...] = ()


def fold(text: str) -> str:
    """White space of any kind and length becomes one blank; soft hyphens, which nobody sees, go."""
    return " ".join(text.replace(SOFT_HYPHEN, "").split())


def row(cells: Iterable[str], columns: Iterable[str] = ()) -> Block | None:
    """A TABLE_ROW of folded cells, None when all are empty."""
    texts = tuple(cells)
    if not any(texts):
        return None
    return Block(
        kind=BlockKind.TABLE_ROW,
        text=" | ".join(text for text in texts if text),
        cells=texts,
        columns=tuple(columns),
    )


def paragraph(text: str, *, boilerplate: bool = False) -> Block | None:
    """A PARAGRAPH of folded text, None when it is empty."""
    folded = fold(text)
    return Block(kind=BlockKind.PARAGRAPH, text=folded, boilerplate=boilerplate) if folded else None


def preformatted_paragraphs(text: str) -> list[str]:
    """Text whose line breaks mean something, split at blank lines; blanks at line ends and empty lines go."""
    lines = text.replace(SOFT_HYPHEN, "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            paragraphs[-1].append(line.rstrip())
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(each) for each in paragraphs if each]
