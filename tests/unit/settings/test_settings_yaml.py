"""Configuration that is wrong is named with file, line and key; nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.settings import load_settings, load_sources

FINE = "sources:\n  kaz:\n    url: https://example.org/kaz\n    subjects: [KAZ]\n    every: 6h\n"


def _sources(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (FINE.replace("every", "evry"), 5, "did you mean 'every'"),
        (FINE.replace("sources:", "source:"), 1, "did you mean 'sources'"),
        (FINE + "    every: 7h\n", 6, "duplicate key"),
        (FINE + "    title: no\n", None, ""),
        (FINE + "    title: 1997\n", 6, "put it in quotes"),
        (FINE + "    paused: maybe\n", 6, "true or false"),
        (FINE + "    select: main\n", 6, "should be a list"),
        (FINE + "\tpublisher: x\n", 6, "no valid YAML"),
        (FINE + "    title: !!python/object:os.system x\n", 6, "tag"),
        (FINE + "  kaz:\n    url: https://example.org/2\n", 6, "duplicate key"),
        ("sources: [1, 2]\n", 1, "should be a mapping"),
        (b"sources:\n  kaz:\n    title: \xff\xfe\n", 3, "not UTF-8"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_remedy(
    tmp_path: Path, text: str | bytes, line: int | None, told: str
) -> None:
    path = _sources(tmp_path, text)
    if line is None:
        assert load_sources(path)[1] == []
        return
    with pytest.raises(ConfigError) as caught:
        load_sources(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert told in str(caught.value)


def test_catalogue_085_bom_crlf_and_empty_files_are_read(tmp_path: Path) -> None:
    assert len(load_sources(_sources(tmp_path, b"\xef\xbb\xbf" + FINE.replace("\n", "\r\n").encode()))[0]) == 1
    assert load_sources(_sources(tmp_path, "")) == ([], [])


def test_catalogue_085_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the limit is"):
        load_sources(_sources(tmp_path, "# " + "x" * 6_000_000))


def test_catalogue_087_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [" + ",".join([f"*{before}"] * 9) + "]")
    with pytest.raises(ConfigError, match="aliases counted"):
        load_sources(_sources(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("https://example.org/kaz", "file:///etc/passwd"), "scheme is 'file'"),
        (("https://example.org/kaz", "example.org"), "example.org"),
        (("[KAZ]", "[Atlantis]"), "Atlantis"),
        (("6h", "5 parsecs"), "parsecs"),
        (("6h", "1s"), "at least 1 minute"),
        (("  kaz:", "  Kaz Page:"), "lower-case words"),
    ],
)
def test_catalogue_091_one_bad_source_among_many_is_named_and_the_others_load(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    bad = FINE.replace(*change).removeprefix("sources:\n")
    good = "".join(f"  good-{n}:\n    url: https://example.org/{n}\n" for n in range(499))
    registered, problems = load_sources(_sources(tmp_path, "sources:\n" + good + bad))
    assert len(registered) == 499
    (problem,) = problems
    assert told in problem.message
    assert ":1000: " in problem.message


def test_a_source_that_two_files_define_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(FINE)
    (tmp_path / "b.yaml").write_text(FINE)
    with pytest.raises(ConfigError, match=r"also defined in .*a\.yaml on line 2"):
        load_sources(tmp_path)


def test_subjects_are_understood_by_name_and_by_code(tmp_path: Path) -> None:
    text = FINE.replace("[KAZ]", "[Kazakhstan, kgz, Republic of Korea]")
    (entry,), _ = load_sources(_sources(tmp_path, text))
    assert entry.definition.subjects == ("KAZ", "KGZ", "KOR")


def test_the_order_is_default_then_file_then_environment(tmp_path: Path) -> None:
    path = tmp_path / "watcher.yaml"
    assert load_settings(path, {}).web.port == 8080
    path.write_text("web:\n  port: 9000\n")
    assert load_settings(path, {}).web.port == 9000
    assert load_settings(path, {"WATCHER_WEB__PORT": "9001"}).web.port == 9001


@pytest.mark.parametrize(
    ("text", "environment", "told"),
    [
        ("web:\n  prot: 1\n", {}, "did you mean 'port'"),
        ("webb: {}\n", {}, "did you mean 'web'"),
        ("web:\n  port: 0\n", {}, "between 1 and 65535"),
        ("smtp:\n  security: ssl\n", {}, "starttls"),
        ("smtp:\n  password: hunter2\n", {}, "is a secret"),
        ("", {"WATCHER_WEB__PROT": "1"}, "did you mean 'port'"),
        ("", {"WATCHER_WEB__PORT": "many"}, "should be a number"),
        ("", {"WATCHER_SMTP__PASSWORD_FILE": "/nowhere/at/all"}, "cannot be read"),
        ("scheduler:\n  lease_seconds: 10\n", {}, "longer than fetch.deadline_seconds"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, text: str, environment: dict[str, str], told: str) -> None:
    path = tmp_path / "watcher.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environment)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_catalogue_093_a_secret_comes_from_a_file_and_is_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    settings = load_settings(tmp_path / "none.yaml", {"WATCHER_SMTP__PASSWORD_FILE": str(secret)})
    assert settings.smtp.password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_the_settings_that_ship_are_the_defaults() -> None:
    shipped = Path(__file__).resolve().parents[3] / "config" / "watcher.yaml"
    assert load_settings(shipped, {}) == load_settings(Path("absent.yaml"), {})


def test_the_sources_that_ship_load_without_a_problem() -> None:
    registered, problems = load_sources(Path(__file__).resolve().parents[3] / "config" / "sources")
    assert registered
    assert problems == []
    assert all(entry.paused or entry.disabled for entry in registered)
