"""The same instance on PostgreSQL: what is recorded, who waits for whom, and what a server that goes away costs."""

from __future__ import annotations

import multiprocessing
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import postgres as server
import pytest
from claiming import claim_everything
from click.testing import CliRunner
from sqlalchemy import make_url, text

from watcher.alert.channels.smtp import SmtpChannel
from watcher.cli.main import cli
from watcher.errors import StoreError
from watcher.model.source import Definition, Source, SourceState
from watcher.pipeline.notify import compose_due, deliver_owed
from watcher.pipeline.recover import recover
from watcher.pipeline.schedule import claim_now
from watcher.store import captures, changes, sources
from watcher.store.database import Database, create_database, open_database

BEFORE = "<h1>Kazakhstan</h1><p>Kazakhstan has not joined the Mine Ban Treaty. It abstained in the vote of 2006.</p>"
AFTER = BEFORE.replace("abstained", "voted in favour")


@pytest.fixture
def database_url(postgres: str) -> str:
    """All tests of this file run on the server."""
    name = f"test_{secrets.token_hex(8)}"
    server.create(postgres, name)
    return postgres.format(name=name)


@pytest.fixture
def other(database_url: str, bench: Any) -> Iterator[Database]:
    """A second process on the same database."""
    assert bench.rooms.database
    database = open_database(database_url)
    yield database
    database.close()


def _end_other_connections(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_change_is_found_recorded_and_told(bench: Any, mail_sink: Any) -> None:
    bench.subscribe()
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    bench.check("kaz")
    bench.clock.advance(days=2)
    compose_due(bench.rooms)
    channel = SmtpChannel(
        host="127.0.0.1",
        port=mail_sink.port,
        security="none",
        user="",
        password="",
        sender="w@example.org",
        timeout_seconds=3,
    )
    assert [problem for _, problem in deliver_owed(bench.rooms, channel)] == [""]
    assert "abstain" in mail_sink.messages[0].read_text()


def test_147_processes_that_claim_at_once_claim_nothing_twice(database_url: str) -> None:
    create_database(database_url)
    database = open_database(database_url)
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    with database.writing() as connection:
        for number in range(300):
            definition = Definition(url=f"https://host{number}.example.org/")
            source = Source(
                source_id=f"s{number}",
                state=SourceState.ACTIVE,
                definition=definition,
                registered_at=moment,
                next_check_at=moment,
            )
            sources.add_source(connection, source)
    database.close()
    context = multiprocessing.get_context("spawn")
    start, out = context.Event(), context.Queue()
    workers = [
        context.Process(target=claim_everything, args=(database_url, name, start, out)) for name in ("a", "b", "c")
    ]
    for worker in workers:
        worker.start()
    start.set()
    won = [source_id for _ in workers for source_id in out.get(timeout=60)]
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    assert sorted(won) == sorted(f"s{number}" for number in range(300))


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_141_a_server_that_goes_away_at_the_commit_costs_no_row_and_doubles_none(
    bench: Any, other: Database, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.site.put("/kaz", AFTER)
    engine = bench.rooms.database._engine  # noqa: SLF001
    commit = engine.dialect.do_commit
    struck: list[str] = []

    def struck_commit(raw: Any) -> None:
        if struck or not wanted(raw):
            commit(raw)
            return
        struck.append(moment)
        if moment == "after the commit":
            commit(raw)
        _end_other_connections(other)
        commit(raw) if moment == "before the commit" else raw.execute("SELECT 1")

    def wanted(raw: Any) -> bool:
        return raw.execute("SELECT count(*) FROM captures").fetchone()[0] > 1

    monkeypatch.setattr(engine.dialect, "do_commit", struck_commit)
    with pytest.raises(StoreError, match="ended the connection"):
        bench.check("kaz")
    assert struck == [moment]
    recover(bench.rooms)
    with bench.rooms.database.reading() as connection:
        known = captures.recorded_sequences(connection)
        made = changes.list_changes(connection, source_id="kaz", limit=9)
    recorded = [record.sequence for record in bench.rooms.archive.records() if record.type == "capture"]
    assert sorted(known) == recorded
    assert len(made) == 1


def test_141_a_standby_that_lags_behind_is_brought_up_to_the_ledger(
    bench: Any, database_url: str, postgres: str
) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    bench.check("kaz")
    bench.rooms.database.close()
    standby = f"standby_{secrets.token_hex(8)}"
    server.create(postgres, standby, template=str(make_url(database_url).database))
    bench.site.put("/kaz", AFTER)
    bench.check("kaz")
    behind = open_database(postgres.format(name=standby))
    rooms = replace(bench.rooms, database=behind)
    assert recover(rooms).captures == 1
    with behind.reading() as connection:
        assert len(changes.list_changes(connection, source_id="kaz", limit=9)) == 1
    behind.close()


def test_141_a_pool_without_a_free_connection_says_that_the_database_is_busy(
    bench: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = bench.rooms.database
    monkeypatch.setattr(database._engine.pool, "_timeout", 0.1)  # noqa: SLF001
    held = [database.reading() for _ in range(15)]
    for one in held:
        one.__enter__()
    with pytest.raises(StoreError, match="all connections of this process were in use"), database.reading():
        pass
    for one in held:
        one.__exit__(None, None, None)
    with database.reading() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    assert database_url


def test_writers_take_turns_and_a_reader_sees_one_state(bench: Any, other: Database) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    order: list[str] = []

    def write() -> None:
        with other.writing() as connection:
            order.append("second")
            connection.execute(text("UPDATE sources SET failures_in_a_row = 7"))

    query = text("SELECT failures_in_a_row FROM sources")
    with bench.rooms.database.reading() as reader:
        assert reader.execute(query).scalar() == 0
        with bench.rooms.database.writing():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join(0.5)
            order.append("first")
        thread.join(30)
        assert reader.execute(query).scalar() == 0
    assert order == ["first", "second"]
    with bench.rooms.database.reading() as connection:
        assert connection.execute(query).scalar() == 7


def test_a_server_that_was_restarted_is_found_again(bench: Any, other: Database) -> None:
    bench.register("kaz", bench.site.put("/kaz", BEFORE))
    _end_other_connections(other)
    assert claim_now(bench.rooms, "kaz").source.source_id == "kaz"


def test_a_server_that_cannot_be_reached_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be read: .*nowhere.*look after its server and store\.url"):
        open_database(f"postgresql+psycopg://watcher@/x?host={tmp_path}/nowhere")


def test_an_instance_is_made_on_a_server_and_used_from_the_command_line(
    tmp_path: Path, postgres: str, site: Any
) -> None:
    name = f"test_{secrets.token_hex(8)}"
    server.create(postgres, name)
    config = tmp_path / "config"
    shutil.copytree(Path(__file__).resolve().parents[2] / "config" / "indicators", config / "indicators")
    (config / "watcher.yaml").write_text(
        f"archive:\n  path: {tmp_path}/snapshots\n  key: {tmp_path}/archive.key\n"
        f"store:\n  url: {postgres.format(name=name)}\n"
        f"fetch:\n  intranet: [127.0.0.0/8]\n  ports: [{site.port}]\n"
    )
    run = CliRunner()

    def call(*arguments: str) -> str:
        result = run.invoke(cli, ["--config", str(config), *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    assert "postgresql" in call("init")
    call("source", "add", site.put("/kaz", BEFORE), "--id", "kaz", "--subject", "KAZ")
    call("check", "kaz")
    assert "1 Source, 1 Capture," in call("status")
    assert "nothing" in call("verify").lower() or "no finding" in call("verify").lower()
