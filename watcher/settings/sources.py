"""config/sources/*.yaml → Definitions. A misspelled key stops the whole set; a bad value only its own Source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from watcher.errors import ConfigError, RefusedError
from watcher.model.collection import (
    LARGEST_MOST_DOCUMENTS,
    MOST_DOCUMENTS,
    CollectionRules,
    ItemPart,
)
from watcher.model.instruments import INSTRUMENTS, instrument_of
from watcher.model.source import (
    Credentials,
    Definition,
    SourceKind,
    origin_of,
    parse_cadence,
    require_http_url,
    slug,
)
from watcher.model.subjects import subject_of
from watcher.pipeline.rules import require_key_columns, require_rules
from watcher.pipeline.secrets import require_own_origin, require_protected
from watcher.pipeline.trust import require_ca_file
from watcher.settings.secrets import read_credentials, require_known_keys
from watcher.settings.strict_yaml import Node, build, raise_all, read_yaml
from watcher.settings.tables import expand


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceProblem:
    """A Source that cannot be registered, with where it stands and why."""

    source_id: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionEntry:
    """The rules of a Collection as a file writes them; cadences such as 6h, "" for that of the list."""

    link_pattern: str = ""
    title_pattern: str = ""
    subject_from: str = ItemPart.NONE.value
    year_from: str = ItemPart.LINK_TEXT.value
    same_origin: bool = True
    most_documents: int = MOST_DOCUMENTS
    every: str = ""
    withdrawn_every: str = "7d"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceEntry:
    """A Source as a file writes it."""

    url: str = ""
    kind: str = "page"
    title: str = ""
    publisher: str = ""
    author: str = ""
    reference: str = ""
    addressee: str = ""
    language: str = ""
    provenance: str = ""
    subjects: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    every: str = "6h"
    select: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    keep_blocks: tuple[str, ...] = ()
    remove_blocks: tuple[str, ...] = ()
    remove_text: tuple[str, ...] = ()
    key_columns: tuple[str, ...] = ()
    fetch_despite_robots: str = ""
    browser: bool = False
    credentials: Node | None = None
    ca_file: str = ""
    follow_to_http: bool = False
    paused: bool = False
    disabled: bool = False
    collection: CollectionEntry | None = None
    for_each: Node | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisteredSource:
    """A Source as a file describes it. `entry_id` is the key in the file: that of all Sources of a table.

    `disabled` says that it is registered only when a person switches it on.
    """

    source_id: str
    definition: Definition
    paused: bool
    entry_id: str = ""
    disabled: bool = False


def load_sources(path: Path, *, intranet: Sequence[str] = ()) -> tuple[list[RegisteredSource], list[SourceProblem]]:
    """All Sources of a file or of the *.yaml files of a folder, and those that cannot be registered.

    `intranet` are the networks of the house, where credentials may be sent over http.
    ConfigError (nothing should be applied) for unreadable files, unknown keys, wrong types and double ids.
    """
    files = sorted(path.glob("*.yaml")) + sorted(path.glob("*.yml")) if path.is_dir() else [path]
    entries: dict[str, tuple[Node, SourceEntry]] = {}
    wrong: list[ConfigError] = []
    for file in files:
        for source_id, node in _listed(read_yaml(file)).items():
            if source_id in entries:
                first = entries[source_id][0]
                raise node.error(f"the Source {source_id!r} is also defined in {first.file} on line {first.line}")
            try:
                entry = build(SourceEntry, node)
                if entry.credentials is not None:
                    require_known_keys(entry.credentials)
            except ConfigError as error:
                wrong.append(error)
            else:
                entries[source_id] = (node, entry)
    raise_all(wrong)
    registered: list[RegisteredSource] = []
    problems: list[SourceProblem] = []
    for entry_id, (node, entry) in entries.items():
        try:
            found = list(_sources(entry_id, node, entry, intranet))
            _require_own_names(found, entries, entry_id, node)
        except (ConfigError, RefusedError) as error:
            placed = isinstance(error, ConfigError) and error.file is not None
            where = "" if placed else f"{node.file}:{node.line}: "
            problems.append(SourceProblem(source_id=entry_id, message=f"{where}{error}"))
        else:
            registered += found
    return registered, problems


def _sources(entry_id: str, node: Node, entry: SourceEntry, intranet: Sequence[str]) -> Iterator[RegisteredSource]:
    for source_id, one in expand(entry_id, node, entry):
        yield RegisteredSource(
            source_id=source_id,
            definition=_definition(source_id, one, intranet),
            paused=one.paused,
            entry_id=entry_id,
            disabled=one.disabled,
        )


def _require_own_names(
    found: Sequence[RegisteredSource], entries: Mapping[str, object], entry_id: str, node: Node
) -> None:
    """A name that a table gives must not be another entry's."""
    for source in found:
        if source.source_id != entry_id and source.source_id in entries:
            raise node.error(f"{entry_id}: its table makes a Source {source.source_id!r}, which is an entry of its own")


def _listed(root: Node) -> dict[str, Node]:
    top = root.mapping()
    for key, child in top.items():
        if key != "sources" and isinstance(child.value, dict) and "url" in child.value:
            raise child.error(
                f"{key!r} looks like a Source: put a line `sources:` above the Sources of this file and indent them"
            )
        if key != "sources":
            raise child.error(f"unknown key {key!r}; did you mean 'sources'?")
    return top["sources"].mapping() if "sources" in top else {}


def _definition(source_id: str, entry: SourceEntry, intranet: Sequence[str]) -> Definition:
    if slug(source_id) != source_id:
        raise ConfigError(
            f"the name {source_id!r} should be lower-case words joined with hyphens, as {slug(source_id)!r}"
        )
    if entry.kind not in tuple(SourceKind):
        raise ConfigError(f"kind should be one of {', '.join(SourceKind)}, not {entry.kind!r}")
    kind = SourceKind.COLLECTION if entry.collection is not None else SourceKind(entry.kind)
    if kind is SourceKind.COLLECTION and (entry.collection is None or entry.kind == SourceKind.UPLOAD):
        raise ConfigError("a collection has an address, and its rules below the key `collection`")
    if kind is SourceKind.UPLOAD and entry.url:
        raise ConfigError("an upload has no url")
    if kind is SourceKind.UPLOAD and (entry.browser or entry.credentials is not None):
        raise ConfigError("an upload is never fetched: it has neither browser nor credentials")
    if kind is SourceKind.UPLOAD and (entry.ca_file or entry.follow_to_http):
        raise ConfigError("an upload is never fetched: it has neither ca_file nor follow_to_http")
    url = "" if kind is SourceKind.UPLOAD else require_open_url(entry.url)
    definition = Definition(
        url=url,
        kind=kind,
        title=entry.title or source_id,
        publisher=entry.publisher,
        subjects=tuple(resolve_subject(name) for name in entry.subjects),
        instruments=tuple(resolve_instrument(name) for name in entry.instruments),
        every_seconds=parse_cadence(entry.every),
        select=entry.select,
        remove=entry.remove,
        keep_blocks=entry.keep_blocks,
        remove_blocks=entry.remove_blocks,
        remove_text=entry.remove_text,
        key_columns=entry.key_columns,
        fetch_despite_robots=entry.fetch_despite_robots,
        browser=entry.browser,
        credentials=_credentials(entry.credentials, url, intranet),
        ca_file=entry.ca_file,
        follow_to_http=entry.follow_to_http,
        author=entry.author,
        reference=entry.reference,
        addressee=entry.addressee,
        language=entry.language,
        provenance=entry.provenance,
        collection=collection_rules(entry.collection) if entry.collection is not None else None,
    )
    require_ca_file(definition)
    require_rules(definition.rules)
    require_key_columns(definition.key_columns)
    return definition


def collection_rules(entry: CollectionEntry) -> CollectionRules:
    """The rules of a Collection. ConfigError says which of them cannot be used."""
    from watcher.extract.listing import compile_pattern  # loads the extractors, which most questions do without

    if not entry.link_pattern and not entry.title_pattern:
        raise ConfigError(
            "a collection needs link_pattern or title_pattern: without them each link of its page would be a Source"
        )
    for key in ("link_pattern", "title_pattern"):
        compile_pattern(getattr(entry, key), key=key)
    for key, part in (("subject_from", entry.subject_from), ("year_from", entry.year_from)):
        if part not in tuple(ItemPart):
            raise ConfigError(f"{key} should be one of {', '.join(ItemPart)}, not {part!r}")
    if not 1 <= entry.most_documents <= LARGEST_MOST_DOCUMENTS:
        raise ConfigError(f"most_documents should be from 1 to {LARGEST_MOST_DOCUMENTS}, not {entry.most_documents}")
    return CollectionRules(
        link_pattern=entry.link_pattern,
        title_pattern=entry.title_pattern,
        subject_from=ItemPart(entry.subject_from),
        year_from=ItemPart(entry.year_from),
        same_origin=entry.same_origin,
        most_documents=entry.most_documents,
        every_seconds=parse_cadence(entry.every) if entry.every else 0,
        withdrawn_every_seconds=parse_cadence(entry.withdrawn_every),
    )


def _credentials(node: Node | None, url: str, intranet: Sequence[str]) -> Credentials | None:
    if node is None:
        return None
    credentials = read_credentials(node)
    try:
        require_own_origin(credentials, url)
        require_protected(credentials, intranet)
    except RefusedError as error:
        raise node.error(str(error)) from error
    return credentials


def require_open_url(url: str) -> str:
    """An http or https URL that holds no user name and password: these would be printed wherever the address is."""
    address = require_http_url(url)
    parts = urlsplit(address)
    if "@" in parts.netloc:
        raise RefusedError(
            f"the address at {origin_of(address)} holds a user name or password, which would be shown wherever the "
            "address is: leave it out and name it in credentials"
        )
    return address


def resolve_instrument(name: str) -> str:
    """The code of an Instrument given by code or name; ConfigError lists those that are known."""
    found = instrument_of(name)
    if found is None:
        known = ", ".join(instrument.code for instrument in INSTRUMENTS)
        raise ConfigError(f"{name!r} is no treaty that is known here; known are {known}")
    return found


def resolve_subject(name: str) -> str:
    """The ISO 3166-1 alpha-3 code of a State given by code or name; ConfigError when there is no such State."""
    found = subject_of(name)
    if found is None:
        raise ConfigError(
            f"{name!r} is no State that is known here: write its name or its three-letter code, such as KAZ"
        )
    return found
