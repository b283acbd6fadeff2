"""Rich Text Format (RTF 1.9.1): paragraphs, headings by outline level, tables, footnotes, page headers and footers.

Tracked changes are shown as in Word documents: "[inserted: ...]" and "[deleted: ...]".
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_BLOCKS, MAX_RTF_DEPTH, refuse
from watcher.extract.reading import Payload, Reading, fold
from watcher.extract.structure import with_structure
from watcher.extract.tables import rows_as_blocks
from watcher.model.document import Block, BlockKind

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SKIPPED = frozenset(
    {"colortbl", "stylesheet", "pict", "object", "themedata", "datastore", "listtable", "rsidtbl", "xmlnstbl"}
    | {"listoverridetable", "generator", "latentstyles", "fldinst", "filetbl", "bkmkstart", "bkmkend", "revtbl"}
    | {"xe", "tc", "rxe", "nonshppict", "pgdsctbl", "mmathPr", "wgrffmtfilter", "annotation", "atnid", "atnauthor"}
    | {"colorschememapping", "fchars", "lchars", "userprops", "template", "sp"}
)
_READ_ALTHOUGH_MARKED = frozenset({"shptxt", "shpinst", "footnote"})
_FURNITURE = frozenset({"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"})
_SIGNS = {
    "emdash": "\u2014",
    "endash": "\u2013",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "\u2022",
    "tab": " ",
    "line": " ",
    "emspace": " ",
    "enspace": " ",
    "softline": " ",
}
_TRACKED = {"deleted": "deleted", "revised": "inserted"}
_SYMBOLS = {"~": " ", "_": "-", "-": ""}
_CHARSET_CODECS = {
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    77: "mac_roman",
}
"""Codec by the \\fcharset number of a font, RTF 1.9.1 "Font Table"."""


@dataclass(frozen=True, slots=True)
class _State:
    """What holds in the open group. `target` is where its text goes: body, footnote, furniture, title, or nowhere."""

    target: str = "body"
    codec: str = ""
    fallback: int = 1
    hidden: bool = False
    tracked: str = ""


def read_rtf(payload: Payload) -> Reading:
    """Blocks of the text, then footnotes, then page headers and footers as boilerplate.

    ExtractError `damaged` when the braces do not fit the format, `too_large` past the nesting limit, `no_text`.
    """
    reader = _Reader(payload.data)
    reader.run()
    blocks = [
        *with_structure(reader.blocks),
        *reader.notes,
        *(Block(kind=BlockKind.PARAGRAPH, text=text, boilerplate=True) for text in reader.furniture),
    ]
    if not blocks:
        raise ExtractError("the RTF document has no text", code="no_text")
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    inserted, deleted = reader.changes["inserted"], reader.changes["deleted"]
    tracked = f"has tracked changes: {inserted} insertion(s), {deleted} deletion(s)"
    notes = (tracked,) if inserted or deleted else ()
    return Reading(title=reader.title or next(headings, ""), blocks=tuple(blocks), charset=None, notes=notes)


class _Reader:
    """One pass over the tokens of a document."""

    def __init__(self, data: bytes) -> None:
        self.blocks: list[Block] = []
        self.notes: list[Block] = []
        self.furniture: dict[str, None] = {}
        self.title = ""
        self.changes = Counter[str]()
        self._data = data
        self._state = _State()
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._pieces: dict[str, list[tuple[str, str]]] = {}
        self._pending = bytearray()
        self._unread = 0
        self._marked = False
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._outline = 0
        self._item = 0
        self._in_table = False

    def run(self) -> None:
        place = 0
        while place < len(self._data):
            match = _TOKEN.match(self._data, place)
            if match is None:
                place += 1
                continue
            place = match.end()
            word, number, code, symbol, brace, text = match.groups()
            if code is not None:
                self._byte(int(code, 16))
            elif text is not None:
                self._text(text)
            elif brace is not None:
                self._group(brace)
            elif word is not None:
                argument = int(number) if number else None
                if word == b"bin":
                    place += max(0, argument or 0)
                self._word(word.decode("ascii"), argument)
            elif symbol is not None:
                self._symbol(symbol)
        self._flush_bytes()
        self._end_paragraph()
        self._end_table()

    def _group(self, brace: bytes) -> None:
        self._flush_bytes()
        self._unread = 0
        self._marked = False
        if brace == b"{":
            if len(self._stack) >= MAX_RTF_DEPTH:
                refuse("the RTF document", found=f"over {MAX_RTF_DEPTH}", limit=MAX_RTF_DEPTH, unit="nested groups")
            self._stack.append(self._state)
        elif self._stack:
            left, self._state = self._state, self._stack.pop()
            if left.target != self._state.target:
                self._leave(left.target)

    def _leave(self, target: str) -> None:
        text = self._take(target)
        if target == "title":
            self.title = self.title or text
        elif target == "furniture" and text:
            self.furniture[text] = None
        elif target == "footnote" and text:
            mark = str(len(self.notes) + 1)
            self.notes.append(Block(kind=BlockKind.FOOTNOTE, text=f"[{mark}] {text}", anchor=mark))
            self._put(f"[{mark}]")

    def _byte(self, value: int) -> None:
        if self._unread:
            self._unread -= 1
        else:
            self._pending.append(value)

    def _text(self, text: bytes) -> None:
        kept = text[self._unread :]
        self._unread = max(0, self._unread - len(text))
        self._pending += kept

    def _flush_bytes(self) -> None:
        if self._pending:
            text = bytes(self._pending).decode(self._state.codec or self._codec, "replace")
            self._pending.clear()
            self._put(text)

    def _put(self, text: str) -> None:
        if self._state.target and not self._state.hidden:
            self._pieces.setdefault(self._state.target, []).append((self._state.tracked, text))

    def _take(self, target: str) -> str:
        raw = ""
        for tracked, group in groupby(self._pieces.pop(target, ()), key=lambda piece: piece[0]):
            raw += self._shown(tracked, "".join(text for _, text in group))
        return fold(raw.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

    def _shown(self, tracked: str, text: str) -> str:
        """Text with its tracked change marked as in Word documents."""
        words = text.strip()
        if not tracked or not words:
            return text
        self.changes[tracked] += 1
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{before}[{tracked}: {words}]{after}"

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._marked = True
            return
        self._flush_bytes()
        if symbol in (b"\r", b"\n"):
            self._end_paragraph()
        else:
            self._put(_SYMBOLS.get(symbol.decode("latin-1"), symbol.decode("latin-1") if symbol in b"\\{}" else ""))

    def _word(self, word: str, argument: int | None) -> None:
        self._flush_bytes()
        marked, self._marked = self._marked, False
        if self._destination(word, marked=marked):
            return
        if word == "u" and argument is not None:
            self._put(chr(argument & 0xFFFF))
            self._unread = self._state.fallback
        elif word in _SIGNS:
            self._put(_SIGNS[word])
        elif self._state.target == "fonts":
            self._font_table(word, argument)
        elif word in ("par", "sect", "page", "cell", "row", "nestcell", "nestrow"):
            self._end(word)
        else:
            self._format(word, argument)

    def _destination(self, word: str, *, marked: bool) -> bool:
        """Whether the word says where the text of its group goes."""
        target = self._state.target
        if word == "fonttbl":
            target = "fonts"
        elif word == "info":
            target = "info"
        elif word == "title" and target == "info":
            target = "title"
        elif word in _FURNITURE:
            target = "furniture" if target else ""
        elif word == "footnote":
            target = "footnote" if target == "body" else target
        elif word in _SKIPPED or (marked and word not in _READ_ALTHOUGH_MARKED):
            target = ""
        else:
            return False
        self._state = replace(self._state, target=target)
        return True

    def _font_table(self, word: str, argument: int | None) -> None:
        if word == "f":
            self._font = argument or 0
        elif word == "fcharset" and argument in _CHARSET_CODECS:
            self._fonts[self._font] = _CHARSET_CODECS[argument]
        elif word == "cpg" and argument is not None:
            self._fonts[self._font] = _codec(argument) or self._fonts.get(self._font, "")

    def _format(self, word: str, argument: int | None) -> None:
        if word == "f":
            self._state = replace(self._state, codec=self._fonts.get(argument or 0, ""))
        elif word == "uc":
            self._state = replace(self._state, fallback=max(0, argument or 0))
        elif word == "v":
            self._state = replace(self._state, hidden=argument != 0)
        elif word in _TRACKED:
            self._state = replace(self._state, tracked=_TRACKED[word] if argument != 0 else "")
        elif word == "plain":
            self._state = replace(self._state, hidden=False, codec="", tracked="")
        elif word == "ansicpg" and argument is not None:
            self._codec = _codec(argument) or self._codec
        elif word in ("mac", "pc", "pca"):
            self._codec = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif self._state.target == "body":
            self._paragraph_format(word, argument)

    def _paragraph_format(self, word: str, argument: int | None) -> None:
        if word == "pard":
            self._outline, self._item, self._in_table = 0, 0, False
        elif word == "intbl":
            self._in_table = True
        elif word == "outlinelevel" and argument is not None and 0 <= argument < 9:
            self._outline = min(6, argument + 1)
        elif word in ("listtext", "pntext", "ls"):
            self._item = max(self._item, 1)
        elif word == "ilvl" and argument is not None:
            self._item = min(9, max(0, argument)) + 1

    def _end(self, word: str) -> None:
        if self._state.target != "body":
            self._put(" ")
        elif word == "cell":
            self._cells.append(self._take("body"))
        elif word == "row":
            self._rows.append(self._cells)
            self._cells = []
        elif word in ("nestcell", "nestrow") or self._in_table:
            self._put(" ")
        else:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        text = self._take("body")
        if not text:
            return
        self._end_table()
        if len(self.blocks) >= MAX_BLOCKS:
            refuse("the RTF document", found=f"over {MAX_BLOCKS}", limit=MAX_BLOCKS, unit="paragraphs")
        if self._outline:
            self.blocks.append(Block(kind=BlockKind.HEADING, text=text, level=self._outline))
        elif self._item:
            self.blocks.append(Block(kind=BlockKind.LIST_ITEM, text=text, level=self._item))
        else:
            self.blocks.append(Block(kind=BlockKind.PARAGRAPH, text=text))

    def _end_table(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
            self._cells = []
        if self._rows:
            self.blocks.extend(rows_as_blocks(self._rows))
            self._rows = []


def _codec(page: int) -> str:
    try:
        return codecs.lookup(f"cp{page}").name
    except LookupError:
        return ""
