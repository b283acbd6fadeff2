"""Selectors of HTML: CSS by default, XPath after `xpath:` or with a leading slash or parenthesis."""

from __future__ import annotations

from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from watcher.errors import ConfigError
from watcher.extract.xpath import Expression, XPathError, parse_xpath
from watcher.extract.xpath_nodes import select_nodes

MAX_SELECTOR_CHARACTERS = 500
_CSS, _XPATH = "css:", "xpath:"


def require_selector(text: str, *, rule: str) -> None:
    """ConfigError, with the position and what to do, unless the text is a selector that can be used."""
    expression = _xpath_of(text)
    if expression is not None:
        _parsed(expression, text, rule)
        return
    css = _css_of(text)
    if len(text) > MAX_SELECTOR_CHARACTERS:
        raise ConfigError(
            f"{rule}: a selector of {len(text)} characters; the limit is {MAX_SELECTOR_CHARACTERS}", key=rule
        )
    if not _is_css(css):
        raise ConfigError(_css_problem(css, text, rule), key=rule)


def find(root: LexborNode, text: str, *, rule: str) -> list[LexborNode]:
    """The nodes that a selector matches below `root`, the page's `html`. ConfigError for what is no selector."""
    expression = _xpath_of(text)
    if expression is not None:
        return select_nodes(root, _parsed(expression, text, rule))
    try:
        return root.css(_css_of(text))
    except SelectolaxError as error:
        raise ConfigError(_css_problem(_css_of(text), text, rule), key=rule) from error


def _xpath_of(text: str) -> str | None:
    bare = text.strip()
    if bare.startswith(_XPATH):
        return bare.removeprefix(_XPATH)
    return bare if bare.startswith(("/", "(")) else None


def _css_of(text: str) -> str:
    return text.strip().removeprefix(_CSS).strip()


@lru_cache(maxsize=64)
def _expression(text: str) -> Expression:
    return parse_xpath(text)


def _parsed(expression: str, text: str, rule: str) -> Expression:
    try:
        return _expression(expression)
    except XPathError as error:
        offset = text.find(expression)
        where = offset + error.position
        raise ConfigError(f"{rule}: the XPath {text[:120]!r}, character {where}: {error}", key=rule) from error


def _is_css(css: str) -> bool:
    page = LexborHTMLParser("<p></p>")
    try:
        page.css(css)
    except SelectolaxError:
        return False
    return True


def _css_problem(css: str, text: str, rule: str) -> str:
    """The parser names no place: it is where the longest beginning that can be read ends."""
    if not css:
        return f"{rule}: an empty selector; leave the rule out"
    short = css[:MAX_SELECTOR_CHARACTERS]
    readable = next((length for length in range(len(short), 0, -1) if _is_css(short[:length])), 0)
    while readable < len(short) and short[readable].isspace():
        readable += 1
    where = text.find(css) + readable + 1
    rest = short[readable:][:40]
    return (
        f"{rule}: {text[:120]!r} is not a CSS selector that can be used: it cannot be read from character {where} on "
        f"({rest!r}). Put xpath: in front of an XPath"
    )
