"""A Digest as a message: subject line, plain text and HTML, all from the same values."""

from __future__ import annotations

import css_inline

from watcher.model.subscription import Digest, Message
from watcher.render.digest_text import digest_text
from watcher.render.environment import render_template
from watcher.render.told import ToldDigest, held_since, tell
from watcher.render.words import counted, grouped, said_date, subject_line, title_of

HUNKS_IN_FULL = (6, 3, 1)  # of a Change; fewer where the message would be too large
LARGEST_HTML_BYTES = 100_000  # what comes after about 102 000 is cut off by widespread mail programs

_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, minify_css=True)


def render_digest(digest: Digest, *, base_url: str) -> Message:
    """The message of a Digest: one subject line, plain text with [-old-]{+new+}, and HTML with inlined styles.

    Addresses lead to `base_url` and nowhere else. Foreign text is labelled with its host, quoted, escaped, and
    written so that no mail program makes a link of it. A large Digest shows fewer passages of each Change, so that
    mail programs do not cut off what stands at its end: citations, who was not reached, the checkpoint.
    """
    told = tell(digest, base_url=base_url.rstrip("/"))
    for hunks in HUNKS_IN_FULL:
        html = _html(told, hunks)
        if len(html.encode()) <= LARGEST_HTML_BYTES:
            break
    return Message(subject=subject_line(_subject(told)), text=digest_text(told, hunks_in_full=hunks), html=html)


def _html(told: ToldDigest, hunks: int) -> str:
    return _INLINER.inline(render_template("email/digest.html", told=told, hunks_in_full=hunks, held_since=held_since))


def _subject(told: ToldDigest) -> str:
    digest = told.digest
    day = said_date(digest.period_to)
    if told.full:
        gravest = max((entry.change.judgement.severity for entry in digest.entries), key=lambda one: one.rank)
        return f"[{gravest}] {told.headline}"
    if digest.flipping:
        more = len(digest.flipping) - 1
        tail = f" + {counted(more, 'more Source')}" if more else ""
        return f"Goes back and forth: {title_of(digest.flipping[0].source)}{tail}, {day}"
    if not digest.attempts:
        return f"Nothing was looked at: {counted(digest.sources_watched, 'Source')} watched, no attempt made, {day}"
    down, untried = len(digest.unreached), len(digest.unchecked)
    missed = (f", {grouped(down)} not reached" if down else "") + (f", {grouped(untried)} not tried" if untried else "")
    return f"No change of policy meaning: {counted(digest.sources_watched, 'Source')} watched{missed}, {day}"
