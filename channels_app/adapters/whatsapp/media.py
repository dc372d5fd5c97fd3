"""Files that customers sent: Meta keeps them for seven days and hands them out to the account.

https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media. A file has an id; the
address to fetch it from is asked for each time, since it holds for five minutes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from channels_app import http
from channels_app.adapters.whatsapp.errors import refused
from channels_app.adapters.whatsapp.reading import load, word
from channels_app.errors import SendError, UnreadablePayload

if TYPE_CHECKING:
    from channels_app.adapters.whatsapp.account import Account

MAX_BYTES = 105_000_000
SECONDS = 45.0
SCHEME = "whatsapp-media"
GONE = frozenset({"100", "131052"})


def reference(media_id: str, *, sha256: str) -> str:
    """What a file of Meta's is known by until it was fetched."""
    return f"{SCHEME}:{media_id}?{urlencode({'sha256': sha256})}"


def fetch_media(account: Account, url: str) -> bytes:
    """The bytes of a file. Raises SendError, permanent when it is gone or too large.

    Bytes that are not those Meta announced are refused and asked for again.
    """
    parts = urlsplit(url)
    if parts.scheme != SCHEME or not parts.path.isalnum():
        raise SendError("This is no file of WhatsApp's.", permanent=True)
    found = _found(account, parts.path)
    if found.size > MAX_BYTES:
        raise SendError(f"The file has {found.size} bytes, too many to keep.", permanent=True)
    content = _download(account, found.address)
    announced = parse_qs(parts.query).get("sha256", [""])[0], found.sha256
    if not all(_is(content, one) for one in announced if one):
        raise SendError("The file is not the one that WhatsApp announced.", code="sha256")
    return content


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a file is now, and what it is said to be there."""

    address: str
    size: int
    sha256: str


def _found(account: Account, media_id: str) -> _Found:
    try:
        answer = account.get(media_id, phone_number_id=account.phone_number_id)
    except http.ForbiddenAddress as error:
        raise SendError(str(error), permanent=True) from error
    except http.Unreachable as error:
        raise SendError("WhatsApp did not say where the file is.") from error
    if answer.status != 200:
        raise _as_final(refused(answer))
    try:
        said = load(answer.body)
        found = _Found(word(said, "url"), int(said.get("file_size") or 0), word(said, "sha256"))
    except (UnreadablePayload, ValueError, TypeError) as error:
        raise SendError("WhatsApp did not say where the file is.") from error
    if not found.address:
        raise SendError("WhatsApp did not say where the file is.")
    return found


def _as_final(error: SendError) -> SendError:
    """A file that is gone stays gone; anything else may pass, a wrong token too."""
    error.permanent = error.code in GONE
    return error


def _download(account: Account, address: str) -> bytes:
    try:
        answer = http.request(
            "GET",
            address,
            headers=account.headers if account.is_theirs(address) else None,
            max_bytes=MAX_BYTES,
            seconds=SECONDS,
        )
    except (http.TooLarge, http.ForbiddenAddress, httpx.InvalidURL) as error:
        raise SendError(str(error), permanent=True) from error
    except http.Unreachable as error:
        raise SendError("The file could not be fetched from WhatsApp.") from error
    if answer.status != 200:
        # 404 and 410 too: the address holds for five minutes, the next try asks for a new one.
        text = f"WhatsApp answered HTTP {answer.status} instead of the file."
        raise SendError(text, code=str(answer.status))
    return answer.body


def _is(content: bytes, announced: str) -> bool:
    """Whether this is the digest of the content: base64 in webhooks, hex in the API."""
    digest = hashlib.sha256(content)
    return announced == digest.hexdigest() or _decoded(announced) == digest.digest()


def _decoded(announced: str) -> bytes:
    try:
        return base64.b64decode(announced + "=" * (-len(announced) % 4))
    except ValueError:
        return b""
