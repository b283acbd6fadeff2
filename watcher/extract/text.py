"""Plain text and Markdown: paragraphs by blank lines, wrapped lines joined, headings, lists, tables and notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.reading import Payload, Reading, fold, row
from watcher.extract.structure import with_structure
from watcher.model.document import Block, BlockKind, Link

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)", re.DOTALL)
_UNDERLINE = re.compile(r"\s{0,3}(=+|-{3,})\s*")
_ITEM = re.compile(r"(\s*)([-*+\u2022\u25cf\u25aa\u2013\u2014]|\(?(?:\d{1,3}|[a-z])[.)])\s+(\S.*)", re.DOTALL)
_BULLETS = frozenset("-*+\u2022\u25cf\u25aa")
_NOTE = re.compile(r"\s*\[\d{1,3}\]:?\s*\S")
_TABLE_LINE = re.compile(r"\s*\|(.+)\|\s*")
_TABLE_RULE = re.compile(r"[\s|:-]+")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((<[^<>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")
_WRAP_LIMIT = 130
_MINIMUM_WRAP = 40
_HEADING_LENGTH = 90
_HEADING_WORDS = 12
_NOT_HEADING_END = (".", ",", ";", ":", "!", "?", "\u2026", "-", '"', "\u201d", "\u00bb")


def read_text(payload: Payload) -> Reading:
    """Blocks of a text file. ExtractError `no_text` when it is empty."""
    text, charset = decode(payload.data, declared=payload.charset, media_type="text/plain")
    is_markdown = "markdown" in payload.media_type
    blocks = text_blocks(text, is_markdown=is_markdown)
    if not blocks:
        raise ExtractError("the text is empty", code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    title = next(headings, "") or (blocks[0].text if len(blocks[0].text) <= 150 else "")
    return Reading(title=title, blocks=blocks, charset=charset)


def text_blocks(text: str, *, is_markdown: bool = False) -> tuple[Block, ...]:
    """The Blocks of decoded text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").replace("\x00", "").split("\n")
    is_markdown = is_markdown or any(_ATX.fullmatch(line) for line in lines) or _LINK.search(text) is not None
    wrap = _wrap_column(lines)
    blocks = [block for group in _groups(lines) for block in _group_blocks(group, wrap)]
    return with_structure([_without_markup(block, is_markdown) for block in _with_headings(blocks)])


def _groups(lines: Sequence[str]) -> Iterator[list[str]]:
    """Runs of lines between blank ones."""
    group: list[str] = []
    for line in lines:
        if line.strip():
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _wrap_column(lines: Sequence[str]) -> int:
    """The column at which the text was wrapped by hand, 0 for text that was not."""
    lengths = sorted(len(line.rstrip()) for line in lines if line.strip())
    if len(lengths) < 3:
        return 0
    longest = lengths[-1 - len(lengths) // 50]
    return longest if longest >= _MINIMUM_WRAP and lengths[-1] <= _WRAP_LIMIT else 0


def _group_blocks(group: list[str], wrap: int) -> Iterator[Block]:
    """Blocks of one run of lines: each line its own, except where the next word had no room left on it."""
    columns: tuple[str, ...] = ()
    parts: list[str] = []
    for place, line in enumerate(group):
        table = _TABLE_LINE.fullmatch(line)
        heading = _ATX.fullmatch(line)
        underline = _UNDERLINE.fullmatch(line) if len(parts) == 1 and _fits_underline(parts[0], line) else None
        if underline:
            level = 1 if underline[1][0] == "=" else 2
            yield Block(kind=BlockKind.HEADING, text=fold(parts.pop()), level=level)
            continue
        starts = bool(_ITEM.fullmatch(line) or _NOTE.match(line) or table or heading)
        if parts and (starts or not _is_wrapped(group[place - 1], line, wrap)):
            yield from _plain_block(parts)
            parts = []
        if heading:
            words = fold(heading[2])
            bare = words.rstrip("#")
            text = bare.rstrip() if bare.endswith(" ") else words
            if text:
                yield Block(kind=BlockKind.HEADING, text=text, level=len(heading[1]))
        elif table:
            cells = [fold(cell) for cell in re.split(r"(?<!\\)\|", table[1])]
            if _TABLE_RULE.fullmatch(line):
                continue
            following = group[place + 1] if place + 1 < len(group) else ""
            block = row(cells, columns if len(columns) == len(cells) else ())
            if "-" in following and _TABLE_RULE.fullmatch(following):
                columns = tuple(cells)
            if block is not None:
                yield block
        else:
            parts.append(line)
    yield from _plain_block(parts)


def _fits_underline(text: str, line: str) -> bool:
    """True when a line of signs is no longer than the words above it: an underline and not a rule."""
    return len(text) <= _HEADING_LENGTH and len(line.strip()) <= len(text.strip()) + 3


def _is_wrapped(line: str, following: str, wrap: int) -> bool:
    """True when the first word of the next line would have passed the wrap column."""
    if not wrap:
        return False
    return len(line.rstrip()) + 1 + len(following.split(None, 1)[0]) > wrap * 0.9


def _plain_block(parts: Sequence[str]) -> Iterator[Block]:
    if not parts:
        return
    whole = "\n".join(parts)
    text = fold(whole)
    item = _ITEM.fullmatch(whole)
    if item and (item[2] in _BULLETS or item[1]):
        yield Block(kind=BlockKind.LIST_ITEM, text=text, level=1 + len(item[1].expandtabs(4)) // 2)
    elif text:
        yield Block(kind=BlockKind.PARAGRAPH, text=text)


def _with_headings(blocks: Sequence[Block]) -> list[Block]:
    """Short lines without a full stop that stand above a longer paragraph are headings of level 2."""
    named = list(blocks)
    for place, block in enumerate(blocks[:-1]):
        following = blocks[place + 1]
        if (
            block.kind is BlockKind.PARAGRAPH
            and following.kind is BlockKind.PARAGRAPH
            and len(following.text) > max(1.5 * len(block.text), 60)
            and _reads_as_heading(block.text)
        ):
            named[place] = replace(block, kind=BlockKind.HEADING, level=2)
    return named


def _reads_as_heading(text: str) -> bool:
    return (
        len(text) <= _HEADING_LENGTH
        and len(text.split()) <= _HEADING_WORDS
        and not text.endswith(_NOT_HEADING_END)
        and (text[0].isupper() or text[0].isdigit() or not text[0].isascii())
        and any(char.isalpha() for char in text)
        and not _NOTE.match(text)
    )


def _without_markup(block: Block, is_markdown: bool) -> Block:
    """Markdown links become Links and their text; emphasis and escapes go. Other text is kept as it is."""
    if not is_markdown:
        return block
    links: list[Link] = []

    def seen(text: str) -> str:
        def link_text(match: re.Match[str]) -> str:
            links.append(Link(text=fold(match[1]), target=match[2].strip("<>")))
            return match[1]

        return fold(_ESCAPE.sub(r"\1", _EMPHASIS.sub(r"\2", _LINK.sub(link_text, text))))

    cells = tuple(seen(cell) for cell in block.cells)
    text = " | ".join(cell for cell in cells if cell) if cells else seen(block.text)
    columns = tuple(fold(_EMPHASIS.sub(r"\2", name)) for name in block.columns)
    if not text:
        return replace(block, links=tuple(links))
    return replace(block, text=text, cells=cells, columns=columns, links=tuple(links))
