"""HTML pages: every visible word kept in Blocks, page furniture only labelled."""

from __future__ import annotations

import re
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from watcher.errors import ExtractError
from watcher.extract.charset import decode
from watcher.extract.html_noscript import without_noscript
from watcher.extract.html_walker import BlockWalker
from watcher.extract.limits import MAX_ATTRIBUTES, MAX_HTML_DEPTH, MAX_OPTIONS
from watcher.extract.patterns import matched_nothing
from watcher.extract.reading import NO_RULES, Payload, Reading, fold
from watcher.extract.selectors import find
from watcher.extract.structure import with_structure
from watcher.model.document import Block, BlockKind, ExtractRules, RuleMatch

_NESTING_TAGS = (
    *("div", "ul", "ol", "li", "dl", "dd", "dt", "menu", "dir", "section", "article", "blockquote", "center"),
    *("fieldset", "main", "aside", "nav", "details"),
)
_NESTING = re.compile(rf"<(/?)(?:{'|'.join(_NESTING_TAGS)})\b", re.IGNORECASE)
_NESTING_WHOLE = re.compile(rf"</?(?:{'|'.join(_NESTING_TAGS)})\b[^<>]*>", re.IGNORECASE)
_LONG_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)\s[^<>]{20000,}")
_SELECT = re.compile(r"<(/?)select(?=[\s/>])", re.IGNORECASE)
_REFRESH_URL = re.compile(r"(?<!\d)\d++\s*+[;,]\s*+(?:url\s*+=)?", re.IGNORECASE)


def read_html(payload: Payload) -> Reading:
    """Blocks of a page, after the select and remove rules of its Definition.

    ExtractError `no_text` when nothing is visible, `selector_matched_nothing` when no select rule finds
    anything, `too_large` past the limits; ConfigError for what is no selector.
    """
    text, charset = decode(payload.data, declared=payload.charset, media_type=payload.media_type)
    matches: list[RuleMatch] = []
    blocks, title, notes = read_markup(text, payload.rules, matches)
    if not blocks:
        raise ExtractError("the page has no visible text" + "".join(f"; {note}" for note in notes), code="no_text")
    return Reading(
        title=title, blocks=with_structure(blocks), charset=charset, notes=tuple(notes), rules=tuple(matches)
    )


def read_markup(
    text: str, rules: ExtractRules = NO_RULES, matches: list[RuleMatch] | None = None
) -> tuple[list[Block], str, list[str]]:
    """Blocks, title and notes of HTML source text. Blocks may be empty. `matches` takes how far each rule applied."""
    matches = [] if matches is None else matches
    notes: list[str] = []
    text, unscripted = without_noscript(text)
    root = _parsed(_tamed(text, notes))
    if root is None:
        return [], "", notes
    matches += _remove(root, rules.remove)
    walker = BlockWalker()
    matches += _walk(walker, root, rules.select)
    notes += [f"the {match.rule} rule {match.pattern!r} matched nothing" for match in matches if not match.matches]
    blocks = walker.blocks or _shown_instead(root, unscripted)
    notes.extend(_oddities(root, walker.iframes))
    if blocks and all(block.boilerplate for block in blocks):
        blocks = [replace(block, boilerplate=False) for block in blocks]
    return blocks, _title(root, blocks), notes


def _parsed(text: str) -> LexborNode | None:
    """The root of the tree. The parser takes any text; it gives up only when it gets no memory."""
    try:
        return LexborHTMLParser(text).root
    except SelectolaxError as error:
        message = f"the page is too large to read: the parser ran out of memory at {len(text)} characters"
        raise ExtractError(message, code="too_large") from error


def _tamed(text: str, notes: list[str]) -> str:
    """The source, changed only where its shape would cost the parser time by the square of its length."""
    if text.count("<") > MAX_HTML_DEPTH and _depth(text) > MAX_HTML_DEPTH:
        notes.append(f"elements nested deeper than {MAX_HTML_DEPTH} levels were read as if side by side")
        text = _NESTING_WHOLE.sub("<p>", text)
    if text.count("<option") + text.count("<OPTION") > MAX_OPTIONS:
        text = _SELECT.sub(lambda match: "</div" if match[1] else "<div role=menu ", text)
    if len(text) > 20000 and "=" in text:
        text = _LONG_TAG.sub(lambda match: _without_attributes(match, notes), text)
    return text


def _depth(text: str) -> int:
    """How deep the elements lie that nest without end; 0 at once for a page of few of them."""
    lower = text.lower()
    if sum(lower.count(f"<{tag}") for tag in _NESTING_TAGS) <= MAX_HTML_DEPTH:
        return 0
    depth = deepest = 0
    for match in _NESTING.finditer(text):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _without_attributes(match: re.Match[str], notes: list[str]) -> str:
    if len(match[0].split(None, MAX_ATTRIBUTES)) <= MAX_ATTRIBUTES:
        return match[0]
    notes.append(f"an element with more than {MAX_ATTRIBUTES} attributes was read without them")
    return f"<{match[1]} "


def _remove(root: LexborNode, selectors: tuple[str, ...]) -> list[RuleMatch]:
    """Take out what the remove rules match. An element inside another one that goes is never touched by itself."""
    matches = []
    for selector in selectors:
        found = find(root, selector, rule="remove")
        going = [node for node in _outermost(root, {node.mem_id for node in found}) if node.mem_id != root.mem_id]
        blocks = 0
        for node in going:
            walker = BlockWalker()
            walker.walk(node)
            blocks += len(walker.blocks)
            node.decompose()
        matches.append(RuleMatch(rule="remove", pattern=selector, matches=len(found), blocks=blocks))
    return matches


def _walk(walker: BlockWalker, root: LexborNode, selectors: tuple[str, ...]) -> list[RuleMatch]:
    """Read the selected elements in document order, none inside another; the whole page without rules."""
    if not selectors:
        walker.walk(root)
        return []
    found = {selector: {node.mem_id for node in find(root, selector, rule="select")} for selector in selectors}
    if not any(found.values()):
        raise ExtractError(matched_nothing("select", selectors), code="selector_matched_nothing")
    blocks = dict.fromkeys(found, 0)
    for node in _outermost(root, set().union(*found.values())):
        before = len(walker.blocks)
        walker.walk(node)
        for selector, wanted in found.items():
            blocks[selector] += (len(walker.blocks) - before) if node.mem_id in wanted else 0
    return [
        RuleMatch(rule="select", pattern=selector, matches=len(wanted), blocks=blocks[selector])
        for selector, wanted in found.items()
    ]


def _outermost(root: LexborNode, wanted: set[int]) -> list[LexborNode]:
    """The wanted nodes in document order, none inside another."""
    chosen: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None:
        taken = node.mem_id in wanted
        if taken:
            chosen.append(node)
        following = None if taken else node.first_child
        while following is None and node is not None:
            following = node.next
            if following is None:
                node = node.parent
        node = following
    return chosen


def _shown_instead(root: LexborNode, unscripted: str) -> list[Block]:
    """What a page shows to readers without scripts or frames, for a page that has nothing else."""
    unframed = "".join(node.text(deep=True) for node in root.css("noframes"))
    walker = BlockWalker()
    for source in (unscripted, unframed):
        inner = _parsed(source) if source and not walker.blocks else None
        if inner is not None:
            walker.walk(inner)
    return walker.blocks


def _oddities(root: LexborNode, iframes: int) -> list[str]:
    notes = []
    if iframes:
        notes.append("embedded frames were not followed")
    for node in root.css("meta[http-equiv]"):
        attributes = node.attributes
        if (attributes.get("http-equiv") or "").lower() == "refresh":
            target = _REFRESH_URL.sub("", (attributes.get("content") or "")[:1000], count=1).strip("\"' ")
            if target and not target.isdigit():
                notes.append(f"looks like a redirect page, to {target[:200]}")
    return notes


def _title(root: LexborNode, blocks: list[Block]) -> str:
    node = root.css_first("head title") or root.css_first("title")
    title = fold(node.text(deep=True)) if node is not None else ""
    headings = (block.text for block in blocks if block.kind is BlockKind.HEADING)
    return title or next(headings, "")
