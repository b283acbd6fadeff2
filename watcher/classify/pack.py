"""A pack: one field's knowledge as values (cues, stances, severities, points); `parse_pack` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from watcher.classify.cueindex import CueIndex
from watcher.classify.cues import Cue, Prefilter
from watcher.classify.writing import Phrases
from watcher.model.change import UNRANKED, Severity

ANY = "*"
KEEP = "="
YIELD = "?"
TRANSITION = " > "


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    """A word class that turns what a cue says: negation, future, condition ...

    `window` is how many words before a match it reaches. `shift` is applied where an Indicator names none for it:
    "=" keeps the stance, "" drops the passage, "?" keeps it where the sentence shows no other. `odd` says that two of
    them undo each other, `stops_at_own` that a "we" after it begins a clause that it does not reach, `elsewhere` that
    what it reaches happens in another place than the Document's Subject.
    """

    name: str
    cue: Cue
    window: int
    shift: str
    odd: bool
    stops_at_own: bool
    elsewhere: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Grammar:
    """Function words of the pack's languages. `neutral` phrases hide what is inside them ("not only").

    `prepositions` part an actor from the verb, `barriers` end an operator's reach, `institutions` after an
    adjective make it an actor; before `speech` verbs "we" is a speaker and no place;
    an actor before one of the `relatives` is what the words after it speak of. After `titling` words "the Convention"
    goes on as the title of one. A capital means its government but after `before_places` and before `after_places`.
    A heading that has only words of `sections` stands under the title of its page.
    `mentions` are (kind, cue) in the order in which they are looked for. `referring` words ("such weapons") speak of
    what was named last: of the pack's topic, or of one of the `other_topics`. `homonyms` are phrases whose words mean
    something else than in the pack ("coal mine"); after one the `ambiguous` words ("the mine") mean that, too, but
    within `unambiguous` phrases ("antipersonnel mine"). Under a heading or a title that names the topic, an
    `elliptic` word that one of the `elliptic_ends` follows and none of `elliptic_of_others` precedes has the word
    `implied_object` for its object ("it stopped production in 1996").
    """

    neutral: Cue
    operators: tuple[Operator, ...]
    mentions: tuple[tuple[str, Cue], ...]
    treaty_again: Cue
    referring: Cue | None
    other_topics: Cue | None
    homonyms: tuple[Cue, ...]
    ambiguous: Cue | None
    unambiguous: Cue | None
    elliptic: Cue | None
    elliptic_ends: frozenset[str]
    elliptic_of_others: frozenset[str]
    implied_object: str
    sections: frozenset[str]
    prepositions: frozenset[str]
    barriers: frozenset[str]
    speech: frozenset[str]
    relatives: frozenset[str]
    titling: frozenset[str]
    institutions: frozenset[str]
    before_places: frozenset[str]
    after_places: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One cue of an Indicator and the stance that it shows; `name` is all three as people read it.

    Where cues of an Indicator meet in a sentence the least `rank` wins: a cue taken as it stands first, then the order
    of the stances among the pack's cues, then a cue that names an actor.
    """

    indicator: str
    stance: str
    cue: Cue
    rank: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Indicator:
    """A question about a Subject's policy.

    `stances` are ordered: of several that a text asserts, the one listed last prevails.

    `about` says whose stance a passage shows: that of the "actor" of the verb, of the "place" spoken of, or of the
    "speaker" unless another State is the actor. `single` says that a sentence shows one stance only, the one listed
    first among its cues, `prevails` that it shows one only, that of a cue taken as it stands before all others, and
    then the one listed last among the stances. `never_own` stances are somebody else's unless the cue names the
    actor; `of_others` maps a stance to what it is when the Document says it of another State. `world` keeps passages
    about the world. `shifts` map (operator, stance) to another stance. `changed` and `new_info` map a stance to a
    Severity, "*" for all others, and `changed` "one > other" for the step between two; `withdrawn` and `detail` (same
    stance, other number or date) are Severities. `figures` says that a number in a passage is part of what it asserts.
    Where a stance is new but a sentence of the earlier document holds its `implied` cue, it is told as a `detail`.
    A sentence that holds `not_of` says nothing here unless it holds `unless` too: a vote on another treaty.
    """

    name: str
    stances: tuple[str, ...]
    about: str
    single: bool
    prevails: bool
    never_own: frozenset[str]
    of_others: Mapping[str, str]
    world: bool
    figures: bool
    shifts: Mapping[tuple[str, str], str]
    changed: Mapping[str, Severity]
    new_info: Mapping[str, Severity]
    withdrawn: Severity
    detail: Severity
    not_of: Cue | None = None
    unless: Cue | None = None
    implied: Mapping[str, Cue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """Words of one scale from the strongest to the weakest; a change between its steps changes what is promised."""

    name: str
    steps: tuple[frozenset[str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How significance is counted: points of each named part and the least significance of each Severity."""

    points: Mapping[str, float]
    thresholds: Mapping[Severity, float]
    position_points: Mapping[Severity, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """Words that markers look for: negations, hedges, limits, modal ladders, units, months, acts of policy.

    `groups` are people and rights that a text protects, `eligibility` words say who may have something, `places` end
    the names of places ("County"), `bodies` stand beside those of institutions, `pointers` begin sentences that only
    lead to another page, `binding` words oblige, entitle or forbid. `phrases` are what may be said in several ways;
    `opposites` are pairs of stems that cannot both hold, `turns` pairs of small words that turn a statement;
    `attenuators` (stems) make of a deed a purpose, `notices` stand on a page that could not be shown, a line of
    `stamp_words` and a date says when the page was mended,
    `thanks` are headings of lists of people who are thanked.
    """

    negations: frozenset[str]
    hedges: frozenset[str]
    limits: frozenset[str]
    acts: frozenset[str]
    units: frozenset[str]
    magnitudes: frozenset[str]
    months: frozenset[str]
    deadlines: frozenset[str]
    attributions: frozenset[str]
    fillers: frozenset[str]
    groups: frozenset[str]
    eligibility: frozenset[str]
    places: frozenset[str]
    bodies: frozenset[str]
    time_zones: frozenset[str]
    pointers: frozenset[str]
    thanks: frozenset[str]
    titles: frozenset[str]
    stamps: frozenset[str]
    stamp_words: frozenset[str]
    ladders: tuple[Ladder, ...]
    binding: frozenset[str]
    conditions: frozenset[str]
    attenuators: frozenset[str]
    notices: frozenset[str]
    phrases: Phrases
    opposites: tuple[tuple[frozenset[str], frozenset[str]], ...]
    turns: frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RollCalls:
    """How records of votes are written: `labels` and their stances of `indicator` ("in favour", "Y"), folded.

    `columns` are words that head a column of votes, `marks` fill a cell under a column that is a label. A record
    counts where its heading or what stands above it holds `topic`.
    """

    indicator: str
    topic: Cue
    labels: Mapping[str, str]
    columns: frozenset[str]
    marks: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class TreatyActions:
    """The Indicator that actions on a treaty count for, and its stances of a State that joined, signed, left, or did
    none of these; "" where the treaty says nothing of it."""

    indicator: str
    joined: str = ""
    signed: str = ""
    left: str = ""
    none: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Treaties:
    """What a pack says of treaties: `actions` by Instrument; `told_first` are Indicators, the one told first leads.

    `lists_all` are phrases by which a status table says that it lists all States, `not_joined` fill a cell in words
    where no action is; both without case and accents. `columns` head the cells that say in words what a State is to
    the treaty, `words` are those words, each with "joined", "signed", "left" or "none", `dates` head the days on which
    it was done; folded alike.
    """

    actions: Mapping[str, TreatyActions]
    lists_all: tuple[str, ...] = ()
    not_joined: frozenset[str] = frozenset()
    told_first: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    words: Mapping[str, str] = field(default_factory=dict)

    def rank(self, indicator: str) -> int:
        """The place of an Indicator among those that are told first."""
        return self.told_first.index(indicator) if indicator in self.told_first else UNRANKED


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """A sentence with what the pack must read in it. An `indicator` of "" means: nothing may be read."""

    text: str
    subject: str
    indicator: str
    stance: str


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Pack:
    """Everything the engine knows of one field. Made by `parse_pack` only; equal to itself alone.

    `topic` says of a read sentence if it speaks of the field; `prefilter` is a quick pattern over folded text that
    finds every sentence that might. `contradictions` are pairs of (indicator, stance) that cannot both hold.
    `dated` is the day of this version, as the pack gives it.
    """

    name: str
    version: int
    title: str
    instruments: tuple[str, ...]
    topic: Cue
    prefilter: Prefilter
    grammar: Grammar
    rules: tuple[Rule, ...]
    index: CueIndex
    indicators: Mapping[str, Indicator]
    lexicon: Lexicon
    scale: Scale
    examples: tuple[Example, ...]
    contradictions: frozenset[frozenset[tuple[str, str]]] = frozenset()
    roll_calls: RollCalls | None = None
    treaties: Treaties = field(default_factory=lambda: Treaties(actions={}))
    dated: str = ""
