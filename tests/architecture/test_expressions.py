"""Every regular expression of the package takes linear time on hostile text.

Captured bytes, names in packs and lines in settings reach them. Each is run in the way the code uses it against texts
made from its own parse tree, and the CPU time of a text is compared with that of one four times as long.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import signal
import time
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from re import _constants as op
from re import _parser as parser
from typing import Any

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "watcher"

# Calls whose pattern is put together at run time, each with why hostile text cannot make it slow.
PUT_TOGETHER: dict[tuple[str, str], str] = {}

SIZES = (6_400, 25_600, 102_400)
STEEP = 8  # a text four times as long may take this many times as long: 4 is linear, 16 is quadratic
FLAT = 5  # and with this many times a square in it is so small that four times as much again stays below STEEP
NEGLIGIBLE = 0.05  # seconds of CPU
STOPPED = 2.0  # seconds of CPU after which a run is broken off

_WALKS = ("finditer", "findall", "sub", "subn", "split")
_METHODS = ("match", "fullmatch", "search", *_WALKS)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """A pattern, where it is written, and the methods that the code calls on it."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


# --- What the package holds -------------------------------------------------------------------------------------------


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def held(value: object) -> Iterator[re.Pattern[Any]]:
    """The patterns in a value: itself, in a collection, in a dataclass, or behind a bound method."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for each in (*value.keys(), *value.values()):
            yield from held(each)
    elif isinstance(value, tuple | list | set | frozenset):
        for each in value:
            yield from held(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from held(getattr(value, field.name))
    elif isinstance(getattr(value, "__self__", None), re.Pattern):
        yield value.__self__  # type: ignore[attr-defined]


def methods_of(tree: ast.AST, name: str) -> frozenset[str]:
    """The methods called on a module's pattern; all of them when it is also handed on, so that no use is missed."""
    called = set()
    direct = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in (*_METHODS, "pattern", "flags"):
            base = node.value.value if isinstance(node.value, ast.Subscript) else node.value
            if isinstance(base, ast.Name) and base.id == name:
                direct.add(base)
                called.add(node.attr)
    loads = {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    }
    return frozenset(called if called and loads == direct else _METHODS) & frozenset(_METHODS)


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, bool]]:
    """The calls of functions of `re` that take a pattern, each with whether it stands inside a function."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        function = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(node, ast.Call)
            and isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "re"
            and function.attr in ("compile", *_METHODS)
        ):
            yield node, id(node) in inside


def written(call: ast.Call) -> re.Pattern[Any] | None:
    """The pattern of a call as its literal spells it, with its flags; nothing when it is put together."""
    if not call.args or not isinstance(call.args[0], ast.Constant):
        return None
    flags = re.RegexFlag(0)
    for given in (*call.args[1:], *(keyword.value for keyword in call.keywords)):
        for node in ast.walk(given):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
                flags |= getattr(re, node.attr)
    return re.compile(call.args[0].value, flags)


def expressions() -> Iterator[Expression]:
    for path in sorted(PACKAGE.rglob("*.py")):
        module, tree = module_of(path), ast.parse(path.read_text())
        for call, is_inside in calls(tree):
            literal = written(call)
            if literal is not None and is_inside:
                name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                methods = frozenset({name} if name != "compile" else _METHODS)
                yield Expression(where=f"{module}:{call.lineno}", pattern=literal, methods=methods)
        if not any(calls(tree)):
            continue
        for name, value in vars(importlib.import_module(module)).items():
            for place, pattern in enumerate(held(value)):
                where = f"{module}.{name}" + (f"[{place}]" if not isinstance(value, re.Pattern) else "")
                yield Expression(where=where, pattern=pattern, methods=methods_of(tree, name))


EXPRESSIONS = tuple(expressions())


# --- Texts that a pattern likes least ---------------------------------------------------------------------------------

_ANY_OF = "ab A0_-.,:;!?\t\n<>()[]{}\"'/|*#=é\u0436\u4e2d\u00a0\x01"
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_MANY = 40  # a repeat that may go on longer than this is pumped
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def is_in(items: list[tuple[Any, Any]], character: str) -> bool:
    """True when a character belongs to a class as the parser gives it."""
    found = False
    for kind, value in items:
        if kind is op.LITERAL:
            found = found or ord(character) == value
        elif kind is op.RANGE:
            found = found or value[0] <= ord(character) <= value[1]
        elif kind is op.CATEGORY:
            found = found or re.match(_CATEGORIES[value], character) is not None
    return found != (items[0][0] is op.NEGATE)


def pieces(sequence: Any) -> Iterator[tuple[Any, Any]]:
    """Every item of a parse tree, at any depth."""
    for kind, value in sequence:
        yield kind, value
        for inner in inners(kind, value):
            yield from pieces(inner)


def inners(kind: Any, value: Any) -> list[Any]:
    if kind in _REPEATS:
        return [value[2]]
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    if kind is op.GROUPREF_EXISTS:
        return [each for each in value[1:] if each is not None]
    return []


def alphabet(tree: Any) -> str:
    """The pattern's own literals and ends of ranges first, then characters of every common class."""
    own: dict[str, None] = {}
    for kind, value in pieces(tree):
        for item, inner in value if kind is op.IN else [(kind, value)]:
            if item in (op.LITERAL, op.NOT_LITERAL):
                own[chr(inner)] = None
            elif item is op.RANGE:
                own[chr(inner[0])] = None
    return "".join(dict.fromkeys((*own, *_ANY_OF)))


def members(kind: Any, value: Any, letters: str) -> str:
    """The characters of the alphabet that one item matches."""
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return "".join(letter for letter in letters if ord(letter) != value)
    if kind is op.ANY:
        return letters.replace("\n", "")
    return "".join(letter for letter in letters if is_in(value, letter)) if kind is op.IN else ""


def sample(sequence: Any, letters: str, least: int) -> str:
    """A text that a sequence matches, its repeats done `least` times where that is allowed."""
    text = ""
    for kind, value in sequence:
        if kind in _REPEATS:
            text += sample(value[2], letters, least) * min(max(value[0], least), value[1])
        elif kind is op.BRANCH:
            text += sample(value[1][0], letters, least)
        elif kind in (op.SUBPATTERN, op.ATOMIC_GROUP) or (kind is op.ASSERT and value[0] < 0):
            text += sample(inners(kind, value)[0], letters, least)
        else:
            text += members(kind, value, letters)[:1]
    return text


def pumps(sequence: Any, letters: str, before: str, least: int) -> Iterator[tuple[str, str]]:
    """(what leads to a repeat, what it repeats), for each repeat without a small limit."""
    for kind, value in sequence:
        if kind in _REPEATS and value[1] > _MANY:
            body = list(value[2])
            if len(body) == 1 and (found := members(*body[0], letters)):
                yield from ((before, letter) for letter in (*found[:4], *found[-2:]))
            yield before, sample(body, letters, least)
        for inner in inners(kind, value):
            yield from pumps(inner, letters, before, least)
        before += sample([(kind, value)], letters, least)


def killers(tree: Any) -> list[str]:
    """Last characters that make a match fail: one that is nobody's, a line's end, and what a class leaves out."""
    left_out: list[str] = []
    for kind, value in pieces(tree):
        if kind is op.NOT_LITERAL:
            left_out.append(chr(value))
        elif kind is op.IN and value[0][0] is op.NEGATE:
            left_out += [chr(inner) for item, inner in value[1:] if item is op.LITERAL]
    return ["", *dict.fromkeys(("\x01", "\nx", *left_out[:3]))]


def seeds(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """(start, what is repeated, end) of each text to try."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    letters = alphabet(tree)
    found: dict[tuple[str, str, str], None] = {}
    for end in killers(tree):
        for letter in letters[:60]:
            found["", letter, end] = None
        for least in (0, 1):
            found["", sample(tree, letters, least), end] = None
            for before, body in pumps(tree, letters, "", least):
                found |= {(before, body, end): None, ("", before + body, end): None, ("", before, end): None}
    own = [letter for letter in letters if letter not in _ANY_OF][:8] + list("a0 ,")
    for one, other in permutations(own, 2):
        found["", one + other, "\x01"] = None
    return [seed for seed in found if seed[1]]


# --- Growth -----------------------------------------------------------------------------------------------------------


class TooLongError(Exception):
    pass


@pytest.fixture(autouse=True)
def _stoppable() -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    yield
    signal.signal(signal.SIGVTALRM, before)


def seconds_of(run: Callable[[Any], Any], text: str | bytes) -> float:
    """CPU seconds of one run, at most STOPPED."""
    began = time.thread_time()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, STOPPED)
        run(text)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TooLongError:
        return STOPPED
    return min(time.thread_time() - began, STOPPED)


def runner(pattern: re.Pattern[Any], method: str) -> Callable[[Any], Any]:
    return (lambda text: sum(1 for _ in pattern.finditer(text))) if method in _WALKS else getattr(pattern, method)


def text_of(pattern: re.Pattern[Any], seed: tuple[str, str, str], size: int) -> str | bytes:
    start, body, end = seed
    text = start + body * (size // len(body)) + end
    return text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text


def growth(pattern: re.Pattern[Any], method: str, seed: tuple[str, str, str]) -> str:
    """What is wrong with the time that a pattern takes as a text grows; empty when it is in proportion, or small."""
    run = runner(pattern, method)

    def taken(size: int, times: int = 1) -> float:
        return min(seconds_of(run, text_of(pattern, seed, size)) for _ in range(times))

    before = 0.0
    for size in SIZES:
        seconds = taken(size)
        if seconds == STOPPED:
            return f"more than {STOPPED:.0f} s for {size} characters"
        if seconds * (SIZES[-1] / size) ** 2 < NEGLIGIBLE:
            return ""
        # Another program on the machine may have slowed one run: the quickest of some counts.
        if seconds > max(NEGLIGIBLE, STEEP * before):
            times = taken(size, 3) / taken(size // 4, 3)
            if times > STEEP:
                return f"{times:.0f} times as long for {size} characters as for {size // 4}"
        if seconds < FLAT * before:
            return ""
        before = seconds
    return ""


def worst(pattern: re.Pattern[Any], methods: frozenset[str]) -> str:
    """The method and text on which a pattern takes longer than in proportion; empty when there is none."""
    ways = {"finditer" if method in _WALKS else method for method in methods}
    for method in sorted(ways - {"search"} if "finditer" in ways else ways):
        for seed in seeds(pattern):
            if wrong := growth(pattern, method, seed):
                start, body, end = seed
                return f"{method} of {start!r} + {body!r} * n + {end!r}: {wrong}"
    return ""


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda expression: expression.where)
def test_34_no_expression_stalls_on_hostile_text(expression: Expression) -> None:
    assert worst(expression.pattern, expression.methods) == "", expression.pattern.pattern
