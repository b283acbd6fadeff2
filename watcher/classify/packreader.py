"""Checked access to the plain values of a pack: known keys, right types, errors that name the place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from watcher.classify.words import fold
from watcher.errors import ConfigError


class Reader:
    """Checked access to one mapping of the pack: every key must be known, every value of the right type."""

    def __init__(self, data: object, *, file: str, where: str, allowed: Iterable[str]) -> None:
        self.file = file
        self.where = where
        if not isinstance(data, Mapping):
            raise ConfigError(f"{where or 'the pack'} must be a mapping", file=file, key=where)
        self.data: Mapping[str, object] = data
        known = list(allowed)
        for key in data:
            if key not in known:
                raise self.unknown(str(key), known)

    def unknown(self, key: str, known: Iterable[str]) -> ConfigError:
        near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.0)
        hint = f"; the nearest key is {near[0]!r}" if near else ""
        return ConfigError(f"unknown key {self.path(key)!r}{hint}", file=self.file, key=key)

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, expected: str) -> ConfigError:
        return ConfigError(f"{self.path(key)!r} must be {expected}", file=self.file, key=key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.data.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "text")
        return value

    def integer(self, key: str, default: int | None = None) -> int:
        value = self.data.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def texts(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, "a list of texts")
        if needed and not value:
            raise self.wrong(key, "a list with at least one text")
        return tuple(str(item) for item in value)

    def mapping(self, key: str) -> Mapping[str, object]:
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, "a mapping")
        return value

    def words(self, key: str) -> frozenset[str]:
        return frozenset(fold(word) for word in self.texts(key))

    def number(self, key: str, default: float | None = None) -> float:
        value = self.data.get(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.wrong(key, "a number")
        return float(value)

    def below(self, key: str, name: str | None, allowed: Iterable[str]) -> Reader:
        """The reader of the mapping under a key, or of the one called `name` in it."""
        value: object = self.mapping(key)
        where = self.path(key)
        if name is not None:
            value, where = self.mapping(key)[name], f"{where}.{name}"
        return Reader(value, file=self.file, where=where, allowed=allowed)
