"""The door for providers: what it answers, and that an answer of 204 means stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DataError, OperationalError, connection
from twilio.request_validator import RequestValidator

from channels_app import journal
from channels_app.adapters.whatsapp.signing import sign
from channels_app.models import Channel, InboundEvent
from inbox import webhooks
from inbox.drains import drain

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "12345"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[InboundEvent]:
    """What was handed on; nobody works."""
    events: list[InboundEvent] = []
    monkeypatch.setattr(drain, "take", events.extend)
    monkeypatch.setattr(drain, "ring", lambda: None)
    return events


@pytest.fixture(autouse=True)
async def _fresh(taken: list[InboundEvent]) -> AsyncIterator[None]:
    webhooks._channels.clear()
    yield
    webhooks.writer.stop()
    await sync_to_async(_close)()


@pytest.fixture
def line(transactional_db: None) -> Channel:
    return Channel.objects.create(
        kind="sms",
        name="SMS",
        account="+15005550006",
        settings={"provider": "twilio", "account_sid": "AC" + "0" * 32, "number": "+15005550006"},
        secrets={"auth_token": TOKEN},
    )


def sms(sid: str = "SM1", text: str = "Hello") -> dict[str, str]:
    return {
        "MessageSid": sid.ljust(34, "0"),
        "AccountSid": "AC" + "0" * 32,
        "From": "+447700900123",
        "To": "+15005550006",
        "Body": text,
        "NumMedia": "0",
    }


def signature(channel: Channel, params: dict[str, str], query: str = "") -> str:
    signed: str = RequestValidator(TOKEN).compute_signature(channel.webhook_url + query, params)
    return signed


async def post(path: str, body: bytes, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=webhooks.door)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    async with httpx.AsyncClient(transport=transport, base_url=settings.PUBLIC_URL) as client:
        return await client.post(path, content=body, headers=kind | headers)


async def call(channel: Channel, params: dict[str, str], signed: str | None = None) -> int:
    signed = signature(channel, params) if signed is None else signed
    body = urlencode(params).encode()
    path = f"/webhooks/{channel.key}/"
    return (await post(path, body, **{"x-twilio-signature": signed})).status_code


async def stored() -> int:
    return await InboundEvent.objects.acount()


async def test_a_signed_event_is_stored_as_it_came(
    line: Channel, taken: list[InboundEvent]
) -> None:
    assert await call(line, sms()) == 204
    event = await InboundEvent.objects.aget()
    assert bytes(event.body or b"") == urlencode(sms()).encode()
    assert (event.state, event.source, event.attempts) == ("received", "webhook", 1)
    assert taken == [event]


async def test_in_a_backlog_an_event_is_stored_free_and_waits_its_turn(
    line: Channel, taken: list[InboundEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(drain), "has_time", False)
    assert await call(line, sms()) == 204
    event = await InboundEvent.objects.aget()
    assert (event.attempts, event.leased_until, taken) == (0, None, [])


async def test_an_unsigned_event_is_refused_and_not_stored(line: Channel) -> None:
    assert await call(line, sms(), signed="") == 403
    assert await call(line, sms(), signed=signature(line, sms(text="Other"))) == 403
    assert await stored() == 0


async def test_an_unknown_channel_is_not_found(line: Channel) -> None:
    assert (await post("/webhooks/nobody/", b"")).status_code == 404
    assert (await post("/webhooks//", b"")).status_code == 404
    assert (await post(f"/webhooks/{line.key}/more/", b"")).status_code == 404


async def test_an_inactive_channel_is_not_found(line: Channel) -> None:
    await Channel.objects.aupdate(is_active=False)
    assert await call(line, sms()) == 404


async def test_only_posts_are_taken(line: Channel) -> None:
    transport = httpx.ASGITransport(app=webhooks.door)
    async with httpx.AsyncClient(transport=transport, base_url=settings.PUBLIC_URL) as client:
        assert (await client.get(f"/webhooks/{line.key}/")).status_code == 405


@pytest.fixture
def whatsapp(transactional_db: None) -> Channel:
    secrets = {"app_secret": "secret", "verify_token": "word"}
    return Channel.objects.create(kind="whatsapp", name="WhatsApp", account="1", secrets=secrets)


@pytest.mark.parametrize(
    ("token", "status", "body"), [("word", 200, "<b>1158</b>"), ("other", 403, ""), ("", 403, "")]
)
async def test_a_handshake_is_answered_in_plain_text(
    whatsapp: Channel, token: str, status: int, body: str
) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "<b>1158</b>"}
    transport = httpx.ASGITransport(app=webhooks.door)
    async with httpx.AsyncClient(transport=transport, base_url=settings.PUBLIC_URL) as client:
        answer = await client.get(f"/webhooks/{whatsapp.key}/", params=asked)
    assert (answer.status_code, answer.text) == (status, body)
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert await stored() == 0


async def test_a_provider_that_asks_for_200_gets_it(whatsapp: Channel) -> None:
    signed = {"x-hub-signature-256": sign(b"{}", secret="secret")}
    assert (await post(f"/webhooks/{whatsapp.key}/", b"{}", **signed)).status_code == 200
    assert await stored() == 1


async def test_a_body_too_large_is_refused_and_not_stored(line: Channel) -> None:
    path = f"/webhooks/{line.key}/"
    assert (await post(path, b"x" * (webhooks.MAX_BODY + 1))).status_code == 413
    assert await stored() == 0


async def test_a_size_that_lies_is_found_out(line: Channel) -> None:
    async def endless() -> Any:
        for _ in range(webhooks.MAX_BODY // 65536 + 2):
            yield b"x" * 65536

    transport = httpx.ASGITransport(app=webhooks.door)
    async with httpx.AsyncClient(transport=transport, base_url=settings.PUBLIC_URL) as client:
        response = await client.post(f"/webhooks/{line.key}/", content=endless())
    assert response.status_code == 413


async def test_the_same_event_again_is_no_second_row(line: Channel) -> None:
    assert [await call(line, sms()) for _ in range(3)] == [204] * 3
    assert await stored() == 1


async def test_a_signature_over_the_query_counts(line: Channel) -> None:
    signed = signature(line, sms(), "?a=1")
    path = f"/webhooks/{line.key}/?a=1"
    body = urlencode(sms()).encode()
    assert (await post(path, body, **{"x-twilio-signature": signed})).status_code == 204


async def test_what_could_not_be_stored_is_not_acknowledged(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(events: object) -> None:
        raise OperationalError("no database")

    monkeypatch.setattr(journal, "store_claimed", away)
    assert await call(line, sms()) == 503


async def test_one_bad_event_costs_its_group_nothing(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = journal.store_claimed

    def picky(events: list[InboundEvent]) -> list[InboundEvent]:
        if any(b"bad" in bytes(event.body or b"") for event in events):
            raise DataError("bad")
        return store(events)

    monkeypatch.setattr(journal, "store_claimed", picky)
    fine = webhooks._Waiting(*await _waiting(line, "fine"))
    bad = webhooks._Waiting(*await _waiting(line, "bad"))
    await sync_to_async(_store_together)([bad, fine])
    await fine.stored
    with pytest.raises(DataError):
        await bad.stored
    assert await stored() == 1


async def test_a_database_that_is_away_is_asked_once_for_a_whole_group(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away(events: list[InboundEvent]) -> None:
        asked.append(len(events))
        raise OperationalError("no database")

    monkeypatch.setattr(journal, "store_claimed", away)
    group = [webhooks._Waiting(*await _waiting(line, text)) for text in ("one", "two")]
    await sync_to_async(_store_together)(group)
    for waiting in group:
        with pytest.raises(OperationalError):
            await waiting.stored
    assert asked == [2]


def _close() -> None:
    connection.close()


def _store_together(group: list[Any]) -> None:
    webhooks.writer._store(group)
    connection.close()


async def _waiting(line: Channel, text: str) -> Any:
    event = InboundEvent(channel=line, source="webhook", content_key=text, body=text.encode())
    return event, asyncio.get_running_loop()
