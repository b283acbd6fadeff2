"""Requests that could change something are taken only from our own pages, or from programs.

A page of another site can make a browser send a form here. Browsers say where a request comes from in `Origin` and
`Sec-Fetch-Site` (Fetch Metadata Request Headers), which no page can forge; programs send neither.
"""

from __future__ import annotations

from fastapi import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES = frozenset({"same-origin", "none"})


def refusal(request: Request) -> str:
    """Why a request is not taken, "" when it is. Safe is what only reads: GET, HEAD and OPTIONS."""
    if request.method in SAFE_METHODS:
        return ""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in OWN_SITES:
        return f"refused: the request comes from another site (Sec-Fetch-Site: {site[:40]})"
    if origin is None or origin == own_origin(request) or (origin == "null" and site == "same-origin"):
        return ""
    return f"refused: the request comes from another site (Origin: {origin[:200]})"


def is_from_our_page(request: Request) -> bool:
    """Whether a browser says that one of our own pages sent this."""
    return request.headers.get("sec-fetch-site") in OWN_SITES or request.headers.get("origin") == own_origin(request)


def own_origin(request: Request) -> str:
    """The origin under which this request reached us."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"
