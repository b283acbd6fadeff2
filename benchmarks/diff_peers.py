"""One peer of the diff benchmark, run by `diff.py` in its own process with a limit on CPU time.

    python benchmarks/diff_peers.py NAME OLD NEW CPU_SECONDS

OLD and NEW are files with a paragraph a line. Prints one JSON line: the CPU seconds of the comparison alone, and its
cost, the characters (blanks apart) that it marks as deleted or inserted. Every peer is asked as its own manual says.
"""

from __future__ import annotations

import html
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

SHORT_SECONDS = 0.2

Compare = Callable[[str, str], "int | None"]
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")
_MARKED = re.compile(r"<(ins|del)\b[^>]*>(.*?)</\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def main() -> None:
    """Run the peer once and print the line."""
    name, old, new, seconds = sys.argv[1:]
    prepared = PEERS[name]()
    texts = Path(old).read_text(encoding="utf-8"), Path(new).read_text(encoding="utf-8")
    limit = int(float(seconds) + time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    started = time.process_time()
    runs = 0
    while runs == 0 or time.process_time() - started < SHORT_SECONDS:
        cost = prepared(*texts)
        runs += 1
    print(json.dumps({"seconds": round((time.process_time() - started) / runs, 5), "cost": cost}))


def seen(text: str) -> int:
    """Characters that are no blanks."""
    return len("".join(text.split()))


def marked(page: str) -> int:
    """The cost of a page with <ins> and <del>."""
    return sum(seen(html.unescape(_TAG.sub("", match[2]))) for match in _MARKED.finditer(page))


def page_of(text: str) -> str:
    """The paragraphs as HTML."""
    return "<div>" + "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines()) + "</div>"


def difflib_words(autojunk: bool) -> Compare:
    """difflib over words; `autojunk` is its default and leaves out frequent words."""

    def run(old: str, new: str) -> int:
        left, right = _TOKEN.findall(old), _TOKEN.findall(new)
        steps = SequenceMatcher(None, left, right, autojunk).get_opcodes()
        return sum(seen("".join(left[a:b])) + seen("".join(right[c:d])) for tag, a, b, c, d in steps if tag != "equal")

    return run


def plain_diff_match_patch() -> Compare:
    """diff-match-patch over characters, with its semantic cleanup and without its limit in seconds."""
    from diff_match_patch import diff_match_patch

    def run(old: str, new: str) -> int:
        differ = diff_match_patch()
        differ.Diff_Timeout = 0
        steps = differ.diff_main(old, new)
        differ.diff_cleanupSemantic(steps)
        return sum(seen(text) for op, text in steps if op)

    return run


def lxml_html_diff() -> Compare:
    """lxml.html.diff over paragraphs."""
    from lxml.html.diff import htmldiff

    return lambda old, new: marked(htmldiff(page_of(old), page_of(new)))


def htmldiff2() -> Compare:
    """htmldiff2 over paragraphs."""
    from htmldiff2 import render_html_diff

    return lambda old, new: marked(render_html_diff(page_of(old), page_of(new)))


def redlines() -> Compare:
    """redlines over the text."""
    from redlines import Redlines

    return lambda old, new: marked(Redlines(old, new, markdown_style="none").output_markdown)


def xmldiff() -> Compare:
    """xmldiff over paragraphs; its edits name nodes, so that no cost in characters can be told."""
    from xmldiff.main import diff_texts

    def run(old: str, new: str) -> None:
        diff_texts(page_of(old), page_of(new))

    return run


PEERS: dict[str, Callable[[], Compare]] = {
    "difflib_words": lambda: difflib_words(autojunk=False),
    "difflib_words_autojunk": lambda: difflib_words(autojunk=True),
    "diff_match_patch": plain_diff_match_patch,
    "lxml_html_diff": lxml_html_diff,
    "htmldiff2": htmldiff2,
    "redlines": redlines,
    "xmldiff": xmldiff,
}

if __name__ == "__main__":
    main()
