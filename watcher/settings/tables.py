"""One entry of a Sources file with a table of States: as many Sources as the table has rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from watcher.model.country_codes import alpha2, name_in_address
from watcher.model.subjects import all_states, name_of, subject_of
from watcher.settings.strict_yaml import Node

if TYPE_CHECKING:
    from watcher.settings.sources import SourceEntry

ALL_STATES = "all_states"
PLACES = ("iso2", "iso3", "name", "slug")
_FILLED = ("url", "title", "author", "reference")
_PLACE = re.compile(r"\{([A-Za-z0-9_]*)\}")


def expand(source_id: str, node: Node, entry: SourceEntry) -> Iterator[tuple[str, SourceEntry]]:
    """The Sources of an entry by id: itself, or "<id>-kaz" and so on for each State of its `for_each`.

    {iso3} and {iso2} are written as they stand, {ISO3} in capitals; {name} is the State's short name, {slug} what the
    table gives for it. ConfigError with the line of what is wrong.
    """
    if entry.for_each is None:
        yield source_id, entry
        return
    states = _states(entry.for_each)
    for name in _FILLED:
        for place in _PLACE.findall(getattr(entry, name)):
            if place.lower() not in PLACES:
                known = ", ".join(f"{{{each}}}" for each in PLACES)
                raise node.error(f"{source_id}: {name} holds {{{place}}}, which nothing fills; known are {known}")
    if not _PLACE.search(entry.url):
        raise node.error(f"{source_id}: url is the same for each State of for_each; write {{slug}} or {{iso3}} in it")
    for alpha3, slug in states.items():
        yield (
            f"{source_id}-{alpha3.lower()}",
            replace(
                entry,
                for_each=None,
                subjects=entry.subjects or (alpha3,),
                url=_filled(entry.url, alpha3, slug),
                title=_filled(entry.title or f"{source_id}, {{name}}", alpha3, slug),
                author=_filled(entry.author, alpha3, slug),
                reference=_filled(entry.reference, alpha3, slug),
            ),
        )


def _filled(text: str, alpha3: str, slug: str) -> str:
    values = {
        "iso2": alpha2(alpha3).lower(),
        "ISO2": alpha2(alpha3),
        "iso3": alpha3.lower(),
        "ISO3": alpha3,
        "name": name_of(alpha3),
        "slug": slug,
    }
    return _PLACE.sub(lambda found: values.get(found[1], values[found[1].lower()]), text)


def _states(node: Node) -> dict[str, str]:
    """alpha-3 → what stands in the address for it."""
    if node.value == ALL_STATES:
        return {alpha3: name_in_address(alpha3) for alpha3 in all_states()}
    if not isinstance(node.value, dict):
        raise node.error(f"for_each should be {ALL_STATES} or a mapping such as {{KAZ: kazakhstan, KOR: south-korea}}")
    found: dict[str, str] = {}
    given = node.mapping()
    base = _all_of(given[ALL_STATES]) if ALL_STATES in given else {}
    for key, child in given.items():
        if key == ALL_STATES:
            continue
        alpha3 = subject_of(key)
        if alpha3 is None:
            raise child.error(f"{key!r} is no State that is known here: write its name or its three-letter code")
        if alpha3 in found:
            raise child.error(f"{key!r} is {name_of(alpha3)}, which for_each has already")
        if not isinstance(child.value, str) or not child.value.strip():
            raise child.error(f"{key}: write what stands in the address for {name_of(alpha3)}, as text")
        found[alpha3] = child.value
    if not found and not base:
        raise node.error("for_each names no State")
    return base | found


def _all_of(node: Node) -> dict[str, str]:
    if node.value != "names":
        raise node.error(f"{ALL_STATES} should be `names`: each State has its name in the address, but for those below")
    return {alpha3: name_in_address(alpha3) for alpha3 in all_states()}
