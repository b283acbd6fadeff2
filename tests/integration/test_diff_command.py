"""`watcher diff` and `watcher source volatile` as a person types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from watcher.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]

STATES = {
    "page_2026-01-05.txt": "Kazakhstan has not joined the Mine Ban Treaty.\n\nKept by the office.",
    "page_2026-02-05.txt": "Kazakhstan has not joined the Mine Ban Treaty.\n\nKept by the new office.",
    "page_2026-03-05.txt": "Kazakhstan acceded to the Mine Ban Treaty on 1 March 2026.\n\nKept by the new office.",
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config" / "indicators", config / "indicators")
    (config / "watcher.yaml").write_text(
        f"archive: {{path: {tmp_path}/snapshots}}\nstore: {{url: 'sqlite:///{tmp_path}/watcher.db'}}\n"
    )
    (tmp_path / "states").mkdir()
    for name, text in STATES.items():
        (tmp_path / "states" / name).write_text(text)

    def called(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["--config", str(config), *arguments])

    for arguments in (
        ("init",),
        ("source", "add", "--upload", "--id", "kaz", "--title", "Kazakhstan", "--subject", "KAZ"),
        ("import", "kaz", str(tmp_path / "states")),
    ):
        result = called(*arguments)
        assert result.exit_code == 0, result.output
    return called


def test_diff_says_both_sides_the_changes_between_and_the_words(run: Any) -> None:
    told = run("diff", "kaz~2", "kaz").stdout
    assert "Old: Kazakhstan, 5 January 2026" in told
    assert "New: Kazakhstan, 5 March 2026" in told
    assert "Between them: 2 Changes." in told
    assert "{+acceded to" in told
    assert "{+new+}" in told.replace(" +}", "+}")


def test_diff_since_a_date_as_unified_and_as_json(run: Any) -> None:
    unified = run("diff", "kaz", "--since", "2026-02-10", "--as", "unified").stdout
    assert "-Kazakhstan has not joined the Mine Ban Treaty." in unified
    assert "\n Kept by the new office." in unified
    facts = json.loads(run("diff", "kaz", "--since", "2026-02-10", "--as", "json").stdout)
    assert facts["from"]["name"] == "kaz@2026-02-10"
    assert len(facts["changes"]) == 1


def test_diff_without_names_says_how_to_name_them(run: Any) -> None:
    result = run("diff", "kaz")
    assert "give OLD and NEW, or one SOURCE with --since" in str(result.exception)


def test_volatile_says_when_there_is_nothing_to_show(run: Any) -> None:
    assert "no line of kaz changed in nothing but values" in run("source", "volatile", "kaz").stdout
