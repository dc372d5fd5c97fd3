"""Twilio's proof that a call is its own.

https://www.twilio.com/docs/usage/webhooks/webhooks-security: base64 of an HMAC over the public
URL followed by every form parameter, with SHA-1 and the auth token, or (shared keys, public
beta of September 2026) with SHA-256 and a key named in a second header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

from channels_app.errors import InvalidSignature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels_app.messages import WebhookRequest

SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
FORM = "application/x-www-form-urlencoded"
MAX_PARAMETERS = 1000
PORTS = {"http": 80, "https": 443}

Parameters = list[tuple[str, str]]


def verify(
    request: WebhookRequest, *, auth_tokens: Iterable[str], shared_keys: Iterable[tuple[str, str]]
) -> None:
    """Raise InvalidSignature unless one of the live secrets signed exactly this call.

    Twilio signs the URL as it was entered there, so it is tried with and without its port.
    """
    given = request.header(SIGNATURE)
    if given is None:
        raise InvalidSignature("no single X-Twilio-Signature header")
    algorithm, secrets = _secrets(request, auth_tokens=auth_tokens, shared_keys=shared_keys)
    parameters = _signed_parameters(request)
    expected = [
        sign(url, parameters, secret=secret, algorithm=algorithm)
        for secret in secrets
        for url in _spellings(request.url)
    ]
    # All are compared, so that the time tells nothing about which secret or spelling fits.
    if not sum(
        hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in expected
    ):
        raise InvalidSignature("the signature does not match")


def sign(url: str, parameters: Parameters, *, secret: str, algorithm: str = "sha1") -> str:
    """The signature of a call: `algorithm` is sha1 (auth token) or sha256 (shared key)."""
    text = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.new(secret.encode(), text.encode(errors="surrogateescape"), algorithm)
    return base64.b64encode(digest.digest()).decode()


def form_parameters(body: bytes) -> Parameters:
    """Every parameter of a form body, blank ones too, in order; bytes that are no UTF-8 are kept
    as surrogates. Raises ValueError on more than a thousand."""
    return parse_qsl(
        body.decode(errors="surrogateescape"),
        keep_blank_values=True,
        errors="surrogateescape",
        max_num_fields=MAX_PARAMETERS,
    )


def is_form(content_type: str | None) -> bool:
    """Whether a body of this type is read as a form, here and by the parser alike."""
    return (content_type or "").partition(";")[0].strip().lower() == FORM


def _secrets(
    request: WebhookRequest, *, auth_tokens: Iterable[str], shared_keys: Iterable[tuple[str, str]]
) -> tuple[str, list[str]]:
    if not any(name == SETTINGS for name, _ in request.headers):
        return "sha1", [token for token in auth_tokens if token]
    words = (request.header(SETTINGS) or "").split(",")
    parts = {
        name.strip(): value.strip() for name, _, value in (word.partition("=") for word in words)
    }
    if parts.get("algorithm") != "HMAC_SHA256":
        raise InvalidSignature("unknown signature algorithm")
    return "sha256", [secret for key, secret in shared_keys if key == parts.get("key") and secret]


def _signed_parameters(request: WebhookRequest) -> Parameters:
    """What is signed beside the URL. A body that is no form is covered by its digest there."""
    try:
        if is_form(request.header("content-type")):
            return form_parameters(request.body)
        claimed = parse_qs(request.query_string, max_num_fields=MAX_PARAMETERS).get("bodySHA256")
    except ValueError as error:
        raise InvalidSignature("too many parameters") from error
    if request.body and claimed != [hashlib.sha256(request.body).hexdigest()]:
        raise InvalidSignature("the body is not covered by the signature")
    return []


def _spellings(url: str) -> list[str]:
    parts = urlsplit(url)
    host, _, port = parts.netloc.rpartition(":")
    if not (host and port.isdecimal()):
        host, port = parts.netloc, str(PORTS.get(parts.scheme, 443))
    others = [urlunsplit((parts.scheme, netloc, *parts[2:])) for netloc in (host, f"{host}:{port}")]
    return list(dict.fromkeys([url, *others]))
