"""Meta's proof that a call is its own.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started: `X-Hub-Signature-256` is
`sha256=` and the HMAC of the raw body with the app secret. Meta escapes what it signs in its own
way, so only the bytes as they came can be compared.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from channels_app.errors import InvalidSignature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels_app.messages import WebhookRequest

SIGNATURE = "x-hub-signature-256"


def verify(request: WebhookRequest, *, app_secrets: Iterable[str]) -> None:
    """Raise InvalidSignature unless one of the live app secrets signed exactly this body."""
    given = request.header(SIGNATURE)
    if given is None:
        raise InvalidSignature("no single X-Hub-Signature-256 header")
    expected = [sign(request.body, secret=secret) for secret in app_secrets]
    # All are compared, so that the time does not tell which secret fits.
    if not sum(
        hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in expected
    ):
        raise InvalidSignature("the signature does not match")


def sign(body: bytes, *, secret: str) -> str:
    """The header's value for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def challenge(request: WebhookRequest, *, verify_token: str) -> bytes | None:
    """The challenge of Meta's handshake, to be answered as it came; None for anybody else's.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests
    """
    try:
        asked = parse_qs(request.query_string, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    mode, token, said = (
        asked.get(f"hub.{name}", [""]) for name in ("mode", "verify_token", "challenge")
    )
    known = hmac.compare_digest(token[0].encode(errors="replace"), verify_token.encode())
    if mode != ["subscribe"] or not (verify_token and known) or len(said) != 1:
        return None
    return said[0].encode() or None
