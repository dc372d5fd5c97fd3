from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels_app.adapters.whatsapp.account import Account
from channels_app.messages import Address, OutboundMessage, RawEvent, WebhookRequest
from channels_app.models import Channel
from channels_app.pretend import meta_api
from channels_app.pretend.meta import PretendMeta
from channels_app.pretend.meta_events import Person
from channels_app.pretend.server import serving

PAYLOADS = Path(__file__).parent / "payloads"
WABA = "102290129340398"
NUMBER_ID = "106540352242922"
ADA_ID = "GB.13491208655302741918"
ADA_PARENT = "GB.ENT.11815799212886844830"
ADA_PHONE = "+447700900123"
SAID_AT = datetime.fromtimestamp(1795377600, UTC)
RECEIVED_AT = datetime(2026, 11, 22, 23, tzinfo=UTC)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def names() -> list[str]:
    return sorted(path.stem for path in PAYLOADS.glob("*.json"))


def event(body: bytes | dict[str, Any]) -> RawEvent:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawEvent("webhook", raw, {"content-type": "application/json"}, "", RECEIVED_AT)


def ada(*, parent: bool = False, phone: bool = True, name: str = "Ada") -> tuple[Address, ...]:
    found = [("whatsapp_user", ADA_PARENT, WABA)] if parent else []
    found += [("whatsapp_user", ADA_ID, WABA)]
    found += [("phone", ADA_PHONE, "")] if phone else []
    return tuple(Address(kind, value, scope, name) for kind, value, scope in found)


def message(text: str = "On its way", **more: Any) -> OutboundMessage:
    said = {"reference": "42", "to": ADA_PHONE, "to_kind": "phone", "text": text}
    return OutboundMessage(**(said | more))


def webhook(
    body: bytes = b"", *headers: tuple[str, str], method: str = "POST", query: str = ""
) -> WebhookRequest:
    url = "https://desk.example/webhooks/key/" + (f"?{query}" if query else "")
    return WebhookRequest(method, url, query, headers, body)


ADA = Person(phone="447700900123", user_id=ADA_ID, name="Ada")


@pytest.fixture
def meta() -> Iterator[PretendMeta]:
    with serving(PretendMeta(pace=0.02), answering=meta_api.answer) as pretend:
        yield pretend


@pytest.fixture
def account(meta: PretendMeta) -> Account:
    return Account(NUMBER_ID, WABA, meta.access_token, "v26.0", meta.url)


@pytest.fixture
def channel(meta: PretendMeta) -> Channel:
    """Not saved: an adapter needs no database."""
    return Channel(
        kind="whatsapp",
        key="key",
        account=NUMBER_ID,
        settings={"waba_id": WABA, "api_base": meta.url, "graph_version": "v26.0"},
        secrets={
            "access_token": meta.access_token,
            "app_secret": meta.app_secret,
            "verify_token": "a-word-of-ours",
        },
    )


def eventually(holds: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    import time

    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
