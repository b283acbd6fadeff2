"""The quality gate: is a captured page the document itself, or what a server shows in its place?

Bot walls, login pages, consent interstitials, soft 404s, redirect stubs, maintenance and error pages often come with
status 200 and would become the new baseline of a Source. A sign of one counts only where the page has little text of
its own, and words that the last good Document held too are no sign at all. In doubt a page is good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watcher.extract import quality_markup
from watcher.extract import quality_signs as signs
from watcher.model.document import Block, BlockKind, Document

# Lengths in characters, without links and page furniture.
_STUB, _SHORT, _MEDIUM, _LONG = 300, 700, 1500, 4000
# A page of links has few words of its own: with its links it may be this many times longer.
_WITH_LINKS = 4
# A page with the empty element of an application and less text than this waits for its scripts.
_SHELL = 80
# Frames that a person is told of.
_FRAMES = 3
# How much of a payload is searched for form fields, and for the markers of challenges, which are small pages.
_FORM_BYTES, _MARKER_BYTES = 400_000, 60_000
# A smaller document (characters) cannot shrink; one that keeps a smaller share than this has shrunk.
_SMALLEST_LOSS, _LEAST_LEFT = 500, 0.2
# Extractors of what servers send in place of a document.
_WEB_KINDS = frozenset({"html", "text", "json", "xml"})

_PART_BORDER = re.compile(r"\s+[-|–—·•«»‹›/:]+\s+|\s*[|»·•]\s*|:\s+(?=[^:]*$)")


class Quality(StrEnum):
    """What a captured page is. Only a GOOD one may become the baseline of its Source."""

    GOOD = "good"
    BOT_WALL = "bot_wall"
    LOGIN = "login"
    CONSENT = "consent"
    SOFT_404 = "soft_404"
    NO_TEXT = "no_text"
    MAINTENANCE = "maintenance"
    SERVER_ERROR = "server_error"
    REDIRECT_STUB = "redirect_stub"
    SHRUNK = "shrunk"
    CUT_SHORT = "cut_short"
    MEDIA_TYPE_CHANGED = "media_type_changed"
    STRUCTURE_CHANGED = "structure_changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityVerdict:
    """The judgement of one page. `reason` names, for a person, what decided; `rule` is the name of the rule.

    The rule SCRIPT_SHELL says that a browser may find text where there is none without one.
    """

    quality: Quality
    reason: str
    rule: str


SCRIPT_SHELL = "script_shell"

_Sign = tuple[Quality, str]
_STATUSES = {
    401: Quality.LOGIN,
    403: Quality.BOT_WALL,
    404: Quality.SOFT_404,
    410: Quality.SOFT_404,
    429: Quality.BOT_WALL,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """What the rules look at. Lengths are of the content: `own` without the text of links, `total` with it.

    `titles` is the title cut at its separators, `parts` also the first heading or the only Block; both without what
    the last good Document had there. `known` is all that it said. Texts are in lower case. `links` are the targets
    of the content's links; `markup` is the beginning of the payload in lower case, `source` as it came.
    """

    titles: tuple[str, ...]
    parts: tuple[str, ...]
    texts: tuple[str, ...]
    prose: str
    links: tuple[str, ...]
    own: int
    total: int
    source: bytes
    markup: bytes
    url: str
    headers: tuple[tuple[str, str], ...]
    status: int | None
    known: str

    def title(self, pattern: re.Pattern[str], limit: int) -> str:
        """The title that the pattern is, quoted; "" when there is none or the page has `limit` own characters."""
        parts = self.parts if self.own < limit else ()
        return next((f"the title {part!r}" for part in parts if pattern.fullmatch(part)), "")

    def words(self, pattern: re.Pattern[str], limit: int) -> str:
        """Words new to the Source that the pattern finds, quoted; "" also for a page longer than `limit`."""
        found = pattern.finditer(self.prose) if self.is_under(limit) else ()
        return next((f"the words {match[0]!r}" for match in found if match[0] not in self.known), "")

    def said(self, pattern: re.Pattern[str]) -> str:
        """Words new to the Source that the pattern finds, links included, quoted."""
        found = (match[0] for text in self.texts for match in pattern.finditer(text))
        return next((f"the words {words!r}" for words in found if words not in self.known), "")

    def marker(self, markers: Iterable[bytes], limit: int) -> str:
        """The first of the markers that the payload holds, quoted; "" also for a page longer than `limit`."""
        head = self.markup[:_MARKER_BYTES]
        held = (marker for marker in markers if marker in head) if self.is_under(limit) else ()
        return next((f"the marker {marker.decode()!r}" for marker in held), "")

    @property
    def has_text(self) -> bool:
        """Whether there is a letter or a digit."""
        return any(map(str.isalnum, "".join(self.texts)))

    def is_under(self, limit: int) -> bool:
        """Whether the page has less text than `limit` characters."""
        return self.own < limit and self.total < limit * _WITH_LINKS


def judge_quality(
    payload: bytes,
    document: Document,
    *,
    headers: tuple[tuple[str, str], ...] = (),
    status: int | None = 200,
    url: str = "",
    framed: bool = True,
    last_good: Document | None = None,
) -> QualityVerdict:
    """What `document`, read from `payload`, is. `headers`, `status` and `url` are of the response that brought it.

    `framed` is False when only the end of the connection said where the payload ends. `last_good` is the newest
    Document of the Source that was judged good. A payload without text, which gives no Document, is judged as one
    without Blocks. Never raises; the same arguments give the same verdict.
    """
    if last_good is not None and _kind(document) == _kind(last_good) and document.text == last_good.text != "":
        return QualityVerdict(quality=Quality.GOOD, reason="the text is that of the last good one", rule="same_text")
    blocks = [block for block in document.blocks if not block.boilerplate]
    own = sum(map(_own_length, blocks))
    if own < _LONG and document.extractor in _WEB_KINDS:
        page = _page(payload, document, blocks, headers=headers, status=status, url=url, last_good=last_good)
        for name, rule in _RULES:
            quality, sign = rule(page)
            if sign:
                rest = f"only {own} characters of text" if page.total else "no text"
                return QualityVerdict(quality=quality, reason=f"{sign}, and {rest}", rule=name)
    quality, reason = _compared(document, last_good, framed=framed)
    return QualityVerdict(quality=quality, reason=reason, rule=quality.value)


def _page(
    payload: bytes,
    document: Document,
    blocks: list[Block],
    *,
    headers: tuple[tuple[str, str], ...],
    status: int | None,
    url: str,
    last_good: Document | None,
) -> _Page:
    source = payload[:_FORM_BYTES].replace(b"\x00", b"")
    title = document.title if blocks else document.title or quality_markup.title_in(source)
    known = _plain(f"{last_good.title}\n{last_good.text}") if last_good else ""
    known_titles = frozenset(_titles(last_good.title, last_good.blocks)) if last_good else frozenset()
    titles = tuple(part for part in _parts(title) if part not in known_titles)
    prose = (block.text for block in blocks if _own_length(block) * 2 >= len(block.text))
    return _Page(
        titles=titles,
        parts=tuple(part for part in _titles(title, blocks) if part not in known_titles),
        texts=tuple(_plain(block.text) for block in blocks),
        prose=_plain("\n".join((title[:_STUB], *prose))),
        links=tuple(link.target for block in blocks for link in block.links),
        own=sum(map(_own_length, blocks)),
        total=sum(len(block.text) for block in blocks),
        source=source,
        markup=source.lower(),
        url=url,
        headers=tuple((name.lower(), value.lower()) for name, value in headers),
        status=status,
        known=known,
    )


def _kind(document: Document) -> tuple[str, str]:
    return document.media_type, document.extractor


def _own_length(block: Block) -> int:
    return max(0, len(block.text) - sum(len(link.text) for link in block.links))


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")


def _parts(title: str) -> list[str]:
    """The title whole and cut at its separators ("Page not found | Ministry"), without marks at the ends."""
    plain = _plain(title[:_STUB])
    return [part for each in (plain, *_PART_BORDER.split(plain)) if (part := each.strip(" .…!?:*\"'«»"))]


def _titles(title: str, blocks: Sequence[Block]) -> list[str]:
    """The parts of the title and of the first main heading, or of the only Block."""
    headings = (
        block.text for block in blocks if len(blocks) == 1 or (block.kind is BlockKind.HEADING and block.level <= 2)
    )
    return [*_parts(title), *_parts(next(headings, ""))]


def _login(page: _Page) -> _Sign:
    field = signs.PASSWORD_FIELD.search(page.markup) is not None
    by_title = field and page.own < _MEDIUM and any(map(signs.LOGIN_TITLE.fullmatch, page.titles))
    sign = "a password field under a login title" if by_title else ""
    if not sign and (field or page.marker(signs.SIGN_ON_MARKUP, _SHORT)):
        sign = page.title(signs.LOGIN_TITLE, _SHORT) or page.words(signs.MUST_SIGN_IN, _SHORT)
    return Quality.LOGIN, sign or page.words(signs.MUST_SIGN_IN, _STUB)


def _bot_wall(page: _Page) -> _Sign:
    mitigated = next((f"the header {name}" for name, _ in page.headers if name in signs.CHALLENGE_HEADERS), "")
    guarded = page.status in signs.GUARD_STATUSES or any(
        name in signs.GUARD_HEADERS
        or (name in ("server", "x-cdn") and any(guard in value for guard in signs.GUARD_SERVERS))
        for name, value in page.headers
    )
    sign = (
        mitigated
        or page.marker((marker for markers in signs.CHALLENGE_MARKUP.values() for marker in markers), _MEDIUM)
        or page.title(signs.WALL_TITLE, _MEDIUM if guarded else _SHORT)
        or page.words(signs.WALL_WORDS, _MEDIUM if guarded else _SHORT)
    )
    if not sign and b"<textarea" not in page.markup:
        sign = page.words(signs.HUMAN_CHECK, _STUB)
    return Quality.BOT_WALL, sign


def _consent(page: _Page) -> _Sign:
    if page.total > _LONG:
        return Quality.CONSENT, ""
    buttons = [text for text in page.texts if len(text) < 80 and signs.ACCEPT.search(text)]
    asking = [text for text in page.texts if signs.CONSENT_TALK.search(text) and text not in page.known]
    asked = sum(map(len, {*asking, *buttons}))
    rest = page.total - asked
    if not asking or asked < rest:
        return Quality.CONSENT, ""
    sign = page.marker(signs.CONSENT_MARKUP, _LONG)
    if not sign and buttons:
        sign = page.title(signs.CONSENT_TITLE, _LONG)
        if not sign and rest < 80 and page.total < _MEDIUM:
            sign = f"a request for consent of {asked} characters with its button"
    return Quality.CONSENT, sign


def _soft_404(page: _Page) -> _Sign:
    sign = page.title(signs.NOT_FOUND_TITLE, _MEDIUM)
    gone = (part for part in page.parts if len(part) < 100 and signs.PAGE_GONE.search(part))
    if not sign and page.own < _MEDIUM and (part := next(gone, "")):
        sign = f"the title {part!r}"
    if not sign and signs.TO_VISITOR.search(page.prose[:_LONG]):
        sign = page.words(signs.PAGE_GONE, _SHORT)
    return Quality.SOFT_404, sign


def _maintenance(page: _Page) -> _Sign:
    return Quality.MAINTENANCE, page.title(signs.CLOSED_TITLE, _SHORT) or page.words(signs.CLOSED_WORDS, _STUB)


def _status(page: _Page) -> _Sign:
    status = page.status or 0
    quality = Quality.MAINTENANCE if status >= 500 else _STATUSES.get(status, Quality.GOOD)
    return quality, "" if quality is Quality.GOOD else f"the status {status}"


def _server_error(page: _Page) -> _Sign:
    sign = (
        page.title(signs.BROKEN_TITLE, _LONG)
        or page.words(signs.BROKEN_WORDS, _LONG)
        or page.title(signs.FAILED_TITLE, _SHORT)
        or page.words(signs.FAILED_WORDS, _STUB)
    )
    return Quality.SERVER_ERROR, sign


def _redirect(page: _Page) -> _Sign:
    target = said = ""
    if page.is_under(_SHORT) and b"refresh" in page.markup:
        target = quality_markup.refresh_target(page.source, page.url)
    if not target and page.is_under(_STUB):
        target = quality_markup.script_target(page.source, page.url) if b"location" in page.markup else ""
        said = page.title(signs.REDIRECT_TITLE, _STUB) or page.said(signs.REDIRECT_WORDS)
        if said and not target and len(set(page.links)) == 1:
            target = page.links[0]
    where = f" to {target}" if target else f": {said}"
    return Quality.REDIRECT_STUB, f"looks like a redirect page{where}" if target or said else ""


def _frames(page: _Page) -> _Sign:
    targets = quality_markup.frame_targets(page.source, page.url) if page.is_under(_STUB) else ()
    if not page.has_text:
        targets = targets or quality_markup.embedded_targets(page.source, page.url)
    where = " or ".join(targets[:_FRAMES])
    return Quality.NO_TEXT, f"the page only holds frames: watch {where} instead" if where else ""


def _shell(page: _Page) -> _Sign:
    sign = page.words(signs.NEEDS_SCRIPTS, _STUB)
    if not sign and len(page.texts) == 1 and signs.LOADING.fullmatch(page.texts[0]):
        sign = f"the words {page.texts[0]!r}"
    if not sign and b"<script" in page.markup:
        if not page.has_text:
            sign = "the page holds scripts"
        elif page.is_under(_SHELL) and quality_markup.has_empty_root(page.source):
            sign = "the page holds an empty element for scripts to fill"
    return Quality.NO_TEXT, sign


_RULES = (
    *(("login", _login), ("bot_wall", _bot_wall), ("consent", _consent), ("soft_404", _soft_404)),
    *(("maintenance", _maintenance), ("server_error", _server_error), ("status", _status)),
    *(("redirect", _redirect), ("frames", _frames), (SCRIPT_SHELL, _shell)),
)


def _compared(document: Document, last_good: Document | None, *, framed: bool) -> _Sign:
    """What holds for any kind of payload: there is text, of the same kind and not much less than before."""
    if not any(map(str.isalnum, document.text)):
        return Quality.NO_TEXT, "the page has no letter and no digit"
    if last_good is None:
        return Quality.GOOD, "there is text, and no sign of anything shown in its place"
    if _kind(document) != _kind(last_good):
        old, new = ("{} ({})".format(*_kind(each)) for each in (last_good, document))
        return Quality.MEDIA_TYPE_CHANGED, f"what was {old} is now {new}"
    if not framed and _lost_its_end(document, last_good):
        return Quality.CUT_SHORT, "the end of the text is missing, and the server did not say how long the page is"
    content = {block.text for block in last_good.blocks if not block.boilerplate}
    furniture = {block.text for block in last_good.blocks if block.boilerplate} - content
    before = sum(len(block.text) for block in last_good.blocks if not block.boilerplate)
    after = sum(
        len(block.text)
        for block in document.blocks
        if block.text in content or not (block.boilerplate or block.text in furniture)
    )
    if before >= _SMALLEST_LOSS and after < before * _LEAST_LEFT:
        return Quality.SHRUNK, f"{before} characters of text became {after}"
    return Quality.GOOD, f"{after} characters of text where there were {before}"


def _lost_its_end(document: Document, last_good: Document) -> bool:
    """Whether the last Block is gone, and the text is shorter or stops inside what was known."""
    if not last_good.blocks or last_good.blocks[-1].text in {block.text for block in document.blocks}:
        return False
    stop = document.blocks[-1].text
    return len(document.text) < len(last_good.text) or any(block.text.startswith(stop) for block in last_good.blocks)
