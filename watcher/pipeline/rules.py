"""The rules of a Definition are judged before they come into force: what cannot be used is refused, with its place."""

from __future__ import annotations

from watcher.errors import ConfigError
from watcher.extract.patterns import require_pattern
from watcher.extract.selectors import require_selector
from watcher.model.document import ExtractRules

MAX_RULES = 20
MAX_HEADING_CHARACTERS = 200
SELECTORS = ("select", "remove")
PATTERNS = ("keep_blocks", "remove_blocks", "remove_text")
RULE_KEYS = (*SELECTORS, *PATTERNS)


def require_rules(rules: ExtractRules) -> None:
    """ConfigError, with key and position, for a selector or pattern that cannot be used, or too many of a kind."""
    for key in RULE_KEYS:
        texts: tuple[str, ...] = getattr(rules, key)
        if len(texts) > MAX_RULES:
            raise ConfigError(f"{key}: {len(texts)} rules; the limit is {MAX_RULES}", key=key)
        if len(set(texts)) < len(texts):
            twice = next(text for text in texts if texts.count(text) > 1)
            raise ConfigError(f"{key}: {twice!r} stands there twice", key=key)
        for text in texts:
            if key in SELECTORS:
                require_selector(text, rule=key)
            else:
                require_pattern(text, rule=key)


def require_key_columns(headings: tuple[str, ...]) -> None:
    """ConfigError for headings of key columns that cannot be those of a table: blank, long, twice, or too many."""
    key = "key_columns"
    if len(headings) > MAX_RULES:
        raise ConfigError(f"{key}: {len(headings)} headings; the limit is {MAX_RULES}", key=key)
    for heading in headings:
        if not heading.strip() or len(heading) > MAX_HEADING_CHARACTERS:
            raise ConfigError(
                f"{key}: {heading[:40]!r} is no heading of a column: write it as the table shows it, "
                f"in at most {MAX_HEADING_CHARACTERS} characters",
                key=key,
            )
    folded = [" ".join(heading.split()).casefold() for heading in headings]
    if len(set(folded)) < len(folded):
        twice = next(heading for place, heading in enumerate(headings) if folded[place] in folded[:place])
        raise ConfigError(f"{key}: {twice!r} stands there twice", key=key)
