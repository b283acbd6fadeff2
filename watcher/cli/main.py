"""The group of all commands, and how errors end a command."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from watcher.cli.context import Context
from watcher.errors import WatcherError

EXAMPLES = """
\b
Examples:
  watcher serve                                   check, archive and serve the page
  watcher source add https://example.org/kaz --subject KAZ --every 6h
  watcher check example-org-kaz                   check one Source now
  watcher import mine-ban-status tables/          bring in dated files
"""

COMMANDS = {
    "backup": ("backup", "Copy database, archive and configuration while the service works."),
    "board": ("board", "What each Source says of each State, and where Sources contradict each other."),
    "check": ("history", "Check one Source now and say what happened."),
    "check-config": ("instance", "Read all configuration and say what is wrong."),
    "citations": ("citations", "Watch what the numbered notes of reports rest on."),
    "cite": ("cite", "Print the footnote for a Capture, a Version or a Change."),
    "compare": ("answer", "Compare two documents."),
    "demo": ("demo", "Show the whole pipe in half a minute."),
    "diff": ("diff", "Compare any two texts that the archive holds."),
    "digest": ("subscription", "Preview and send Digests."),
    "doctor": ("doctor", "Look at what the instance stands on, and say what must be mended."),
    "export": ("export", "Write what is held of a Source to a file that others can check."),
    "extract": ("answer", "Read the Document out of a file."),
    "health": ("instance", "Ask the running service if it is well."),
    "hold": ("keep", "Say what must not be deleted."),
    "import": ("history", "Bring dated history into a Source."),
    "indicators": ("indicators", "Test packs of indicators, try changed ones, see which cues earn their keep."),
    "init": ("instance", "Make the archive and the database of a new instance."),
    "key": ("verify", "Show or exchange the key that signs the checkpoints."),
    "migrate": ("instance", "Bring the database to the schema of this watcher."),
    "opinion": ("opinion", "Ask a language model for a second opinion on a Change."),
    "payload": ("keep", "Delete bytes, with a tombstone."),
    "positions": ("answer", "Find the Positions that a text asserts."),
    "replay": ("answer", "Replay the dated versions of one Source."),
    "questionnaire": ("questionnaire", "Lay the answers of States side by side."),
    "rebuild": ("backup", "Make the database again from the archive."),
    "restore": ("backup", "Make an instance anew from a backup."),
    "retention": ("keep", "Delete old parts of attempts, as the settings say."),
    "review": ("indicators", "Say of a Change if it was worth telling."),
    "serve": ("serve", "Check what is due, send what is owed, serve the page."),
    "source": ("source", "Register and look after Sources."),
    "status": ("instance", "How the instance is."),
    "subscription": ("subscription", "Say who is told of what."),
    "timeline": ("board", "Every stance of a State by date."),
    "timestamp": ("timestamp", "Have the newest checkpoint stamped by a third party."),
    "upload": ("upload", "Hand in letters, decrees, scans and e-mails."),
    "upgrade": ("upgrade", "Read Snapshots again by the rules of today, without telling anybody."),
    "verify": ("verify", "Read the evidence back and say what is wrong with it."),
}


class CommandTable(click.Group):
    """A group that loads the module of a command only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names, in order."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of a name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"watcher.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])


@click.command(
    cls=CommandTable,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="watcher", message="watcher %(version)s")
@click.option(
    "--config",
    type=click.Path(path_type=Path, file_okay=False),
    help="Configuration folder; else WATCHER_CONFIG, ./config or the one that came with watcher.",
)
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """Change tracking and alerting for people who monitor what governments say."""
    context.obj = Context(config)


def _hints(error: click.ClickException) -> list[str]:
    """What to write instead, where a mistake is a likely one."""
    if not isinstance(error, click.NoSuchOption) or error.option_name != "--config" or error.ctx is None:
        return []
    names: list[str] = []
    context = error.ctx
    while context.parent is not None:
        names.insert(0, context.info_name or "")
        context = context.parent
    return [f"It stands before the command: watcher --config FOLDER {' '.join(names)}"]


def main() -> None:
    """Run the command line. Expected errors are one line on standard error, with the exit code of their kind."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        for line in _hints(error):
            click.echo(line, err=True)
        sys.exit(error.exit_code)
    except WatcherError as error:
        click.echo(f"watcher: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(141)
