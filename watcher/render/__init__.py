"""Values → text: Digests as messages, and the pages of the web. Jinja2 lives here and nowhere else."""

from __future__ import annotations

from watcher.render.announced import told_documents
from watcher.render.citation import Cited, change_footnote, cited_capture, csl_item, footnote
from watcher.render.comparison import plain_diff, unified_diff
from watcher.render.digest import render_digest
from watcher.render.headline import headline
from watcher.render.pages import render_page
from watcher.render.words import presence_citation, said, said_time

__all__ = [
    "Cited",
    "change_footnote",
    "cited_capture",
    "csl_item",
    "footnote",
    "headline",
    "plain_diff",
    "presence_citation",
    "render_digest",
    "render_page",
    "said",
    "said_time",
    "told_documents",
    "unified_diff",
]
