"""Values that any reader would call dynamic, masked.

Conservative: a bare time or date is content, only a cue beside it ("generated on") makes it noise.
"""

from __future__ import annotations

import re

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|janv|févr|mars|avr|mai|juin|juil|août|déc"
    r"|enero|abril|agosto|dic|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)\w*"
)
_DAY = (
    r"(?:mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo)\w*"
)
# A date, a time or both, in any order of their parts.
_PART = rf"{_MONTH}|{_DAY}|\d++(?:st|nd|rd|th)?|utc|gmt|[a-z]{{1,3}}st|[ap]\.?m|at|on|à|de|г|t|z"
_MOMENT = rf"(?:(?:{_PART})\b[\s,.:/+\-]*+)++"
_GENERATED = (
    r"\b(?:(?:page )?(?:generated|rendered|printed|retrieved|accessed|downloaded|served)(?: on| at| by \w+ on)?"
    r"|(?:current|server|local|your) time(?: is)?|time now|today is|today's date(?: is)?|date of printing"
    r"|page générée le|généré le|imprimé le|consulté le|nous sommes le|aujourd'hui"
    r"|generado el|impreso el|consultado el|hoy es"
    r"|страница сгенерирована|сегодня|текущее время)\s*+(?::\s*+)?"
)
# The heading of a treaty table says of which day it is; "500 mines as at 1 May" says something of that day.
_STATUS = (
    r"\b(?:status as (?:at|of)|(?:état|situation) au|(?:estado|situación) al"
    r"|статус на|состояние на)\s*+(?::\s*+)?"
    rf"(?:{_DAY}\.?,?\s+)?(?:\d{{1,2}}\s+{_MONTH}\.?,?\s+\d{{4}}|{_MONTH}\.?\s+\d{{1,2}},?\s+\d{{4}}"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})\b(?:,?\s+\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?:[A-Z]{1,4}\b))?)?"
)
_AGO = (
    r"\b(?:\d+|an?|one|a few) (?:second|minute|min|hour|day)s? ago\b"
    r"|\bil y a \d+ (?:seconde|minute|heure|jour)s?\b"
    r"|\bhace \d+ (?:segundo|minuto|hora|día)s?\b"
    r"|\b\d+ (?:секунд|минут|час|дн|день)\w* назад\b"
)
_NUMBER = r"\d[\d.,' \u00a0]*+[km]?"

_TOOK = r"\b(?:generated|rendered|loaded|executed|created) in [\d.,]+ ?(?:ms|milliseconds?|s|secs?|seconds?)\b"
_YEAR = r"(?:©|\(c\)|\bcopyright\b)[\s©]{0,20}+(?:\(c\) ?)?\d{4}(?: ?[-–—] ?\d{4})?"
_COUNT = (
    r"\b(?:visitors?|visitor (?:number|count(?:er)?)|hit counter|page ?views?|views|hits|followers|likes|shares"
    rf"|users online|visiteurs|visitas|просмотр\w*|посетител\w*) ?[:=#] ?{_NUMBER}"
)
_ID = (
    r"\b(?:session|request|ray|trace|correlation|visitor|incident)[ -]?(?:id|number|no\.?|#) ?[:=#]? ?"
    r"(?=[\w-]*\d)[\w-]{4,}"
)

_MASKS = tuple(
    (f"\u27e6{name}\u27e7", re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("ago", _AGO),
        ("took", _TOOK),
        ("now", _GENERATED + _MOMENT),
        ("day of the status", _STATUS),
        ("year", _YEAR),
        ("count", _COUNT),
        ("id", _ID),
    )
)
_SHORT_COUNT = re.compile(
    rf"^{_NUMBER} ?(?:page ?views?|views|followers|likes|shares|users online|просмотр\w*)$", re.IGNORECASE
)
_CLOCK = re.compile(rf"^(?=.*\d:\d\d:\d\d){_MOMENT}$", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with dynamic values replaced by their name: clocks, counters, copyright years, session ids.

    A clock stands alone in its text and counts seconds, or follows a cue such as "generated on" or "status as at".
    """
    if _CLOCK.match(text):
        return "\u27e6clock\u27e7"
    if _SHORT_COUNT.match(text):
        return "\u27e6count\u27e7"
    for name, pattern in _MASKS:
        text = pattern.sub(name, text)
    return text


_TOKEN_VALUE = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[a-z])[\w-]{6,}\b", re.IGNORECASE)
_NAME_OF_TIME = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun"
    r"|janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
    r"|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря)\b",
    re.IGNORECASE,
)
_NUMBER_VALUE = re.compile(r"\d+(?:[.,:/'\u00a0\u202f-]\d+)*(?:st|nd|rd|th)?")
MAX_SHAPED = 400


def value_shape(text: str) -> str:
    """The text with its numbers, names of days and months, and tokens replaced by their name.

    Two texts of one shape differ in such values alone. "" for a text over 400 characters or without any value.
    """
    if len(text) > MAX_SHAPED:
        return ""
    shaped = _NAME_OF_TIME.sub("\u27e6date\u27e7", _TOKEN_VALUE.sub("\u27e6token\u27e7", text))
    shaped = _NUMBER_VALUE.sub("\u27e6number\u27e7", shaped)
    return shaped if shaped != text else ""
