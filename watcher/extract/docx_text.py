"""The runs of WordprocessingML paragraphs as text, with links, note references and tracked changes."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from watcher.extract.reading import fold
from watcher.extract.safe_xml import local_name
from watcher.model.document import Link

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"

_BLANKS = frozenset({"tab", "br", "cr", "ptab"})
_SKIPPED = frozenset({"pPr", "instrText", "delInstrText", "Fallback", "fldData", "rt", "annotationRef", "sectPr"})


def attribute(element: Element | None, name: str) -> str:
    """A WordprocessingML attribute of an element that may be missing, "" when it is not there."""
    return element.attrib.get(f"{W}{name}", "") if element is not None else ""


class RunReader:
    """Reads paragraphs in document order and numbers the notes they refer to.

    `references` maps (kind, id) of a note to the number shown in the text; `insertions` and `deletions` count
    tracked changes that hold text.
    """

    def __init__(self, hyperlinks: dict[str, str]) -> None:
        self.references: dict[tuple[str, str], str] = {}
        self.insertions = 0
        self.deletions = 0
        self._hyperlinks = hyperlinks
        self._links: list[Link] = []
        self._boxes: list[Element] = []

    def read(self, paragraph: Element) -> tuple[str, tuple[Link, ...], list[Element]]:
        """Folded text, links, and the text boxes anchored here, whose content stands apart."""
        self._links, self._boxes = [], []
        pieces: list[str] = []
        for child in paragraph:
            self._inline(child, pieces)
        return fold("".join(pieces)), tuple(self._links), self._boxes

    def _inline(self, element: Element, pieces: list[str]) -> None:
        name = local_name(element)
        if name in ("t", "delText"):
            pieces.append(element.text or "")
        elif name in _BLANKS:
            pieces.append(" ")
        elif name == "noBreakHyphen":
            pieces.append("-")
        elif name in ("footnoteReference", "endnoteReference"):
            pieces.append(f"[{self._mark(name.removesuffix('Reference'), element)}]")
        elif name == "txbxContent":
            self._boxes.append(element)
        elif name in ("drawing", "pict", "object"):
            self._drawing(element, pieces)
        elif name in ("ins", "moveTo", "del", "moveFrom"):
            self._tracked(element, pieces, inserted=name in ("ins", "moveTo"))
        elif name == "hyperlink":
            self._hyperlink(element, pieces)
        elif name not in _SKIPPED and not (name == "r" and _is_hidden(element)):
            for child in element:
                self._inline(child, pieces)

    def _mark(self, kind: str, element: Element) -> str:
        key = (kind, attribute(element, "id"))
        return self.references.setdefault(key, str(len(self.references) + 1))

    def _drawing(self, element: Element, pieces: list[str]) -> None:
        """A picture's description, and the text boxes inside; of alternatives the first is taken."""
        waiting = [element]
        described = ""
        while waiting:
            each = waiting.pop()
            described = described or each.attrib.get("descr", "")
            if local_name(each) == "txbxContent":
                self._boxes.append(each)
            elif local_name(each) != "Fallback":
                waiting.extend(reversed(each))
        if described:
            pieces.append(f" {described} ")

    def _tracked(self, element: Element, pieces: list[str], *, inserted: bool) -> None:
        inside: list[str] = []
        for child in element:
            self._inline(child, inside)
        text = "".join(inside)
        if not text.strip():
            pieces.append(text)
            return
        self.insertions += inserted
        self.deletions += not inserted
        before = text[: len(text) - len(text.lstrip())]
        after = text[len(text.rstrip()) :]
        pieces.append(f"{before}[{'inserted' if inserted else 'deleted'}: {text.strip()}]{after}")

    def _hyperlink(self, element: Element, pieces: list[str]) -> None:
        inside: list[str] = []
        for child in element:
            self._inline(child, inside)
        text = "".join(inside)
        target = self._hyperlinks.get(element.attrib.get(f"{_R}id", ""), "")
        if target:
            self._links.append(Link(text=fold(text), target=target))
        pieces.append(text)


def _is_hidden(run: Element) -> bool:
    hidden = run.find(f"{W}rPr/{W}vanish")
    return hidden is not None and attribute(hidden, "val") not in ("0", "false")
