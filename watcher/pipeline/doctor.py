"""What an instance stands on, and what an operator should do about it before it hurts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from watcher.archive import read_origin
from watcher.errors import ArchiveError, StoreError, WatcherError
from watcher.pipeline.standing import contact_problems, mail_problems, origin_problems
from watcher.store import digests, incidents, sources, subscriptions, versions
from watcher.store.database import Connection, database_exists, open_database, sqlite_path
from watcher.store.place import holders_of, log_length, mount_of, unwritable

LONG_LOG_BYTES = 100_000_000
LITTLE_SPACE_BYTES = 1_000_000_000
NO_SPACE_BYTES = 50_000_000
LATE = timedelta(hours=1)
ARCHIVE_FOLDERS = ("ledger", "payloads", "keys", "checkpoints", "temporary")
OPTIONAL_PROGRAMS = (
    (("chromium", "chromium-browser", "google-chrome"), "Sources with `browser: true` cannot be read"),
    (("tesseract",), "scans without a text layer are archived and not read"),
)


class Level(StrEnum):
    """FINE needs nothing, ODD should be looked at, BAD must be mended."""

    FINE = "fine"
    ODD = "odd"
    BAD = "bad"


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What was looked at, how it is, and what to do ("" when nothing)."""

    level: Level
    subject: str
    finding: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What the settings say that can keep mail from arriving or mislead: see `standing`."""

    smtp_host: str
    smtp_sender: str
    contact: str
    origin: str


def diagnose(
    *, database_url: str, archive: Path | None, browser: str, now: datetime, told: Told | None = None
) -> Iterator[Diagnosis]:
    """Everything that can be seen from outside, then what the database says. Nothing is changed, nothing recovered.

    `archive` is the folder of the archive, None when it lies elsewhere; `browser` the executable of the settings.
    Of the settings is said what `told` holds, nothing without it.
    """
    path = sqlite_path(database_url)
    if path is not None:
        yield _file_system(path)
        yield from _log(path)
    places = {"database": path.parent if path else None, "archive": archive}
    made = database_exists(database_url)
    for name, folder in places.items():
        if folder is not None:
            yield _space(name, folder if made else _nearest(folder))
            yield from _writing(name, folder, path if name == "database" else None)
    yield from _programs(browser)
    if told is not None:
        yield from _settings(told, archive)
    yield from _from_database(database_url, now, told)


def _settings(told: Told, archive: Path | None) -> Iterator[Diagnosis]:
    for problem in contact_problems(told.contact):
        yield Diagnosis(level=Level.ODD, subject="contact", finding=problem)
    try:
        origin = read_origin(archive) if archive is not None and (archive / "format.json").exists() else told.origin
    except ArchiveError as error:
        yield Diagnosis(level=Level.BAD, subject="archive", finding=str(error), remedy="as it says")
        return
    for problem in origin_problems(archive=origin, settings=told.origin):
        yield Diagnosis(level=Level.ODD, subject="origin", finding=problem)


def _file_system(path: Path) -> Diagnosis:
    mount = mount_of(path)
    if mount is not None and mount.is_network:
        return Diagnosis(
            level=Level.BAD,
            subject="file system",
            finding=f"the database {path} lies on {mount.type} at {mount.path}, where the locks of SQLite do not hold",
            remedy="move it to a disk of this machine (stop the service, copy data/, change store.url), "
            "or use PostgreSQL",
        )
    kind = f"{mount.type} at {mount.path}" if mount else "unknown"
    return Diagnosis(level=Level.FINE, subject="file system", finding=f"the database lies on {kind}")


def _log(path: Path) -> Iterator[Diagnosis]:
    length = log_length(path)
    if length < LONG_LOG_BYTES:
        yield Diagnosis(level=Level.FINE, subject="write-ahead log", finding=f"{length / 1e6:.1f} MB")
        return
    held = "; ".join(f"process {one.pid}: {one.command or 'unknown'}" for one in holders_of(path))
    yield Diagnosis(
        level=Level.ODD,
        subject="write-ahead log",
        finding=f"{length / 1e6:.0f} MB beside {path}: a reader keeps it from being folded in"
        + (f" ({held})" if held else ""),
        remedy="end the program that reads the database for so long; the log shrinks by itself then",
    )


def _nearest(folder: Path) -> Path:
    """The folder, or where it is going to be made."""
    return next(one for one in (folder, *folder.absolute().parents) if one.is_dir() or one == one.parent)


def _space(name: str, folder: Path) -> Diagnosis:
    subject = f"space for the {name}"
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Diagnosis(
            level=Level.BAD,
            subject=subject,
            finding=f"{folder} cannot be looked at: {error.strerror}",
            remedy="give the service's user the right to read and write it, or restore it from a backup",
        )
    level = Level.FINE if free >= LITTLE_SPACE_BYTES else Level.ODD if free >= NO_SPACE_BYTES else Level.BAD
    remedy = "" if level is Level.FINE else "free some space: capturing pauses when it is gone"
    return Diagnosis(level=level, subject=subject, finding=f"{free / 1e9:.1f} GB free at {folder}", remedy=remedy)


def _writing(name: str, folder: Path, database: Path | None) -> Iterator[Diagnosis]:
    """Whether what the service writes may be written; "" of what is not there yet."""
    if not folder.is_dir():
        return
    if database is not None:
        written = [folder, database, *(database.with_name(f"{database.name}-{end}") for end in ("wal", "shm"))]
    else:
        ledger = sorted((folder / "ledger").glob("*.jsonl"))[-1:]
        written = [folder, *(folder / name for name in ARCHIVE_FOLDERS), *ledger]
    found = unwritable(written)
    subject = f"writing the {name}"
    if found is None:
        yield Diagnosis(level=Level.FINE, subject=subject, finding=f"{folder} may be written")
        return
    place, why = found
    yield Diagnosis(
        level=Level.BAD,
        subject=subject,
        finding=f"{place} may not be written by this user ({why}): nothing can be checked or sent",
        remedy=f"give the service's user the right to write there; `ls -ld {place}` and `lsattr -d {place}` say more",
    )


def _programs(browser: str) -> Iterator[Diagnosis]:
    for names, without in OPTIONAL_PROGRAMS:
        wanted = (browser,) if browser and "chromium" in names else names
        found = next((path for name in wanted if (path := shutil.which(name))), None)
        yield Diagnosis(
            level=Level.FINE if found else Level.ODD,
            subject=names[0],
            finding=found or f"not installed: {without}",
            remedy="" if found else f"install it if that matters: apt-get install {names[0]}",
        )


def _from_database(url: str, now: datetime, told: Told | None) -> Iterator[Diagnosis]:
    if not database_exists(url):
        yield _judged("database", "there is none yet", "run `watcher init`", level=Level.BAD)
        return
    try:
        database = open_database(url)
    except StoreError as error:
        yield Diagnosis(level=Level.BAD, subject="database", finding=str(error), remedy="as it says")
        return
    try:
        with database.reading() as connection:
            yield from _facts(connection, now, told)
    except WatcherError as error:
        yield Diagnosis(level=Level.BAD, subject="database", finding=str(error), remedy="as it says")
    finally:
        database.close()


def _facts(connection: Connection, now: datetime, told: Told | None) -> Iterator[Diagnosis]:
    every = sources.list_sources(connection)
    late = [one for one in every if one.next_check_at is not None and one.next_check_at < now - LATE]
    yield _judged(
        "checks",
        f"{len(late)} of {len(every)} Sources are more than an hour late",
        "start the service (`watcher serve`) or look at its log",
        level=Level.ODD if late else Level.FINE,
    )
    newest = max((one.last_capture_at for one in every if one.last_capture_at is not None), default=None)
    if newest is not None and newest > now + LATE:
        yield _judged(
            "clock",
            f"the newest Capture is of {newest:%-d %B %Y, %H:%M} UTC, and it is {now:%-d %B %Y, %H:%M} now",
            "set the clock of this machine: every date that is recorded comes from it",
            level=Level.BAD,
        )
    found = incidents.open_incidents(connection)
    yield _judged(
        "evidence",
        f"{len(found)} open incidents" + (f", the first: {found[0].message}" if found else ""),
        "run `watcher verify`: it names each with its remedy",
        level=Level.BAD if found else Level.FINE,
    )
    held = versions.held_versions(connection)
    yield _judged(
        "held",
        f"{len(held)} Sources show something else than their document"
        + (f", the first: {held[0].source_id}" if held else ""),
        "`watcher status` names them with the reason and what to do",
        level=Level.ODD if held else Level.FINE,
    )
    active = sum(one.active for one in subscriptions.list_subscriptions(connection))
    problems = mail_problems(host=told.smtp_host, sender=told.smtp_sender, active=active) if told else []
    for problem in problems:
        yield Diagnosis(level=Level.ODD, subject="mail", finding=problem)
    if told is not None and not told.smtp_host:
        return
    unsent = digests.count_unsent(connection)
    yield _judged(
        "mail",
        f"{unsent} messages are not sent",
        "the page names them under Digests; look at smtp in config/watcher.yaml",
        level=Level.ODD if unsent else Level.FINE,
    )


def _judged(subject: str, finding: str, remedy: str, *, level: Level) -> Diagnosis:
    return Diagnosis(level=level, subject=subject, finding=finding, remedy=remedy if level is not Level.FINE else "")
