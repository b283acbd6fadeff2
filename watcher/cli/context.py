"""What every command can reach: the configuration folder, the instance, and how to print."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from watcher.bootstrap import Instance


class Context:
    """The command's surroundings."""

    def __init__(self, config: Path | None) -> None:
        self._config = config

    @property
    def config(self) -> Path:
        """The configuration folder."""
        from watcher.settings import config_folder

        return self._config or config_folder()

    @contextmanager
    def instance(self, *, create: bool = False, pack_later: bool = False) -> Iterator[Instance]:
        """The instance that the configuration describes, open; `pack_later` for commands that read no text."""
        from watcher.bootstrap import instance_exists, open_instance
        from watcher.settings import load_settings

        settings = load_settings(self.config / "watcher.yaml")
        is_new = create and not instance_exists(settings)
        with open_instance(self.config, settings=settings, create=create, pack_later=pack_later) as instance:
            if is_new:
                click.echo(f"a new instance is made here: {settings.archive.place}", err=True)
            yield instance


pass_context = click.make_pass_decorator(Context)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def user_name() -> str:
    """Who is at the keyboard, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def safe(text: str) -> str:
    """Text of unknown origin as a terminal may show it: control characters become visible."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text)
