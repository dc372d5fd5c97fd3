"""The adapter as the desk uses it, against the pretend provider."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels_app.adapters import adapter_class
from channels_app.adapters.sms.twilio import TwilioAdapter
from channels_app.errors import InvalidSignature
from channels_app.messages import Attempt, DeliveryUpdate, RawEvent, WebhookRequest
from channels_app.pretend.twilio import PretendTwilio
from tests.channels_app.sms.conftest import ADA, NUMBER, eventually, message
from tests.channels_app.wire import Wire, ok, wire


def calls(desk: Wire) -> list[WebhookRequest]:
    """What the desk was called with, as its door hands it on."""
    return [_request(desk, raw) for raw in desk.seen]


def _request(desk: Wire, raw: bytes) -> WebhookRequest:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    method, path, _ = first.split(" ")
    query = path.partition("?")[2]
    headers = tuple((name.lower(), value) for name, _, value in pairs)
    return WebhookRequest(method, desk.url + path, query, headers, body)


def event(request: WebhookRequest) -> RawEvent:
    now = datetime.now(UTC)
    return RawEvent("webhook", request.body, dict(request.headers), request.query_string, now)


def test_it_is_the_adapter_of_text_messages():
    assert adapter_class("sms") is TwilioAdapter


def test_a_customers_message_comes_in_proven_and_whole(twilio, channel):
    with wire(ok()) as desk:
        received = twilio.receive(" Hi 📦 ", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/?a=b")
        (request,) = calls(desk)
    assert received.status == 200
    channel.adapter.verify(request)
    (inbound,) = channel.adapter.parse(event(request))
    assert (inbound.text, inbound.external_id) == (" Hi 📦 ", received.sms.sid)
    assert (inbound.account, inbound.sender[0].value) == (NUMBER, ADA)


def test_a_call_by_shared_key_is_proven(channel):
    twilio = PretendTwilio(shared_key=("k2", "other"))
    channel.secrets["signing_keys"] = "k1:one,k2:other"
    with wire(ok()) as desk:
        twilio.receive("Hi", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/")
        (request,) = calls(desk)
    twilio.stop()
    channel.adapter.verify(request)
    channel.secrets["signing_keys"] = "k1:one"
    with pytest.raises(InvalidSignature):
        channel.adapter.verify(request)


def test_a_call_of_another_account_is_refused(channel):
    stranger = PretendTwilio()
    with wire(ok()) as desk:
        stranger.receive("Hi", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/")
        (request,) = calls(desk)
    stranger.stop()
    with pytest.raises(InvalidSignature):
        channel.adapter.verify(request)


def test_while_the_token_changes_both_are_trusted(twilio, channel):
    channel.secrets["auth_token"] = f"next,{twilio.auth_token}"
    with wire(ok()) as desk:
        twilio.receive("Hi", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/")
        channel.adapter.verify(calls(desk)[0])


def test_each_call_has_a_key_of_its_own(twilio, channel):
    with wire(ok()) as desk:
        twilio.receive("Hi", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/")
        twilio.receive("Hi", sender=ADA, to=NUMBER, url=f"{desk.url}/hooks/")
        keys = {channel.adapter.event_key(request) for request in calls(desk)}
    assert len(keys) == 2
    assert all(keys)
    bare = WebhookRequest("POST", "http://x/", "", (), b"")
    assert channel.adapter.event_key(bare) == ""


def test_what_becomes_of_a_message_is_reported_under_its_id(twilio, channel):
    with wire(ok()) as desk:
        receipt = channel.adapter.send(message(status_url=f"{desk.url}/hooks/"))
        assert eventually(lambda: len(desk.seen) == 2)
        requests = calls(desk)
    for request in requests:
        channel.adapter.verify(request)
    updates = [item for request in requests for item in channel.adapter.parse(event(request))]
    assert all(isinstance(item, DeliveryUpdate) for item in updates)
    assert [(item.external_id, item.status) for item in updates] == [
        (receipt.external_id, "sent"),
        (receipt.external_id, "delivered"),
    ]


def test_a_lost_message_is_found_and_a_file_is_fetched(twilio, channel):
    tried = Attempt(message(), datetime.now(UTC))
    receipt = channel.adapter.send(tried.message)
    assert channel.adapter.reconcile(tried).external_id == receipt.external_id
    file = twilio.book.keep(b"x", content_type="image/png")
    assert channel.adapter.fetch_media(f"{twilio.url}/stored/{file.sid}") == b"x"


def test_it_counts_what_is_paid_for(channel):
    assert [channel.adapter.segments(text) for text in ("", "a", "a" * 161)] == [0, 1, 2]


def test_the_check_speaks_of_the_channels_own_address(twilio, channel):
    twilio.book.own(NUMBER, sms_url=channel.webhook_url)
    results = {result.label: result.ok for result in channel.adapter.check()}
    assert results["Webhook address"]
