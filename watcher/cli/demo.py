"""watcher demo."""

from __future__ import annotations

import email
import email.policy
import logging
import shlex
import sys
import tempfile
from pathlib import Path

import click
import structlog
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from watcher.cli.words import change_words
from watcher.errors import ConfigError
from watcher.model.capture import Capture, Outcome
from watcher.model.change import Change, Severity

COLOURS = {Severity.NOISE: "dim", Severity.MINOR: "cyan", Severity.MAJOR: "yellow", Severity.CRITICAL: "bold red"}


@click.command()
@click.option(
    "--workspace", type=click.Path(path_type=Path), help="Folder to make it in; a new temporary one if left out."
)
def demo(workspace: Path | None) -> None:
    """Show the whole pipe in half a minute: a local site changes, a digest arrives.

    The real service runs, sped up, against a small site and a mail sink on this machine. What it makes
    stays in the workspace; the last line says how to serve it.
    """
    from watcher.demo.site import states
    from watcher.demo.story import Teller, tell

    if workspace is not None and workspace.exists() and any(workspace.iterdir()):
        raise ConfigError(f"{workspace} is not empty; name a new folder", key="workspace")
    root = (workspace or Path(tempfile.mkdtemp(prefix="watcher-demo-"))).resolve()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"workspace  {root}")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("starting", total=states())

        def show_state(state: int, what: str) -> None:
            progress.update(bar, completed=state - 1, description=f"state {state}")
            console.rule(f"state {state} of the site: {what}", align="left")

        told = tell(
            root,
            Teller(
                state=show_state,
                capture=lambda capture: show_capture(console, capture),
                change=lambda change: show_change(console, change),
                message=lambda path: console.print(f"  [green]mail[/]     {path.name}: {escape(subject_of(path))}"),
                served=lambda address: console.print(f"page       {address}   (while this runs)"),
            ),
        )
        progress.update(bar, completed=states())
    console.rule("the last digest, as text", align="left")
    console.print(told.digest_text, markup=False)
    console.rule("what there is now", align="left")
    console.print(
        f"{told.captures} Captures, {len(told.changes)} Changes, {len(told.messages)} messages in {root / 'mail'}"
    )
    console.print("Serve what this made, and read it in a browser:")
    program = "watcher" if sys.argv[0].endswith("__main__.py") else sys.argv[0]
    console.print(f"  {shlex.join([program, '--config', str(told.config), 'serve', '--no-checks'])}", markup=False)


def show_capture(console: Console, capture: Capture) -> None:
    """One line for a Capture that says more than "same as before"."""
    if capture.outcome in (Outcome.SAME, Outcome.NOT_MODIFIED):
        return
    outcome = str(capture.outcome).replace("_", " ") + (f": {capture.error}" if capture.error else "")
    console.print(f"  capture  {capture.source_id}: {outcome} (Capture {capture.sequence})", markup=False)


def show_change(console: Console, change: Change) -> None:
    """A Change in colour, as the severity asks for."""
    colour = COLOURS[change.judgement.severity]
    first, *rest = change_words(change)
    console.print(f"  [{colour}]change   {escape(change.source_id)}: {escape(first)}[/]")
    for line in rest:
        console.print(f"  [{colour}]       {escape(line)}[/]")


def subject_of(path: Path) -> str:
    """The subject line of a mail, unfolded."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    return " ".join(str(message["Subject"]).split())


COMMANDS = {"demo": demo}
