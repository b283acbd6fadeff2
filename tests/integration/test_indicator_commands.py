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


def _copied(config: Path, folder: Path, *, shared: bool) -> Path:
    """A copy of the mine action pack, with or without what it extends."""
    folder.mkdir()
    file = folder / "mine_action.yaml"
    shutil.copy(config / "indicators" / "mine_action.yaml", file)
    if shared:
        shutil.copytree(config / "indicators" / "shared", folder / "shared")
    return file


@pytest.mark.parametrize("command", ["explain", "test"])
def test_a_copied_pack_extends_the_shared_file_beside_it(config: Path, tmp_path: Path, command: str) -> None:
    file = _copied(config, tmp_path / "copy", shared=True)
    beside = tmp_path / "copy" / "shared" / "weapons.yaml"
    beside.write_text(beside.read_text(encoding="utf-8") + "\nwrong_key: 1\n", encoding="utf-8")
    (config / "watcher.yaml").touch()
    given = ["test", str(file)] if command == "test" else ["explain", "The sea was calm.", "--pack", str(file)]
    result = CliRunner().invoke(cli, ["--config", str(config), "indicators", *given])
    assert result.exit_code != 0
    assert "wrong_key" in f"{result.output}{result.exception}"


def test_a_copy_without_the_shared_file_takes_that_of_the_configuration_and_says_so(
    config: Path, tmp_path: Path
) -> None:
    file = _copied(config, tmp_path / "copy", shared=False)
    said = _explain(config, "Kenya ratified the Mine Ban Treaty in 2001.", pack=str(file))
    assert f"read {config / 'indicators' / 'shared' / 'weapons.yaml'}" in said
    assert "treaty status state party" in said
    beside = _copied(config, tmp_path / "whole", shared=True)
    assert "is not beside it" not in _explain(config, "The sea was calm.", pack=str(beside))


def test_a_copied_pack_may_end_in_yml(config: Path, tmp_path: Path) -> None:
    file = _copied(config, tmp_path / "copy", shared=True)
    said = _explain(
        config, "Kenya ratified the Mine Ban Treaty in 2001.", pack=str(file.rename(file.with_suffix(".yml")))
    )
    assert "treaty status state party" in said
