"""Markers: what a changed wording could mean. Number, date, negation, modality, hedge, scope, Subjects, Instruments ...

Each marker is a named part with the passage it rests on; its points come from the pack.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from watcher.classify.mentions import named
from watcher.classify.pack import Lexicon, Pack
from watcher.classify.prose import Edit, Run, alike, edits, is_correction, is_respaced, plain
from watcher.classify.words import fold
from watcher.model.change import Hunk, SignificancePart

NEXT_PART = 0.35
PASSAGE_CHARACTERS = 400
LONG_EDIT_WORDS = 12
STAMP_CHARACTERS = 120
LONGEST_FIGURE = 9  # "#" and eight digits: longer ones written without a mark are registration numbers
ACRONYM_LETTERS = range(3, 6)
POINTER_CHARACTERS = 240
NAME_WORDS = 3
_QUOTE = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*\"|«[^»]*(?:»|$)")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}\s*[AaPp]\.?[Mm]\b")


def _cut(text: str) -> str:
    return text if len(text) <= PASSAGE_CHARACTERS else text[: PASSAGE_CHARACTERS - 1] + "…"


def _balance(found: Iterable[Edit], words: frozenset[str]) -> tuple[set[str], set[str]]:
    """Which of `words` are fewer and which are more after all edits together; what only moved is in neither."""
    count: Counter[str] = Counter()
    for edit in found:
        count.update(word for word in edit.new.words if word in words)
        count.subtract(word for word in edit.old.words if word in words)
    return {word for word, change in count.items() if change < 0}, {
        word for word, change in count.items() if change > 0
    }


def _numbers(found: Iterable[Edit]) -> tuple[Counter[str], Counter[str]]:
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for edit in found:
        gone.update(word for word in edit.old.words if word[0] in "#~" and len(word) <= LONGEST_FIGURE)
        come.update(word for word in edit.new.words if word[0] in "#~" and len(word) <= LONGEST_FIGURE)
    return gone - come, come - gone


def _ladders(found: Iterable[Edit], lexicon: Lexicon) -> Iterator[str]:
    for edit in found:
        for ladder in lexicon.ladders:
            before = {step for step, words in enumerate(ladder.steps) if words & set(edit.old.words)}
            after = {step for step, words in enumerate(ladder.steps) if words & set(edit.new.words)}
            if before and after and before.isdisjoint(after):
                yield ladder.name


def _content(words: Iterable[str], lexicon: Lexicon) -> list[str]:
    return [word for word in words if word not in lexicon.fillers]


def _is_name(edit: Edit, lexicon: Lexicon) -> bool:
    """True when one proper name stands where another stood."""
    old, new = edit.old, edit.new
    if not 1 <= len(old.words) == len(new.words) <= NAME_WORDS or old.first or new.first:
        return False
    if any(word in lexicon.titles | lexicon.fillers | lexicon.acts for word in (*old.words, *new.words)):
        return False
    return all(shape[0].isupper() for shape in (*old.shapes, *new.shapes))


def _is_body(edit: Edit, lexicon: Lexicon) -> bool:
    """True when a place or an organisation stands where another stood: "Genoa → Nantes County", "WFP → WHO"."""
    old, new = edit.old, edit.new
    if _is_name(edit, lexicon) and lexicon.places.intersection((*edit.after, old.words[-1], new.words[-1])):
        return True
    if not (old.words and new.words) or max(len(old.words), len(new.words)) > NAME_WORDS:
        return False
    gone, come = _acronyms(old), _acronyms(new)
    before, after = "".join(old.words), "".join(new.words)
    mended = alike(before, after) or sorted(before) == sorted(after)
    return bool(gone and come) and gone.isdisjoint(come) and not mended


def _acronyms(run: Run) -> set[str]:
    return {shape for shape in run.shapes if len(shape) in ACRONYM_LETTERS and shape.isupper()}


def _in_place(found: list[Edit], pack: Pack) -> Iterator[str]:
    """Names of the markers in an edited passage; a quotation that came or went whole is told as text only."""
    quoted = [edit for edit in found if _is_quoted_whole(edit)]
    for edit in quoted:
        yield "text_added" if edit.new.words else "text_removed"
    found = [edit for edit in found if edit not in quoted]
    yield from _of_figures(found, pack.lexicon)
    yield from _of_words(found, pack.lexicon)


def _of_figures(found: list[Edit], lexicon: Lexicon) -> Iterator[str]:
    """Numbers, dates and the words that turn or count a statement."""
    gone, come = _numbers(found)
    if any(word[0] == "#" for word in (*gone, *come)):
        yield "number"
    months = _balance(found, lexicon.months)
    if any(word[0] == "~" for word in (*gone, *come)) or any(months):
        yield "date"
    if any(_balance(found, lexicon.negations)):
        yield "negation"
    if all(_balance(found, lexicon.units)):
        yield "unit"


def _of_words(found: list[Edit], lexicon: Lexicon) -> Iterator[str]:
    """Words of a class that are more or fewer, and names that changed."""
    if next(_ladders(found, lexicon), None):
        yield "modality"
    small = [edit for edit in found if len(edit.old.words) + len(edit.new.words) <= LONG_EDIT_WORDS]
    whole = [edit for edit in found if not edit.old.words or not edit.new.words]
    for name, where, words in (
        ("hedge", small, lexicon.hedges),
        ("scope", small, lexicon.limits),
        ("deadline", small, lexicon.deadlines),
        ("attribution", small, lexicon.attributions),
        ("policy_act", whole, lexicon.acts),
        ("group_or_right", [edit for edit in small if edit in whole], lexicon.groups),
        ("eligibility", small, lexicon.eligibility),
    ):
        if any(_balance(where, words)):
            yield name
    if any(_is_body(edit, lexicon) for edit in found):
        yield "place_or_organisation"
    elif any(_is_name(edit, lexicon) for edit in found):
        yield "name"


def _mentions(old: str, new: str, subject: str) -> Iterator[str]:
    gone, come = Counter(named(old)), Counter(named(new))
    for mention in sorted({*(gone - come), *(come - gone)}):
        if mention.startswith("@i_"):
            yield "instrument"
        elif mention[4:] != subject and not (gone[mention] and come[mention]):
            yield "subject"


def _whole(text: str, part: str, pack: Pack) -> Iterator[str]:
    """Names of the markers of a passage that came or went as a whole; what somebody is quoted with weighs little."""
    yield part
    if _is_quoted(text):
        return
    found = edits("", text)
    gone, come = _numbers(found)
    if any(word[0] == "#" for word in (*gone, *come)):
        yield "number"
    if any(_balance(found, pack.lexicon.acts)):
        yield "policy_act"
    if any(_balance(found, pack.lexicon.groups)):
        yield "group_or_right"
    if any(_balance(found, pack.lexicon.eligibility)):
        yield "eligibility"
    binding = {word for ladder in pack.lexicon.ladders for word in (*ladder.steps[0], *ladder.steps[-1])}
    if any(_balance(found, pack.lexicon.negations | binding)):
        yield "obligation"


def _is_quoted(text: str) -> bool:
    """True when most of a passage stands in quotation marks: it is somebody's voice, not the publisher's."""
    closed = text.rfind("»") + 1
    marked = text[:closed] + text[closed:].replace("«", " ")  # a quotation in guillemets counts only when it ends
    return sum(len(quote) for quote in _QUOTE.findall(marked)) > len(text) / 2


def _is_quoted_whole(edit: Edit) -> bool:
    if edit.old.words and edit.new.words:
        return False
    run = edit.new if edit.new.words else edit.old
    return len(run.words) > LONG_EDIT_WORDS and _is_quoted(run.text)


def _is_label(run: Run, lexicon: Lexicon) -> bool:
    """True for a date line, a place or a mark: a few words nearly all of which are names, numbers or function words."""
    said = [
        shape
        for word, shape in zip(run.words, run.shapes, strict=True)
        if shape[0].islower() and word not in lexicon.fillers
    ]
    return len(run.words) <= LONG_EDIT_WORDS and not said


def _is_bare_date(run: Run, lexicon: Lexicon) -> bool:
    """True for a line that is a date and nothing else."""
    return bool(run.words) and all(word[0] in "#~" or word in lexicon.months for word in run.words)


def _is_registration(edit: Edit) -> bool:
    """True when only numbers that are too long to count anything stand for others."""
    words = (*edit.old.words, *edit.new.words)
    return all(word[0] == "#" and len(word) > LONGEST_FIGURE for word in words)


def _points(text: str, lexicon: Lexicon) -> bool:
    said = fold(text)
    return any(pointer in said for pointer in lexicon.pointers)


def _is_pointer(edit: Edit, lexicon: Lexicon) -> bool:
    """True for a sentence that came or went and that only leads the reader to another page."""
    if edit.old.words and edit.new.words:
        return False
    run = edit.new if edit.new.words else edit.old
    return len(run.text) <= POINTER_CHARACTERS and run.first and _points(run.text, lexicon)


def _is_dateline(text: str) -> bool:
    return len(text) <= 120 and _CLOCK.search(text) is not None


def _is_clock(run: Run) -> bool:
    """True for a time of day standing alone, as transcripts print it."""
    return (
        len(run.shapes) >= 3
        and all(shape.isupper() or shape.isdigit() for shape in run.shapes)
        and run.words[0][0] == "#"
    )


def _is_stamp(found: list[Edit], text: str, lexicon: Lexicon) -> bool:
    """True when only the date or counter of a line such as "last updated" moved on."""
    words = " ".join(fold(text).replace(":", " ").split())
    if len(words) > STAMP_CHARACTERS or not any(stamp in words for stamp in lexicon.stamps):
        return False
    if any(stamp in words for stamp in lexicon.stamps if stamp.endswith(" ago")):
        return True
    moving = (
        lexicon.months | lexicon.units | lexicon.fillers | {"day", "week", "month", "year", "hour", "minute", "ago"}
    )
    return all(word[0] in "#~" or word in moving for edit in found for word in (*edit.old.words, *edit.new.words))


def _is_meant(edit: Edit, lexicon: Lexicon) -> bool:
    """False for an edit that only mends spelling or spacing, or only points elsewhere."""
    if (
        is_respaced(edit)
        or _is_pointer(edit, lexicon)
        or _is_registration(edit)
        or (not edit.old.words and _is_clock(edit.new))
        or (not edit.new.words and _is_clock(edit.old))
    ):
        return False
    return _weighs(edit, lexicon) or not is_correction(edit)


def markers(hunk: Hunk, *, subject: str, pack: Pack) -> list[str]:
    """Names of the parts that a Hunk shows, each once and in a fixed order; empty when it says nothing of policy."""
    old, new = plain(hunk.old), plain(hunk.new)
    found = edits(old, new)
    if not found or _is_stamp(found, new or old, pack.lexicon):
        return []
    if _is_dateline(old) and _is_dateline(new):
        return []
    if not old or not new:
        text, part = (new, "text_added") if new else (old, "text_removed")
        run = found[0].new if new else found[0].old
        if _is_clock(run) or _is_dateline(text) or _is_bare_date(run, pack.lexicon):
            return []
        if _is_pointer(found[0], pack.lexicon) or _points(hunk.heading, pack.lexicon):
            return []
        if _is_label(run, pack.lexicon):
            if fold(hunk.heading).strip(" :.") in pack.lexicon.thanks:
                return []
            return [*dict.fromkeys(_mentions(old, new, subject))] or ["wording"]
        return list(dict.fromkeys(_whole(text, part, pack)))
    meant = [edit for edit in found if _is_meant(edit, pack.lexicon)]
    if not meant:
        return []
    names = list(dict.fromkeys((*_in_place(meant, pack), *_mentions(old, new, subject))))
    if not names and any(_content((*edit.old.words, *edit.new.words), pack.lexicon) for edit in meant):
        names.append("wording")
    return names


def _weighs(edit: Edit, lexicon: Lexicon) -> bool:
    """True when the words of an edit mean something each, however alike they are spelt: numbers, units, modals."""
    words = {*edit.old.words, *edit.new.words}
    if any(word[0] in "#~" for word in words) or words & (lexicon.units | lexicon.months | lexicon.negations):
        return True
    return any(words & step for ladder in lexicon.ladders for step in ladder.steps)


def weigh(names: Iterable[tuple[str, str]], pack: Pack) -> list[SignificancePart]:
    """Parts with their points from (name, passage) pairs, the weightiest first: it counts in full, each next less."""
    ranked = sorted(names, key=lambda pair: -pack.scale.points[pair[0]])
    parts = []
    for place, (name, passage) in enumerate(ranked):
        points = round(pack.scale.points[name] * NEXT_PART**place, 4)
        if points <= 0:
            break
        parts.append(SignificancePart(name=name, points=points, passage=_cut(passage)))
    return parts
