"""One writing for what officials write in many ways: numbers, money, units, dates, times of day, set phrases.

"three" and "3", "$1.5 million" and "1,500,000 dollars", "May 5" and "Thursday, 5 May", "is required to" and "must" come
out as the same words, so that an edit between them changes no marker. Telephone numbers, addresses of mail and numbers
of pages can be left out: they say where to ask and not what holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from watcher.classify.words import Words, split_words

DAYS = range(1, 32)
MONTHS = range(1, 13)
BOUND = "^"
TERM = "<"
LONGEST_COUNT = 8  # digits: more of them written without a mark are a registration number
NOON = 12

_CURRENCIES = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₽": "roubles", "₹": "rupees"}
_SCALE = r"(?:thousand|million|billion|trillion|bn|m|k)\b"
_MONEY = re.compile(rf"(?:\b(?:US|A|C|NZ))?([$€£¥₽₹])\s?(\d[\d.,]*(?<![.,])(?:\s?{_SCALE})?)", re.IGNORECASE)
_PERCENT = re.compile(r"(?<=\d)\s?%|\bper\s+cent\b", re.IGNORECASE)
_SHORT_SCALE = re.compile(r"(?<=\d)(?:\s?(bn)|(k))\b(?!\s?[/²³])")
_SCALES_IN_FULL = {"bn": " billion", "k": " thousand"}
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}")
_CALL = re.compile(
    r"\b((?:call|phone|telephone|tel|fax|dial|hotline|mobile)[.:]?(?:\s(?:us|at|on|number|toll.free|free)){0,3}[.:]?\s?)"
    r"\+?\d[\d\s().–-]{5,24}\d",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]|\(\d{2,4}\)\s?|1-)\d{2,4}[\d .-]{4,14}\d\b|\b\d{3}-\d{3}-\d{4}\b")
_POINTER = re.compile(
    r"\b(pages?|pp?\.|rooms?|suites?|floor|figs?\.|figures?|footnotes?|slides?|docket|ext\.|extension|box"
    r"|passcode|access code|(?:meeting|webinar|conference) id:?)"
    r"\s+(?:no\.?\s*)?\d[\d-]*",
    re.IGNORECASE,
)
_NUMERO = re.compile(r"(?:\bNos?\.|№)\s?(?=\d)")
_AM_PM = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?m\b\.?", re.IGNORECASE)
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b(?!:)")
_UNIT = re.compile(r"(?<=\d)\s?(kg|km|km2|ha|mm|cm|lbs?)\b")
_UNITS_IN_FULL = {
    "kg": " kilograms",
    "km": " kilometres",
    "km2": " square kilometres",
    "ha": " hectares",
    "mm": " millimetres",
    "cm": " centimetres",
    "lb": " pounds",
    "lbs": " pounds",
}
_AMOUNT_ASIDE = re.compile(r"[\[(]\s?(?:about |approximately |some |or )?(?:[A-Z]{2,3} ?)?[$€£¥₽₹][^\[\]()]{1,40}[\])]")

_TEENS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_BY_TEN = "twenty thirty forty fifty sixty seventy eighty ninety"
_IN_ORDER = "first second third fourth fifth sixth seventh eighth ninth tenth"
_YEAR = "january february march april may june july august september october november december"
_WEEK = "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun"
_SMALL = {word: number for number, word in enumerate(_TEENS.split(), start=2)}
_TENS = {word: 10 * number for number, word in enumerate(_BY_TEN.split(), start=2)}
_FACTORS = {"thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES = frozenset(_FACTORS)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_ORDINALS = {word: f"{number}{_ENDINGS.get(number, 'th')}" for number, word in enumerate(_IN_ORDER.split(), start=1)}
_MONTH_NAMES = tuple(_YEAR.split())
_MONTH = {name: name for name in _MONTH_NAMES} | {name[:3]: name for name in _MONTH_NAMES} | {"sept": "september"}
WEEKDAYS = frozenset(_WEEK.split())
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+")
_DAY = re.compile(r"\d{1,2}(?:st|nd|rd|th)?")

_BEFORE_COUNTS = frozenset({"a", "the", "another", "of", "total"})
_BEFORE_TIMES = frozenset(
    {"a", "the", "end", "of", "start", "beginning", "close", "middle", "early", "late", "on", "every"}
)
_SPANS = frozenset({"day", "days", "week", "weeks", "month", "months", "year", "years", "hour", "hours", "minutes"})
_MOMENTS = frozenset({"midnight", "noon", "today", "tomorrow", "now", "birth", "receipt", "arrival"})

Token = tuple[str, int, int, str]


def _money(match: re.Match[str]) -> str:
    return f"{match[2]} {_CURRENCIES[match[1]]}"


def _time(match: re.Match[str]) -> str:
    hour = int(match[1]) % NOON + (NOON if match[3].lower() == "p" else 0)
    return f"{hour}:{match[2] or '00'}"


def without_asides(old: str, new: str) -> tuple[str, str]:
    """Both texts without sums in brackets that only one of them has: what a sum is in another currency adds nothing."""
    if len(_AMOUNT_ASIDE.findall(old)) == len(_AMOUNT_ASIDE.findall(new)):
        return old, new
    return _AMOUNT_ASIDE.sub(" ", old), _AMOUNT_ASIDE.sub(" ", new)


def without_contacts(text: str) -> str:
    """The text without addresses of mail, telephone numbers and numbers of pages and rooms."""
    return _POINTER.sub(r"\1", _PHONE.sub(" ", _CALL.sub(r"\1", _MAIL.sub(" ", text))))


def spelled(text: str) -> str:
    """The text with symbols written as words: "$5" as "5 dollars", "8 p.m." as "20.00 hours"."""
    kept = _NUMERO.sub("number ", text)
    kept = _AM_PM.sub(_time, kept)
    kept = _CLOCK.sub(r"\1.\2 hours", kept)
    kept = _PERCENT.sub(" percent", _MONEY.sub(_money, kept))
    kept = _SHORT_SCALE.sub(lambda match: _SCALES_IN_FULL[match[1] or match[2]], kept)
    return _UNIT.sub(lambda match: _UNITS_IN_FULL[match[1].lower()], kept)


Table = Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Set phrases by their first word, the longest first, each with the words that stand for it.

    Those of `bounds` count before a number alone ("more than"), those of `terms` before a time alone ("no later than").
    """

    equal: Table
    bounds: Table
    terms: Table


def read_phrases(
    equal: Iterable[Iterable[str]], bounds: Iterable[Iterable[str]], terms: Iterable[Iterable[str]]
) -> Phrases:
    """Phrases from groups of equal ones; the first of a group stands for all."""
    return Phrases(_table(equal, ""), _table(bounds, BOUND), _table(terms, TERM))


def _table(groups: Iterable[Iterable[str]], mark: str) -> Table:
    table: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
    for group in groups:
        phrases = [tuple(split_words(phrase).words) for phrase in group]
        meant = (mark + "_".join(phrases[0]),) if mark else phrases[0]
        for phrase in phrases if mark else phrases[1:]:
            table.setdefault(phrase[0], []).append((phrase, meant))
    return {first: tuple(sorted(found, key=lambda one: -len(one[0]))) for first, found in table.items()}


def figured(words: Words) -> Words:
    """The words with numbers as digits and dates as one word each ("~d5may")."""
    return _columns(_dates(_numbers(_tokens(words))))


def phrased(words: Words, phrases: Phrases) -> Words:
    """Figured words with set phrases as those they stand for; bounds and terms become one marked word each."""
    tokens = _replaced(_tokens(words), phrases.terms, _is_time)
    tokens = _replaced(tokens, phrases.bounds, _is_count)
    return _columns(_replaced(tokens, phrases.equal, None))


def _tokens(words: Words) -> list[Token]:
    return list(zip(words.words, words.starts, words.ends, words.shapes, strict=True))


def _columns(tokens: list[Token]) -> Words:
    return Words(
        [token[0] for token in tokens],
        lambda: [token[3] for token in tokens],
        lambda: [token[1:3] for token in tokens],
    )


def _merged(tokens: list[Token], word: str) -> Token:
    return word, tokens[0][1], tokens[-1][2], tokens[0][3] if len(tokens) == 1 else word


def _value(token: Token) -> Decimal | None:
    """The number that a token writes, in digits or in a word below a hundred."""
    word = token[0]
    if word[0] == "#":
        written = token[3]
        if written.isdigit() and len(written) > LONGEST_COUNT:
            return None
        if _GROUPED.fullmatch(written):
            return Decimal(written.replace(",", ""))
        try:
            return Decimal(word[1:])
        except InvalidOperation:
            return None
    small = _SMALL.get(word, _TENS.get(word))
    return None if small is None else Decimal(small)


def _written(value: Decimal) -> list[str]:
    for scale in ("trillion", "billion", "million"):
        if value >= _FACTORS[scale]:
            return ["#" + _plain(value / _FACTORS[scale]), scale]
    return ["#" + _plain(value)]


def _plain(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _numbers(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        value, end = _number_at(tokens, at)
        if value is None:
            word = tokens[at][0]
            found.append((_ORDINALS.get(word, word), *tokens[at][1:]))
            at += 1
            continue
        found.extend(_merged(tokens[at:end], word) for word in _written(value))
        at = end
    return found


def _number_at(tokens: list[Token], at: int) -> tuple[Decimal | None, int]:
    """The number that begins at a token and the place after its last token: "one hundred and five", "1.5 million"."""
    word = tokens[at][0]
    following = tokens[at + 1][0] if at + 1 < len(tokens) else ""
    if word in ("a", "an", "one") and (following in SCALES or following == "hundred"):
        value, end = Decimal(1), at + 1
    elif word == "one" and (following in ("percent", "day", "week", "month", "year", "hour") or following in _SMALL):
        return Decimal(1), at + 1
    else:
        got = _value(tokens[at])
        if got is None:
            return None, at
        value, end = got, at + 1
    if word in _TENS and following in _SMALL and _SMALL[following] < 10:
        value, end = value + _SMALL[following], at + 2
    elif word in _TENS and following == "one":
        value, end = value + 1, at + 2
    while end < len(tokens) and (tokens[end][0] == "hundred" or tokens[end][0] in SCALES):
        value *= _FACTORS.get(tokens[end][0], 100)
        end += 1
    return value, end


def _day(token: Token) -> int | None:
    if not _DAY.fullmatch(token[3]):
        return None
    day = int(re.sub(r"\D", "", token[3]))
    return day if day in DAYS else None


def _month(token: Token) -> str | None:
    return _MONTH.get(token[0]) if token[3][:1].isupper() else None


def _dates(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        read = _date_at(tokens, at)
        if read is None:
            word = tokens[at][0]
            month = _month(tokens[at])
            found.append(("~" + month if month else word, *tokens[at][1:]))
            at += 1
            continue
        day, month, end, year = read
        if found and found[-1][0] in WEEKDAYS:
            found.pop()
        found.append(_merged(tokens[at:end], f"~d{day}{month}"))
        if year is not None:
            found.append((year, *tokens[at][1:]))
        at = end
        if at < len(tokens) and tokens[at][0] in WEEKDAYS:
            at += 1
    return found


def _date_at(tokens: list[Token], at: int) -> tuple[int, str, int, str | None] | None:
    """(day, month, place after, year where it stood before the month) of the date that begins at a token."""
    here = tokens[at]
    if here[0][0] == "~" and at + 2 < len(tokens) and tokens[at + 1][1] == here[2] + 1:
        number, day = tokens[at + 1][3], _day(tokens[at + 2])
        if number.isdigit() and int(number) in MONTHS and day and tokens[at + 2][1] == tokens[at + 1][2] + 1:
            return day, _MONTH_NAMES[int(number) - 1], at + 3, here[0]
    if at + 1 < len(tokens):
        following = tokens[at + 1]
        day, month = _day(here), _month(following)
        if day is None:
            day, month = _day(following), _month(here)
        if day and month:
            return day, month, at + 2, None
        third = tokens[at + 2] if at + 2 < len(tokens) else None
        if following[0] == "of" and third is not None and (day := _day(here)) and (month := _month(third)):
            return day, month, at + 3, None
    return None


def _replaced(
    tokens: list[Token], table: Table, stands_before: Callable[[list[Token], int], bool] | None
) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        for phrase, meant in table.get(tokens[at][0], ()):
            end = at + len(phrase)
            if tuple(token[0] for token in tokens[at:end]) != phrase:
                continue
            if stands_before is None or stands_before(tokens, end):
                found.extend(_merged(tokens[at:end], word) for word in meant)
                at = end
                break
        else:
            found.append(tokens[at])
            at += 1
    return found


def _is_count(tokens: list[Token], at: int) -> bool:
    while at < len(tokens) and tokens[at][0] in _BEFORE_COUNTS:
        at += 1
    return at < len(tokens) and tokens[at][0][0] == "#"


def _is_time(tokens: list[Token], at: int) -> bool:
    while at < len(tokens) and tokens[at][0] in _BEFORE_TIMES:
        at += 1
    if at == len(tokens):
        return False
    word = tokens[at][0]
    if word[0] == "#":
        return at + 1 < len(tokens) and tokens[at + 1][0] in _SPANS
    return word[0] == "~" or word in WEEKDAYS or word in _MOMENTS
