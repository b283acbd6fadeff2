"""Text of scanned pages by `tesseract` (Apache-2.0), a program of the system that may be absent.

It is run on one page at a time with limits on time and memory. How many pages are read depends on their number alone:
when the time does not suffice, there is no text rather than a part that another day would be longer.
"""

from __future__ import annotations

import contextlib
import csv
import functools
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from watcher.errors import ExtractError
from watcher.extract.pdf_lines import Line

MAX_OCR_PAGES = 5
OCR_SECONDS = 25.0
MEMORY_BYTES = 1024 * 1024 * 1024
_TYPE_TO_WORD = 1.4
"""How much higher a line of type is than most words in it, which have few letters that rise and hang."""

_LANGUAGES = 4
_NO_LANGUAGES = frozenset({"osd", "equ"})
_LINE_KEYS = ("page_num", "block_num", "par_num", "line_num")
_PAGE_LEVEL, _WORD_LEVEL = "1", "5"
_LEAST_CONFIDENCE = 60.0
"""Percent that the best word of a line must reach; in pictures tesseract sees letters that reach less."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Engine:
    """The installed tesseract: its path, version, and the languages that it will read, parted by "+"."""

    path: str
    version: str
    languages: str

    @property
    def note(self) -> str:
        return f"read by OCR (tesseract {self.version}, languages {self.languages}); compare with the page"


@functools.lru_cache(maxsize=1)
def find_engine() -> Engine | None:
    """The tesseract on the search path, None when there is none or it cannot read any language."""
    path = shutil.which("tesseract")
    if path is None:
        return None
    try:
        version = _run([path, "--version"], b"", 5.0).decode("utf-8", "replace").split("\n", 1)[0]
        listed = _run([path, "--list-langs"], b"", 5.0).decode("utf-8", "replace").splitlines()[1:]
    except (OSError, subprocess.SubprocessError):
        return None
    languages = [name for name in map(str.strip, listed) if name and name not in _NO_LANGUAGES and "/" not in name]
    languages.sort(key=lambda name: (name != "eng", name))
    if not languages:
        return None
    return Engine(
        path=path, version=version.removeprefix("tesseract").strip(), languages="+".join(languages[:_LANGUAGES])
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A page as a picture in a form that tesseract reads, its number from 0, and its dots per point."""

    data: bytes
    page: int
    scale: float


class Reader:
    """Reads pictures one after the other until the time of all together is up."""

    def __init__(self, engine: Engine, *, seconds: float = OCR_SECONDS) -> None:
        self._engine = engine
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def read(self, picture: Picture) -> list[Line]:
        """The lines of one page. ExtractError `timed_out` or `damaged`."""
        command = [self._engine.path, "stdin", "stdout", "-l", self._engine.languages]
        command += ["--dpi", str(round(picture.scale * 72)), "tsv"]
        left = self._ends - time.monotonic()
        try:
            if left <= 0:
                raise subprocess.TimeoutExpired(command, self._seconds)
            table = _run(command, picture.data, left).decode("utf-8", "replace")
        except subprocess.TimeoutExpired as error:
            message = f"OCR took longer than {self._seconds:g} s and was stopped on page {picture.page + 1}"
            raise ExtractError(message, code="timed_out") from error
        except (OSError, subprocess.CalledProcessError) as error:
            message = f"OCR failed on page {picture.page + 1}: tesseract ended with an error"
            raise ExtractError(message, code="damaged") from error
        return _lines(table, picture)


def _run(command: Sequence[str], given: bytes, seconds: float) -> bytes:
    """The output of a command that may use so much time and memory, on one core, and sees no environment of ours."""
    environment = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    environment |= {"OMP_THREAD_LIMIT": "1", "LC_ALL": "C"}
    with subprocess.Popen(  # noqa: S603 - a fixed program with fixed arguments; the page comes by its input
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
            output, _ = process.communicate(given, timeout=seconds)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return output


def _lines(table: str, picture: Picture) -> list[Line]:
    """Lines from tesseract's table of words, boxes in dots from the upper left, all as high as most on the page are."""
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    heights: dict[str, float] = {}
    for entry in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (entry.get("text") or "").strip()
        if entry.get("level") == _PAGE_LEVEL:
            heights[entry["page_num"]] = int(entry["height"]) / picture.scale
        elif entry.get("level") == _WORD_LEVEL and text:
            words.setdefault(tuple(entry[key] for key in _LINE_KEYS), []).append(entry)
    lines = [each for each in words.values() if max(float(word["conf"]) for word in each) >= _LEAST_CONFIDENCE]
    usual = [int(word["height"]) for line in lines for word in line]
    size = round(median(usual) / picture.scale * _TYPE_TO_WORD, 1) if usual else 0.0
    return [_line(line, picture, size, heights[line[0]["page_num"]]) for line in lines]


def _line(words: Sequence[dict[str, str]], picture: Picture, size: float, page_height: float) -> Line:
    top = min(int(word["top"]) for word in words)
    bottom = max(int(word["top"]) + int(word["height"]) for word in words)
    middle = page_height - (top + bottom) / 2 / picture.scale
    return Line(
        text=" ".join(word["text"].strip() for word in words),
        page=picture.page + int(words[0]["page_num"]) - 1,
        left=min(int(word["left"]) for word in words) / picture.scale,
        right=max(int(word["left"]) + int(word["width"]) for word in words) / picture.scale,
        bottom=middle - size / 2,
        top=middle + size / 2,
        size=size,
        page_height=page_height,
    )
