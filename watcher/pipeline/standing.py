"""What an instance's settings let it do, in one wording for every place that tells it. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

DEFAULT_SENDER = "watcher@localhost"
NO_HOST = "smtp.host is empty"
SET_HOST = "Set smtp.host in config/watcher.yaml; Digests wait on the page until then."


def message_id(name: str, *, base_url: str) -> str:
    """The Message-ID (RFC 5322, 3.6.4) of a message of that name: on its right the host of the page it links to."""
    host = urlsplit(base_url).hostname or "watcher.invalid"
    return f"<{name}@{f'[{host}]' if ':' in host else host}>"


def mail_problems(*, host: str, sender: str, active: int) -> list[str]:
    """Why nothing, or nothing that arrives, is sent to `active` Subscriptions; [] when mail is set."""
    if not host:
        several = f"{active} Subscription{'' if active == 1 else 's'}"
        return [f"{several}, but {NO_HOST}; nothing is sent. {SET_HOST}"] if active else []
    if sender == DEFAULT_SENDER:
        told = (
            f"smtp.sender is {DEFAULT_SENDER}: most mail servers refuse or hide such mail. "
            "Set an address of your own domain."
        )
        return [told]
    return []


def contact_problems(contact: str) -> list[str]:
    """That nobody can write to who runs this, [] when somebody is named."""
    if contact.strip():
        return []
    told = (
        "fetch.contact is empty: the keeper of a site who wonders who asks for its pages cannot write to you and may "
        "block you. Set an address or a page."
    )
    return [told]


def link_problems(*, base_url: str, served_at: str, settings: str = "config/watcher.yaml") -> list[str]:
    """That links lead elsewhere than to the page that is served at `served_at`; [] when they lead to it.

    `settings` is the file in which that is said.
    A base_url that is no address of this machine is that of a proxy or tunnel in front, and is believed.
    """
    links, served = urlsplit(base_url), urlsplit(served_at)
    if _is_loopback(links.hostname or "") and _port(base_url) != served.port:
        told = (
            f"links in mails and citations begin with {base_url}, but the page is served at {served_at}: they lead "
            f"nowhere. Set web.base_url and web.port in {settings}"
        )
        return [told]
    return []


def origin_problems(*, archive: str, settings: str) -> list[str]:
    """That the archive has another name than the settings say; [] when they agree."""
    if archive == settings:
        return []
    told = (
        f"archive.origin is {settings} in config/watcher.yaml, but this archive was made as {archive} and keeps that "
        f"name: write {archive} there, or begin a new archive for another name"
    )
    return [told]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or {"https": 443}.get(parts.scheme, 80)
