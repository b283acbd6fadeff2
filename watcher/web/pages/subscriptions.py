"""Subscriptions: who is told of what, how often, and when next."""

from __future__ import annotations

from fastapi import Request, Response

from watcher.store import subscriptions
from watcher.web.reply import page, rooms_of


def list_subscriptions(request: Request) -> Response:
    """All Subscriptions, those that were removed last."""
    with rooms_of(request).database.reading() as connection:
        rows = sorted(subscriptions.list_subscriptions(connection), key=lambda one: not one.active)
    return page(request, "subscriptions", section="Subscriptions", rows=rows)
