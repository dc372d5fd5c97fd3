from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channels_app.adapters.sms.sending import Account
from channels_app.messages import OutboundMessage, WebhookRequest
from channels_app.models import Channel
from channels_app.pretend.server import serving
from channels_app.pretend.twilio import PretendTwilio

PAYLOADS = Path(__file__).parent / "payloads"
NUMBER = "+15005550006"
ADA = "+14155550123"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def twilio() -> Iterator[PretendTwilio]:
    with serving(PretendTwilio(pace=0.02)) as pretend:
        pretend.book.own(NUMBER, sms_url="http://127.0.0.1:9/webhooks/key/")
        yield pretend


@pytest.fixture
def account(twilio: PretendTwilio) -> Account:
    return Account(twilio.account_sid, twilio.auth_token, NUMBER, "", twilio.url)


@pytest.fixture
def channel(twilio: PretendTwilio) -> Channel:
    """Not saved: an adapter needs no database."""
    return Channel(
        kind="sms",
        key="key",
        account=NUMBER,
        settings={"account_sid": twilio.account_sid, "api_base": twilio.url},
        secrets={"auth_token": twilio.auth_token},
    )


def message(text: str = "On its way", **more: object) -> OutboundMessage:
    return OutboundMessage(reference="1", to=ADA, text=text, **more)  # type: ignore[arg-type]


def webhook(
    body: bytes | str,
    *,
    signature: str | None = None,
    url: str = "https://desk.example/webhooks/key/",
    headers: tuple[tuple[str, str], ...] = (),
    content_type: str | None = FORM,
) -> WebhookRequest:
    given = [] if content_type is None else [("content-type", content_type)]
    given += [] if signature is None else [("x-twilio-signature", signature)]
    return WebhookRequest(
        method="POST",
        url=url,
        query_string=url.partition("?")[2],
        headers=(*given, *headers),
        body=body.encode() if isinstance(body, str) else body,
    )


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.form").read_bytes()


def eventually(holds: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    import time

    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
