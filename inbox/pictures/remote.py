"""Pictures that lie elsewhere, fetched by us so that their owner does not learn who looks."""

from __future__ import annotations

import hashlib

from channels_app import http
from inbox.pictures.redraw import LARGE, reencoded, remembered

MAX_BYTES = 5_000_000
SECONDS = 10.0


def of_address(url: str) -> bytes | None:
    """The picture at this address, redrawn; None when the address is not public, does not
    answer within 10 s, or answers anything but a picture of at most 5 MB."""
    return remembered(f"at:{hashlib.sha256(url.encode()).hexdigest()}", lambda: _fetch(url))


def _fetch(url: str) -> bytes | None:
    try:
        answer = http.request(
            "GET", url, headers={"Accept": "image/*"}, max_bytes=MAX_BYTES, seconds=SECONDS
        )
    except (http.ForbiddenAddress, http.Unreachable):
        return None
    return reencoded(answer.body, max_edge=LARGE) if answer.status == 200 else None
