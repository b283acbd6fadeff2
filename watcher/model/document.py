"""A Document: what an extractor read out of one payload, as ordered Blocks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The headings of a table of the values of a nested document: where each stands in it, and what it is.
LEAF_COLUMNS = ("path", "value")


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    FOOTNOTE = "footnote"
    QUESTION = "question"
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A hyperlink inside a Block: its visible text and its absolute or relative target as written."""

    text: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One paragraph-sized unit.

    `text` is what a reader sees, white space folded to single blanks (line breaks inside `<pre>` stay).
    For a TABLE_ROW, `cells` holds the cell texts and `columns` the column headings that apply to it
    (empty when the table has none); `text` is then the non-empty cells joined with " | ".
    `level` is 1..6 for headings and the nesting depth (1..) for list items, else 0.
    `anchor` is an id or footnote mark that the source itself gives ("" when none).
    `boilerplate` labels navigation, banners and footers; they are kept, never dropped.
    """

    kind: BlockKind
    text: str
    level: int = 0
    anchor: str = ""
    cells: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    boilerplate: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleMatch:
    """How far one rule of a Definition applied: `rule` is its key ("select"), `pattern` what stands there.

    `matches` counts elements (selectors) or places (patterns), `blocks` the Blocks in them.
    """

    rule: str
    pattern: str
    matches: int
    blocks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """Text that a pattern of the Definition leaves out of the Blocks: nothing compares or reads it, everybody sees it.

    `block` is the index of the Block that it stood in or, when a whole Block is left out, before; `rule` and
    `pattern` name what left it out. `whole` says that no words of the Block are left.
    """

    block: int
    text: str
    rule: str
    pattern: str
    whole: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """Ordered Blocks with what is known about the payload they came from.

    `charset` is the decoding that was used, None for binary formats. `notes` tell a person what
    was odd while reading ("no text layer", "frames were not followed"). `left_out` is what patterns of the
    Definition left out, in reading order; `rules` says how far each rule applied.
    """

    title: str
    blocks: tuple[Block, ...]
    media_type: str
    charset: str | None
    extractor: str
    extractor_version: int
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    rules: tuple[RuleMatch, ...] = ()

    @property
    def text(self) -> str:
        """All Block texts, one per line: the whole visible text in reading order."""
        return "\n".join(block.text for block in self.blocks)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractRules:
    """The part of a Definition that an extractor obeys.

    `select` and `remove` are selectors of HTML, CSS or XPath, of what to keep and to remove. The others are RE2
    patterns over the text of a Block, for every media type: only Blocks in which one of `keep_blocks` is found are
    kept, those in which one of `remove_blocks` is found are left out, and what `remove_text` finds is left out of
    its Block.
    """

    select: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    keep_blocks: tuple[str, ...] = ()
    remove_blocks: tuple[str, ...] = ()
    remove_text: tuple[str, ...] = ()
