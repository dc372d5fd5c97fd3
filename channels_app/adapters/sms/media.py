"""Files that customers sent: Twilio keeps them and hands them out to its account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from channels_app import http
from channels_app.errors import SendError

if TYPE_CHECKING:
    from channels_app.adapters.sms.sending import Account

# Twilio takes 5 MB a message from a network; some networks count the encoded size.
MAX_BYTES = 8_000_000
SECONDS = 30.0
TWILIO = ".twilio.com"


def fetch_media(account: Account, url: str) -> bytes:
    """The bytes behind a MediaUrl. Raises SendError, permanent when the file is gone (410) or too
    large.

    Twilio's own hosts get our credentials, the storage they redirect to does not.
    """
    try:
        answer = http.request(
            "GET",
            url,
            auth=account.auth if _is_theirs(account, url) else None,
            max_bytes=MAX_BYTES,
            seconds=SECONDS,
        )
    except (http.TooLarge, http.ForbiddenAddress, httpx.InvalidURL) as error:
        raise SendError(str(error), permanent=True) from error
    except http.Unreachable as error:
        raise SendError("The file could not be fetched from Twilio.") from error
    if answer.status != 200:
        text = f"Twilio answered HTTP {answer.status} instead of the file."
        # 404 may pass: a webhook can be faster than the file it names.
        raise SendError(text, code=str(answer.status), permanent=answer.status == 410)
    return answer.body


def _is_theirs(account: Account, url: str) -> bool:
    host, api = httpx.URL(url), httpx.URL(account.api_base)
    same = (host.scheme, host.host, host.port) == (api.scheme, api.host, api.port)
    return same or (host.scheme == "https" and host.host.endswith(TWILIO))
