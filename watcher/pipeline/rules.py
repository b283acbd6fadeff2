"""The rules of a Definition are judged before they come into force: what cannot be used is refused, with its place."""

from __future__ import annotations

from watcher.errors import ConfigError
from watcher.extract.patterns import require_pattern
from watcher.extract.selectors import require_selector
from watcher.model.document import ExtractRules

MAX_RULES = 20
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
