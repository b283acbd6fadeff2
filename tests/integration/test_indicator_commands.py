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


def _explain(config: Path, text: str, pack: str = "mine_action") -> str:
    (config / "watcher.yaml").touch()
    arguments = ["--config", str(config), "indicators", "explain", text, "--subject", "Kenya", "--pack", pack]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_explain_names_the_operator_that_dropped_a_cue_and_the_date_of_the_clause(config: Path) -> None:
    said = _explain(config, "Kenya signed the Mine Ban Treaty in 1997 and ratified it in 2001.")
    assert "Kenya (own): treaty status state party" in said
    assert "dates named: 2001\n" in said
    dropped = _explain(config, "Kenya will not destroy its stock of landmines.")
    assert "not as it stands: negated (“not”) drops it\n    cue stockpile.destroying" in dropped
    assert "no word of the pack's topic" in _explain(config, "The sea was calm.\n\nThe sky was blue.")
