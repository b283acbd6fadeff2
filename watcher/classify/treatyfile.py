"""What a pack says of treaties: which Indicator an action counts for, and what a status table says of a State."""

from __future__ import annotations

import re
from collections.abc import Mapping

from watcher.classify.pack import Indicator, Treaties, TreatyActions
from watcher.classify.packreader import Reader
from watcher.classify.words import fold
from watcher.model.instruments import INSTRUMENTS

KEYS = ("treaty_actions", "status_tables", "told_first")
_WORD = re.compile(r"\w+")
_STANCES = ("joined", "signed", "left", "none")
_WORDED = ("joined", "signed", "left")


def read_treaties(reader: Reader, indicators: Mapping[str, Indicator]) -> Treaties:
    """The pack's `treaty_actions`, `status_tables` and `told_first`; each may be missing."""
    tables = reader.below("status_tables", None, ("lists_all", "not_joined", "columns", "dates", *_WORDED))
    told_first = reader.texts("told_first")
    for name in told_first:
        if name not in indicators:
            raise reader.unknown(name, indicators)
    codes = tuple(instrument.code for instrument in INSTRUMENTS)
    listed = reader.below("treaty_actions", None, codes)
    not_joined = frozenset(plain_words(phrase) for phrase in tables.texts("not_joined"))
    words = {plain_words(phrase): act for act in _WORDED for phrase in tables.texts(act)}
    return Treaties(
        actions={code: _actions(listed, code, indicators) for code in reader.mapping("treaty_actions")},
        lists_all=tuple(plain_words(phrase) for phrase in tables.texts("lists_all")),
        not_joined=not_joined,
        told_first=told_first,
        columns=frozenset(plain_words(phrase) for phrase in tables.texts("columns")),
        dates=frozenset(plain_words(phrase) for phrase in tables.texts("dates")),
        words={**{phrase: "none" for phrase in not_joined if " " in phrase}, **words},
    )


def _actions(listed: Reader, code: str, indicators: Mapping[str, Indicator]) -> TreatyActions:
    reader = Reader(listed.data[code], file=listed.file, where=listed.path(code), allowed=("indicator", *_STANCES))
    indicator = reader.text("indicator")
    if indicator not in indicators:
        raise reader.unknown(indicator, indicators)
    stances = {name: reader.text(name, "") for name in _STANCES}
    for stance in stances.values():
        if stance and stance not in indicators[indicator].stances:
            raise reader.unknown(stance, indicators[indicator].stances)
    return TreatyActions(indicator=indicator, **stances)


def plain_words(text: str) -> str:
    """The words of a text without case, accents and marks."""
    return " ".join(_WORD.findall(fold(text)))
