"""The nodes of a page that an XPath selects, in a bounded number of steps. No recursion, however deep the page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from watcher.extract.limits import MAX_XPATH_VISITS, refuse
from watcher.extract.xpath import ANYWHERE, Binary, Call, Expression, Literal, Path, Step

_CHARACTERS_A_VISIT = 500


@dataclass(frozen=True, slots=True)
class _Attribute:
    value: str


_Node = LexborNode | _Attribute
_Value = list[_Node] | str | float | bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression is read: a node, which is the `position`-th of `last`."""

    node: LexborNode
    position: int = 1
    last: int = 1


def select_nodes(root: LexborNode, expression: Expression) -> list[LexborNode]:
    """The elements and texts that an expression selects below `root`, the page's `html`; each once, in any order.

    ExtractError `too_large` when that takes more visits of nodes than the limit.
    """
    document = root.parent or root
    found = _Evaluation(document).value(expression, _Place(document))
    nodes: dict[int, LexborNode] = {}
    for node in found if isinstance(found, list) else ():
        if isinstance(node, LexborNode):
            chosen = root if node.mem_id == document.mem_id else node
            nodes[chosen.mem_id] = chosen
    return list(nodes.values())


class _Evaluation:
    def __init__(self, document: LexborNode) -> None:
        self._document = document
        self._visits = 0
        self._order: dict[int, int] = {}

    def value(self, expression: Expression, place: _Place) -> _Value:
        if isinstance(expression, Literal):
            return expression.value
        if isinstance(expression, Call):
            return self._call(expression, place)
        if isinstance(expression, Path):
            return self._path(expression, place)
        return self._binary(expression, place)

    def _visit(self, cost: int = 1) -> None:
        self._visits += cost
        if self._visits > MAX_XPATH_VISITS:
            refuse("the search of an XPath", found=f"over {MAX_XPATH_VISITS}", limit=MAX_XPATH_VISITS, unit="visits")

    # Paths

    def _path(self, path: Path, place: _Place) -> list[_Node]:
        if path.start is not None:
            started = self._nodes(path.start, place)
            nodes = self._in_order(started)
            for predicate in path.filters:
                nodes = self._passing(nodes, predicate)
        else:
            nodes = [self._document if path.absolute else place.node]
        found: list[_Node] = list(nodes)
        for step in path.steps:
            found = self._step(step, [node for node in found if isinstance(node, LexborNode)])
        return found

    def _step(self, step: Step, contexts: Sequence[LexborNode]) -> list[_Node]:
        if step == ANYWHERE:
            return list(self._below_all(contexts))
        if step.axis == "attribute":
            return [attribute for node in contexts for attribute in self._attributes(node, step.test)]
        kept: dict[int, LexborNode] = {}
        for context in contexts:
            nodes = [node for node in self._axis(step.axis, context) if _passes(node, step.test)]
            for predicate in step.predicates:
                nodes = self._passing(nodes, predicate)
            for node in nodes:
                kept[node.mem_id] = node
        return list(kept.values())

    def _passing(self, nodes: Sequence[LexborNode], predicate: Expression) -> list[LexborNode]:
        last = len(nodes)
        if isinstance(predicate, Literal) and isinstance(predicate.value, float):
            number = predicate.value
            return [nodes[int(number) - 1]] if number.is_integer() and 1 <= number <= last else []
        kept = []
        for position, node in enumerate(nodes, start=1):
            self._visit()
            value = self.value(predicate, _Place(node, position, last))
            is_number = isinstance(value, float)
            if value == position if is_number else _truth(value):
                kept.append(node)
        return kept

    def _attributes(self, node: LexborNode, test: str) -> list[_Attribute]:
        self._visit()
        attributes = node.attributes
        if test in ("*", "node()"):
            return [_Attribute(value or "") for value in attributes.values()]
        return [_Attribute(attributes[test] or "")] if test in attributes else []

    def _axis(self, axis: str, node: LexborNode) -> Iterator[LexborNode]:
        self._visit()
        if axis == "child":
            yield from self._chain(node.first_child, forward=True)
        elif axis == "self":
            yield node
        elif axis == "parent":
            if node.mem_id != self._document.mem_id and node.parent is not None:
                yield node.parent
        elif axis == "following-sibling":
            yield from self._chain(node.next, forward=True)
        elif axis == "preceding-sibling":
            yield from self._chain(node.prev, forward=False)
        else:
            if axis == "descendant-or-self":
                yield node
            yield from self._below(node, {})

    def _chain(self, node: LexborNode | None, *, forward: bool) -> Iterator[LexborNode]:
        while node is not None:
            self._visit()
            if _is_seen(node):
                yield node
            node = node.next if forward else node.prev

    def _below_all(self, contexts: Iterable[LexborNode]) -> Iterator[LexborNode]:
        """Descendants and selves of many nodes, each once: what was seen was seen with all that is below it."""
        seen: dict[int, LexborNode] = {}
        for context in contexts:
            if context.mem_id not in seen:
                seen[context.mem_id] = context
                yield context
                yield from self._below(context, seen)

    def _below(self, top: LexborNode, seen: dict[int, LexborNode]) -> Iterator[LexborNode]:
        """Descendants in document order, those in `seen` left out with all below them; fills `seen`."""
        node = top.first_child
        depth = 1
        while node is not None:
            self._visit()
            child = None
            if node.mem_id not in seen:
                if _is_seen(node):
                    seen[node.mem_id] = node
                    yield node
                child = node.first_child
            if child is not None:
                node, depth = child, depth + 1
                continue
            while node is not None and node.next is None:
                node, depth = node.parent, depth - 1
                if depth == 0:
                    return
            node = node.next if node is not None else None

    # Values

    def _nodes(self, expression: Expression, place: _Place) -> list[_Node]:
        found = self.value(expression, place)
        return found if isinstance(found, list) else []

    def _in_order(self, nodes: Iterable[_Node]) -> list[LexborNode]:
        """In document order, each once."""
        each = {node.mem_id: node for node in nodes if isinstance(node, LexborNode)}
        if len(each) > 1 and not self._order:
            below = self._below(self._document, {})
            self._order = {node.mem_id: number for number, node in enumerate(below, start=1)}
        return sorted(each.values(), key=lambda node: self._order.get(node.mem_id, 0))

    def _text_of(self, node: _Node) -> str:
        if isinstance(node, _Attribute):
            return node.value
        text = (node.text_content if node.tag == "-text" else node.text(deep=True)) or ""
        self._visit(1 + len(text) // _CHARACTERS_A_VISIT)
        return text

    def _text(self, value: _Value) -> str:
        if isinstance(value, list):
            attribute = next((node for node in value if isinstance(node, _Attribute)), None)
            first = attribute or next(iter(self._in_order(value)), None)
            return "" if first is None else self._text_of(first)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float):
            return str(int(value)) if value.is_integer() else str(value)
        return value

    def _call(self, call: Call, place: _Place) -> _Value:
        name, arguments = call.name, call.arguments
        if name == "position":
            return float(place.position)
        if name == "last":
            return float(place.last)
        if name == "not":
            return not _truth(self.value(arguments[0], place))
        if name == "count":
            return float(len(self._nodes(arguments[0], place)))
        texts = [self._text(self.value(argument, place)) for argument in arguments] or [self._text_of(place.node)]
        if name == "contains":
            return texts[1] in texts[0]
        if name == "starts-with":
            return texts[0].startswith(texts[1])
        return " ".join(texts[0].split()) if name == "normalize-space" else texts[0]

    def _binary(self, expression: Binary, place: _Place) -> _Value:
        operator = expression.operator
        left = self.value(expression.left, place)
        if operator == "or":
            return _truth(left) or _truth(self.value(expression.right, place))
        if operator == "and":
            return _truth(left) and _truth(self.value(expression.right, place))
        right = self.value(expression.right, place)
        if operator == "|":
            return [*left, *right] if isinstance(left, list) and isinstance(right, list) else []
        return self._compare(operator, left, right)

    def _compare(self, operator: str, left: _Value, right: _Value) -> bool:
        """XPath 1.0, 3.4: a set of nodes compares as true when one of its nodes does."""
        if isinstance(left, bool) or isinstance(right, bool):
            return _holds(operator, float(_truth(left)), float(_truth(right)))
        one, other = self._sides(left), self._sides(right)
        as_text = operator in ("=", "!=") and not isinstance(left, float) and not isinstance(right, float)
        if as_text:
            if operator == "=":
                return not set(one).isdisjoint(other)
            return len({*one, *other}) > 1 and bool(one) and bool(other)
        numbers = [[_number(value) for value in side] for side in (one, other)]
        known = [[number for number in side if not math.isnan(number)] for side in numbers]
        if operator == "!=" and any(len(side) != len(all_) for side, all_ in zip(known, numbers, strict=True)):
            return bool(one) and bool(other)
        if not known[0] or not known[1]:
            return False
        if operator == "=":
            return not set(known[0]).isdisjoint(known[1])
        if operator == "!=":
            return len({*known[0], *known[1]}) > 1
        smallest = operator in ("<", "<=")
        return _holds(
            operator,
            min(known[0]) if smallest else max(known[0]),
            max(known[1]) if smallest else min(known[1]),
        )

    def _sides(self, value: _Value) -> list[str]:
        return [self._text_of(node) for node in value] if isinstance(value, list) else [self._text(value)]


def _is_seen(node: LexborNode) -> bool:
    """Whether a node is an element or a text; comments and the like are no part of a selection."""
    tag = node.tag or ""
    return not tag.startswith("-") or tag == "-text"


def _passes(node: LexborNode, test: str) -> bool:
    tag = node.tag or ""
    if test == "node()":
        return True
    if test == "text()":
        return tag == "-text"
    return not tag.startswith("-") and test in ("*", tag)


def _truth(value: _Value) -> bool:
    return not math.isnan(value) and value != 0 if isinstance(value, float) else bool(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _holds(operator: str, left: float, right: float) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]
