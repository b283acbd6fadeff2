"""The one template environment. Everything interpolated is escaped, and made visible before that."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from watcher.render import words
from watcher.render.board import contradiction_words, dates_words, moment_words, stated_words, until_words
from watcher.render.headline import edit_counts, event_words, headline, ranked_events, ranked_positions, step
from watcher.render.hunks import HunkView, view_hunk
from watcher.render.reasons import reason_name, reasons

EMPTY_VALUES = frozenset({"[]", "{}", "null", "false", '""'})
PAGE_AROUND = 600  # characters
TEMPLATES = Path(__file__).parent / "templates"


def visible(value: Any) -> Any:
    """What a template may print: text passes through `words.shown`, finished markup and numbers stay."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return words.shown(value)
    return value


def segment(value: object) -> str:
    """A value as one path segment of an address."""
    return quote(str(value), safe="")


def iso(moment: datetime) -> str:
    """A moment for machines."""
    return moment.isoformat(timespec="seconds")


def pretty_json(text: str) -> str:
    """JSON text over several lines; any other text as it is."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True)
    except ValueError:
        return text


def changed_fields(before: str | None, after: str | None) -> list[tuple[str, str, str]]:
    """(field, before, after) of two JSON objects where they differ, nested fields joined with dots; what is empty
    before and after is left out."""
    old, new = _flat(before), _flat(after)
    sides = ((key, _filled(old.get(key, "")), _filled(new.get(key, ""))) for key in sorted({*old, *new}))
    return [(key, was, becomes) for key, was, becomes in sides if was != becomes]


def _filled(value: str) -> str:
    return "" if value in EMPTY_VALUES else value


def _flat(text: str | None) -> dict[str, str]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        value = text
    flat: dict[str, str] = {}

    def walk(name: str, inner: Any) -> None:
        if isinstance(inner, dict):
            for key, item in inner.items():
                walk(f"{name}.{key}" if name else str(key), item)
        else:
            flat[name] = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)

    walk("", value)
    return flat


def mail_hunk(hunk: Any) -> HunkView:
    """A Hunk short enough for a message."""
    return view_hunk(hunk, around=140, longest=700)


def page_hunk(hunk: Any) -> HunkView:
    """A Hunk as its own page shows it: all that changed, with a paragraph's worth of what stays around it."""
    return view_hunk(hunk, around=PAGE_AROUND, longest=20_000)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        said=words.said,
        when=words.said_time,
        day=words.said_date,
        iso_day=words.said_iso_date,
        cadence=words.said_cadence,
        size=words.said_bytes,
        grouped=words.grouped,
        folded=words.folded,
        defanged=words.defanged,
        clipped=words.clipped,
        segment=segment,
        iso=iso,
        pretty_json=pretty_json,
        mail_hunk=mail_hunk,
        page_hunk=page_hunk,
        title_of=words.title_of,
        why_no_diff=words.why_no_diff,
        why_unchecked=words.why_unchecked,
        host_of=words.host_of,
        subject_name=words.subject_name,
        stated=stated_words,
        moment_words=moment_words,
        until_words=until_words,
        dates=dates_words,
        contradiction=contradiction_words,
    )
    environment.globals.update(
        counted=words.counted,
        said_beside=words.said_beside,
        said_period=words.said_period,
        within_a_minute=words.within_a_minute,
        headline=headline,
        ranked_positions=ranked_positions,
        edit_counts=edit_counts,
        step=step,
        event_words=event_words,
        ranked_events=ranked_events,
        reasons=reasons,
        reason_name=reason_name,
        changed_fields=changed_fields,
    )
    return environment


ENVIRONMENT = _environment()


def render_template(path: str, **values: object) -> str:
    """One template of the templates folder, filled. Characters that UTF-8 cannot carry never remain."""
    return ENVIRONMENT.get_template(path).render(**values)
