"""Commands that read no text wait for no pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from watcher.cli.main import cli
from watcher.pipeline.ports import PackText

PACKS = Path(__file__).resolve().parents[2] / "config" / "indicators"


def test_a_list_of_sources_needs_no_pack_and_what_reads_texts_says_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config"
    shutil.copytree(PACKS, config / "indicators")
    (config / "watcher.yaml").touch()
    assert CliRunner().invoke(cli, ["--config", str(config), "init"]).exit_code == 0
    (config / "indicators" / "mine_action.yaml").write_text("pack: [", encoding="utf-8")
    listed = CliRunner().invoke(cli, ["--config", str(config), "source", "list"])
    assert (listed.exit_code, "no Sources yet" in listed.output) == (0, True), listed.output
    read = CliRunner().invoke(cli, ["--config", str(config), "board"])
    assert read.exit_code != 0
    assert "mine_action.yaml" in f"{read.output}{read.exception}"


def test_a_pack_that_is_loaded_later_is_loaded_once(default_pack: PackText) -> None:
    asked: list[PackText] = []

    def load() -> PackText:
        asked.append(default_pack)
        return default_pack

    later = PackText.later(load)
    assert asked == []
    assert (later.pack, later.text) == (default_pack.pack, default_pack.text)
    assert asked == [default_pack]
