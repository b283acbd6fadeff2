"""How a pack says that records of votes are written."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.classify.cues import Part, one_of
from watcher.classify.pack import Indicator, RollCalls
from watcher.classify.packreader import Reader
from watcher.classify.words import fold

KEY = "roll_calls"
_KEYS = ("indicator", "topic", "labels", "columns", "marks")


def read_roll_calls(reader: Reader, indicators: Mapping[str, Indicator], sets: Mapping[str, Part]) -> RollCalls | None:
    """The pack's RollCalls, None where it has none. ConfigError for an unknown indicator or stance."""
    if KEY not in reader.data:
        return None
    one = reader.below(KEY, None, _KEYS)
    indicator = one.text("indicator")
    if indicator not in indicators:
        raise one.unknown(indicator, indicators)
    labels: dict[str, str] = {}
    for stance in one.mapping("labels"):
        if stance not in indicators[indicator].stances:
            raise one.unknown(stance, indicators[indicator].stances)
        words = one.below("labels", None, indicators[indicator].stances).texts(stance)
        labels.update((fold(word), stance) for word in words)
    return RollCalls(
        indicator=indicator,
        topic=one_of(one.texts("topic", needed=True), sets),
        labels=labels,
        columns=one.words("columns"),
        marks=one.words("marks"),
    )
