"""Addresses that stay: those under which a Capture, a Version, a Change, a Digest and a Source are always found."""

from __future__ import annotations

from urllib.parse import quote


def capture_url(base_url: str, sequence: int) -> str:
    """Of a Capture: its place in the ledger never changes."""
    return f"{base_url}/captures/{sequence}"


def version_url(base_url: str, version_id: str) -> str:
    """Of a Version: its id is made from the Capture, the extractor and the Definition."""
    return f"{base_url}/versions/{quote(version_id, safe='')}"


def change_url(base_url: str, change_id: str) -> str:
    """Of a Change: its id names both Versions."""
    return f"{base_url}/changes/{quote(change_id, safe='')}"


def digest_url(base_url: str, digest_id: str) -> str:
    """Of a Digest as it was sent."""
    return f"{base_url}/digests/{quote(digest_id, safe='')}"


def source_url(base_url: str, source_id: str) -> str:
    """Of a Source; it stands for the original of an Upload, which has no address of its own."""
    return f"{base_url}/sources/{quote(source_id, safe='')}"
