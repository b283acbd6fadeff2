"""Markers: what a changed wording could mean. Number, date, negation, modality, hedge, scope, Subjects, Instruments ...

Each marker is a named part with the passage it rests on; its points come from the pack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from watcher.classify.meaning import (
    balance,
    content,
    figures,
    in_place,
    is_abbreviation,
    without_moves,
)
from watcher.classify.names import spoken_of
from watcher.classify.noise import (
    is_bare_date,
    is_clock,
    is_copy_edit,
    is_copyright,
    is_dateline,
    is_fragment,
    is_label,
    is_markup,
    is_meant,
    is_menu,
    is_other_time,
    is_pointer,
    is_quoted,
    is_resumed,
    is_stamp,
    is_timestamp,
    points,
)
from watcher.classify.pack import Lexicon, Pack
from watcher.classify.prose import Edit, edits, edits_between, plain, uncorrected
from watcher.classify.words import Words, fold, split_words
from watcher.classify.writing import figured, phrased, spelled, without_asides, without_contacts
from watcher.model.change import Hunk, SignificancePart

NEXT_KIND = 0.5
NEXT_OF_KIND = 0.05
DECIMALS = 4
PASSAGE_CHARACTERS = 400
SUBSTANCE_WORDS = 2
_GLUED = re.compile(
    r"[^\W\d_]+\d+\w*|(?<!\S)\d+(?:\.\d+)+\.?(?=\s+[A-Z])"
)  # "B12" counts nothing, "1.1.2 Scope" neither
_DOLLARS = re.compile(r"\bUS ?\$")  # names a currency
_ASIDE = re.compile(r"\([^()]*\)")  # "English (UK)" names a language
OF_A_CORRECTION = frozenset({"number", "date", "unit", "negation", "opposite", "subject", "instrument"})


def _cut(text: str) -> str:
    return text if len(text) <= PASSAGE_CHARACTERS else text[: PASSAGE_CHARACTERS - 1] + "…"


def markers(hunk: Hunk, *, subject: str, pack: Pack) -> list[str]:
    """Names of the parts that a Hunk shows, each once and in a fixed order; empty when it says nothing of policy."""
    old, new = plain(hunk.old), plain(hunk.new)
    found = edits(old, new)
    if not found and _is_marked_otherwise(hunk):
        return ["opposite"]
    if not found:
        signs, a, b = _canonical_edits(old, new, pack.lexicon)
        named_ = _mentions(uncorrected(hunk.old) or old, uncorrected(hunk.new) or new, subject)
        return list(dict.fromkeys((*in_place(signs, a.words, b.words, pack.lexicon), *named_)))
    if is_stamp(found, new or old, pack.lexicon) or all(is_copyright(text) for text in (old, new) if text):
        return []
    if all(is_dateline(text) or is_timestamp(text) for text in (old, new)):
        return []
    if not old or not new:
        return _of_whole(hunk, old, new, found[0], subject=subject, pack=pack)
    return _of_edited(hunk, old, new, found, subject=subject, pack=pack)


def _of_whole(hunk: Hunk, old: str, new: str, edit: Edit, *, subject: str, pack: Pack) -> list[str]:
    """Markers of a passage that came or went."""
    text, part = (new, "text_added") if new else (old, "text_removed")
    run = edit.new if new else edit.old
    if is_clock(run) or is_dateline(text) or is_timestamp(text) or is_bare_date(run, pack.lexicon):
        return []
    if is_pointer(edit, pack.lexicon) or points(hunk.heading, pack.lexicon):
        return []
    if is_label(run, pack.lexicon):
        if fold(hunk.heading).strip(" :.") in pack.lexicon.thanks:
            return []
        named_ = _mentions(_ASIDE.sub("", old), _ASIDE.sub("", new), subject)
        return [*dict.fromkeys(named_)] or ["wording"]
    if is_menu(text) or is_markup(hunk.new or hunk.old):
        return ["wording"]
    return list(dict.fromkeys(_whole(text, part, hunk.heading, pack.lexicon)))


def _of_edited(hunk: Hunk, old: str, new: str, found: list[Edit], *, subject: str, pack: Pack) -> list[str]:
    """Markers of a passage that was edited."""
    if _is_other_vote(hunk, pack):
        return ["opposite"]
    lexicon = pack.lexicon
    meant = [edit for edit in found if is_meant(edit, lexicon)]
    if not meant:
        return []
    if is_markup(hunk.old) or is_markup(hunk.new):
        return ["wording"]
    changed, a, b = _canonical_edits(old, new, lexicon)
    names = list(dict.fromkeys((*in_place(changed, a.words, b.words, lexicon), *_mentions(old, new, subject))))
    before, after = uncorrected(hunk.old), uncorrected(hunk.new)
    if after == old:
        names = [name for name in names if name in OF_A_CORRECTION]
    elif before == new:
        names = []
    if names:
        return names
    if is_copy_edit(found, lexicon) or (a.words == b.words and _is_rewritten(old, new)):
        return []
    said = [edit for edit in meant if not is_resumed(edit, old, new, lexicon)]
    return _of_content(said, hunk.heading, lexicon)


def _is_other_vote(hunk: Hunk, pack: Pack) -> bool:
    """True when a cell that said one vote, or answer, says another: "Abstain" and "Yes". A letter or a sign is a vote
    only in a column of votes."""
    calls = pack.roll_calls
    if calls is None:
        return False
    for cell in hunk.cells:
        old, new = (fold(text).strip(" .*") for text in (cell.old, cell.new))
        of_votes = fold(cell.column).strip(" :.") in calls.columns
        if (of_votes or min(len(old), len(new)) > 1) and calls.labels.get(old, "") != calls.labels.get(new, ""):
            return old in calls.labels and new in calls.labels
    return False


def _is_marked_otherwise(hunk: Hunk) -> bool:
    """True when a cell was filled or emptied in a row whose words are the same: a mark stands under another heading."""
    return any(bool(cell.old.strip()) != bool(cell.new.strip()) for cell in hunk.cells)


def _of_content(found: list[Edit], heading: str, lexicon: Lexicon) -> list[str]:
    """What an edit without any marked word says: other wording, or a few words more or less of substance."""
    come = max((len(content(edit.new.words, lexicon)) for edit in found if not edit.old.words), default=0)
    gone = max((len(content(edit.old.words, lexicon)) for edit in found if not edit.new.words), default=0)
    if max(come, gone) < SUBSTANCE_WORDS:
        says = any(content((*edit.old.words, *edit.new.words), lexicon) or is_other_time(edit) for edit in found)
        return ["wording"] if says else []
    names = ["obligation"] if _is_rule(heading, lexicon) else []
    return [*names, "text_added" if come >= gone else "text_removed"]


def _is_rule(heading: str, lexicon: Lexicon) -> bool:
    """True for words over a list or a section that oblige, entitle or forbid: what stands under them takes part."""
    return any(balance(edits("", heading), lexicon.negations | lexicon.binding))


def _canonical_edits(old: str, new: str, lexicon: Lexicon) -> tuple[list[Edit], Words, Words]:
    """The edits between the canonical words of two plain texts, without those of mere writing; and all those words."""
    before, after = (spelled(without_contacts(text)) for text in without_asides(old, new))
    figured_ = [figured(split_words(text, stops=False)) for text in (before, after)]
    a, b = (phrased(words, lexicon.phrases) for words in figured_)
    shapes = (*a.shapes, *b.shapes)
    found = [
        edit
        for edit in edits_between(a, b, before, after)
        if is_meant(edit, lexicon) and not is_abbreviation(edit, shapes)
    ]
    return without_moves(found, lexicon), a, b


def _is_rewritten(old: str, new: str) -> bool:
    """True when two texts say the same words and only write their figures and symbols in another way."""
    a, b = (figured(split_words(spelled(text), stops=False)).words for text in (old, new))
    return a == b


def _mentions(old: str, new: str, subject: str) -> Iterator[str]:
    """Instruments and other Subjects that one of two texts names and the other does not."""
    (before, adjectives_before), (after, adjectives_after) = (spoken_of(_DOLLARS.sub("$", text)) for text in (old, new))
    gone, come = before - after - adjectives_after, after - before - adjectives_before
    for mention in sorted(gone | come):
        if mention.startswith("@i_"):
            yield "instrument"
        elif mention[4:] != subject:
            yield "subject"
    if adjectives_before - adjectives_after - after and adjectives_after - adjectives_before - before:
        yield "subject"


def _whole(text: str, part: str, heading: str, lexicon: Lexicon) -> Iterator[str]:
    """Names of the markers of a passage that came or went as a whole; what somebody is quoted with weighs little."""
    yield part
    if is_quoted(text):
        return
    found = edits("", _GLUED.sub(" ", text))
    if any(figures(edit.new.words) for edit in found):
        yield "number"
    if _is_rule(heading, lexicon):
        yield "obligation"
    if is_fragment(text):
        return
    for name, words in (
        ("policy_act", lexicon.acts),
        ("group_or_right", lexicon.groups),
        ("eligibility", lexicon.eligibility),
        ("condition", lexicon.conditions),
        ("obligation", lexicon.negations | lexicon.binding),
    ):
        if any(balance(found, words)):
            yield name


def weigh(names: Iterable[tuple[str, str]], pack: Pack) -> list[SignificancePart]:
    """Parts with their points from (name, passage) pairs, the weightiest first.

    The weightiest kind of marker counts in full, each further kind less; a second passage of one kind says much less
    than one of another kind.
    """
    ranked = sorted(names, key=lambda pair: -pack.scale.points[pair[0]])
    parts = []
    seen: dict[str, int] = {}
    for name, passage in ranked:
        kind = list(seen).index(name) if name in seen else len(seen)
        nth = seen.get(name, 0)
        seen[name] = nth + 1
        points_ = round(pack.scale.points[name] * NEXT_KIND**kind * NEXT_OF_KIND**nth, DECIMALS)
        if points_ > 0:
            parts.append(SignificancePart(name=name, points=points_, passage=_cut(passage)))
    return sorted(parts, key=lambda part: -part.points)


def points_beside(parts: Iterable[SignificancePart], name: str, pack: Pack) -> float:
    """The points of a marker that is found beside other parts: it is one more kind."""
    return round(pack.scale.points[name] * NEXT_KIND ** len({part.name for part in parts}), DECIMALS)
