"""The settings of the service: code default < config/watcher.yaml < environment < command-line option."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watcher.errors import ConfigError
from watcher.settings.packs import require_folder
from watcher.settings.secrets import VARIABLE_PREFIX
from watcher.settings.strict_yaml import Node, build, read_yaml, unknown_key

ENVIRONMENT_PREFIX = "WATCHER_"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveSettings:
    """Where the evidence lies. `origin` names the archive in its checkpoints, `key` is the file that signs them.

    `path` is a folder, or a bucket of S3-compatible storage: `s3://bucket/prefix`, at the address `s3_endpoint`
    (Amazon's when empty) in `s3_region`. Its keys come from WATCHER_ARCHIVE__S3_ACCESS_KEY and
    WATCHER_ARCHIVE__S3_SECRET_KEY or the files that …_FILE names, never from YAML.
    `timestamp_url` is an RFC 3161 time stamp authority, `timestamp_certificates` the PEM file that it is trusted by.
    """

    path: Path = Path("snapshots")
    origin: str = "watcher.local/archive"
    key: Path = Path("data/archive.key")
    timestamp_url: str = ""
    timestamp_certificates: str = ""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key: str = field(default="", repr=False)
    s3_secret_key: str = field(default="", repr=False)

    @property
    def bucket(self) -> str:
        """Bucket and prefix where `path` names one ("bucket/prefix"), "" for a folder."""
        scheme, *rest = self.path.parts or ("",)
        return "/".join(rest) if scheme == "s3:" else ""

    @property
    def place(self) -> str:
        """Where the archive is, for a person."""
        return f"s3://{self.bucket}" if self.bucket else str(self.path.resolve())


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreSettings:
    """The database's address, SQLAlchemy style."""

    url: str = "sqlite:///data/watcher.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchSettings:
    """Limits of one fetch, and what may be connected to.

    `gap_seconds` pass between two requests of different Sources to one host, more when its robots.txt asks for it.
    `contact` is where a site's keeper can complain; it goes into the User-Agent. `intranet` lists networks of the
    house ("10.1.0.0/16") that may be fetched from although they are private; `ports` are those that pages are
    served on; `nat64` the prefixes through which this network reaches IPv4. `secrets` is the folder whose files the
    credentials of a Source can name, `certificates` the one whose PEM files its `ca_file` can name. `proxy`
    ("http://host:port") is a forward proxy that all connections go through. Its login, "user:password", comes from
    WATCHER_FETCH__PROXY_LOGIN or the file that WATCHER_FETCH__PROXY_LOGIN_FILE names, never from YAML.
    """

    contact: str = ""
    deadline_seconds: float = 60.0
    maximum_bytes: int = 50_000_000
    maximum_hops: int = 8
    gap_seconds: float = 0.5
    intranet: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    nat64: tuple[str, ...] = ()
    secrets: Path = Path("/run/secrets")
    certificates: Path = Path("config/certificates")
    proxy: str = ""
    proxy_login: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulerSettings:
    """How often due work is looked for, and how many pages are fetched at once (one a host at any time).

    `gather_seconds` is how long an immediate Subscription waits for further Sources of a host with an edit that it was
    told already; 0 tells each at once. Critical Changes never wait.
    """

    tick_seconds: float = 5.0
    workers: int = 64
    lease_seconds: int = 300
    gather_seconds: int = 21_600


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """The mail server. `host` "" keeps digests on the web page only. `security` is none, starttls or tls.
    `operator` is the address that is told when evidence is found missing or damaged.

    The password comes from WATCHER_SMTP__PASSWORD or the file that WATCHER_SMTP__PASSWORD_FILE names, never from YAML.
    """

    host: str = ""
    port: int = 25
    security: str = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "watcher@localhost"
    operator: str = ""
    timeout_seconds: float = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSettings:
    """Where the page is served. Without accounts it is bound to loopback only. `base_url` is used for links in mail."""

    host: str = "127.0.0.1"
    port: int = 8080
    base_url: str = "http://127.0.0.1:8080"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassifySettings:
    """Which indicator pack judges Changes: the name of a file in config/indicators/ without its ending."""

    pack: str = "mine_action"


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserSettings:
    """How pages are read whose text is written by scripts (`browser: true` in their Definition).

    `executable` is Chromium's path, "" for the first found on PATH. A page that still moves `settle_seconds` after it
    was loaded is taken as it is. Screenshots are cut at `screenshot_maximum_height` pixels and left out over
    `screenshot_maximum_bytes`. A browser that needs more than `maximum_memory_bytes` is ended; one that has read
    `maximum_fetches` pages is renewed, and one that had nothing to do for `idle_seconds` is closed.
    """

    executable: str = ""
    settle_seconds: float = 15.0
    screenshot_maximum_height: int = 8000
    screenshot_maximum_bytes: int = 8_000_000
    maximum_memory_bytes: int = 2_000_000_000
    maximum_fetches: int = 50
    idle_seconds: float = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionSettings:
    """After how many days `watcher retention --apply` deletes bytes that are no Snapshot; 0 keeps them for good.

    `partial_days` is for the bytes of failed attempts, `screenshot_days` for pictures that no Change rests on.
    """

    partial_days: int = 0
    screenshot_days: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadSettings:
    """Documents that people hand in. One that is larger than `maximum_bytes` is refused."""

    maximum_bytes: int = 50_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class OpinionSettings:
    """A second opinion of a language model on Changes; none is asked while `url` is "".

    `url` is the address of an OpenAI-compatible interface up to its version ("https://llm.example.org/v1"), `model` the
    name that it is asked for. `key` comes from WATCHER_OPINION__KEY or WATCHER_OPINION__KEY_FILE only.
    """

    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    deadline_seconds: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything an instance can be told, one section a room."""

    archive: ArchiveSettings = ArchiveSettings()
    store: StoreSettings = StoreSettings()
    fetch: FetchSettings = FetchSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    smtp: SmtpSettings = SmtpSettings()
    web: WebSettings = WebSettings()
    classify: ClassifySettings = ClassifySettings()
    browser: BrowserSettings = BrowserSettings()
    retention: RetentionSettings = RetentionSettings()
    uploads: UploadSettings = UploadSettings()
    opinion: OpinionSettings = OpinionSettings()


SECRETS = frozenset(
    {
        ("archive", "s3_access_key"),
        ("archive", "s3_secret_key"),
        ("smtp", "password"),
        ("fetch", "proxy_login"),
        ("opinion", "key"),
    }
)


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from a YAML file (defaults where it is absent) and the environment. ConfigError says what is wrong."""
    require_folder(path.parent, environment)
    settings = build(Settings, read_yaml(path)) if path.exists() else Settings()
    for section, key in SECRETS:
        if getattr(getattr(settings, section), key):
            raise ConfigError(
                f"{section}.{key} is a secret and does not belong in a file: "
                f"set {ENVIRONMENT_PREFIX}{section.upper()}__{key.upper()} or …_FILE instead",
                file=str(path),
                key=f"{section}.{key}",
            )
    settings = _with_environment(settings, environment)
    _validate(settings, str(path))
    return settings


def _with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    sections = {section.name: getattr(settings, section.name) for section in dataclasses.fields(settings)}
    for name, raw in sorted(environment.items()):
        if not name.startswith(ENVIRONMENT_PREFIX) or "__" not in name or name.startswith(VARIABLE_PREFIX):
            continue
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        node = Node(value=raw, file=f"environment variable {name}", line=0, path=name)
        if section not in sections:
            raise unknown_key(node, section, sections)
        if key.endswith("_file") and (section, key.removesuffix("_file")) in SECRETS:
            key, node = key.removesuffix("_file"), _file_node(name, raw)
        known = {part.name: part.type for part in dataclasses.fields(sections[section])}
        if key not in known:
            raise unknown_key(node, key, known)
        value = _from_text(getattr(sections[section], key), node)
        sections[section] = dataclasses.replace(sections[section], **{key: value})
    return Settings(**sections)


def _file_node(name: str, path: str) -> Node:
    try:
        content = Path(path).read_text().strip()
    except OSError as error:
        raise ConfigError(f"{name} names {path}, which cannot be read: {error.strerror}", key=name) from error
    return Node(value=content, file=f"environment variable {name}", line=0, path=name)


def _from_text(default: Any, node: Node) -> Any:
    """A value of the default's type; lists are written with commas."""
    try:
        if isinstance(default, tuple):
            kind = int if default and isinstance(default[0], int) else str
            return tuple(kind(part.strip()) for part in node.value.split(",") if part.strip())
        return type(default)(node.value)
    except ValueError as error:
        raise ConfigError(f"{node.path} should be a number, not {node.value!r}", key=node.path) from error


def _validate(settings: Settings, file: str) -> None:
    checks = (
        (settings.smtp.security in ("none", "starttls", "tls"), "smtp.security", "should be none, starttls or tls"),
        (
            settings.archive.origin.isprintable() and settings.archive.origin.strip() != "",
            "archive.origin",
            "should be one line, such as example.org/archive",
        ),
        (
            not settings.smtp.operator or re.fullmatch(r"[^\s@]+@[^\s@]+", settings.smtp.operator) is not None,
            "smtp.operator",
            "should be one e-mail address, such as desk@example.org",
        ),
        (
            settings.archive.path.parts[:1] != ("s3:",) or bool(settings.archive.bucket),
            "archive.path",
            "should name a bucket, such as s3://evidence/watcher",
        ),
        (
            re.fullmatch(r"(https?://[^\s/@?#]+/?)?", settings.archive.s3_endpoint) is not None,
            "archive.s3_endpoint",
            "should be an address such as https://storage.example.org, with neither path nor login",
        ),
        (
            bool(settings.archive.s3_access_key) == bool(settings.archive.s3_secret_key),
            "archive.s3_access_key",
            "and archive.s3_secret_key go together: set both or neither",
        ),
        (0 < settings.web.port < 65536, "web.port", "should be a port between 1 and 65535"),
        (
            _is_page_address(settings.web.base_url),
            "web.base_url",
            "should be the address that links begin with, such as https://watcher.example.org, without login or query",
        ),
        (0 < settings.smtp.port < 65536, "smtp.port", "should be a port between 1 and 65535"),
        (settings.fetch.contact.isprintable(), "fetch.contact", "should be one line without control characters"),
        (0 <= settings.fetch.gap_seconds <= 3600, "fetch.gap_seconds", "should be from 0 to 3600"),
        (0 < settings.browser.settle_seconds <= 300, "browser.settle_seconds", "should be over 0, at most 300"),
        (
            1 <= settings.browser.screenshot_maximum_height <= 16000,
            "browser.screenshot_maximum_height",
            "should be from 1 to 16000 pixels",
        ),
        (settings.browser.maximum_fetches >= 1, "browser.maximum_fetches", "should be 1 or more"),
        (
            settings.browser.maximum_memory_bytes >= 500_000_000,
            "browser.maximum_memory_bytes",
            "should be 500000000 or more: an empty page takes half of that",
        ),
        (settings.retention.partial_days >= 0, "retention.partial_days", "should be 0 (for good) or more"),
        (settings.retention.screenshot_days >= 0, "retention.screenshot_days", "should be 0 (for good) or more"),
        (
            1 <= settings.uploads.maximum_bytes <= 500_000_000,
            "uploads.maximum_bytes",
            "should be from 1 to 500000000: a document is held in memory while it is read",
        ),
        (not settings.opinion.url or settings.opinion.model != "", "opinion.model", "should name a model"),
        (0 < settings.opinion.deadline_seconds <= 600, "opinion.deadline_seconds", "should be over 0, at most 600"),
        (settings.scheduler.tick_seconds > 0, "scheduler.tick_seconds", "should be more than 0"),
        (1 <= settings.scheduler.workers <= 256, "scheduler.workers", "should be from 1 to 256"),
        (
            0 <= settings.scheduler.gather_seconds <= 604_800,
            "scheduler.gather_seconds",
            "should be from 0 (repetitions of an edit are told at once) to 604800 (a week)",
        ),
        (
            settings.scheduler.lease_seconds > settings.fetch.deadline_seconds,
            "scheduler.lease_seconds",
            "should be longer than fetch.deadline_seconds, or a slow fetch is taken over while it runs",
        ),
    )
    for key, texts in (("fetch.intranet", settings.fetch.intranet), ("fetch.nat64", settings.fetch.nat64)):
        for text in texts:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                raise ConfigError(f"{key}: {text!r} is no network such as 10.1.0.0/16: {error}", file=file) from error
    for holds, key, message in checks:
        if not holds:
            raise ConfigError(f"{key} {message}", file=file, key=key)
    if settings.fetch.proxy:
        _validate_proxy(settings.fetch, file)


def _is_page_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return sound and url.isprintable() and not any(character in url for character in "@?# ")


def _validate_proxy(fetch: FetchSettings, file: str) -> None:
    """The address is not repeated in the message: there may be a password in it."""
    key = "fetch.proxy"
    try:
        parts = urlsplit(fetch.proxy)
        whole = parts.scheme == "http" and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        whole = False
    if whole and "@" in parts.netloc:
        message = (
            f"{key} holds a login, a secret: set {ENVIRONMENT_PREFIX}FETCH__PROXY_LOGIN or …_FILE to user:password"
        )
        raise ConfigError(message, file=file, key=key)
    if not whole or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"{key} should be written as http://host:port and nothing more", file=file, key=key)
    if fetch.proxy_login and ":" not in fetch.proxy_login:
        raise ConfigError("fetch.proxy_login should be user:password", file=file, key="fetch.proxy_login")
