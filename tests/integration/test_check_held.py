"""`watcher check` of a Source that goes on giving what is not its document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from watcher.cli.context import Context
from watcher.cli.history import check
from watcher.fetch import FetchRequest
from watcher.model.capture import FetchResult
from watcher.pipeline import notify

PAGE = "<html><body><h1>Kazakhstan</h1>{}</body></html>".format(
    "".join(f"<p>Kazakhstan has not joined the Mine Ban Treaty, as it said in {year} too.</p>" for year in range(30))
)
LOGIN = """<html><head><title>Sign in</title></head><body><form><label>User name <input name=u></label>
<label>Password <input type="password" name=p></label><button>Sign in</button></form>{}</body></html>"""


class Opened(Context):
    """The surroundings of a command with an instance that is open already."""

    def __init__(self, bench: Any) -> None:
        super().__init__(None)
        self._bench = bench

    @contextmanager
    def instance(self, **_: Any) -> Iterator[Any]:
        """The instance."""
        yield SimpleNamespace(rooms=self._bench.rooms, fetcher=lambda: self)

    def fetch(self, request: FetchRequest) -> FetchResult:
        """What the test's fetcher brings."""
        result: FetchResult = self._bench.fetcher.fetch(request)
        return result

    def close(self) -> None:
        """The test's fetcher stays open."""


@pytest.fixture
def ask(bench: Any) -> Any:
    """`watcher check kaz`, an hour after the last one; the page was read at 10:00 and became a login at 11:00."""
    bench.register("kaz", bench.site.put("/kaz", PAGE))
    bench.check("kaz")
    bench.site.put("/kaz", LOGIN.format(""))

    def call(*arguments: str) -> Result:
        bench.clock.advance(hours=1)
        return CliRunner().invoke(check, ["kaz", *arguments], obj=Opened(bench))

    return call


def test_a_page_that_stays_held_is_said_to_be_held_with_since_when_and_what_to_do(ask: Any) -> None:
    first = ask()
    assert (first.exit_code, "Held, not taken" in first.output, "Still held" in first.output) == (1, True, False)
    again = ask()
    assert again.exit_code == 1
    assert "the same bytes as last time" in again.output
    assert "Still held since 3 May 2026, 11:00 UTC" in again.output
    assert "password" in again.output
    assert "If it is the real page: watcher source release kaz" in again.output
    assert "If it asks for a login: name password or key in `credentials`" in again.output


def test_a_login_page_with_other_bytes_each_time_is_held_since_the_first(bench: Any, ask: Any) -> None:
    ask()
    bench.site.put("/kaz", LOGIN.format("<p>Session 2</p>"))
    assert "Still held since 3 May 2026, 11:00 UTC" in ask().output
    bench.site.put("/kaz", LOGIN.format("<p>Session 3</p>"))
    assert "Still held since 3 May 2026, 11:00 UTC" in ask().output
    bench.subscribe()
    bench.clock.advance(hours=1)
    bench.check("kaz", after_seconds=0)
    bench.clock.advance(days=1)
    (composed,) = notify.compose_due(bench.rooms)
    assert "still held since 3 May 2026, 11:00 UTC" in " ".join(composed.message.text.split())


def test_a_page_that_was_good_meanwhile_is_held_since_it_is_held_again(bench: Any, ask: Any) -> None:
    ask()
    bench.site.put("/kaz", PAGE)
    good = ask()
    assert good.exit_code == 0
    assert "eld since" not in good.output
    bench.site.put("/kaz", LOGIN.format(""))
    ask()
    assert "Still held since 3 May 2026, 13:00 UTC" in ask().output


def test_json_says_that_a_page_is_still_held_and_since_when(ask: Any) -> None:
    ask()
    said = json.loads(ask("--json").output)
    assert "password" in said["held"]
    assert said["held_since"] == "2026-05-03T11:00:00+00:00"
