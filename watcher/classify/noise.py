"""What in a changed text says nothing of policy: stamps, pointers, marks, menus, mended writing, repeated words."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from watcher.classify.pack import Lexicon
from watcher.classify.prose import Edit, Run, alike, is_correction, is_respaced
from watcher.classify.stems import is_denied, stem
from watcher.classify.words import fold, split_words
from watcher.model.change import Hunk

STAMP_CHARACTERS = 120
LONGEST_FIGURE = 9  # "#" and eight digits: longer ones written without a mark are registration numbers
POINTER_CHARACTERS = 240
LABEL_WORDS = 12
SHORT_STEP_WORDS = 3
NAME_WORDS = 2
RESUMED_WORDS = range(2, 5)
SPOKEN_SHARE = 0.35
NOTICE_CHARACTERS = 400
SENTENCE_WORDS = 8
_QUOTE = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*\"|«[^»]*(?:»|$)")
_CLOCK = re.compile(r"\b\d{1,2}:\d{2}\s*[AaPp]\.?[Mm]\b")
_TIMESTAMP = re.compile(
    r"\W*(?:\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{4})[T ,]+\d{1,2}:\d\d(?::\d\d)?[^\w]*(?:UTC|GMT|Z)?\W*"
)
_COPYRIGHT = re.compile(r"\W*(?:©|\(c\)\s|copyright\b)", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{1,2000}>")
_RELATIVES = frozenset({"that", "which", "who"})
_PRESENT, _PAST = frozenset({"is", "are", "has", "have"}), frozenset({"was", "were", "had"})
_STOPS = ".;:!"
_WORDS = re.compile(r"\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LATIN = re.compile(r"[a-zA-Z]")


def is_quoted(text: str) -> bool:
    """True when most of a passage stands in quotation marks: it is somebody's voice, not the publisher's."""
    closed = text.rfind("»") + 1
    marked = text[:closed] + text[closed:].replace("«", " ")  # a quotation in guillemets counts only when it ends
    return sum(len(quote) for quote in _QUOTE.findall(marked)) > len(text) / 2


def is_label(run: Run, lexicon: Lexicon) -> bool:
    """True for a date line, a place or a mark: a few words nearly all of which are names, numbers or function words."""
    said = [
        shape
        for word, shape in zip(run.words, run.shapes, strict=True)
        if shape[0].islower() and word not in lexicon.fillers
    ]
    return len(run.words) <= LABEL_WORDS and not said


def is_fragment(text: str) -> bool:
    """True for a heading, a question or a few words that are no sentence, so that nothing is promised in them."""
    return text.endswith("?") or (len(text.split()) < SENTENCE_WORDS and text[-1:] not in _STOPS)


def is_menu(text: str) -> bool:
    """True for what no reader reads as a sentence: many words that nearly all begin with a capital, as in a menu."""
    words: list[str] = _WORD.findall(text)
    if len(words) < LABEL_WORDS or not _LATIN.search(text):
        return False
    return sum(word[0].islower() for word in words) < SPOKEN_SHARE * len(words)


def is_markup(raw: str) -> bool:
    """True when tags make up most of a text: a page's source that leaked into its words."""
    return sum(len(tag) for tag in _MARKUP.findall(raw)) > len(raw) / 2


def is_bare_date(run: Run, lexicon: Lexicon) -> bool:
    """True for a line that is a date and nothing else."""
    return bool(run.words) and all(word[0] in "#~" or word in lexicon.months for word in run.words)


def is_timestamp(text: str) -> bool:
    """True for a day with a time of day, as machines write it, and nothing else."""
    return len(text) <= STAMP_CHARACTERS and _TIMESTAMP.fullmatch(text) is not None


def is_registration(edit: Edit) -> bool:
    """True when only numbers that are too long to count anything stand for others."""
    return all(shape.isdigit() and len(shape) >= LONGEST_FIGURE for shape in (*edit.old.shapes, *edit.new.shapes))


def points(text: str, lexicon: Lexicon) -> bool:
    """True for words that lead the reader to another page."""
    said = f" {' '.join(_WORDS.findall(fold(text)))} "
    return any(f" {pointer} " in said for pointer in lexicon.pointers)


def is_pointer(edit: Edit, lexicon: Lexicon) -> bool:
    """True for a sentence that came or went and that only leads the reader to another page."""
    if edit.old.words and edit.new.words:
        return False
    run = edit.new if edit.new.words else edit.old
    return len(run.text) <= POINTER_CHARACTERS and run.first and points(run.text, lexicon)


def is_dateline(text: str) -> bool:
    """True for a line with a time of day, as transcripts print it."""
    return len(text) <= STAMP_CHARACTERS and _CLOCK.search(text) is not None


def is_clock(run: Run) -> bool:
    """True for a time of day standing alone, as transcripts print it."""
    return (
        len(run.shapes) >= SHORT_STEP_WORDS
        and all(shape.isupper() or shape.isdigit() for shape in run.shapes)
        and run.words[0][0] == "#"
    )


def is_stamp(found: list[Edit], text: str, lexicon: Lexicon) -> bool:
    """True when only the date or counter of a line such as "last updated" moved on."""
    words = " ".join(fold(text).replace(":", " ").split())
    if len(words) > STAMP_CHARACTERS:
        return False
    if any(stamp in words for stamp in lexicon.stamps if stamp.endswith(" ago")):
        return True
    moving = _moving(lexicon)
    if any(stamp in words for stamp in lexicon.stamps):
        return all(_moves(word, moving) for edit in found for word in (*edit.old.words, *edit.new.words))
    return _is_only_dated(text, moving, lexicon)


def _moving(lexicon: Lexicon) -> frozenset[str]:
    return lexicon.months | lexicon.units | lexicon.fillers | {"day", "week", "month", "year", "hour", "minute", "ago"}


def _moves(word: str, moving: frozenset[str]) -> bool:
    return word[0] in "#~" or word in moving


def _is_only_dated(text: str, moving: frozenset[str], lexicon: Lexicon) -> bool:
    """True for a line that has nothing but a date and what a stamp says of it: "Updated May 2026"."""
    said = split_words(text, stops=False).words
    if lexicon.stamp_words.isdisjoint(said) or not lexicon.units.isdisjoint(said):
        return False
    return all(word in lexicon.stamp_words or _moves(word, moving) for word in said)


def is_copyright(text: str) -> bool:
    """True for a short line that says whose the text is."""
    return len(text) <= STAMP_CHARACTERS and _COPYRIGHT.match(text) is not None


def is_meant(edit: Edit, lexicon: Lexicon) -> bool:
    """False for an edit that only mends spelling or spacing, or only points elsewhere."""
    if (
        is_respaced(edit)
        or is_pointer(edit, lexicon)
        or is_registration(edit)
        or _names_holder(edit, lexicon)
        or (not edit.old.words and is_clock(edit.new))
        or (not edit.new.words and is_clock(edit.old))
    ):
        return False
    return weighs(edit, lexicon) or not is_correction(edit) or _is_other_aspect(edit, lexicon)


def _names_holder(edit: Edit, lexicon: Lexicon) -> bool:
    """True when only the name behind a title came or went: "the President" and "President Mbeki" are one person."""
    shapes = edit.old.shapes or edit.new.shapes
    one_sided = not (edit.old.words and edit.new.words)
    titled = edit.before[-1:] and edit.before[-1] in lexicon.titles
    return bool(one_sided and titled) and len(shapes) <= NAME_WORDS and all(shape[0].isupper() for shape in shapes)


def _is_other_aspect(edit: Edit, lexicon: Lexicon) -> bool:
    """True when an act stands in another form that is no slip ("signed" and "signing"), or any verb in another time."""
    pairs = zip(edit.old.words, edit.new.words, strict=False)
    return is_other_time(edit) or any(
        (old.endswith("ed") != new.endswith("ed") and _root(old) == _root(new))
        or (stem(old) == stem(new) and not alike(old, new) and {old, new} & lexicon.acts)
        for old, new in pairs
    )


def is_other_time(edit: Edit) -> bool:
    """True when a form of "to be" or "to have" stands in the past that stood in the present, or the other way round."""
    old, new = set(edit.old.words), set(edit.new.words)
    return bool((old & _PRESENT and new & _PAST) or (old & _PAST and new & _PRESENT))


def _root(verb: str) -> str:
    """What the present and the past of a regular verb share: "used", "uses" and "use"."""
    ending = next((ending for ending in ("ed", "es", "s", "e") if verb.endswith(ending)), "")
    return verb.removesuffix(ending)


def weighs(edit: Edit, lexicon: Lexicon) -> bool:
    """True when the words of an edit mean something each, however alike they are spelt: numbers, units, modals."""
    words = {*edit.old.words, *edit.new.words}
    if any(word[0] in "#~^<" for word in words) or words & (lexicon.units | lexicon.months | lexicon.negations):
        return True
    if any(words & step for ladder in lexicon.ladders for step in ladder.steps):
        return True
    return bool(edit.old.words and edit.new.words) and turns(edit, lexicon)


def turns(edit: Edit, lexicon: Lexicon) -> bool:
    """True when a word stands where its opposite stood."""
    if len(edit.old.words) == len(edit.new.words) == 1:
        pair = edit.old.words[0], edit.new.words[0]
        if pair in lexicon.turns or pair[::-1] in lexicon.turns:
            return True
    gone, come = set(map(stem, edit.old.words)), set(map(stem, edit.new.words))
    gone, come = gone - come, come - gone
    if any(is_denied(one, other) for one in edit.old.words for other in edit.new.words):
        return True
    return any((gone & one and come & other) or (gone & other and come & one) for one, other in lexicon.opposites)


def is_resumed(edit: Edit, old: str, new: str, lexicon: Lexicon) -> bool:
    """True when a few words came or went that only say again what stands beside them ("the Act the Act's aim"), or that
    take up a sentence again which was parted in two ("A plan that ...")."""
    if edit.old.words and edit.new.words:
        return False
    run, rest = (edit.old, new) if edit.old.words else (edit.new, old)
    said = [stem(word) for word in run.words if word not in lexicon.fillers]
    if len(run.words) not in RESUMED_WORDS or len(said) == len(run.words):
        return False
    there = set(map(stem, split_words(rest).words))
    near = set(map(stem, (*edit.before, *edit.after)))
    takes_up = run.first and run.words[-1] in _RELATIVES
    return all(word[0] not in "#~" and word in there for word in said) and (takes_up or bool(near.intersection(said)))


def is_copy_edit(found: Sequence[Edit], lexicon: Lexicon) -> bool:
    """True when a passage was proof-read: spelling mended, and beside that one word that completes a name."""
    mended = [edit for edit in found if is_correction(edit) and not weighs(edit, lexicon)]
    others = [edit for edit in found if edit not in mended]
    return bool(mended) and len(others) == 1 and _completes_name(others[0])


def _completes_name(edit: Edit) -> bool:
    shapes = (*edit.old.shapes, *edit.new.shapes)
    first = edit.old.first if edit.old.words else edit.new.first
    return len(shapes) == 1 and shapes[0][0].isupper() and not first


def is_notice(text: str, lexicon: Lexicon) -> bool:
    """True for a short text that only says that a page could not be shown."""
    if not text or len(text) > NOTICE_CHARACTERS:
        return False
    said = fold(text).replace("’", "'")
    return any(notice in said for notice in lexicon.notices)


def without_notices(hunks: Sequence[Hunk], lexicon: Lexicon) -> tuple[list[Hunk], list[str]]:
    """The Hunks without those notices, and without what came or went in their place; and the notices' texts."""
    kept: list[Hunk] = []
    notices: list[str] = []
    for group in _neighbours(hunks):
        sides = ("\n".join(hunk.old for hunk in group).strip(), "\n".join(hunk.new for hunk in group).strip())
        notice = next((side for side in sides if is_notice(side, lexicon)), "")
        if notice:
            notices.append(notice)
        else:
            kept.extend(group)
    return kept, notices


def _neighbours(hunks: Sequence[Hunk]) -> Iterator[list[Hunk]]:
    """Hunks between which no Block was kept."""
    group: list[Hunk] = []
    old = new = -1
    for hunk in hunks:
        near = (hunk.old_index in (None, old + 1)) and (hunk.new_index in (None, new + 1))
        if group and not near:
            yield group
            group = []
        group.append(hunk)
        old = old if hunk.old_index is None else hunk.old_index
        new = new if hunk.new_index is None else hunk.new_index
    if group:
        yield group


def still_stands(hunk: Hunk, old: Container[str], new: Container[str]) -> bool:
    """True for sentences that came or went while the same ones stand elsewhere in the other text.

    A name or a few words stand in more than one list for good reason: those are not meant.
    """
    text, other = (hunk.new, old) if hunk.new else (hunk.old, new)
    if hunk.old and hunk.new:
        return False
    return text in other and len(text.split()) >= SENTENCE_WORDS
