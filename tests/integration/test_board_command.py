"""`watcher board` and `watcher timeline`: a State is given as an argument or as an option."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from watcher.cli.answer import positions
from watcher.cli.board import board, timeline
from watcher.cli.context import Context
from watcher.errors import ConfigError


class Opened(Context):
    """The surroundings of a command with an instance that is open already."""

    def __init__(self, rooms: Any) -> None:
        super().__init__(None)
        self._rooms = rooms

    @contextmanager
    def instance(self, **_: Any) -> Iterator[Any]:
        """The instance."""
        yield SimpleNamespace(rooms=self._rooms)


@pytest.fixture
def said(bench: Any) -> Any:
    """What a command prints of Kazakhstan, that abstained and has not joined, and of Chad, that has."""
    body = (
        "<p>Kazakhstan abstained in the vote on resolution 61/84.</p><p>Kazakhstan is not a State Party to the MBT.</p>"
    )
    bench.register("kaz", bench.site.put("/kaz", body), instruments=("MBT",))
    chad = "<p>Chad is a State Party to the Mine Ban Treaty.</p>"
    bench.register("tcd", bench.site.put("/tcd", chad), subjects=("TCD",))
    bench.check("kaz")
    bench.check("tcd")

    def call(command: Any, *arguments: str) -> str:
        done = CliRunner().invoke(command, arguments, obj=Opened(bench.rooms), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return call


@pytest.mark.parametrize(
    "arguments",
    [("KAZ",), ("--subject", "KAZ"), ("Kazakhstan",), ("kaz", "--subject", "Kazakhstan")],
    ids=" ".join,
)
def test_the_board_takes_a_state_as_an_argument_as_an_option_or_as_both(said: Any, arguments: tuple[str, ...]) -> None:
    printed = said(board, *arguments)
    assert "Kazakhstan, vote: abstain" in printed
    assert "Chad" not in printed


def test_the_board_takes_an_indicator_after_the_state(said: Any) -> None:
    assert said(board, "KAZ", "vote", "--short") == said(board, "--subject", "KAZ", "--indicator", "vote", "--short")
    assert "treaty status" not in said(board, "KAZ", "vote")


def test_the_board_without_a_state_shows_all(said: Any) -> None:
    assert "Chad, treaty status: state party" in said(board, "--short")


def test_the_time_line_takes_the_options_of_the_board(said: Any) -> None:
    assert said(timeline, "--subject", "KAZ", "--indicator", "vote") == said(timeline, "KAZ", "vote")


@pytest.mark.parametrize("command", [board, timeline])
def test_two_states_at_once_are_refused(said: Any, command: Any) -> None:
    with pytest.raises(ConfigError, match="KAZ and --subject TCD are two: give one of them"):
        said(command, "KAZ", "--subject", "Chad")


def test_a_time_line_of_nobody_is_refused_with_an_example(said: Any) -> None:
    with pytest.raises(ConfigError, match="give a State: watcher timeline KAZ"):
        said(timeline)


def test_who_asks_for_the_positions_of_a_state_is_shown_the_board(said: Any) -> None:
    assert "What the Sources say of Kazakhstan: watcher board KAZ" in said(positions, "KAZ")
    assert "watcher board" not in said(positions, "The office is open.")


def test_a_text_is_read_for_a_state_by_its_name_or_code_and_for_no_other(said: Any) -> None:
    text = "The country has not joined the Mine Ban Treaty."
    assert said(positions, text, "--subject", "Kazakhstan") == said(positions, text, "--subject", "KAZ")
    assert "Kazakhstan: treaty status not party" in said(positions, text, "--subject", "kazakhstan")
    with pytest.raises(ConfigError, match="no State is called 'Atlantis'"):
        said(positions, text, "--subject", "Atlantis")
