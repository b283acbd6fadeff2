"""The composition root: opens the rooms of one instance and hands them to the use cases."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from watcher import __version__
from watcher.alert.channels.smtp import SmtpChannel
from watcher.archive import create_archive, has_records, is_unused, open_archive, open_seal, read_origin
from watcher.archive.bucket import BucketPlace, BucketStorage
from watcher.archive.storage import FolderStorage, Storage
from watcher.archive.timestamps import ANSWER_TYPE, REQUEST_TYPE
from watcher.errors import ArchiveError, ConfigError, StoreError
from watcher.fetch import (
    BrowserFetcher,
    BrowserOptions,
    Door,
    Egress,
    Fetcher,
    FetchLimits,
    Proxy,
    Wire,
    networks,
    post,
    tls_context,
)
from watcher.isolation import ChildPool
from watcher.pipeline.places import require_places
from watcher.pipeline.ports import Clock, PackText, Rooms
from watcher.pipeline.recover import recover as recover_rooms
from watcher.pipeline.timestamp import MAXIMUM_ANSWER_BYTES, Authority
from watcher.pipeline.verify import VerifyTarget
from watcher.settings import Settings, load_pack_text, load_settings
from watcher.settings.secrets import resolve
from watcher.settings.service import FetchSettings
from watcher.store.database import create_database, database_exists, open_database, sqlite_path


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """One instance's settings, its configuration folder and its open rooms."""

    settings: Settings
    config: Path
    rooms: Rooms
    tls: ssl.SSLContext
    browser: BrowserFetcher

    def fetcher(self) -> Door:
        """A fetcher for one worker."""
        fetch = self.settings.fetch
        fetcher = Fetcher(
            user_agent=user_agent(fetch.contact),
            limits=limits_of(fetch),
            clock=self.rooms.clock,
            egress=egress_of(fetch),
            tls=self.tls,
            proxy=proxy_of(fetch),
        )
        return Door(fetcher, self.browser)

    def post(
        self,
        url: str,
        body: bytes,
        *,
        media_type: str,
        accept: str,
        maximum_bytes: int,
        headers: Mapping[str, str] | None = None,
        deadline_seconds: float | None = None,
    ) -> bytes:
        """The answer of a service that the settings name, asked through the door of `fetch`."""
        fetch = self.settings.fetch
        return post(
            url,
            body,
            media_type=media_type,
            accept=accept,
            user_agent=user_agent(fetch.contact),
            limits=replace(
                limits_of(fetch),
                maximum_bytes=maximum_bytes,
                deadline_seconds=deadline_seconds or fetch.deadline_seconds,
            ),
            egress=egress_of(fetch),
            tls=self.tls,
            proxy=proxy_of(fetch),
            headers=headers,
        )

    def authority(self) -> Authority | None:
        """The time stamp authority of the settings, None when there is none."""
        archive = self.settings.archive
        if not archive.timestamp_url or not archive.timestamp_certificates:
            return None
        return Authority(url=archive.timestamp_url, certificates=Path(archive.timestamp_certificates))

    def ask_authority(self, url: str, body: bytes) -> bytes:
        """What a time stamp authority answers."""
        return self.post(url, body, media_type=REQUEST_TYPE, accept=ANSWER_TYPE, maximum_bytes=MAXIMUM_ANSWER_BYTES)

    def mail(self) -> SmtpChannel | None:
        """The mail channel, None when no mail server is set."""
        smtp = self.settings.smtp
        if not smtp.host:
            return None
        return SmtpChannel(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            user=smtp.user,
            password=smtp.password,
            sender=smtp.sender,
            timeout_seconds=smtp.timeout_seconds,
        )


def utc_now() -> datetime:
    """The wall clock in UTC."""
    return datetime.now(UTC)


def limits_of(fetch: FetchSettings) -> FetchLimits:
    """The bounds of one fetch."""
    return FetchLimits(
        deadline_seconds=fetch.deadline_seconds,
        maximum_bytes=fetch.maximum_bytes,
        maximum_hops=fetch.maximum_hops,
    )


def egress_of(fetch: FetchSettings) -> Egress:
    """What may be connected to."""
    return Egress(
        intranet=networks(fetch.intranet),
        ports=frozenset(fetch.ports),
        nat64=tuple(ipaddress.IPv6Network(prefix) for prefix in fetch.nat64),
    )


def browser_of(settings: Settings, clock: Clock) -> BrowserFetcher:
    """The one browser of an instance, not started yet."""
    fetch = settings.fetch
    return BrowserFetcher(
        user_agent=user_agent(fetch.contact),
        limits=limits_of(fetch),
        clock=clock,
        egress=egress_of(fetch),
        options=BrowserOptions(**dataclasses.asdict(settings.browser)),
        wire=lambda egress: Wire(egress, proxy=proxy_of(fetch)),
    )


def proxy_of(fetch: FetchSettings) -> Proxy | None:
    """The forward proxy of the settings, None when there is none."""
    parts = urlsplit(fetch.proxy)
    if not parts.hostname or not parts.port:
        return None
    return Proxy(host=parts.hostname, port=parts.port, login=fetch.proxy_login)


def user_agent(contact: str) -> str:
    """How the fetcher introduces itself to a site."""
    return f"watcher/{__version__} ({contact})" if contact else f"watcher/{__version__}"


@contextmanager
def open_instance(
    config: Path,
    *,
    settings: Settings | None = None,
    clock: Clock = utc_now,
    create: bool = False,
    recover: bool = True,
    pack_later: bool = False,
) -> Iterator[Instance]:
    """Open the rooms of the instance that `config` describes, and close them at the end.

    With `create`, an instance that has neither database nor archive is made first. Without `recover`, what a crash
    left undone stays so: for a database that is only being made. With `pack_later`, for what reads no text, the pack
    is loaded and what is wrong with it is said when it is first asked for. ArchiveError or StoreError when one of them
    is there and cannot be read, or one is there without the other.
    """
    settings = settings or load_settings(config / "watcher.yaml")
    load = partial(load_pack_text, config, settings.classify.pack)
    pack = PackText.later(load) if pack_later else load()
    if create:
        _make_instance(settings)
    _require_both(settings)
    archive = open_archive(archive_storage(settings))
    database = open_database(settings.store.url)
    try:
        seal = open_seal(archive, settings.archive.key, now=clock()) if recover else None
    except ArchiveError:
        database.close()
        raise
    children = ChildPool(size=os.cpu_count() or 1)
    browser = browser_of(settings, clock)
    rooms = Rooms(
        database=database,
        archive=archive,
        seal=seal,
        children=children,
        pack=pack,
        clock=clock,
        name=f"{socket.gethostname()}:{os.getpid()}",
        fetcher_name=f"watcher {__version__}",
        base_url=settings.web.base_url.rstrip("/"),
        lease_seconds=settings.scheduler.lease_seconds,
        gap_seconds=settings.fetch.gap_seconds,
        secrets=lambda credentials: resolve(credentials, os.environ, settings.fetch.secrets),
        certificates=settings.fetch.certificates,
        upload_maximum_bytes=settings.uploads.maximum_bytes,
        gather_seconds=settings.scheduler.gather_seconds,
    )
    try:
        if recover:
            recover_rooms(rooms)
        yield Instance(settings=settings, config=config, rooms=rooms, tls=tls_context(), browser=browser)
    finally:
        browser.close()
        children.close()
        database.close()


@contextmanager
def open_evidence(settings: Settings) -> Iterator[VerifyTarget]:
    """Archive and database as they are, damaged or not: nothing is recovered, made or written."""
    database, problem, storage = None, "", archive_storage(settings)
    try:
        database = open_database(settings.store.url)
    except StoreError as error:
        problem = str(error)
    try:
        yield VerifyTarget(
            root=storage,
            origin=read_origin(storage),
            key_path=settings.archive.key,
            database=database,
            database_problem=problem,
        )
    finally:
        if database is not None:
            database.close()


@contextmanager
def open_trial(config: Path, *, clock: Clock = utc_now) -> Iterator[Instance]:
    """An empty instance with the settings of `config` that is gone at the end: nothing done with it is recorded."""
    settings = load_settings(config / "watcher.yaml")
    with TemporaryDirectory(prefix="watcher-") as folder:
        archive = replace(settings.archive, path=Path(folder) / "snapshots", key=Path(folder) / "archive.key")
        store = replace(settings.store, url=f"sqlite:///{folder}/watcher.db")
        own = replace(settings, archive=archive, store=store)
        with open_instance(config, settings=own, clock=clock, create=True) as instance:
            yield instance


def instance_exists(settings: Settings) -> bool:
    """Whether there is an archive or a database where the settings say, whole or not."""
    return database_exists(settings.store.url) or _has_archive(archive_storage(settings))


def archive_storage(settings: Settings) -> Storage:
    """Where the settings say that the archive lies. ConfigError when a bucket's library or its keys are missing."""
    told = settings.archive
    if not told.bucket:
        return FolderStorage(told.path)
    if not told.s3_access_key:
        raise ConfigError(
            f"the archive is {told.place}, and its keys are not set: set WATCHER_ARCHIVE__S3_ACCESS_KEY and "
            "WATCHER_ARCHIVE__S3_SECRET_KEY, or the same with _FILE at the end to the files that hold them",
            key="archive.s3_access_key",
        )
    bucket, _, prefix = told.bucket.partition("/")
    return BucketStorage(
        BucketPlace(
            bucket=bucket,
            prefix=prefix,
            endpoint=told.s3_endpoint,
            region=told.s3_region,
            access_key_id=told.s3_access_key,
            secret_access_key=told.s3_secret_key,
        )
    )


def instance_folders(settings: Settings) -> dict[str, Path]:
    """The folders of this machine that an instance writes into, by the key that names them."""
    database = sqlite_path(settings.store.url)
    return {
        **({} if settings.archive.bucket else {"archive.path": settings.archive.path}),
        **({"store.url": database.parent} if database is not None else {}),
        "archive.key": settings.archive.key.parent,
    }


def _make_instance(settings: Settings) -> None:
    """Make what a new instance lacks; what a start that was cut off made is kept if nothing was recorded in it."""
    if database_exists(settings.store.url):
        return
    storage = archive_storage(settings)
    has_archive = _has_archive(storage)
    if has_archive and not is_unused(open_archive(storage)):
        return
    require_places(instance_folders(settings))
    if not has_archive:
        create_archive(storage, origin=settings.archive.origin)
    create_database(settings.store.url)


def _has_archive(storage: Storage) -> bool:
    return storage.exists("format.json") or has_records(storage)


def _require_both(settings: Settings) -> None:
    archive, store = settings.archive.place, settings.store.url
    database = sqlite_path(store) or store
    has_archive = _has_archive(archive_storage(settings))
    has_database = database_exists(store)
    if has_archive and not has_database:
        raise StoreError(
            f"{archive} holds an archive, but its database {database} is missing. No fresh one was made: "
            "restore the database from a backup, or make it again with `watcher rebuild`."
        )
    if has_database and not has_archive:
        raise ArchiveError(
            f"the database {database} is there, but its archive {archive} is missing. No fresh one was made: "
            "restore it from a backup, or name another database for a new instance."
        )
    if not has_archive:
        raise StoreError(f"there is no instance yet: neither {database} nor {archive}. Run `watcher init`.")
