"""Text patterns of a Definition over the Blocks of any document, by RE2: no pattern takes for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import re2

from watcher.errors import ConfigError, ExtractError
from watcher.extract.limits import MAX_PATTERN_CHARACTERS, refuse
from watcher.extract.reading import fold
from watcher.model.document import Block, BlockKind, ExtractRules, LeftOut, Link, RuleMatch

MAX_PATTERN_LENGTH = 500
PROGRAM_BYTES = 1 << 20
_SAID = 40
_NO_LOOKING_BACK = "back-references and look-around are not allowed, because they can take for ever"


@dataclass(frozen=True, kw_only=True, slots=True)
class Patterned:
    """Blocks after the patterns, what they left out, and how far each applied."""

    blocks: tuple[Block, ...]
    left_out: tuple[LeftOut, ...]
    matches: tuple[RuleMatch, ...]
    notes: tuple[str, ...]


def require_pattern(text: str, *, rule: str) -> None:
    """ConfigError, with the position, unless the text is a pattern that can be used."""
    if len(text) > MAX_PATTERN_LENGTH:
        raise ConfigError(f"{rule}: a pattern of {len(text)} characters; the limit is {MAX_PATTERN_LENGTH}", key=rule)
    if not text.strip():
        raise ConfigError(f"{rule}: an empty pattern; leave the rule out", key=rule)
    try:
        pattern = _compiled(text)
    except re2.error as error:
        raise ConfigError(_problem(text, error, rule), key=rule) from error
    if pattern.search(b"") is not None:
        raise ConfigError(
            f"{rule}: the pattern {text!r} matches the empty text, and so everywhere: write what must be there, "
            "as with + in place of *",
            key=rule,
        )


def apply_patterns(blocks: Sequence[Block], rules: ExtractRules) -> Patterned:
    """What the patterns of a Definition leave of the Blocks.

    ExtractError `selector_matched_nothing` when none of the keep_blocks patterns is found; ConfigError for what is
    no pattern; ExtractError `too_large` when a pattern matches too often in too long a text.
    """
    if not (rules.keep_blocks or rules.remove_blocks or rules.remove_text):
        return Patterned(blocks=tuple(blocks), left_out=(), matches=(), notes=())
    work = _Work(rules)
    for block in blocks:
        work.take(block)
    matches = work.matches()
    missed = [match for match in matches if not match.matches]
    kept_by = [match for match in matches if match.rule == "keep_blocks"]
    if kept_by and not any(match.matches for match in kept_by):
        raise ExtractError(matched_nothing("keep_blocks", rules.keep_blocks), code="selector_matched_nothing")
    return Patterned(
        blocks=tuple(work.kept),
        left_out=tuple(work.left_out),
        matches=matches,
        notes=tuple(f"the {match.rule} rule {match.pattern!r} matched nothing" for match in missed),
    )


def matched_nothing(rule: str, patterns: Sequence[str]) -> str:
    """Says that no rule of its kind matched."""
    said = ", ".join(repr(text if len(text) <= _SAID else f"{text[:_SAID]}...") for text in patterns[:3])
    if len(patterns) == 1:
        return f"the {rule} rule {said} matched nothing"
    return f"none of the {len(patterns)} {rule} rules matched anything ({said})"


class _Work:
    """The Blocks one by one, with the counts of each pattern."""

    def __init__(self, rules: ExtractRules) -> None:
        self._rules = [
            (rule, text, _usable(text, rule))
            for rule, texts in (
                ("keep_blocks", rules.keep_blocks),
                ("remove_blocks", rules.remove_blocks),
                ("remove_text", rules.remove_text),
            )
            for text in texts
        ]
        self._counts = {(rule, text): [0, 0] for rule, text, _ in self._rules}
        self._read = 0
        self.kept: list[Block] = []
        self.left_out: list[LeftOut] = []

    def matches(self) -> tuple[RuleMatch, ...]:
        return tuple(
            RuleMatch(rule=rule, pattern=text, matches=found, blocks=blocks)
            for (rule, text), (found, blocks) in self._counts.items()
        )

    def take(self, block: Block) -> None:
        keepers = [text for rule, text, _ in self._rules if rule == "keep_blocks"]
        found = [text for text in keepers if self._found("keep_blocks", text, block)]
        if keepers and not found:
            self._leave_out(block.text, "keep_blocks", " | ".join(keepers), whole=True)
            return
        for rule, text, _ in self._rules:
            if rule == "remove_blocks" and self._found(rule, text, block):
                self._leave_out(block.text, rule, text, whole=True)
                return
        begun = len(self.left_out)
        left: Block | None = block
        for rule, text, pattern in self._rules:
            if rule == "remove_text" and left is not None:
                left = self._without(left, text, pattern)
        if left is not None:
            self.kept.append(left)
        else:
            self.left_out[begun:] = [replace(piece, whole=True) for piece in self.left_out[begun:]]

    def _found(self, rule: str, text: str, block: Block) -> bool:
        pattern = next(compiled for each, one, compiled in self._rules if (each, one) == (rule, text))
        if pattern.search(_bytes(block.text)) is None:
            return False
        counts = self._counts[rule, text]
        counts[0] += 1
        counts[1] += 1
        return True

    def _without(self, block: Block, text: str, pattern: re2._Regexp) -> Block | None:
        """The Block without what a pattern matches; None when nothing is left of it."""
        parts = block.cells if block.kind is BlockKind.TABLE_ROW and block.cells else (block.text,)
        cut = [self._cut(part, pattern) for part in parts]
        gone = [piece for _, pieces in cut for piece in pieces]
        if not gone:
            return block
        counts = self._counts["remove_text", text]
        counts[0] += len(gone)
        counts[1] += 1
        kept = tuple(part for part, _ in cut)
        shown = " | ".join(part for part in kept if part)
        for piece in gone:
            self._leave_out(piece, "remove_text", text, whole=False)
        if not shown:
            return None
        links = tuple(Link(text=self._cut(link.text, pattern)[0], target=link.target) for link in block.links)
        return replace(block, text=shown, cells=kept if block.cells else (), links=links)

    def _cut(self, text: str, pattern: re2._Regexp) -> tuple[str, list[str]]:
        """A text without what matches, and the pieces that matched. Works on bytes: places in text cost more."""
        data = _bytes(text)
        pieces: list[str] = []
        kept: list[bytes] = []
        end = 0
        for match in pattern.finditer(data):
            self._count_reading(len(data) - match.start())
            if match.end() > match.start():
                kept.append(data[end : match.start()])
                pieces.append(_text(data[match.start() : match.end()]))
                end = match.end()
        if not pieces:
            return text, pieces
        left = _text(b"".join((*kept, data[end:])))
        if "\n" in text:
            return "\n".join(line.rstrip() for line in left.split("\n") if line.strip()), pieces
        return fold(left), pieces

    def _count_reading(self, characters: int) -> None:
        """A match may read to the end of its text, so many matches in a long text cost its length squared."""
        self._read += characters
        if self._read > MAX_PATTERN_CHARACTERS:
            refuse(
                "what a remove_text pattern matches",
                found=f"over {MAX_PATTERN_CHARACTERS}",
                limit=MAX_PATTERN_CHARACTERS,
                unit="characters read again",
            )

    def _leave_out(self, text: str, rule: str, pattern: str, *, whole: bool) -> None:
        self.left_out.append(LeftOut(block=len(self.kept), text=text, rule=rule, pattern=pattern, whole=whole))


def _usable(text: str, rule: str) -> re2._Regexp:
    try:
        return _compiled(text)
    except re2.error as error:
        raise ConfigError(_problem(text, error, rule), key=rule) from error


@lru_cache(maxsize=64)
def _compiled(text: str) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = PROGRAM_BYTES
    options.log_errors = False
    return re2.compile(text, options)


def _problem(text: str, error: Exception, rule: str) -> str:
    said = error.args[0] if error.args else b""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    reason, _, piece = words.partition(": ")
    place = text.find(piece) if piece else -1
    where = f", character {place + 1}" if place >= 0 else ""
    what = f"{reason} {piece!r}" if piece else reason
    looks_back = "escape sequence" in reason or "perl operator" in reason
    advice = f"; {_NO_LOOKING_BACK}" if looks_back else ""
    if "repetition size" in reason or "too large" in reason:
        advice = "; a pattern may repeat something at most 1000 times, all together"
    return f"{rule}: the pattern {text[:120]!r}{where}: {what}{advice}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
