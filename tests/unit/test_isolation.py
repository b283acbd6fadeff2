"""Hostile input can kill its child, not the service."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from watcher.errors import ConfigError, ExtractError
from watcher.isolation import ChildPool


@pytest.fixture(scope="module")
def children() -> Iterator[ChildPool]:
    with ChildPool(size=2, seconds=2.0, memory_bytes=1024**3) as pool:
        yield pool


def test_a_result_comes_back(children: ChildPool) -> None:
    assert children.run(sorted, [3, 1, 2]) == [1, 2, 3]
    assert children.run(os.getpid) != os.getpid()


def test_a_call_that_takes_too_long_is_killed_and_the_next_one_answers(children: ChildPool) -> None:
    begun = time.monotonic()
    with pytest.raises(ExtractError) as caught:
        children.run(time.sleep, 60)
    assert caught.value.code == "timed_out"
    assert time.monotonic() - begun < 20
    assert children.run(len, "abc") == 3


def test_a_child_that_dies_is_named_and_replaced(children: ChildPool) -> None:
    with pytest.raises(ExtractError) as caught:
        children.run(os._exit, 1)
    assert caught.value.code == "killed"
    assert children.run(len, "abc") == 3


def test_too_much_memory_is_a_named_error(children: ChildPool) -> None:
    with pytest.raises(ExtractError) as caught:
        children.run(bytearray, 4 * 1024**3)
    assert caught.value.code == "too_large"


def test_an_unforeseen_error_is_named(children: ChildPool) -> None:
    with pytest.raises(ExtractError, match="ValueError") as caught:
        children.run(int, "many")
    assert caught.value.code == "damaged"


def _refuse() -> None:
    raise ConfigError("wrong", file="a.yaml", line=3, key="every")


def test_errors_of_our_own_keep_their_attributes(children: ChildPool) -> None:
    with pytest.raises(ConfigError) as caught:
        children.run(_refuse)
    assert (caught.value.file, caught.value.line, caught.value.key) == ("a.yaml", 3, "every")
    assert str(caught.value) == "a.yaml:3: wrong"


def test_more_callers_than_children_all_get_their_answer(children: ChildPool) -> None:
    with ThreadPoolExecutor(8) as workers:
        assert list(workers.map(lambda number: children.run(abs, -number), range(40))) == list(range(40))
