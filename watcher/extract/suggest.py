"""Which selectors would suit an HTML page: parts that differ between two reads of it, and parts that hold its text.

A suggestion is only made for a selector that was tried with the extractor itself. Places by number ("the third
paragraph") are never suggested: after an insertion they would name something else.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from watcher.extract import sniff
from watcher.extract.charset import decode
from watcher.extract.html import read_markup
from watcher.extract.reading import NO_RULES, Payload, fold
from watcher.model.document import Block, ExtractRules

MAXIMUM_CHARACTERS = 3_000_000
MAXIMUM_ELEMENTS = 30_000
TRIES = 12
MAXIMUM_REMOVALS = 5
MOST_REMOVED_SHARE = 0.2
LONGEST_WHOLE_BLOCK = 120  # a longer Block holds more than a clock: only the part of it that changes should go
LEAST_TEXT_SHARE = 0.6
LEAST_FURNITURE_SHARE = 0.05
MAXIMUM_SELECTS = 3

_UNSEEN = ("script", "style", "noscript", "template")
_NAMED = frozenset({"main", "article", "time", "footer", "header", "nav", "aside", "marquee"})
# No running numbers, and no digests that a build tool puts at the end of a name ("Box--be0a1").
_LASTING = re.compile(r"(?!.*\d{3})(?!.*[-_](?=[a-z]*\d)[a-z0-9]{5,}$)[A-Za-z][A-Za-z0-9_-]{0,60}", re.IGNORECASE)
_CONTENT_NAME = re.compile(r"main|article|content|body-?text|story|document|page-?text|post|texte|contenido", re.I)


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveSuggestion:
    """A selector for what differs between two reads; `characters` of the first read's text go with it."""

    selector: str
    characters: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectSuggestion:
    """A selector that holds `text_share` of the text; `furniture_share` of what it holds is navigation and the like."""

    selector: str
    text_share: float
    furniture_share: float


def suggest_removals(first: Payload, second: Payload) -> tuple[RemoveSuggestion, ...]:
    """Selectors without which two reads of one page have more Blocks in common, best first; () when there are none."""
    one, two = _source(first), _source(second)
    if one is None or two is None:
        return ()
    rules = first.rules
    before, after = _blocks(one, rules), _blocks(two, rules)
    length = sum(len(block.text) for block in before)
    left = _distance(before, after)
    found: list[RemoveSuggestion] = []
    for selector in _unstable(one, two, _changed_texts(before, after))[:TRIES]:
        if not left or len(found) == MAXIMUM_REMOVALS:
            break
        tried = replace(rules, remove=(*rules.remove, selector))
        before, after = _blocks(one, tried), _blocks(two, tried)
        lost = length - sum(len(block.text) for block in before)
        distance = _distance(before, after)
        if before and distance < left and lost <= length * MOST_REMOVED_SHARE:
            earlier = sum(each.characters for each in found)
            found.append(RemoveSuggestion(selector=selector, characters=lost - earlier))
            rules, left = tried, distance
    return tuple(found)


def suggest_selects(payload: Payload) -> tuple[SelectSuggestion, ...]:
    """Selectors for the part of a page that holds most of its text and little else, best first."""
    text = _source(payload)
    if text is None:
        return ()
    rules = replace(payload.rules, select=())
    blocks = _blocks(text, rules)
    content = Counter(block.text for block in blocks if not block.boilerplate)
    furniture = Counter(block.text for block in blocks if block.boilerplate) - content
    whole, aside = _length(content), _length(furniture)
    if not whole:
        return ()
    has_furniture = aside >= (whole + aside) * LEAST_FURNITURE_SHARE
    found = []
    for selector in _holders(text)[:TRIES]:
        if not has_furniture and not _CONTENT_NAME.search(selector):
            continue
        inside = Counter(block.text for block in _blocks(text, replace(rules, select=(selector,))))
        held, beside = _length(inside & content), _length(inside & furniture)
        suggestion = SelectSuggestion(
            selector=selector,
            text_share=held / whole,
            furniture_share=beside / max(1, held + beside),
        )
        leaves_something = held + beside < (whole + aside) * 0.99
        if leaves_something and suggestion.text_share >= LEAST_TEXT_SHARE and suggestion.furniture_share <= 0.1:
            found.append(suggestion)
    found.sort(key=_rank)
    return tuple(found[:MAXIMUM_SELECTS])


def _rank(suggestion: SelectSuggestion) -> tuple[float, bool, int]:
    """Most text and least furniture first; names that speak of content before names that speak of looks."""
    apart = round(suggestion.furniture_share - suggestion.text_share, 1)
    return apart, not _CONTENT_NAME.search(suggestion.selector), len(suggestion.selector)


def _source(payload: Payload) -> str | None:
    """The page's text, None when it is no HTML or too long to be tried many times."""
    if payload.media_type != sniff.HTML or len(payload.data) > MAXIMUM_CHARACTERS:
        return None
    return decode(payload.data, declared=payload.charset, media_type=payload.media_type)[0]


def _blocks(text: str, rules: ExtractRules = NO_RULES) -> list[Block]:
    return read_markup(text, rules)[0]


def _length(texts: Counter[str]) -> int:
    return sum(len(text) * count for text, count in texts.items())


def _changed_texts(before: list[Block], after: list[Block]) -> set[str]:
    one, two = Counter(block.text for block in before), Counter(block.text for block in after)
    return {*(one - two), *(two - one)}


def _distance(before: list[Block], after: list[Block]) -> int:
    """Blocks that only one read has; 1 when both have the same in another order."""
    one, two = Counter(block.text for block in before), Counter(block.text for block in after)
    apart = (one - two).total() + (two - one).total()
    return apart or int([block.text for block in before] != [block.text for block in after])


def _elements(text: str) -> Iterator[LexborNode]:
    tree = LexborHTMLParser(text)
    for tag in _UNSEEN:
        for node in tree.css(tag):
            node.decompose()
    if tree.body is None:
        return
    for number, node in enumerate(tree.body.traverse(include_text=False)):
        if number > MAXIMUM_ELEMENTS:
            return
        if number:
            yield node


def _selectors(node: LexborNode) -> Iterator[str]:
    """Names of an element that may last: its id, its tag with a class, a tag that says what it is for."""
    tag, attributes = node.tag or "", node.attributes
    if tag in _NAMED:
        yield tag
    if attributes.get("role") == "main":
        yield '[role="main"]'
    name = attributes.get("id") or ""
    if _LASTING.fullmatch(name):
        yield f"#{name}"
    for each in (attributes.get("class") or "").split()[:8]:
        if _LASTING.fullmatch(each):
            yield f"{tag}.{each}"


def _texts(text: str) -> dict[str, list[str]]:
    """For each selector the texts of the elements that it matches, in order."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for node in _elements(text):
        names = list(_selectors(node))
        shown = fold(node.text(deep=True)) if names else ""
        for name in names:
            found[name].append(shown)
    return found


def _unstable(one: str, two: str, changed: set[str]) -> list[str]:
    """Selectors whose text differs between two reads: whole short Blocks first, then the smallest part."""
    before, after = _texts(one), _texts(two)
    ranked = []
    for selector, texts in before.items():
        others = after.get(selector, [])
        if not others or texts == others or len(texts) > 3:
            continue
        size = max(sum(map(len, texts)), sum(map(len, others)))
        is_block = size <= LONGEST_WHOLE_BLOCK and any(text in changed for text in (*texts, *others))
        ranked.append((not is_block, size, not selector.startswith("#"), selector))
    return [selector for *_, selector in sorted(ranked)]


def _holders(text: str) -> list[str]:
    """Selectors that match one element, which holds at least half of all text; the tightest first."""
    texts = _texts(text)
    body = LexborHTMLParser(text).body
    longest = max((len(each) for found in texts.values() for each in found), default=0)
    least = longest / 2 if body is not None else 0
    ranked = [
        (len(found[0]), selector.startswith("#") or "." in selector, selector)
        for selector, found in texts.items()
        if len(found) == 1 and len(found[0]) >= least
    ]
    kept: dict[int, str] = {}
    for length, _, selector in sorted(ranked):
        kept.setdefault(length, selector)  # one name is enough for elements with the same text
    return list(kept.values())
