"""Where a link leads, told apart from how its address happens to be written this time."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlencode

from watcher.diff.folds import without_links
from watcher.model.document import Block, Link

# Cloudflare's e-mail protection writes an address anew at each request: the first byte in hexadecimal is a key, and
# each byte after it is a byte of the address XOR that key (their script email-decode.min.js undoes it).
_PROTECTED = re.compile(r"(?:https?://[^/]*)?/?cdn-cgi/l/email-protection#((?:[0-9a-fA-F]{2}){2,})$")
_SESSION_IN_PATH = re.compile(r";jsessionid=[^?#/;]*", re.IGNORECASE)
# Parameters that name a visit, a campaign or a session, never a document.
_OF_A_VISIT = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|mc_[ce]id|_ga|_gl|igshid"
    r"|phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id)\Z",
    re.IGNORECASE,
)
MAX_CHARACTERS = 8_000
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>()\"“”]+|[\w.+-]+@(?:[\w-]+\.)+\w{2,}", re.IGNORECASE)
_BEFORE_ADDRESS = re.compile(r"\A(?:https?://)?(?:www\.)?", re.IGNORECASE)
_AFTER_ADDRESS = re.compile(r"[/.,;:!?'*_]+\Z")
_ONLY_HERE = re.compile(r"\s*(?:#|javascript:|data:|about:)", re.IGNORECASE)
_WRITING = re.compile(r"\A(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:www\.)?|\A(?:\.{1,2}/)+|/+\Z", re.IGNORECASE)


def leads_to(target: str) -> str:
    """The target without what changes from visit to visit: a hidden e-mail address is written out, names of
    campaigns and sessions are left out. Targets that lead to the same place become equal; others stay apart.
    A target that is no such thing, or longer than MAX_CHARACTERS, is given back as it is.
    """
    if len(target) > MAX_CHARACTERS:
        return target
    protected = _PROTECTED.match(target)
    if protected:
        target = f"mailto:{_written_out(protected[1])}"
    if target[:7].lower() == "mailto:":
        return html.unescape(unquote(target))
    if "?" not in target and ";" not in target:
        return target
    address, mark, fragment = _SESSION_IN_PATH.sub("", target).partition("#")
    path, question, query = address.partition("?")
    if question and _names_a_visit(query):
        kept = [(name, value) for name, value in _parameters(query) if not _OF_A_VISIT.match(name)]
        address = f"{path}?{urlencode(kept)}" if kept else path
    return f"{address}{mark}{fragment}"


def places(links: Iterable[Link]) -> list[str]:
    """Where links lead, in order."""
    return [leads_to(link.target) for link in links]


def leads_elsewhere(old: str, new: str) -> bool:
    """Whether following a link brings a reader to another document than before; "" is no link.

    A part of the same page, a script, and one address written in another way (scheme, "www.", absolute or relative,
    slash at the end, fragment) are no other document.
    """
    before, after = (_document(target) for target in (old, new))
    if before == after:
        return False
    if not before or not after:
        return True
    shorter, longer = sorted((before, after), key=len)
    return not longer.endswith(f"/{shorter.lstrip('/')}")


def shown_addresses(block: Block) -> frozenset[str]:
    """Addresses of pages and mailboxes that a Block's words name and that are no link themselves, nor lead one."""
    text = without_links(block.text)
    for link in block.links:
        text = text.replace(link.text, " ") if is_address(link.text) else text
    return frozenset(_plain_address(found[0]) for found in _ADDRESS.finditer(text))


def is_address(text: str) -> bool:
    """Whether words are the address of a page or a mailbox: what a reader sees is where it leads."""
    return _ADDRESS.fullmatch(text.strip()) is not None


def _plain_address(text: str) -> str:
    return _AFTER_ADDRESS.sub("", _BEFORE_ADDRESS.sub("", text)).lower()


def _document(target: str) -> str:
    """An address without its writing and fragment, "" for one that leads to no other document."""
    address = leads_to(target.strip())
    if not address or _ONLY_HERE.match(address):
        return ""
    if address[:7].lower() == "mailto:":
        return address.lower()
    before = None
    address = address.partition("#")[0]
    while before != address:
        before, address = address, _WRITING.sub("", address)
    return address.lower() or "/"


def _names_a_visit(query: str) -> bool:
    return any(_OF_A_VISIT.match(name) for name, _ in _parameters(query))


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _written_out(code: str) -> str:
    key, *hidden = bytes.fromhex(code)
    return bytes(byte ^ key for byte in hidden).decode("utf-8", "replace")
