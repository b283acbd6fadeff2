"""watcher indicators test, as an admin runs it after editing a pack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from watcher.cli.main import cli

PACKS = Path(__file__).resolve().parents[2] / "config" / "indicators"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration folder of its own with the packs as they ship."""
    shutil.copytree(PACKS, tmp_path / "config" / "indicators")
    return tmp_path / "config"


def test_every_shipped_example_passes_and_is_counted(config: Path) -> None:
    result = CliRunner().invoke(cli, ["--config", str(config), "indicators", "test"])
    assert result.exit_code == 0
    assert "mine_action " in result.output
    assert "cluster_munitions " in result.output


def test_an_example_that_is_read_otherwise_is_named_and_ends_with_code_1(config: Path) -> None:
    file = config / "indicators" / "cluster_munitions.yaml"
    wrong = '  - {subject: NZL, indicator: vote, stance: "yes", text: "The sea was calm."}\n'
    file.write_text(file.read_text(encoding="utf-8") + wrong, encoding="utf-8")
    result = CliRunner().invoke(cli, ["--config", str(config), "indicators", "test", "cluster_munitions"])
    assert result.exit_code == 1
    assert 'wanted vote yes, read nothing: "The sea was calm."' in result.output
