"""Questionnaires that Sources hold: which there are, and what every State answers to one question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from watcher.diff import AnswerStep, compare_questionnaires, likeness, word_weights
from watcher.errors import NotFoundError, RefusedError
from watcher.model.capture import Version
from watcher.model.collection import CollectionItem
from watcher.model.questionnaire import FORM, Question, Questionnaire, normal_number, read_questionnaire
from watcher.model.source import Source
from watcher.model.subjects import name_of
from watcher.pipeline.listings import year_before
from watcher.pipeline.ports import Rooms
from watcher.store import collections, sources, versions
from watcher.store.database import Connection

# Two documents are one questionnaire when this share of the questions of the shorter one is in the other.
SAME_QUESTIONNAIRE = 0.5
ARTICLE_7_REPORT = "Article 7 report"


@dataclass(frozen=True, kw_only=True, slots=True)
class Filled:
    """A questionnaire as a Source holds it: its newest readable Version, or that of an earlier date."""

    source: Source
    version: Version
    questionnaire: Questionnaire

    @property
    def state(self) -> str:
        """The States that answer, as the Source names its Subjects; else its publisher or title."""
        definition = self.source.definition
        named = ", ".join(name_of(subject) for subject in definition.subjects)
        return named or definition.publisher or definition.title or self.source.source_id


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledGroup:
    """Documents that answer the same questions. `title` are the words that their titles share."""

    title: str
    filled: tuple[Filled, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenAnswer:
    """One State's answer to the question. `question` may have another number in its document.

    `since` is when the Version of the year before was captured, None without one; `step` says what became of the
    answer since then, ASKED when it was not asked then, None where there is nothing to compare with. `against` is
    the Source of the year before, where a Collection lists each year's document for itself.
    """

    filled: Filled
    question: Question
    since: datetime | None
    step: AnswerStep | None
    against: Source | None = None

    @property
    def referred(self) -> Question | None:
        """The other question of the same document that the answer points to ("See answer to question 3")."""
        number = self.question.answer.refers_to
        found = self.filled.questionnaire.get(number) if number else None
        return found if found is not self.question else None


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A Source that was looked at and is not in the comparison, with the reason for a person."""

    source: Source
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SideBySide:
    """All answers to one question.

    `wordings` are the different questions that have this number, the one that most documents ask first, each with
    the number of documents; `chosen` counts them from 1. `others` is the number of Sources without a questionnaire.
    """

    number: str
    wordings: tuple[tuple[str, int], ...]
    chosen: int
    answers: tuple[GivenAnswer, ...]
    left_out: tuple[LeftOut, ...]
    others: int

    @property
    def wording(self) -> str:
        """The question that was compared."""
        return self.wordings[self.chosen - 1][0]


def list_filled(
    connection: Connection, *, as_of: datetime | None = None, only: Collection[str] | None = None
) -> list[Filled]:
    """The questionnaires that Sources hold, by State; `only` names the Sources to look at."""
    known = {source.source_id: source for source in sources.list_sources(connection)}
    found = []
    for source_id, version_id, asks in versions.newest_readable(connection, until=as_of):
        if asks and (only is None or source_id in only):
            version = versions.get_version(connection, version_id)
            read = read_questionnaire(version.document) if version.document is not None else None
            if read is not None:
                found.append(Filled(source=known[source_id], version=version, questionnaire=read))
    return sorted(found, key=lambda filled: (filled.state, filled.source.source_id))


def grouped(filled: Sequence[Filled]) -> list[FilledGroup]:
    """Documents that ask the same questions together, the largest group first."""
    weights = _weights(filled)
    groups: list[list[Filled]] = []
    for each in filled:
        for group in groups:
            if _same_questionnaire(group[0].questionnaire, each.questionnaire, weights):
                group.append(each)
                break
        else:
            groups.append([each])
    made = [FilledGroup(title=_group_title(group), filled=tuple(group)) for group in groups]
    return sorted(made, key=lambda group: (-len(group.filled), group.title))


def questions_asked(group: FilledGroup) -> list[tuple[Filled, Question, int]]:
    """(document, question, how many documents answer it) of each question of the group's longest document."""
    matcher = _Matcher(group.filled)
    longest = max(group.filled, key=lambda each: len(each.questionnaire.questions))
    asked = []
    for question in longest.questionnaire.questions:
        found = [matcher.nearest(each, longest, question) for each in group.filled]
        asked.append((longest, question, sum(each is not None and each.answer.given for each in found)))
    return asked


def _weights(filled: Sequence[Filled]) -> dict[str, float]:
    return word_weights([question for each in filled for question in each.questionnaire.questions])


def _same_questionnaire(left: Questionnaire, right: Questionnaire, weights: Mapping[str, float]) -> bool:
    """Whether half of the shorter one's questions are in the other by their wording alone."""
    found = [
        question
        for question in right.questions
        if any(likeness(other, question, weights, by_number=False) for other in left.questions)
    ]
    return len(found) >= SAME_QUESTIONNAIRE * min(len(left.questions), len(right.questions))


def _group_title(group: Sequence[Filled]) -> str:
    if group[0].questionnaire.questions[0].number.startswith(FORM):
        return ARTICLE_7_REPORT
    titles = [each.questionnaire.title for each in group]
    shared = Counter(word for title in titles for word in dict.fromkeys(title.split()))
    common = " ".join(word for word in titles[0].split() if shared[word] == len(titles)).strip(" -–—:,.")
    return common or f"“{group[0].questionnaire.questions[0].wording[:80]}”"


def show_filled(rooms: Rooms, source_id: str, *, as_of: datetime | None = None) -> Filled:
    """The questionnaire of one Source; NotFoundError says why there is none."""
    with rooms.database.reading() as connection:
        source = sources.get_source(connection, source_id)
        filled = list_filled(connection, as_of=as_of, only={source_id})
        if not filled:
            raise NotFoundError(f"Source {source_id!r} holds no questionnaire: {_why_none(connection, source, as_of)}")
    return filled[0]


def compare_question(
    rooms: Rooms,
    number: str,
    *,
    only_sources: Collection[str] = (),
    only_subjects: Collection[str] = (),
    as_of: datetime | None = None,
    as_in: str = "",
    wording: int = 1,
) -> SideBySide:
    """What each State answers to the question of a number.

    The number finds the question, its wording finds it in the other documents, under whatever number. Where
    documents ask different things under the number, `wording` chooses (1 is what most of them ask), or `as_in` names
    the Source in whose document the number is meant.
    NotFoundError when no questionnaire has the number, RefusedError when there is no such wording.
    """
    with rooms.database.reading() as connection:
        for source_id in (*only_sources, *([as_in] if as_in else [])):
            sources.get_source(connection, source_id)
        looked_at = [
            source
            for source in sources.list_sources(connection)
            if (not only_sources or source.source_id in only_sources)
            and (not only_subjects or set(only_subjects) & set(source.definition.subjects))
        ]
        filled = list_filled(connection, as_of=as_of, only={source.source_id for source in looked_at})
        matcher = _Matcher(filled)
        clusters = matcher.clusters(number)
        if not clusters:
            raise NotFoundError(_nobody_asks(filled, number, as_of))
        if as_in:
            wording = _wording_of(clusters, as_in, number)
        if not 1 <= wording <= len(clusters):
            raise RefusedError(
                f"question {number} has {len(clusters)} wording(s) here, counted from 1; {wording} is none"
            )
        asking, asked = clusters[wording - 1][0]
        answers = []
        left_out = []
        earlier = {} if only_sources else _followed(connection, filled)
        for each in filled:
            if each.source.source_id in earlier:
                left_out.append(LeftOut(source=each.source, reason=earlier[each.source.source_id]))
                continue
            question = matcher.nearest(each, asking, asked)
            if question is None:
                left_out.append(LeftOut(source=each.source, reason=_why_not(each, number, clusters)))
            else:
                answers.append(_given(connection, each, question))
        held = {each.source.source_id for each in filled}
        without = [source for source in looked_at if source.source_id not in held]
        if only_sources or only_subjects:
            left_out += [LeftOut(source=source, reason=_why_none(connection, source, as_of)) for source in without]
    return SideBySide(
        number=asked.number,
        wordings=tuple((cluster[0][1].wording, matcher.documents(cluster)) for cluster in clusters),
        chosen=wording,
        answers=tuple(answers),
        left_out=tuple(left_out),
        others=len(without),
    )


_Cluster = list[tuple[Filled, Question]]


class _Matcher:
    """Finds one question in many documents: by number and wording in one questionnaire, else by wording alone."""

    def __init__(self, filled: Sequence[Filled]) -> None:
        self._filled = filled
        self._weights = _weights(filled)
        self._group = {
            each.version.version_id: place for place, group in enumerate(grouped(filled)) for each in group.filled
        }

    def clusters(self, number: str) -> list[_Cluster]:
        """The questions of a number, those of one wording together, the one that most documents ask first."""
        clusters: list[_Cluster] = []
        for each in self._filled:
            question = each.questionnaire.get(number)
            if question is None:
                continue
            for cluster in clusters:
                if self._likeness(cluster[0], (each, question)) > 0:
                    cluster.append((each, question))
                    break
            else:
                clusters.append([(each, question)])
        return sorted(clusters, key=lambda cluster: -self.documents(cluster))

    def documents(self, cluster: _Cluster) -> int:
        """How many documents ask the question of a cluster, under whatever number."""
        return sum(self.nearest(each, *cluster[0]) is not None for each in self._filled)

    def nearest(self, filled: Filled, asking: Filled, asked: Question) -> Question | None:
        """The question of a document that is `asked` in the document `asking`, whatever its number there."""
        scored = [
            (self._likeness((asking, asked), (filled, question)), -place, question)
            for place, question in enumerate(filled.questionnaire.questions)
        ]
        score, _, question = max(scored, key=lambda found: found[:2])
        return question if score > 0 else None

    def _likeness(self, left: tuple[Filled, Question], right: tuple[Filled, Question]) -> float:
        one = self._group[left[0].version.version_id] == self._group[right[0].version.version_id]
        return likeness(left[1], right[1], self._weights, by_number=one)


def _followed(connection: Connection, filled: Sequence[Filled]) -> dict[str, str]:
    """The documents of earlier years beside which a later one of the same State is shown, with the reason."""
    shown = {each.source.source_id for each in filled}
    return {
        older.child_id: f"{each.source.source_id} is the document of a later year; name it with --source to see it"
        for each in filled
        for older in _of_earlier_years(connection, each.source)
        if older.child_id in shown
    }


def _of_earlier_years(connection: Connection, source: Source) -> list[CollectionItem]:
    """The documents that a Collection lists for the same State in earlier years, the newest first."""
    item = collections.item_of_child(connection, source.source_id) if source.definition.collection_id else None
    if item is None:
        return []
    others = [one for one in collections.list_items(connection, item.collection_id) if one.child_id != item.child_id]
    return year_before(others, item.document)


def _given(connection: Connection, filled: Filled, question: Question) -> GivenAnswer:
    """The answer, and what became of it since the Version, or the document, of an earlier year."""
    version = filled.version
    before, against = _year_before(connection, filled)
    if before is None or before.document is None or version.document is None:
        return GivenAnswer(filled=filled, question=question, since=None, step=None)
    if read_questionnaire(before.document) is None:
        return GivenAnswer(filled=filled, question=question, since=None, step=None)
    steps = compare_questionnaires(before.document, version.document)
    step = next((each.step for each in steps if each.new is not None and each.new.place == question.place), None)
    return GivenAnswer(filled=filled, question=question, since=before.captured_at, step=step, against=against)


def _year_before(connection: Connection, filled: Filled) -> tuple[Version | None, Source | None]:
    """The last Version of an earlier year, or the newest of the Source that holds the document of an earlier year."""
    for older in _of_earlier_years(connection, filled.source):
        baseline_id = sources.get_baseline_id(connection, older.child_id)
        if baseline_id is not None:
            return versions.get_version(connection, baseline_id), sources.get_source(connection, older.child_id)
    version = filled.version
    new_year = datetime(version.captured_at.astimezone(UTC).year, 1, 1, tzinfo=UTC)
    return versions.version_before(connection, version.source_id, new_year, 0), None


def _wording_of(clusters: Sequence[_Cluster], source_id: str, number: str) -> int:
    """Which wording the document of a Source has under a number, from 1."""
    for place, cluster in enumerate(clusters, start=1):
        if any(filled.source.source_id == source_id for filled, _ in cluster):
            return place
    raise NotFoundError(f"Source {source_id!r} has no questionnaire with a question {number} among those looked at")


def _why_not(filled: Filled, number: str, clusters: Sequence[_Cluster]) -> str:
    question = filled.questionnaire.get(number)
    if question is None:
        return f"its questionnaire does not ask this and has no question {number}"
    place = next(place for place, cluster in enumerate(clusters, start=1) if (filled, question) in cluster)
    words = _short(question.wording)
    return f"its {question.name} asks something else or in another language (wording {place}): “{words}”"


def _why_none(connection: Connection, source: Source, as_of: datetime | None) -> str:
    readable = {source_id for source_id, _, _ in versions.newest_readable(connection, until=as_of)}
    if source.source_id in readable:
        return "no questionnaire was recognised in its newest readable Version"
    return "it has no readable Version" + (f" of {as_of:%-d %B %Y} or earlier" if as_of is not None else " yet")


def _nobody_asks(filled: Sequence[Filled], number: str, as_of: datetime | None) -> str:
    if not filled and as_of is not None:
        return f"none of these Sources had a questionnaire on {as_of:%-d %B %Y}; a later date, or none, may find more"
    if not filled:
        return "none of these Sources holds a questionnaire; `watcher questionnaire list` names those that do"
    longest = max((each.questionnaire for each in filled), key=lambda read: len(read.questions))
    numbers = ", ".join(dict.fromkeys(question.number for question in longest.questions[:40]))
    shown = normal_number(number) and number[:40]
    return f"no questionnaire has a question {shown!r}; the longest one has {numbers}"


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99].rstrip()}…"
