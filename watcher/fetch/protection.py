"""Redirects from https to http: what is lost on the way, and how it is told."""

from __future__ import annotations

from urllib.parse import urlsplit

from watcher.errors import FetchError
from watcher.fetch.failures import without_login
from watcher.model.capture import Outcome


def leaves_protection(url: str, target: str) -> bool:
    """Whether everybody on the way could read and change what was protected until now."""
    return (urlsplit(url).scheme, urlsplit(target).scheme) == ("https", "http")


def protection_denial(url: str, target: str) -> FetchError:
    """The failure of a Source that does not allow it."""
    message = (
        f"{url} leads to {without_login(target)}: from a protected to an unprotected address is not followed. "
        "If this Source may be read unprotected, set follow_to_http: true"
    )
    return FetchError(message, outcome=Outcome.DENIED, transient=False)


def protection_note(target: str) -> str:
    """What is recorded where a Source allows it."""
    shown = without_login(target)
    return f"Redirected from a protected to an unprotected address ({shown}), as this Source allows."
