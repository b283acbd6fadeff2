"""What the command line says of itself, and to whom writes an option in a wrong place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from watcher.cli.demo import subject_of
from watcher.cli.groups import first_sentence
from watcher.cli.main import cli, main
from watcher.pipeline.standing import link_problems


def _groups(group: click.Group, path: str) -> Iterator[tuple[str, click.Group, click.Context]]:
    context = click.Context(group, info_name=path, terminal_width=80)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield name, command, click.Context(command, info_name=name, parent=context, terminal_width=80)


def test_the_list_of_a_group_says_of_each_command_a_whole_sentence() -> None:
    found = list(_groups(cli, "watcher"))
    assert {"source", "citations", "subscription", "hold"} <= {name for name, _, _ in found}
    for _, group, context in found:
        told = " ".join(group.get_help(context).split())
        assert "..." not in told.partition("Commands:")[2]
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            assert f"{name} {first_sentence(command)}" in told


@pytest.mark.parametrize("command", [("status",), ("source", "show", "kaz")], ids=" ".join)
def test_who_names_the_folder_after_the_command_is_told_where_it_belongs(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["watcher", *command, "--config", "mine"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    path = " ".join(command[:2] if command[0] == "source" else command)
    assert f"It stands before the command: watcher --config FOLDER {path}\n" in capsys.readouterr().err


def test_the_demonstration_shows_the_subject_of_a_mail_on_one_line(tmp_path: Path) -> None:
    mail = tmp_path / "01.eml"
    mail.write_bytes(b"Subject: Kazakhstan: CCW not party\r\n  to party\r\n\r\ntext\r\n")
    assert subject_of(mail) == "Kazakhstan: CCW not party to party"


def test_links_that_lead_nowhere_name_the_file_in_which_that_is_mended() -> None:
    (told,) = link_problems(
        base_url="http://127.0.0.1:8080", served_at="http://127.0.0.1:9000/", settings="/srv/desk/watcher.yaml"
    )
    assert told.endswith("Set web.base_url and web.port in /srv/desk/watcher.yaml")
