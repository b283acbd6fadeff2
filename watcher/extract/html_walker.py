"""The walk over a parsed HTML page that turns every visible word into a Block. No recursion, whatever the depth."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from selectolax.lexbor import LexborNode

from watcher.extract.html_tables import data_table, table_blocks
from watcher.extract.html_tags import (
    BLOCKS,
    BUTTONS,
    INVISIBLE,
    ITEMS,
    LISTS,
    PLAIN_BLOCKS,
    PREFORMATTED,
    SPACED,
    STRUCK,
    Attributes,
    Furniture,
    furniture,
    heading_level,
    is_content,
    is_hidden,
    lasting_id,
    names_consent,
    note_mark,
)
from watcher.extract.limits import MAX_BLOCKS, MAX_NODES, refuse
from watcher.extract.reading import fold, preformatted_paragraphs
from watcher.model.document import Block, BlockKind, Link

_REFERENCE = re.compile(r"\s*(\d{1,3}|[*\u2020\u2021\u00a7])\s*")
_CONSENT_NOTICE_LENGTH = 3000
_CONSENT_CHECKS = 50


@dataclass(frozen=True, slots=True)
class _State:
    """What holds for the text inside the elements that are open now."""

    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    anchor: str = ""
    list_depth: int = 0
    furniture: Furniture = Furniture.NONE
    content: bool = False
    preformatted: bool = False
    raised: bool = False


@lru_cache(maxsize=256)
def _item(state: _State, tag: str) -> _State:
    """The state inside a list item; remembered, because long lists ask for the same one again and again."""
    depth = max(1, state.list_depth) + (tag == "dd")
    return replace(state, kind=BlockKind.LIST_ITEM, level=depth, anchor="")


def _special(state: _State, tag: str, attributes: Attributes) -> _State:
    """The state inside an element that means more than a new line."""
    if not state.content and is_content(tag, attributes):
        state = replace(state, content=True)
    if tag in LISTS:
        return replace(state, list_depth=state.list_depth + 1)
    if tag in ITEMS:
        return _item(state, tag)
    if tag in PREFORMATTED:
        return replace(state, preformatted=True)
    return replace(state, raised=True) if tag == "sup" else state


_Stack = list[tuple[LexborNode, str, _State | None]]


class BlockWalker:
    """Collects the Blocks of one page; `iframes` counts embedded pages that were left out."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.iframes = 0
        self._nodes = 0
        self._consent_checks = 0
        self._state = _State()
        self._pieces: list[str] = []
        self._links: list[Link] = []
        self._link: tuple[str, int] | None = None
        self._link_shows = False
        self._link_end = -1
        self._line_broken = False
        self._raised_in_link = False
        self._note = ""
        self._struck: list[int] = []

    def walk(self, root: LexborNode) -> None:
        """Append the Blocks of `root` and all below it. ExtractError `too_large` at the node or Block limit."""
        stack: _Stack = []
        node: LexborNode | None = root
        while node is not None:
            child = self._visit(node, stack)
            if child is not None:
                node = child
                continue
            following = node.next
            while stack and following is None:
                following = self._leave(stack)
            node = following if stack else None
        self._flush()

    def _visit(self, node: LexborNode, stack: _Stack) -> LexborNode | None:
        """Take in one node; the child to go on with, None when there is none or it is not to be seen."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            refuse("the page", found=f"over {MAX_NODES}", limit=MAX_NODES, unit="nodes")
        tag = node.tag or ""
        if tag == "-text":
            self._text(node.text_content or "")
            return None
        if tag in INVISIBLE:
            self.iframes += tag in ("iframe", "frame")
            return None
        attributes = node.attributes
        if stack and (attributes or tag == "dialog") and is_hidden(tag, attributes):
            return None
        if tag in ("br", "img", "input"):
            self._void(tag, attributes)
            return None
        if tag == "table" and self._data_table(node):
            return None
        before = self._enter(node, tag, attributes)
        child = node.first_child
        if child is None:
            self._close(tag, before)
        else:
            stack.append((node, tag, before))
        return child

    def _leave(self, stack: _Stack) -> LexborNode | None:
        """Close the innermost open element; what follows it."""
        node, tag, before = stack.pop()
        self._close(tag, before)
        return node.next

    def _enter(self, node: LexborNode, tag: str, attributes: Attributes) -> _State | None:
        """Open an element; the state to go back to when it closes, None when it changed nothing."""
        before = self._state
        if tag in BLOCKS:
            self._flush()
            if not attributes and tag in PLAIN_BLOCKS:
                return None
        elif tag == "a":
            self._open_link(attributes, shows=node.first_child is not None)
            return None
        elif tag in SPACED:
            self._pieces.append(" ")
            return None
        elif tag in STRUCK:
            self._open_struck(node)
            return None
        elif tag != "sup" and "role" not in attributes:
            return None
        self._state = self._inside(node, tag, attributes)
        return None if self._state is before else before

    def _inside(self, node: LexborNode, tag: str, attributes: Attributes) -> _State:
        state = self._state
        if tag in ITEMS and not attributes:
            return _item(state, tag)
        plain = tag in PLAIN_BLOCKS and "role" not in attributes
        level = 0 if plain else heading_level(tag, attributes)
        if level:
            kept = Furniture.NONE if state.furniture is Furniture.BANNER and level == 1 else state.furniture
            anchor = lasting_id(attributes)
            return replace(state, kind=BlockKind.HEADING, level=level, anchor=anchor, furniture=kept)
        if state.furniture is Furniture.NONE:
            found = Furniture.NONE if plain else furniture(tag, attributes, inside_content=state.content)
            if found is Furniture.NONE and attributes and names_consent(tag, attributes):
                found = self._consent_notice(node)
            if found is not Furniture.NONE:
                state = replace(state, furniture=found)
        if not plain:
            state = _special(state, tag, attributes)
        mark = note_mark(attributes) if attributes else ""
        return replace(state, kind=BlockKind.FOOTNOTE, level=0, anchor=mark) if mark else state

    def _consent_notice(self, node: LexborNode) -> Furniture:
        """OTHER for a short element, so that a whole page inside a wrapper of that name stays content."""
        self._consent_checks += 1
        if self._consent_checks > _CONSENT_CHECKS:
            return Furniture.NONE
        return Furniture.OTHER if len(node.text(deep=True)) < _CONSENT_NOTICE_LENGTH else Furniture.NONE

    def _close(self, tag: str, before: _State | None) -> None:
        if tag in BLOCKS:
            self._flush()
        elif tag == "a":
            self._close_link()
        elif tag in SPACED:
            self._pieces.append(" ")
        elif tag in STRUCK:
            self._close_struck()
        elif tag == "sup":
            self._raised_in_link = self._link is not None
        if before is not None:
            self._state = before

    def _open_struck(self, node: LexborNode) -> None:
        """Begin words that are struck out; whole paragraphs within are not marked."""
        marked = not any(child.tag in BLOCKS for child in node.iter())
        self._struck.append(len(self._pieces) if marked else -1)
        if marked:
            self._pieces.append("[deleted: ")

    def _close_struck(self) -> None:
        start = self._struck.pop() if self._struck else -1
        if not 0 <= start < len(self._pieces):
            return
        if "".join(self._pieces[start + 1 :]).strip():
            self._pieces.append("]")
        else:
            self._pieces[start] = ""

    def _text(self, text: str) -> None:
        if text.isspace():
            if self._pieces:
                self._pieces.append(text)
            return
        self._line_broken = False
        self._pieces.append(text)

    def _void(self, tag: str, attributes: Attributes) -> None:
        if tag == "br":
            if self._state.preformatted:
                self._pieces.append("\n")
            elif self._line_broken:
                self._flush()
            else:
                self._pieces.append(" ")
                self._line_broken = True
            return
        kind = (attributes.get("type") or "").lower()
        seen = attributes.get("value") if tag == "input" and kind in BUTTONS else attributes.get("alt")
        if seen:
            self._pieces.append(f" {seen} ")

    def _open_link(self, attributes: Attributes, *, shows: bool) -> None:
        """Begin a link; without text it counts only when it `shows` something else, such as a picture."""
        mark = note_mark(attributes)
        if mark and not "".join(self._pieces).strip():
            self._note = mark
        if self._pieces and self._link_end == len(self._pieces):
            self._pieces.append(" ")
        self._link = (attributes.get("href") or "", len(self._pieces))
        self._link_shows = shows
        self._raised_in_link = False

    def _close_link(self) -> None:
        if self._link is None:
            return
        target, start = self._link
        text = fold("".join(self._pieces[start:]))
        if target.startswith("#"):
            reference = _REFERENCE.fullmatch(text)
            if reference and (self._state.raised or self._raised_in_link):
                self._pieces[start:] = ["[", reference[1], "]"]
        elif (text or self._link_shows) and target and not target.lower().startswith("javascript:"):
            self._links.append(Link(text=text, target=target.strip()))
        self._link = None
        self._link_end = len(self._pieces)

    def _flush(self) -> None:
        """End the paragraph: what was collected becomes a Block, or several where preformatted text has blank lines."""
        self._line_broken = False
        self._link_end = -1
        if not self._pieces:
            self._links.clear()
            return
        if any(start >= 0 for start in self._struck):
            self._pieces = ["".join(self._pieces).rstrip(), "]"]
            self._struck = [-1] * len(self._struck)
        raw = "".join(self._pieces)
        if self._link is not None:
            target, start = self._link
            inside = fold("".join(self._pieces[start:]))
            if inside and target and not target.startswith("#"):
                self._links.append(Link(text=inside, target=target.strip()))
                self._link_shows = False
            self._link = (target, 0)
        self._pieces.clear()
        links, mark = tuple(self._links), self._note
        self._links.clear()
        self._note = ""
        state = self._state
        for text in preformatted_paragraphs(raw) if state.preformatted else (fold(raw),):
            if text:
                self._append(
                    Block(
                        kind=BlockKind.FOOTNOTE if mark else state.kind,
                        text=text,
                        level=0 if mark else state.level,
                        anchor=mark or state.anchor,
                        links=links,
                        boilerplate=state.furniture is not Furniture.NONE,
                    )
                )

    def _append(self, block: Block) -> None:
        if len(self.blocks) >= MAX_BLOCKS:
            refuse("the page", found=f"over {MAX_BLOCKS}", limit=MAX_BLOCKS, unit="blocks")
        self.blocks.append(block)

    def _data_table(self, node: LexborNode) -> bool:
        """Read a table of data as rows; False, with nothing read, for a table that is only layout."""
        self._flush()
        shape = data_table(node)
        if shape is None:
            return False
        boilerplate = self._state.furniture is not Furniture.NONE
        for caption in shape.captions:
            text, links = self._read_cell(caption)
            if text:
                self._append(Block(kind=BlockKind.PARAGRAPH, text=text, links=links, boilerplate=boilerplate))
        for block in table_blocks(shape, self._read_cell):
            self._append(replace(block, boilerplate=True) if boilerplate else block)
        return True

    def _read_cell(self, node: LexborNode) -> tuple[str, tuple[Link, ...]]:
        """Text and links of one cell, its paragraphs joined with blanks."""
        child = node.first_child
        if child is None or (child.next is None and child.tag == "-text"):
            return fold(child.text_content or "") if child is not None else "", ()
        inner = BlockWalker()
        inner.walk(node)
        self.iframes += inner.iframes
        self._nodes += inner._nodes
        return " ".join(block.text for block in inner.blocks), tuple(
            link for each in inner.blocks for link in each.links
        )
