"""Numbers that Word shows before paragraphs (ECMA-376 part 1, 17.9), "1.", "(a)", "Article II", counted as it does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from watcher.extract.docx_text import W, attribute

_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_LARGEST = 32_767
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"))
_ROMAN_ONES = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Level:
    """One level of a list: how its number is written, its first number, the level whose step restarts it."""

    format: str = "decimal"
    text: str = ""
    start: int = 1
    restart: int | None = None
    legal: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _List:
    """A list definition as a paragraph refers to it; `counter` is shared by lists of one abstract definition."""

    counter: str
    levels: dict[int, _Level]
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the numbered paragraphs of a document in order.

    `numbering` is the root of word/numbering.xml and `styles` of word/styles.xml, None when there is none.
    """

    def __init__(self, numbering: Element | None, styles: Element | None) -> None:
        self._lists = _lists(numbering)
        self._of_style = _style_lists(styles)
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()

    def place(self, properties: Element | None) -> tuple[str, int] | None:
        """(list id, level from 0) of a paragraph, by itself or by its style; None when it is in no list."""
        if properties is None:
            return None
        own = properties.find(f"{W}numPr")
        styled = self._of_style.get(attribute(properties.find(f"{W}pStyle"), "val"))
        list_id = attribute(own.find(f"{W}numId"), "val") if own is not None else ""
        level = attribute(own.find(f"{W}ilvl"), "val") if own is not None else ""
        if list_id == "0":
            return None
        if not list_id:
            if styled is None:
                return None
            list_id = styled[0]
        at = int(level) if level.isdigit() and len(level) < 3 else (styled[1] if styled and not level else 0)
        return list_id, min(at, _LEVELS - 1)

    def number(self, list_id: str, at: int) -> str:
        """The next number of a list at a level, as shown; "" for bullets and lists without a definition."""
        found = self._lists.get(list_id)
        level = found.levels.get(at) if found is not None else None
        if found is None or level is None:
            return ""
        counts = self._counts.setdefault(found.counter, [None] * _LEVELS)
        if at in found.starts and (list_id, at) not in self._begun:
            counts[at] = None
        self._begun.add((list_id, at))
        before = counts[at]
        counts[at] = found.starts.get(at, level.start) if before is None else before + 1
        for deeper in range(at + 1, _LEVELS):
            restart = found.levels[deeper].restart if deeper in found.levels else None
            if restart is None or (restart and at < restart):
                counts[deeper] = None
        if level.format in ("bullet", "none"):
            return ""
        return _PLACE.sub(lambda match: _shown(found, level, counts, int(match[1]) - 1), level.text).strip()


def _shown(found: _List, own: _Level, counts: list[int | None], at: int) -> str:
    level = found.levels.get(at, _Level())
    count = counts[at]
    number = found.starts.get(at, level.start) if count is None else count
    return _written(number, "decimal" if own.legal else level.format)


def _written(number: int, form: str) -> str:
    """A number as a list writes it (17.18.59 ST_NumberFormat); forms that are not known, in digits."""
    if not 0 < number <= _LARGEST:
        return str(number)
    if form in ("lowerLetter", "upperLetter"):
        text = chr(ord("a") + (number - 1) % 26) * (1 + (number - 1) // 26)
    elif form in ("lowerRoman", "upperRoman"):
        text = _roman(number)
    elif form in ("russianLower", "russianUpper"):
        text = _RUSSIAN[(number - 1) % len(_RUSSIAN)] * (1 + (number - 1) // len(_RUSSIAN))
    elif form == "decimalZero":
        text = f"{number:02}"
    elif form == "ordinal":
        text = f"{number}{_ordinal_end(number)}"
    else:
        text = str(number)
    return text.upper() if form.startswith("upper") or form == "russianUpper" else text


def _roman(number: int) -> str:
    pieces = []
    for value, letters in (*_ROMAN, *_ROMAN_ONES):
        pieces.append(letters * (number // value))
        number %= value
    return "".join(pieces)


def _ordinal_end(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _lists(root: Element | None) -> dict[str, _List]:
    """The list definitions by their id."""
    abstract: dict[str, dict[int, _Level]] = {}
    lists: dict[str, _List] = {}
    for element in root if root is not None else ():
        if element.tag == f"{W}abstractNum":
            abstract[attribute(element, "abstractNumId")] = dict(map(_level, element.findall(f"{W}lvl")))
    for element in root if root is not None else ():
        if element.tag == f"{W}num":
            name = attribute(element.find(f"{W}abstractNumId"), "val")
            levels, starts = dict(abstract.get(name, {})), {}
            for override in element.findall(f"{W}lvlOverride"):
                at = _number(attribute(override, "ilvl"), 0)
                start = override.find(f"{W}startOverride")
                changed = override.find(f"{W}lvl")
                if changed is not None:
                    levels[at] = _level(changed)[1]
                if start is not None:
                    starts[at] = _number(attribute(start, "val"), 1)
            lists[attribute(element, "numId")] = _List(counter=name, levels=levels, starts=starts)
    return lists


def _level(element: Element) -> tuple[int, _Level]:
    restart = element.find(f"{W}lvlRestart")
    legal = element.find(f"{W}isLgl")
    return _number(attribute(element, "ilvl"), 0), _Level(
        format=attribute(element.find(f"{W}numFmt"), "val") or "decimal",
        text=attribute(element.find(f"{W}lvlText"), "val")[:100],
        start=_number(attribute(element.find(f"{W}start"), "val"), 0),
        restart=None if restart is None else _number(attribute(restart, "val"), 0),
        legal=legal is not None and attribute(legal, "val") not in ("0", "false"),
    )


def _style_lists(root: Element | None) -> dict[str, tuple[str, int]]:
    """(list id, level) by style id, inherited from the style that one is based on."""
    found: dict[str, tuple[str, int]] = {}
    parents: dict[str, str] = {}
    for style in root.findall(f"{W}style") if root is not None else ():
        name = attribute(style, "styleId")
        parents[name] = attribute(style.find(f"{W}basedOn"), "val")
        numbers = style.find(f"{W}pPr/{W}numPr")
        if numbers is not None:
            list_id = attribute(numbers.find(f"{W}numId"), "val")
            found[name] = (list_id, _number(attribute(numbers.find(f"{W}ilvl"), "val"), 0))
    inherited: dict[str, tuple[str, int]] = {}
    for name in parents:
        seen, ancestor = set(), name
        while ancestor and ancestor not in found and ancestor not in seen:
            seen.add(ancestor)
            ancestor = parents.get(ancestor, "")
        if ancestor in found and found[ancestor][0] not in ("", "0"):
            inherited[name] = found[ancestor]
    return inherited


def _number(text: str, otherwise: int) -> int:
    return min(int(text), _LARGEST) if text.isdigit() and len(text) < 10 else otherwise
