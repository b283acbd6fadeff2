"""Taking <noscript> out of HTML source, as a browser with scripts on reads it: as raw text that is not shown.

A parser without scripts would read its content as elements, and what is not allowed where it stands (a tracking
frame in the head) would then swallow the page.
"""

from __future__ import annotations

import re

_START = re.compile(r"<(?:(!--)|(script|style|textarea|title|noscript)(?=[\s/>]))", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "noscript")
} | {"!--": re.compile(r"--(?=>)")}


def without_noscript(text: str) -> tuple[str, str]:
    """The source without its noscript elements, and their inner source joined.

    One pass: comments, scripts and other raw text are stepped over whole, so that a "<noscript>" in them stays.
    An element that never ends is left as it is.
    """
    kept: list[str] = []
    taken: list[str] = []
    done = place = 0
    endless: set[str] = set()
    while start := _START.search(text, place):
        name = (start[1] or start[2]).lower()
        end = None if name in endless else _ENDS[name].search(text, start.end())
        if end is None:
            endless.add(name)
            place = start.end()
            continue
        place = text.find(">", end.end()) + 1 or len(text)
        if name == "noscript":
            kept.append(text[done : start.start()])
            taken.append(text[text.find(">", start.end()) + 1 : end.start()])
            done = place
    return "".join([*kept, text[done:]]) if taken else text, "".join(taken)
