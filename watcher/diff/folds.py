"""Folds: what two texts look like when one sort of difference is taken away. Each is linear in the text.

`explain` lays one fold upon the other and names the one at which two texts become equal.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from watcher.diff.charsets import same_bytes, unscrambled
from watcher.diff.volatile import masked
from watcher.model.change import ChangeKind
from watcher.model.dates import plain_dates

# A no-break blank is a blank; a soft hyphen, a zero-width blank, a word joiner and a byte order mark are nothing.
_UNSEEN = dict.fromkeys((0x00, 0xAD, 0x200B, 0x2060, 0xFEFF))
_BLANKS = re.compile(r"\s+")
_BLANK_APART_FROM_NUMBERS = re.compile(r"(?<!\d) | (?!\d)")

_LINK = re.compile(r"!?\[([^\]\[]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_COMMENT = re.compile(r"<!--(?:(?!<!--)[\s\S])*?-->")
_TAG = re.compile(r"</?(?:u|b|i|em|strong|span|br)\s?/?>", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!<>~-])")
_EMPHASIS = re.compile(r"(?<!\d)\*++|\*++(?!\d)|__++|~~++|`++")
_RULE = re.compile(r"(?<![^\s])(?:#{1,}|-{3,}|={3,}|_{3,})(?![^\s])")

_DASHES = dict.fromkeys((0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE58), "\u2014")
_MARKS = (
    dict.fromkeys(map(ord, "‘’‚‛′‵`´ʼʹ"), "'")
    | dict.fromkeys(map(ord, "“”„‟″«»〝〞"), '"')
    | dict.fromkeys((0x2010, 0x2011, 0xFE63), "-")
    | dict.fromkeys((0x200C, 0x200D, 0x200E, 0x200F))
    | _DASHES
    | {0x2026: "..."}
)
# Letters that only look different: Latin ligatures and full-width forms. Superscripts and fractions are not among them.
_LIGATURES = re.compile("[\ufb00-\ufb06\uff01-\uff5e]")
_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_FIGURES = {name: str(number) for number, name in enumerate(_ONES)}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_ONES)})\b")
_LARGE = re.compile(r"(?<![\d.,])(\d{1,4})(?:\.(\d{1,3}))? ?(million|billion)\b")
_ZEROS = {"million": 6, "billion": 9}
_PERCENT = re.compile(r" ?(?:\bper ?cent\b|%)")
_MONEY = re.compile(r"(?:us ?\$|\busd|\beur|€|\bgbp|£) ?(?=\d)", re.IGNORECASE)
_MONEY_NAMES = {"us$": "usd", "€": "eur", "£": "gbp"}
_SPACED_DASH = re.compile(r" ?(?:\u2014|(?<= )-+(?= )|(?<=\w)- |--+)+ ?")
_BULLET = re.compile(r"^(?:[•·▪◦‣∙●○■□*\u2014-] ?)+(?=\w)")
_INNER_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_ACRONYM = re.compile(r"\b[A-Z]{2,5}\b")
# 1,200 and 1 200 and 1'200. A full stop is left alone: it parts thousands in one language and decimals in the other.
_THOUSANDS = re.compile(r"(?<![\d.,'])\d{1,3}(?:(?P<mark>[ ,'])\d{3})(?:(?P=mark)\d{3})*+(?![\d']|[.,]\d)")

_SHORT_FOREIGN = re.compile(r"[^\x00-\x7f]{1,3}(?![^\x00-\x7f])(?<![^\x00-\x7f]{4})")
_LOST_MARK = re.compile(r"(?<=[A-Za-z])\?{1,2}(?=[A-Za-z])")
_FOREIGN_LETTER = re.compile(
    r"(?:(?<=[A-Za-z])[^\W\d_A-Za-z]{1,2}(?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\W\d_A-Za-z]{1,2}(?=[A-Za-z]))"
)

# Joining or parting a word is a slip of the keyboard unless it makes or unmakes one of these.
_NEGATION = re.compile(
    r"\b(?:not?|non|nor|never|none|without|cannot|ne|pas|sans|jamais|aucune?|ni|sin|nunca|не|нет|ни|без|никогда)\b"
)

# Longer texts are only compared without their blanks.
MAX_CHARACTERS = 200_000

Fold = Callable[[str], str]


def one_blank(text: str) -> str:
    """Runs of blanks of any sort as one blank, unseen characters dropped."""
    return _BLANKS.sub(" ", text.translate(_UNSEEN)).strip()


def without_links(text: str) -> str:
    """Markdown links as their visible text alone."""
    return _LINK.sub(r"\1", text)


def link_targets(text: str) -> list[str]:
    """The targets of Markdown links, in order."""
    return [match[2] for match in _LINK.finditer(text)]


def without_markup(text: str) -> str:
    """Markdown emphasis, escapes, rules, comments and inline tags dropped."""
    text = _TAG.sub("", _COMMENT.sub(" ", text))
    return one_blank(_RULE.sub(" ", _EMPHASIS.sub("", _ESCAPE.sub(r"\1", text))))


def readable(text: str) -> str:
    """Entities written out, UTF-8 read as windows-1252 put right."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    return one_blank(text if text.isascii() else unscrambled(text))


def plain_marks(text: str) -> str:
    """One sort of quote, dash, ellipsis and bullet; ligatures as letters; canonical composition."""
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), unicodedata.normalize("NFC", text))
    return _BULLET.sub("", _SPACED_DASH.sub("\u2014", text.translate(_MARKS)).strip())


def without_case(text: str) -> str:
    """Lower case, but for acronyms in a text that is not in capitals as a whole: "US" is not "us"."""
    if text.isupper():
        return text.lower()
    return "".join(part if _ACRONYM.fullmatch(part) else part.lower() for part in re.split(r"(\b[A-Z]{2,5}\b)", text))


def plain_values(text: str) -> str:
    """Numbers in figures without marks between their thousands, dates as YYYY-MM-DD, one sign for a currency.

    Expects small letters but for acronyms. English number words up to twelve: longer ones seldom become figures.
    """
    text = _THOUSANDS.sub(lambda match: match[0].replace(match["mark"], ""), plain_dates(text))
    text = _NUMBER_WORD.sub(lambda match: _FIGURES[match[0]], text)
    text = _LARGE.sub(_written_out, text)
    return _MONEY.sub(_currency, _PERCENT.sub("%", text))


def _written_out(match: re.Match[str]) -> str:
    """2.5 million as 2500000."""
    whole, part, size = match[1], match[2] or "", match[3]
    return whole + part.ljust(_ZEROS[size], "0")


def _currency(match: re.Match[str]) -> str:
    sign = match[0].replace(" ", "").lower()
    return _MONEY_NAMES.get(sign, sign) + " "


def hyphens_open(text: str) -> str:
    """Hyphens inside words as blanks."""
    return _INNER_HYPHEN.sub(" ", text)


def without_accents(text: str) -> str:
    """Latin letters without their accents."""
    if text.isascii():
        return text
    kept: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character):
            if base.isascii() and base.isalpha():
                continue
        else:
            base = character
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stage:
    """One fold, and what it means when it makes two texts equal.

    `joins`: joined and parted words count as equal. `loses`: letters that a charset destroyed count as equal.
    """

    kind: ChangeKind
    reason: str
    fold: Fold
    joins: bool = True
    loses: bool = False


# Each fold is laid on the ones before it.
_STAGES = (
    _Stage(kind=ChangeKind.WHITESPACE, reason="only blanks or line breaks changed", fold=one_blank),
    _Stage(kind=ChangeKind.LINK_TARGET, reason="the visible text is the same, a link changed", fold=without_links),
    _Stage(kind=ChangeKind.TYPOGRAPHY, reason="only markup signs changed", fold=without_markup),
    _Stage(
        kind=ChangeKind.ENCODING, reason="the same text with entities or a charset put right", fold=readable, loses=True
    ),
    _Stage(
        kind=ChangeKind.TYPOGRAPHY,
        reason="only quotes, dashes, ligatures or bullets changed",
        fold=plain_marks,
        loses=True,
    ),
    _Stage(kind=ChangeKind.TYPOGRAPHY, reason="only capital and small letters changed", fold=without_case),
    _Stage(
        kind=ChangeKind.TYPOGRAPHY,
        reason="the same numbers and dates are written in another way",
        fold=plain_values,
        joins=False,
    ),
    _Stage(kind=ChangeKind.TYPOGRAPHY, reason="only hyphens inside words changed", fold=hyphens_open, joins=False),
    _Stage(kind=ChangeKind.ENCODING, reason="only accents were lost or restored", fold=without_accents, joins=False),
    _Stage(
        kind=ChangeKind.VOLATILE,
        reason="only values that change by themselves: clock, counter, day of a status, copyright year",
        fold=masked,
        joins=False,
    ),
)


def explain(old: str, new: str) -> tuple[ChangeKind, str] | None:
    """The kind of a difference that leaves the meaning alone and a line saying so; None when the words changed.

    Two equal texts are WHITESPACE: what differs then is how they are broken into Blocks.
    """
    if same_bytes(old, new):
        return ChangeKind.ENCODING, "the same bytes read through another charset"
    left, right = old, new
    for stage in _STAGES if max(len(old), len(new)) <= MAX_CHARACTERS else _STAGES[:1]:
        left, right = stage.fold(left), stage.fold(right)
        if left == right or (stage.joins and _same_but_joined(left, right)):
            return stage.kind, stage.reason
        if stage.loses and _same_but_lost(left, right):
            return ChangeKind.ENCODING, "letters were lost or restored by a charset"
    return None


def denies(text: str) -> bool:
    """Whether a text holds a word of negation."""
    return _NEGATION.search(text.lower()) is not None


def _same_but_joined(left: str, right: str) -> bool:
    if _BLANK_APART_FROM_NUMBERS.sub("", left) != _BLANK_APART_FROM_NUMBERS.sub("", right):
        return False
    return Counter(_NEGATION.findall(left.lower())) == Counter(_NEGATION.findall(right.lower()))


def _same_but_lost(left: str, right: str) -> bool:
    """True when one text has replacement characters, question marks or nothing where the other has a foreign letter."""
    if ("\ufffd" in left) != ("\ufffd" in right):
        if len(left) == len(right) and all(a == b or "\ufffd" in (a, b) for a, b in zip(left, right, strict=True)):
            return True
        return _SHORT_FOREIGN.sub("\ufffd", left) == _SHORT_FOREIGN.sub("\ufffd", right)
    if left.isascii() == right.isascii():
        return False
    poor, rich = (left, right) if left.isascii() else (right, left)
    if _LOST_MARK.search(poor):
        return _LOST_MARK.sub("\ufffd", poor) == _SHORT_FOREIGN.sub("\ufffd", rich)
    return poor == _FOREIGN_LETTER.sub("", rich)
