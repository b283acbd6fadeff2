"""A group of commands whose help says what each of them does, in a whole sentence."""

from __future__ import annotations

import inspect

import click


class Group(click.Group):
    """A group that does not cut off the sentences in the list of its commands."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_sentence(command)) for name, command in commands if command is not None])


def first_sentence(command: click.Command) -> str:
    """What a command does: the first sentence of its help."""
    paragraph = " ".join(inspect.cleandoc(command.help or "").split("\n\n")[0].split())
    sentence, dot, _ = paragraph.partition(". ")
    return f"{sentence}{dot.strip()}"
