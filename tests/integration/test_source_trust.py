"""`ca_file` and `follow_to_http` of a Source: from YAML to the registry, and shown wherever the Source is."""

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
from watcher.model.source import Definition
from watcher.pipeline import register
from watcher.pipeline.ports import Rooms
from watcher.settings import load_settings, load_sources
from watcher.store import sources
from watcher.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
WATCHER = [sys.executable, "-m", "watcher"]
DEFINITION = Definition(url="https://example.org/kaz", title="Kaz", ca_file="kaz.pem", follow_to_http=True)
FILE = """sources:
  kaz:
    url: https://example.org/kaz
    ca_file: kaz.pem
    follow_to_http: true
  open:
    url: https://example.org/open
"""
# SHA-256 of the canonical JSON of a Definition that names neither rule
OLDER_DIGEST = "11c3f0371f3720bb6981ca67a15f81ca68ffeacfb8c2d0fa46519d911c118dac"


def test_the_digest_of_a_definition_without_exceptions_is_what_it_always_was() -> None:
    plain = Definition(url="https://example.org/", subjects=("KAZ",))
    assert plain.digest_sha256 == OLDER_DIGEST
    others = {replace(plain, ca_file="a.pem").digest_sha256, replace(plain, follow_to_http=True).digest_sha256}
    assert len(others - {OLDER_DIGEST}) == 2


def test_both_are_read_from_yaml_and_kept_in_the_registry(rooms: Rooms, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(FILE)
    registered, problems = load_sources(path)
    assert problems == []
    rules = [(one.definition.ca_file, one.definition.follow_to_http) for one in registered]
    assert rules == [("kaz.pem", True), ("", False)]
    register.add_source(rooms, "kaz", DEFINITION, user="test")
    with rooms.database.reading() as connection:
        assert sources.get_source(connection, "kaz").definition == DEFINITION


@pytest.mark.parametrize("name", ["../kaz.pem", "/etc/ssl/kaz.pem", ".kaz.pem", "a\\\\b.pem", "a b.pem", "..", "x\\n"])
def test_012_a_ca_file_is_a_bare_name_and_nothing_else(rooms: Rooms, tmp_path: Path, name: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(FILE.replace("kaz.pem", f'"{name}"'))
    registered, (problem,) = load_sources(path)
    assert [one.source_id for one in registered] == ["open"]
    assert "should be a bare file name in the folder fetch.certificates" in problem.message
    with pytest.raises(RefusedError, match="should be a bare file name"):
        register.add_source(rooms, "kaz", replace(DEFINITION, ca_file=json.loads(f'"{name}"')), user="test")


def test_012_a_ca_file_is_refused_for_a_source_that_a_browser_reads(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(FILE.replace("    follow", "    browser: true\n    follow"))
    _, (problem,) = load_sources(path)
    assert "ca_file and browser do not go together" in problem.message


@pytest.mark.parametrize("rule", ["ca_file: kaz.pem", "follow_to_http: true"])
def test_an_upload_has_neither(tmp_path: Path, rule: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(f"sources:\n  letters:\n    kind: upload\n    {rule}\n")
    _, (problem,) = load_sources(path)
    assert "it has neither ca_file nor follow_to_http" in problem.message


def test_the_folder_of_certificates_is_a_setting(tmp_path: Path) -> None:
    path = tmp_path / "watcher.yaml"
    assert load_settings(path, {}).fetch.certificates == Path("config/certificates")
    path.write_text("fetch:\n  certificates: trusted\n")
    assert load_settings(path, {}).fetch.certificates == Path("trusted")


def test_the_page_of_a_source_shows_both(rooms: Rooms) -> None:
    register.add_source(rooms, "kaz", DEFINITION, user="test")
    register.add_source(rooms, "open", Definition(url="https://example.org/open", title="Open"), user="test")
    app = create_app(rooms, version="test", allowed_hosts=("127.0.0.1",))
    with TestClient(app, base_url="http://127.0.0.1:8080") as client:
        shown, other = client.get("/sources/kaz").text, client.get("/sources/open").text
    for words in ("also of the authorities in <code>kaz.pem</code>", "followed to unprotected addresses (http) too"):
        assert words in shown
        assert words not in other


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run a command in a folder of its own."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
        environment |= {"WATCHER_CONFIG": str(ROOT / "config"), "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [*WATCHER, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def test_012_check_config_names_the_ca_file_that_cannot_be_used(run: Any, tmp_path: Path) -> None:
    file, folder = tmp_path / "sources.yaml", tmp_path / "config" / "certificates"
    file.write_text(FILE)
    folder.mkdir(parents=True)
    missing = run("check-config", str(file))
    assert missing.returncode == 1
    assert "Sources: 1 fine, 1 bad" in missing.stdout
    assert "kaz: the ca_file config/certificates/kaz.pem cannot be used: there is no such file" in missing.stderr
    (folder / "kaz.pem").write_text("words")
    assert "there is no certificate in PEM in it" in run("check-config", str(file)).stderr
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-keyout", tmp_path / "key"]
    subprocess.run([*made, "-out", folder / "kaz.pem"], check=True, capture_output=True)
    fine = run("check-config", str(file))
    assert (fine.returncode, fine.stderr) == (0, "")


def test_list_show_and_plan_say_what_is_out_of_the_ordinary(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(FILE.replace("    ca_file: kaz.pem\n    follow_to_http: true\n", ""))
    run("source", "apply", str(file), "--yes")
    file.write_text(FILE)
    plan = run("source", "apply", str(file), "--yes").stdout
    assert "ca_file:  → kaz.pem" in plan
    assert "follow_to_http: False → True" in plan
    listed = run("source", "list").stdout.splitlines()
    assert listed[0].endswith("trusting kaz.pem, following redirects to http")
    assert listed[1].endswith("UTC")
    described = json.loads(run("source", "show", "kaz", "--json").stdout)
    assert (described["ca_file"], described["follow_to_http"]) == ("kaz.pem", True)


def test_a_trial_refuses_a_path_as_ca_file(run: Any) -> None:
    tried = run("source", "test", "https://example.org/", "--ca-file", "../kaz.pem")
    assert tried.returncode == 2
    assert "should be a bare file name" in tried.stderr
