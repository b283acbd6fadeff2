"""watcher verify, watcher key."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from watcher.archive import open_archive, open_seal
from watcher.archive.findings import EXPLAINED, Finding, FindingCode
from watcher.archive.keys import ledger_keys, rotate_key
from watcher.archive.notes import NoteError, PublicKey, parse_vkey
from watcher.bootstrap import archive_storage, open_evidence, utc_now
from watcher.cli.context import Context, json_option, pass_context, print_json, safe
from watcher.cli.groups import Group
from watcher.errors import ConfigError
from watcher.model.source import parse_cadence
from watcher.pipeline.verify import (
    PROOF,
    Level,
    VerifyPlan,
    VerifyReport,
    record_verification,
    reopen,
    report_facts,
    verify,
)
from watcher.settings import load_settings
from watcher.settings.service import Settings

STATE_FILE = "verify.json"
SHOWN_PER_CODE = 20


@click.command("verify")
@click.option("--level", type=click.Choice([level.value for level in Level]), default="full", show_default=True)
@click.option("--against", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A checkpoint elsewhere.")
@click.option("--key", "vkey", help="The public key that you trust, as `watcher key show` told it.")
@click.option("--sample", default="100%", help="The share of the Payloads to read, such as 1%.")
@click.option("--seed", help="Draws the sample; else the moment of the start.")
@click.option("--max-duration", help="Stop reading Payloads after this time, such as 30m; --resume goes on.")
@click.option("--resume", is_flag=True, help="Go on where the last run stopped.")
@json_option
@pass_context
def verify_command(
    context: Context,
    level: str,
    against: Path | None,
    vkey: str | None,
    sample: str,
    seed: str | None,
    max_duration: str | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Read ledger, checkpoints, rows and Payloads back and say what is wrong with them.

    `--level quick` looks whether Payloads are there, without reading them. `--against` takes a checkpoint that was
    kept elsewhere: a .note file, or the text of a Digest. Exit 0: nothing is wrong; 1: something is; 2: a part
    could not be checked.
    """
    settings = load_settings(context.config / "watcher.yaml")
    state = settings.archive.key.parent / STATE_FILE
    plan = VerifyPlan(
        level=Level(level),
        seed=seed or utc_now().isoformat(),
        share=_share(sample),
        maximum_seconds=parse_cadence(max_duration) if max_duration else None,
        against=_read_note(against) if against is not None else "",
        key=_public_key(vkey) if vkey else None,
    )
    plan = _resumed(plan, state) if resume else plan
    with open_evidence(settings) as target, _bars() as bars:
        report = verify(target, plan, now=utc_now(), progress=bars.show)
    is_recorded = _keep(settings, state, report)
    if as_json:
        print_json({**report_facts(report), "recorded": is_recorded})
    else:
        _tell(report, is_recorded=is_recorded)
    raise SystemExit(report.exit_code)


@click.group(cls=Group)
def key() -> None:
    """Show or exchange the key that signs the checkpoints."""


@key.command("show")
@pass_context
def show_key(context: Context) -> None:
    """Print the public keys, newest last. Keep them elsewhere: `watcher verify --key` compares with them."""
    settings = load_settings(context.config / "watcher.yaml")
    archive = open_archive(archive_storage(settings))
    for known in ledger_keys(archive.storage, origin=archive.origin):
        click.echo(known.public.vkey)
        click.echo(f"  since record {known.sequence}{'; ' + known.problem if known.problem else ''}", err=True)


@key.command("rotate")
@click.option("--lost", is_flag=True, help="The present key is lost: go on without its signature.")
@pass_context
def rotate(context: Context, lost: bool) -> None:
    """Make a new key. The present one signs that it follows; what it signed stays valid."""
    settings = load_settings(context.config / "watcher.yaml")
    archive = open_archive(archive_storage(settings))
    if not lost:
        open_seal(archive, settings.archive.key, now=utc_now()).checkpoint()
    public = rotate_key(archive, settings.archive.key, now=utc_now(), lost=lost)
    click.echo(public.vkey)
    click.echo(f"the private key is in {settings.archive.key}: copy it to where the other keys are kept", err=True)


class _Bars:
    """Progress on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, part: str, done: int, whole: int) -> None:
        """How far a part is."""
        if part not in self._tasks:
            self._tasks[part] = self._progress.add_task(part, total=whole)
        self._progress.update(self._tasks[part], completed=done, total=whole)


def _bars() -> _Bars:
    return _Bars()


def _tell(report: VerifyReport, *, is_recorded: bool) -> None:
    click.echo(f"ledger    {report.size} records, {report.covered} of them under a checkpoint")
    click.echo(f"          proof {PROOF['ledger']}")
    click.echo(f"rows      {report.rows} compared with their records")
    click.echo(f"          proof {PROOF['rows']}")
    verb = "read" if report.level is Level.FULL else "looked for"
    sampled = f", a sample drawn by the seed {report.seed}" if report.share < 1 else ""
    click.echo(f"payloads  {report.payloads} of {report.payloads_named} {verb}{sampled}")
    click.echo(f"          proof {PROOF['payloads']}")
    if report.against_size is not None:
        click.echo(f"against   a checkpoint over {report.against_size} records that was kept elsewhere")
        click.echo(f"          proof {PROOF['against']}")
    for note in report.notes:
        click.echo(f"note      {safe(note)}")
    for part in report.not_checked:
        click.echo(f"not checked: {safe(part)}", err=True)
    for name, number in report.counts.items():
        code = FindingCode(name)
        click.echo(f"\n{name} ({number}): {EXPLAINED[code].meaning}")
        shown = [finding for finding in report.findings if finding.code is code][:SHOWN_PER_CODE]
        for finding in shown:
            click.echo(f"  {safe(finding.target)}: {safe(finding.message)}")
        if number > len(shown):
            click.echo(f"  and {number - len(shown)} more; --json lists them")
        click.echo(f"  do: {EXPLAINED[code].remedy}")
    if report.after:
        click.echo("not finished: `watcher verify --resume` reads the other Payloads")
    elif report.exit_code == 0:
        click.echo("nothing is wrong")
    if not is_recorded and report.complete:
        click.echo("the verification could not be recorded: the ledger is not writable as it is", err=True)


def _keep(settings: Settings, state: Path, report: VerifyReport) -> bool:
    """Leave a state file for --resume, or the record of a complete run."""
    if report.after:
        found = [asdict(one) for one in report.findings if one.code.value.startswith("payload_")]
        facts = {"level": report.level, "seed": report.seed, "share": report.share, "after": report.after}
        state.parent.mkdir(parents=True, exist_ok=True)
        state.write_text(json.dumps({**facts, "found": found}))
        return False
    state.unlink(missing_ok=True)
    archive = reopen(archive_storage(settings)) if report.complete else None
    if archive is None or archive.size() < report.size:
        return False
    record_verification(archive, report, now=utc_now())
    return True


def _resumed(plan: VerifyPlan, state: Path) -> VerifyPlan:
    """The plan of the run that left the state file, from where it stopped."""
    try:
        begun = json.loads(state.read_text())
        return replace(
            plan,
            level=Level(begun["level"]),
            seed=str(begun["seed"]),
            share=float(begun["share"]),
            after=str(begun["after"]),
            found=tuple(
                Finding(code=FindingCode(one["code"]), target=str(one["target"]), message=str(one["message"]))
                for one in begun["found"]
            ),
        )
    except FileNotFoundError as error:
        raise ConfigError(f"there is nothing to resume: {state} is not there", key="--resume") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{state} cannot be read: delete it and begin anew", key="--resume") from error


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise ConfigError(f"--sample {text!r} should be a percentage over 0, at most 100%, such as 1%", key="--sample")
    return share


def _read_note(path: Path) -> str:
    """The text of a file; of a saved mail, its plain part."""
    raw = path.read_bytes()
    if path.suffix.lower() != ".eml":
        return raw.decode("utf-8", "replace")
    import email
    import email.policy

    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def _public_key(vkey: str) -> PublicKey:
    try:
        return parse_vkey(vkey.strip())
    except NoteError as error:
        raise ConfigError(f"--key {error}", key="--key") from error


COMMANDS = {"verify": verify_command, "key": key}
