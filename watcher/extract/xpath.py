"""The part of XPath 1.0 (W3C, 16 November 1999) that selects text of a page. All else is refused by name.

Axes: child, descendant (also //), descendant-or-self, self (.), parent (..), following-sibling, preceding-sibling,
attribute (@, inside predicates). Tests: names, *, text(), node(). Predicates with positions, comparisons, and, or,
and the functions of `FUNCTIONS`; unions with |. There are no variables, namespaces or arithmetic, and no function
that reads anything but the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARACTERS = 500
MAX_DEPTH = 20
MAX_STEPS = 50

AXES = frozenset(
    {
        "attribute",
        "child",
        "descendant",
        "descendant-or-self",
        "following-sibling",
        "parent",
        "preceding-sibling",
        "self",
    }
)
# name → fewest and most arguments
FUNCTIONS = {
    "contains": (2, 2),
    "count": (1, 1),
    "last": (0, 0),
    "normalize-space": (0, 1),
    "not": (1, 1),
    "position": (0, 0),
    "starts-with": (2, 2),
    "string": (0, 1),
}
_READS_FILES = "a selector reads nothing but the page; register the other address as a Source of its own"
_READS_MACHINE = "a selector reads nothing of this machine; write the value itself"
INSTEAD = {
    "doc": _READS_FILES,
    "doc-available": _READS_FILES,
    "document": _READS_FILES,
    "collection": _READS_FILES,
    "json-doc": _READS_FILES,
    "unparsed-text": _READS_FILES,
    "unparsed-text-lines": _READS_FILES,
    "unparsed-text-available": _READS_FILES,
    "uri-collection": _READS_FILES,
    "put": _READS_FILES,
    "system-property": _READS_MACHINE,
    "environment-variable": _READS_MACHINE,
    "available-environment-variables": _READS_MACHINE,
    "ends-with": "use contains()",
    "matches": "use contains(), or a pattern in keep_blocks or remove_blocks",
    "replace": "use a pattern in remove_text",
    "translate": "use a pattern with (?i) in keep_blocks or remove_blocks",
    "lower-case": "use a pattern with (?i) in keep_blocks or remove_blocks",
    "upper-case": "use a pattern with (?i) in keep_blocks or remove_blocks",
    "id": "use //*[@id='...']",
    "comment": "comments of a page are not its text",
    "processing-instruction": "these are not text of a page",
}


class XPathError(ValueError):
    """An expression that is refused; `position` counts its characters from 1."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator` is or, and, =, !=, <, <=, >, >= or |."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Step:
    """`test` is a name in lower case, "*", "text()" or "node()"."""

    axis: str
    test: str
    predicates: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the document (`absolute`), from the nodes of `start` that pass `filters`, or from where one is."""

    absolute: bool
    steps: tuple[Step, ...]
    start: Expression | None = None
    filters: tuple[Expression, ...] = ()


Expression = Literal | Call | Binary | Path

ANYWHERE = Step("descendant-or-self", "node()")

_TOKEN = re.compile(
    r"\s*+(?:(?P<literal>\"[^\"]*+\"|'[^']*+')|(?P<number>\d++(?:\.\d*+)?+|\.\d++)"
    r"|(?P<name>[^\W\d][\w.\-]*+)|(?P<mark>//|::|\.\.|!=|<=|>=|[/.@\[\](),|=<>*$:+\-])|(?P<end>$)|(?P<other>.))",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_xpath(text: str) -> Expression:
    """The expression, or XPathError with the position and what to use instead."""
    if len(text) > MAX_CHARACTERS:
        raise XPathError(MAX_CHARACTERS, f"is {len(text)} characters long; the limit is {MAX_CHARACTERS}")
    parser = _Parser(_tokens(text))
    expression = parser.whole()
    _require_nodes(expression)
    return expression


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while True:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise XPathError(place + 1, "cannot be read from here on")
        kind = match.lastgroup
        token = _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "other":
            what = "a text that is not closed by a second quotation mark" if token.text in "\"'" else repr(token.text)
            raise XPathError(token.position, f"{what} has no meaning here")
        tokens.append(token)
        if kind == "end":
            return tokens
        place = match.end()


def _require_nodes(expression: Expression) -> None:
    """A selector selects nodes of the page: neither a text, a number or a truth value, nor attributes."""
    if isinstance(expression, Binary) and expression.operator == "|":
        _require_nodes(expression.left)
        _require_nodes(expression.right)
        return
    if not isinstance(expression, Path):
        raise XPathError(1, "selects no part of the page: begin with // and the name of an element")
    if expression.start is not None:
        _require_nodes(expression.start)
    if not expression.steps and expression.start is None:
        raise XPathError(1, "selects the whole page: leave this rule out")
    if expression.steps and expression.steps[-1].axis == "attribute":
        raise XPathError(1, "selects an attribute, which is no text of the page: select its element, as in //a[@href]")


class _Parser:
    """Recursive descent over the tokens; `_depth` bounds it."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._steps = 0

    def whole(self) -> Expression:
        expression = self._or()
        token = self._token
        if token.kind != "end":
            self._refuse_operator(token)
            raise XPathError(token.position, f"{token.text!r} has no meaning here")
        return expression

    @property
    def _token(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _at(self, *marks: str) -> bool:
        return self._token.kind == "mark" and self._token.text in marks

    def _take(self, mark: str) -> bool:
        if self._at(mark):
            self._place += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        token = self._token
        if not self._take(mark):
            self._refuse_operator(token)
            found = "its end" if token.kind == "end" else repr(token.text)
            raise XPathError(token.position, f"{mark!r} is missing before {found}")

    @staticmethod
    def _refuse_operator(token: _Token) -> None:
        if token.text in ("+", "-", "*", "div", "mod"):
            raise XPathError(token.position, f"arithmetic ({token.text}) is not allowed: write the number itself")

    def _or(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise XPathError(self._token.position, f"is nested deeper than {MAX_DEPTH} levels")
        left = self._and()
        while self._token.kind == "name" and self._token.text == "or":
            self._next()
            left = Binary("or", left, self._and())
        self._depth -= 1
        return left

    def _and(self) -> Expression:
        left = self._compared(("=", "!="))
        while self._token.kind == "name" and self._token.text == "and":
            self._next()
            left = Binary("and", left, self._compared(("=", "!=")))
        return left

    def _compared(self, operators: tuple[str, ...]) -> Expression:
        ordered = operators == ("=", "!=")
        left = self._compared(("<", "<=", ">", ">=")) if ordered else self._union()
        while self._at(*operators):
            operator = self._next().text
            right = self._compared(("<", "<=", ">", ">=")) if ordered else self._union()
            left = Binary(operator, left, right)
        return left

    def _union(self) -> Expression:
        left = self._path()
        while self._at("|"):
            bar = self._next()
            right = self._path()
            for side in (left, right):
                if not isinstance(side, Path | Binary):
                    raise XPathError(bar.position, "| joins selections of elements only")
            left = Binary("|", left, right)
        return left

    def _path(self) -> Expression:
        token = self._token
        if token.kind == "literal":
            self._next()
            return Literal(token.text[1:-1])
        if token.kind == "number":
            self._next()
            return Literal(float(token.text))
        if token.text == "$" and token.kind == "mark":
            raise XPathError(token.position, "variables ($) are not allowed: write the value itself")
        if token.text == "-" and token.kind == "mark":
            self._refuse_operator(token)
        if token.kind == "name" and self._follows("(") and token.text not in ("text", "node"):
            return self._call()
        if self._take("("):
            return self._filtered()
        absolute = self._at("/", "//")
        steps: list[Step] = []
        if self._take("//"):
            steps.append(ANYWHERE)
            steps.append(self._step())
        elif self._take("/"):
            if not self._starts_step():
                return Path(absolute=True, steps=())
            steps.append(self._step())
        else:
            steps.append(self._step())
        self._more_steps(steps)
        return Path(absolute=absolute, steps=tuple(steps))

    def _filtered(self) -> Expression:
        """What stands in parentheses, with its predicates and further steps."""
        inner = self._or()
        self._expect(")")
        place = self._token.position
        filters = self._predicates()
        steps: list[Step] = []
        self._more_steps(steps)
        if not filters and not steps:
            return inner
        if not isinstance(inner, Path) and not (isinstance(inner, Binary) and inner.operator == "|"):
            raise XPathError(place, "only a selection of elements can be narrowed further")
        return Path(absolute=False, steps=tuple(steps), start=inner, filters=filters)

    def _more_steps(self, steps: list[Step]) -> None:
        while self._at("/", "//"):
            if steps and steps[-1].axis == "attribute":
                raise XPathError(self._token.position, "nothing can follow an attribute")
            if self._next().text == "//":
                steps.append(ANYWHERE)
            steps.append(self._step())

    def _starts_step(self) -> bool:
        return self._token.kind == "name" or self._at("*", "@", ".", "..")

    def _follows(self, mark: str) -> bool:
        following = self._tokens[self._place + 1] if self._place + 1 < len(self._tokens) else self._token
        return following.kind == "mark" and following.text == mark

    def _step(self) -> Step:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise XPathError(self._token.position, f"has more than {MAX_STEPS} steps")
        if self._take("."):
            return Step("self", "node()", self._predicates())
        if self._take(".."):
            return Step("parent", "node()", self._predicates())
        axis = "child"
        if self._take("@"):
            axis = "attribute"
        elif self._token.kind == "name" and self._follows("::"):
            name = self._next()
            self._next()
            if name.text not in AXES:
                allowed = ", ".join(sorted(AXES))
                raise XPathError(name.position, f"the axis {name.text}:: is not allowed; allowed are {allowed}")
            axis = name.text
        test = self._test()
        return Step(axis, test, self._predicates())

    def _test(self) -> str:
        token = self._token
        if self._take("*"):
            return "*"
        if token.kind != "name":
            found = "its end" if token.kind == "end" else repr(token.text)
            raise XPathError(token.position, f"the name of an element is missing before {found}")
        if self._follows(":"):
            self._refuse_prefixed_function()
            raise XPathError(token.position, f"namespaces ({token.text}:) are not allowed: write the bare name")
        if self._follows("("):
            if token.text not in ("text", "node"):
                self._refuse_function(token)
            self._place += 2
            self._expect(")")
            return f"{token.text}()"
        self._next()
        return token.text.lower()

    def _predicates(self) -> tuple[Expression, ...]:
        found = []
        while self._take("["):
            found.append(self._or())
            self._expect("]")
        return tuple(found)

    def _call(self) -> Call:
        token = self._next()
        self._next()
        limits = FUNCTIONS.get(token.text)
        if limits is None:
            self._refuse_function(token)
        arguments: list[Expression] = []
        while not self._at(")"):
            arguments.append(self._or())
            if not self._take(","):
                break
        self._expect(")")
        fewest, most = FUNCTIONS[token.text]
        if not fewest <= len(arguments) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            raise XPathError(token.position, f"{token.text}() takes {wanted} values, not {len(arguments)}")
        if token.text == "count" and not isinstance(arguments[0], Path | Binary):
            raise XPathError(token.position, "count() takes a selection of elements")
        return Call(token.text, tuple(arguments))

    def _refuse_prefixed_function(self) -> None:
        name, opened = (self._tokens[min(self._place + ahead, len(self._tokens) - 1)] for ahead in (2, 3))
        if name.kind == "name" and opened.text == "(":
            self._refuse_function(name)

    @staticmethod
    def _refuse_function(token: _Token) -> None:
        allowed = ", ".join(f"{name}()" for name in sorted(FUNCTIONS))
        instead = INSTEAD.get(token.text, f"allowed are {allowed}")
        raise XPathError(token.position, f"the function {token.text}() is not allowed: {instead}")
