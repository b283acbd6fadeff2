"""YAML that says where it is wrong: no unknown or duplicate key, no tag, no alias bomb, no guessing of types."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase, CommentedMap, CommentedSeq
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarint import ScalarInt
from ruamel.yaml.scalarstring import ScalarString

from watcher.errors import ConfigError

MAXIMUM_BYTES = 5_000_000
MAXIMUM_NODES = 200_000
_LOCAL_TAG = "a tag is not allowed: put text that begins with ! in quotes"
PLAIN_TAGS = frozenset({"str", "int", "float", "bool", "null", "map", "seq"})

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A value of a YAML file with where it stands. Mappings hold Nodes by key, sequences hold Nodes."""

    value: Any
    file: str
    line: int
    path: str

    def error(self, message: str) -> ConfigError:
        """A ConfigError at this place."""
        return ConfigError(message, file=self.file, line=self.line, key=self.path)

    def mapping(self) -> dict[str, Node]:
        """The value as a mapping of Nodes."""
        if not isinstance(self.value, dict):
            raise self.error(
                f"{self.path or 'the file'} should be a mapping of keys to values, not {_kind(self.value)}"
            )
        return self.value

    def plain(self) -> Any:
        """The value as plain dicts, lists, strings, numbers and booleans."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read_yaml(path: Path) -> Node:
    """The file as Nodes; an empty file is an empty mapping. ConfigError names file, line and what is wrong."""
    name = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("there is no such file", file=name) from error
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", file=name) from error
    if len(raw) > MAXIMUM_BYTES:
        raise ConfigError(f"is {len(raw)} bytes long; the limit is {MAXIMUM_BYTES}", file=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError("is not UTF-8 text", file=name, line=raw[: error.start].count(b"\n") + 1) from error
    reader = YAML(typ="rt")
    reader.version = (1, 2)
    try:
        tree = reader.load(text)
    except DuplicateKeyError as error:
        first_line = (error.context or "") and error.context_mark.line + 1 if error.context_mark else None
        problem = (error.problem or "duplicate key").split(" with value")[0]
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError(f"{problem}; its mapping begins on line {first_line}", file=name, line=line) from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        problem = error.problem or error.context
        if isinstance(error, ComposerError) and "alias" in str(problem):
            problem = "found an alias that is not defined: put text that begins with * in quotes"
        raise ConfigError(f"is no valid YAML: {problem}", file=name, line=line) from None
    except (YAMLError, RecursionError, ValueError) as error:
        raise ConfigError(f"is no valid YAML: {type(error).__name__}", file=name) from error
    return _to_nodes(CommentedMap() if tree is None else tree, name)


def build(kind: type[T], node: Node) -> T:
    """A frozen dataclass from a mapping. Unknown or missing keys and wrong types are ConfigErrors with their line.

    A field of type Node keeps its part of the file as it is, for a reader of its own.
    """
    given = node.mapping()
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    problems = [unknown_key(child, key, fields) for key, child in given.items() if key not in fields]
    hints = typing.get_type_hints(kind)
    values = {}
    for key, child in given.items():
        try:
            values.update({key: _convert(hints[key], child)} if key in fields else {})
        except ConfigError as error:
            problems.append(error)
    for field in fields.values():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in given:
            problems.append(node.error(f"{node.path or 'the file'} needs a key {field.name!r}"))
    raise_all(problems)
    return kind(**values)


def raise_all(problems: Sequence[ConfigError]) -> None:
    """Raise what is wrong, if anything is: all of it as one error, a line each, at the place of the first."""
    if len(problems) > 1:
        ordered = sorted(problems, key=lambda error: error.line or 0)
        together = ConfigError("\n".join(str(error) for error in ordered), key=ordered[0].key)
        together.file, together.line = ordered[0].file, ordered[0].line
        raise together
    for problem in problems:
        raise problem


def unknown_key(node: Node, key: str, known: typing.Iterable[str]) -> ConfigError:
    """The error for a key that nobody knows, with the nearest known one."""
    names = sorted(known)
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(names)}"
    return node.error(f"unknown key {key!r}; {hint}")


def _convert(hint: Any, node: Node) -> Any:
    if hint is Node:
        return node
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if node.value is None:
            return None
        return _convert(next(part for part in arguments if part is not type(None)), node)
    if origin is tuple:
        if not isinstance(node.value, list):
            raise node.error(f"{node.path} should be a list, written [one, two] or with a line - one each")
        return tuple(_convert(arguments[0], child) for child in node.value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return build(hint, node)
    if hint is float and isinstance(node.value, int) and not isinstance(node.value, bool):
        return float(node.value)
    if hint is Path and isinstance(node.value, str):
        return Path(node.value)
    if not isinstance(hint, type) or not isinstance(node.value, hint) or (hint is int and isinstance(node.value, bool)):
        raise node.error(f"{node.path} should be {_wanted(hint)}, not {_kind(node.value)}{_hint(hint, node)}")
    return node.value


def _to_nodes(tree: Any, file: str) -> Node:
    budget = [MAXIMUM_NODES]

    def walk(value: Any, line: int, path: str, depth: int) -> Node:
        budget[0] -= 1
        if budget[0] < 0:
            raise ConfigError(f"holds more than {MAXIMUM_NODES} values, aliases counted", file=file)
        if depth > 40:
            raise ConfigError("is nested more than 40 deep", file=file, line=line)
        tag = str(value.tag.value or "") if isinstance(value, CommentedBase) else ""
        if tag and tag.rpartition(":")[2] not in PLAIN_TAGS:
            shown = f"the tag {tag!r} is not allowed" if ":" in tag else _LOCAL_TAG
            raise ConfigError(shown, file=file, line=line, key=path)
        if isinstance(value, CommentedMap):
            children = {}
            for key, child in value.items():
                key_line = value.lc.key(key)[0] + 1
                if not isinstance(key, str):
                    raise ConfigError(f"the key {key!r} should be text: put it in quotes", file=file, line=key_line)
                children[str(key)] = walk(child, key_line, f"{path}.{key}" if path else str(key), depth + 1)
            return Node(value=children, file=file, line=line, path=path)
        if isinstance(value, CommentedSeq):
            items = [walk(child, value.lc.item(n)[0] + 1, f"{path}[{n}]", depth + 1) for n, child in enumerate(value)]
            return Node(value=items, file=file, line=line, path=path)
        return Node(value=_scalar(value, file, line, path), file=file, line=line, path=path)

    return walk(tree, 1, "", 0)


def _scalar(value: Any, file: str, line: int, path: str) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, ScalarString):
        return str(value)
    if isinstance(value, ScalarInt):
        return int(value)
    if isinstance(value, ScalarFloat):
        return float(value)
    if isinstance(value, str | int | float):
        return value
    if hasattr(value, "isoformat"):
        return str(value)
    if isinstance(value, Mapping | Sequence):
        raise ConfigError("holds a value of a kind that is not allowed", file=file, line=line, key=path)
    raise ConfigError(f"the value of {path} is of a kind that is not allowed", file=file, line=line, key=path)


def _kind(value: Any) -> str:
    names = {bool: "yes/no", int: "a number", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    shown = f" ({value!r})" if isinstance(value, bool | int | float | str) else ""
    return "nothing" if value is None else names.get(type(value), type(value).__name__) + shown


def _wanted(hint: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a path"}
    return names.get(hint, str(hint))


def _hint(hint: Any, node: Node) -> str:
    if hint is not str or not isinstance(node.value, bool | int | float):
        return ""
    is_cadence = node.path.rpartition(".")[2].endswith("every")
    return ": write a number with its unit, such as 6h or 1d" if is_cadence else ": put it in quotes"
