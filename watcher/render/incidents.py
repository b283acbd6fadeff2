"""The message that tells the operator what is wrong with the evidence."""

from __future__ import annotations

import html
from collections.abc import Sequence

from watcher.model.subscription import Message
from watcher.render.words import folded, subject_line

SHOWN = 20


def incident_message(
    *, code: str, meaning: str, remedy: str, found: Sequence[tuple[str, str]], base_url: str
) -> Message:
    """One message about all new findings of a code; `found` are (target, message), the first 20 are shown."""
    number = f"{len(found)} findings" if len(found) > 1 else "1 finding"
    lines = [
        f"The evidence is not as it was recorded: {meaning}.",
        "",
        *(f"- {folded(target)}: {folded(message)}" for target, message in found[:SHOWN]),
    ]
    if len(found) > SHOWN:
        lines.append(f"- and {len(found) - SHOWN} more")
    lines += ["", f"What to do: {remedy}.", "", f"All that is open: {base_url}/", "Everything else: watcher verify", ""]
    text = "\n".join(lines)
    return Message(
        subject=subject_line(f"watcher: {number} in the evidence ({code})"),
        text=text,
        html=f'<!doctype html>\n<html lang="en"><body><pre>{html.escape(text)}</pre></body></html>\n',
    )
