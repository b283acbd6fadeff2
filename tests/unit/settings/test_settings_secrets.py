"""Secrets are named, never written: what may be named, where they may go, and that no message repeats one."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.model.source import Credentials
from watcher.settings import load_settings, load_sources
from watcher.settings.secrets import resolve, unresolved

SECRET = "hunter2-and-more"
HEAD = "sources:\n  kaz:\n    url: https://www.example.org/kaz\n    credentials:\n"
OWN = "      origin: https://www.example.org\n"
FINE = HEAD + OWN + "      basic_auth: env:WATCHER_SECRET_KAZ\n      headers:\n        X-Api-Key: file:kaz-key\n"


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text)
    return path


def test_credentials_and_browser_are_read_as_references(tmp_path: Path) -> None:
    registered, problems = load_sources(_file(tmp_path, FINE + "    browser: true\n"))
    assert problems == []
    definition = registered[0].definition
    assert definition.browser
    assert definition.credentials == Credentials(
        origin="https://www.example.org",
        basic_auth="env:WATCHER_SECRET_KAZ",
        headers=(("X-Api-Key", "file:kaz-key"),),
    )


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (HEAD + OWN + "      basic_aut: env:WATCHER_SECRET_KAZ\n", 6, "did you mean 'basic_auth'?"),
        (HEAD.rstrip("\n") + f" user:{SECRET}\n", 4, "should be a mapping with origin"),
    ],
)
def test_a_misspelled_key_of_credentials_stops_the_whole_file(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


BAD = {
    "literal_basic_auth": (OWN + f"      basic_auth: user:{SECRET}\n", 6, "never the secret itself"),
    "literal_number": (OWN + "      basic_auth: 4711471147\n", 6, "never the secret itself"),
    "literal_header": (OWN + f"      headers:\n        X-Api-Key: {SECRET}\n", 7, "never the secret itself"),
    "literal_after_env": (OWN + f"      basic_auth: env:{SECRET}\n", 6, "should begin with WATCHER_SECRET_"),
    "other_variable": (OWN + "      basic_auth: env:WATCHER_SMTP__PASSWORD\n", 6, "begin with WATCHER_SECRET_"),
    "path_in_file": (OWN + "      basic_auth: file:../../etc/passwd\n", 6, "bare file name"),
    "absolute_file": (OWN + "      basic_auth: file:/etc/passwd\n", 6, "bare file name"),
    "hidden_file": (OWN + "      basic_auth: file:.netrc\n", 6, "bare file name"),
    "headers_as_list": (OWN + f"      headers: ['X-Api-Key: {SECRET}']\n", 6, "a mapping of header names"),
    "header_is_no_name": (OWN + f"      headers:\n        'X-Key {SECRET}': file:a\n", 7, "no name of a header"),
    "header_with_line_break": (OWN + '      headers:\n        "X\\r\\nHost": file:a\n', 7, "no name of a header"),
    "host_header": (OWN + "      headers:\n        Host: file:a\n", 7, "set by the fetch itself"),
    "length_header": (OWN + "      headers:\n        content-length: file:a\n", 7, "set by the fetch itself"),
    "twice": (OWN + "      headers:\n        X-Key: file:a\n        x-key: file:b\n", 8, "given twice"),
    "authorization_and_basic_auth": (
        OWN + "      basic_auth: file:a\n      headers:\n        Authorization: file:b\n",
        8,
        "given twice",
    ),
    "no_origin": ("      basic_auth: file:a\n", 4, "need a key 'origin'"),
    "nothing_to_send": (OWN, 4, "need basic_auth or headers"),
    "origin_with_path": ("      origin: https://www.example.org/kaz\n      basic_auth: file:a\n", 5, "host alone"),
    "origin_with_password": (
        f"      origin: https://u:{SECRET}@www.example.org\n      basic_auth: file:a\n",
        5,
        "alone",
    ),
    "origin_no_address": (f"      origin: {SECRET}\n      basic_auth: file:a\n", 5, "is no http or https address"),
}


@pytest.mark.parametrize("name", BAD)
def test_093_bad_credentials_refuse_their_source_by_line_and_never_repeat_a_secret(tmp_path: Path, name: str) -> None:
    text, line, told = BAD[name]
    path = _file(tmp_path, HEAD + text + "  other:\n    url: https://example.org/other\n")
    registered, problems = load_sources(path)
    assert [entry.source_id for entry in registered] == ["other"]
    assert problems[0].message.startswith(f"{path}:{line}: ")
    assert told in problems[0].message
    assert SECRET not in problems[0].message
    assert "4711" not in problems[0].message


@pytest.mark.parametrize("written", [f"*{SECRET}", f"!{SECRET} x"])
def test_093_a_secret_that_yaml_takes_for_its_own_marks_is_not_repeated(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_sources(_file(tmp_path, HEAD + OWN + f"      basic_auth: {written}\n"))
    assert "in quotes" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_address_that_moves_away_from_its_credentials_is_refused(tmp_path: Path) -> None:
    moved = FINE.replace("url: https://www.example.org/kaz", "url: https://other.example/kaz")
    registered, problems = load_sources(_file(tmp_path, moved))
    assert registered == []
    assert (
        "the credentials are for https://www.example.org, the address is at https://other.example: "
        "write https://other.example in credentials.origin only if https://other.example may have them"
    ) in problems[0].message


@pytest.mark.parametrize("url", ["http://www.example.org/kaz", "https://www.example.org:8443/kaz"])
def test_scheme_and_port_belong_to_the_origin(tmp_path: Path, url: str) -> None:
    _, problems = load_sources(_file(tmp_path, FINE.replace("https://www.example.org/kaz", url)))
    assert "the credentials are for https://www.example.org, the address is at" in problems[0].message


def test_the_default_port_and_capitals_make_no_other_origin(tmp_path: Path) -> None:
    text = FINE.replace("https://www.example.org/kaz", "https://WWW.example.org:443/kaz")
    assert load_sources(_file(tmp_path, text))[1] == []


@pytest.mark.parametrize(
    ("host", "intranet", "accepted"),
    [
        ("http://10.1.2.3:8080", ("10.1.0.0/16",), True),
        ("http://10.2.2.3:8080", ("10.1.0.0/16",), False),
        ("http://wiki.house", ("10.1.0.0/16",), False),
        ("http://www.example.org", (), False),
    ],
)
def test_secrets_travel_unencrypted_only_to_an_address_of_the_house(
    tmp_path: Path, host: str, intranet: tuple[str, ...], accepted: bool
) -> None:
    path = _file(tmp_path, FINE.replace("https://www.example.org", host))
    _, problems = load_sources(path, intranet=intranet)
    assert ([] if accepted else [True]) == ["unencrypted" in problem.message for problem in problems]


def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    path = _file(tmp_path, f"sources:\n  kaz:\n    url: https://user:{SECRET}@example.org/kaz\n")
    _, problems = load_sources(path)
    assert "name it in credentials" in problems[0].message
    assert SECRET not in problems[0].message


def test_an_upload_has_no_credentials(tmp_path: Path) -> None:
    text = FINE.replace("url: https://www.example.org/kaz", "kind: upload")
    assert "never fetched" in load_sources(_file(tmp_path, text))[1][0].message


def _credentials(basic_auth: str = "", **headers: str) -> Credentials:
    return Credentials(origin="https://e.example", basic_auth=basic_auth, headers=tuple(headers.items()))


def test_references_are_resolved_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k-123\n")
    environment = {"WATCHER_SECRET_KAZ": "usér:pass:word"}
    wanted = _credentials("env:WATCHER_SECRET_KAZ", Key="file:key")
    basic = base64.b64encode("usér:pass:word".encode()).decode()
    assert resolve(wanted, environment, tmp_path) == (("Authorization", f"Basic {basic}"), ("Key", "k-123"))
    assert unresolved(wanted, environment, tmp_path) == ""


@pytest.mark.parametrize(
    ("credentials", "told"),
    [
        (_credentials("env:WATCHER_SECRET_ABSENT"), "variable WATCHER_SECRET_ABSENT is not set"),
        (_credentials("env:WATCHER_SECRET_PLAIN"), "user:password"),
        (_credentials(Key="env:WATCHER_SECRET_LINES"), "line break"),
        (_credentials(Key="env:WATCHER_SECRET_NUL"), "control character"),
        (_credentials(Key="env:WATCHER_SECRET_WIDE"), "only ASCII"),
        (_credentials(Key="env:WATCHER_SECRET_BLANK"), "is empty"),
        (_credentials(Key="env:HOME"), "a reference of the credentials is none"),
        (_credentials(Key="file:absent"), "there is no file"),
        (_credentials(Key="file:folder"), "there is no file"),
        (_credentials(Key="file:long"), "the limit is"),
        (_credentials(Key="file:bytes"), "not UTF-8"),
        (_credentials(Key="file:../outside"), "a reference of the credentials is none"),
    ],
)
def test_093_what_cannot_be_resolved_is_named_without_its_value(
    tmp_path: Path, credentials: Credentials, told: str
) -> None:
    folder = tmp_path / "secrets"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside").write_text(SECRET)
    (folder / "long").write_text(SECRET * 2000)
    (folder / "bytes").write_bytes(b"\xff" + SECRET.encode())
    environment = {
        "HOME": SECRET,
        "WATCHER_SECRET_PLAIN": SECRET,
        "WATCHER_SECRET_LINES": f"{SECRET}\r\nX-Other: 1",
        "WATCHER_SECRET_NUL": f"{SECRET}\x00",
        "WATCHER_SECRET_WIDE": f"{SECRET}é",
        "WATCHER_SECRET_BLANK": " \n",
    }
    problem = unresolved(credentials, environment, folder)
    assert told in problem
    assert SECRET not in problem


def test_a_variable_that_holds_a_secret_is_no_setting(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "watcher.yaml", {"WATCHER_SECRET_A__B": "x", "WATCHER_FETCH__SECRETS": "keys"})
    assert settings.fetch.secrets == Path("keys")
