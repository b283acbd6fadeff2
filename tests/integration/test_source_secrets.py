"""Credentials of a Source from the file to the request: kept by reference, shown by reference, refused elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from watcher.errors import RefusedError
from watcher.model.capture import Outcome
from watcher.model.source import Credentials, Definition
from watcher.pipeline import register
from watcher.pipeline.ports import Rooms
from watcher.pipeline.secrets import credentials_of
from watcher.settings.secrets import resolve
from watcher.store import sources
from watcher.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
WATCHER = Path(sys.executable).with_name("watcher")
SECRET = "hunter2-and-more"
OWN = Credentials(
    origin="https://example.org",
    basic_auth="env:WATCHER_SECRET_KAZ",
    headers=(("X-Api-Key", "file:kaz-key"),),
)
DEFINITION = Definition(url="https://example.org/kaz", title="Kaz", browser=True, credentials=OWN)


def _with_secrets(rooms: Rooms, folder: Path, **environment: str) -> Rooms:
    return replace(rooms, secrets=lambda credentials: resolve(credentials, environment, folder))


def test_a_check_carries_the_secrets_and_names_who_may_have_them(rooms: Rooms, tmp_path: Path) -> None:
    (tmp_path / "kaz-key").write_text(SECRET)
    entrusted = credentials_of(_with_secrets(rooms, tmp_path, WATCHER_SECRET_KAZ="user:word"), DEFINITION)
    assert entrusted.refusal is None
    assert entrusted.origin == "https://example.org"
    assert entrusted.headers == (("Authorization", "Basic dXNlcjp3b3Jk"), ("X-Api-Key", SECRET))
    assert SECRET not in repr(entrusted)


def test_a_source_without_credentials_carries_nothing(rooms: Rooms) -> None:
    entrusted = credentials_of(rooms, replace(DEFINITION, credentials=None))
    assert (entrusted.origin, entrusted.headers, entrusted.refusal) == ("", (), None)


def test_093_a_reference_that_is_not_there_is_an_access_denied_result_that_names_it(
    rooms: Rooms, tmp_path: Path
) -> None:
    (tmp_path / "kaz-key").write_text(SECRET)
    refusal = credentials_of(_with_secrets(rooms, tmp_path), DEFINITION).refusal
    assert refusal is not None
    assert refusal.outcome is Outcome.ACCESS_DENIED
    assert refusal.payload is None
    assert "https://example.org/kaz was not fetched" in refusal.error
    assert "WATCHER_SECRET_KAZ is not set" in refusal.error
    assert SECRET not in refusal.error


def test_secrets_of_another_origin_are_not_even_read(rooms: Rooms, tmp_path: Path) -> None:
    entrusted = credentials_of(rooms, replace(DEFINITION, url="https://other.example/kaz"))
    assert entrusted.headers == ()
    assert entrusted.refusal is not None
    assert "the address is at https://other.example" in entrusted.refusal.error


def test_the_registry_keeps_references_and_refuses_an_address_elsewhere(rooms: Rooms) -> None:
    register.add_source(rooms, "kaz", DEFINITION, user="test")
    with rooms.database.reading() as connection:
        assert sources.get_source(connection, "kaz").definition == DEFINITION
    moved = replace(DEFINITION, url="https://other.example/kaz")
    with pytest.raises(RefusedError, match=r"the address is at https://other\.example"):
        register.add_source(rooms, "other", moved, user="test")
    with pytest.raises(RefusedError, match="the credentials are for https://example"):
        register.apply_plan(rooms, register.plan_sources(rooms, [("kaz", moved, False)]), user="test")
    with rooms.database.reading() as connection:
        assert sources.get_source(connection, "kaz").definition == DEFINITION


def test_a_plan_says_in_words_which_credentials_come_and_go(rooms: Rooms) -> None:
    register.add_source(rooms, "kaz", replace(DEFINITION, credentials=None), user="test")
    steps = register.plan_sources(rooms, [("kaz", DEFINITION, False)])
    words = "for https://example.org: basic_auth env:WATCHER_SECRET_KAZ, X-Api-Key file:kaz-key"
    assert steps[0].differences == (("credentials", "None", words),)


def test_the_page_of_a_source_shows_references_and_the_browser(rooms: Rooms) -> None:
    register.add_source(rooms, "kaz", DEFINITION, user="test")
    app = create_app(rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        text = client.get("/sources/kaz").text
    assert "<code>basic_auth env:WATCHER_SECRET_KAZ</code>, <code>X-Api-Key file:kaz-key</code>" in text
    assert "with a browser" in text


FILE = """sources:
  kaz:
    url: https://example.org/kaz
    browser: true
    credentials:
      origin: https://example.org
      basic_auth: env:WATCHER_SECRET_KAZ
      headers:
        X-Api-Key: file:kaz-key
  open:
    url: https://example.org/open
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run a command with secrets in the environment and in a folder."""

    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
        environment |= {"WATCHER_CONFIG": str(ROOT / "config"), "WATCHER_FETCH__SECRETS": str(tmp_path), **more}
        return subprocess.run(
            [WATCHER, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_093_check_config_names_the_secrets_that_are_not_there_and_prints_none(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(FILE)
    missing = run("check-config", str(file), WATCHER_SECRET_KAZ=f"user:{SECRET}")
    assert missing.returncode == 1
    assert "Sources: 1 fine, 1 bad" in missing.stdout
    assert f"kaz: file:kaz-key: there is no file {tmp_path / 'kaz-key'}" in missing.stderr
    (tmp_path / "kaz-key").write_text(SECRET)
    unset = run("check-config", str(file))
    assert "kaz: env:WATCHER_SECRET_KAZ: the environment variable WATCHER_SECRET_KAZ is not set" in unset.stderr
    fine = run("check-config", str(file), WATCHER_SECRET_KAZ=f"user:{SECRET}")
    assert (fine.returncode, fine.stderr) == (0, "")
    assert all(SECRET not in answer.stdout + answer.stderr for answer in (missing, unset, fine))


def test_list_and_show_say_how_a_source_is_fetched(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(FILE)
    run("source", "apply", str(file), "--yes")
    listed = run("source", "list").stdout.splitlines()
    assert listed[0].endswith("by browser, with credentials for https://example.org")
    assert listed[1].endswith("UTC")
    described = json.loads(run("source", "show", "kaz", "--json").stdout)
    assert described["browser"] is True
    assert described["credentials"] == {
        "origin": "https://example.org",
        "basic_auth": "env:WATCHER_SECRET_KAZ",
        "headers": [["X-Api-Key", "file:kaz-key"]],
    }
    shown = run("source", "show", "kaz").stdout
    assert "credentials: for https://example.org: basic_auth env:WATCHER_SECRET_KAZ, X-Api-Key file:kaz-key" in shown
