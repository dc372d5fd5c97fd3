"""The pretend Meta: a partner that keeps Meta's rules and lets things go wrong on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from channels_app.adapters.whatsapp.parsing import parse
from channels_app.adapters.whatsapp.signing import SIGNATURE, verify
from channels_app.messages import DeliveryUpdate, InboundMessage, WebhookRequest
from channels_app.pretend import meta_api
from channels_app.pretend.meta import PretendMeta
from channels_app.pretend.meta_events import Person
from channels_app.pretend.server import serving
from tests.channels_app.whatsapp.conftest import event, eventually
from tests.channels_app.wire import Wire, ok, wire

ADA = Person(phone="447700900123", user_id="GB.1", name="Ada")
TEXT = {"messaging_product": "whatsapp", "to": ADA.phone, "type": "text", "text": {"body": "Hi"}}
TEMPLATE = {
    "name": "hello",
    "language": "en",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [{"type": "BODY", "text": "Hello {{1}}"}],
}


@pytest.fixture
def desk() -> Iterator[Wire]:
    with wire(ok()) as server:
        yield server


@pytest.fixture
def meta(desk: Wire) -> Iterator[PretendMeta]:
    with serving(PretendMeta(pace=0.01), answering=meta_api.answer) as pretend:
        pretend.webhook = f"{desk.url}/webhooks/key/"
        pretend.book.put_template(TEMPLATE)
        yield pretend


def post(meta: PretendMeta, said: dict, *, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or meta.access_token}"}
    url = f"{meta.url}/v26.0/{meta.line.phone_number_id}/messages"
    return httpx.post(url, json=said, headers=headers)


def heard(desk: Wire, meta: PretendMeta) -> list:
    """What the desk was told, each call's signature checked."""
    found = []
    for call in desk.seen:
        head, _, body = call.partition(b"\r\n\r\n")
        lines = [line.decode().partition(": ") for line in head.split(b"\r\n")[1:]]
        headers = tuple((name.lower(), value) for name, _, value in lines)
        request = WebhookRequest("POST", "", "", headers, body)
        assert request.header(SIGNATURE)
        verify(request, app_secrets=[meta.app_secret])
        found += parse(event(body))
    return found


def statuses(desk: Wire, meta: PretendMeta) -> list[str]:
    found = [one for one in heard(desk, meta) if isinstance(one, DeliveryUpdate)]
    return [one.error_code or one.status for one in found]


def test_a_customer_s_message_is_told_signed(desk, meta):
    message_id, status = meta.say(ADA, "text", {"body": "Grüße"})
    assert status == 200
    (message,) = heard(desk, meta)
    assert isinstance(message, InboundMessage)
    assert (message.external_id, message.text) == (message_id, "Grüße")


def test_inside_the_window_a_text_is_delivered_and_read(desk, meta):
    meta.say(ADA, "text", {"body": "Hello"})
    post(meta, TEXT | {"biz_opaque_callback_data": "42"})
    assert eventually(lambda: statuses(desk, meta) == ["sent", "delivered"])
    meta.read(ADA)
    assert statuses(desk, meta) == ["sent", "delivered", "read"]
    assert {one.reference for one in heard(desk, meta)[1:]} == {"42"}


@pytest.mark.parametrize("opened", ["never", "too long ago"])
def test_outside_of_it_a_text_fails_later_and_a_template_does_not(desk, meta, opened):
    if opened == "too long ago":
        meta.window = -1.0
        meta.say(ADA, "text", {"body": "Hello"})
    assert post(meta, TEXT).status_code == 200
    assert eventually(lambda: statuses(desk, meta) == ["131047"])
    parameter = {"type": "text", "text": "Ada"}
    template = {
        "name": "hello",
        "language": {"code": "en"},
        "components": [{"type": "body", "parameters": [parameter]}],
    }
    post(meta, {**TEXT, "type": "template", "template": template})
    assert eventually(lambda: statuses(desk, meta) == ["131047", "sent", "delivered"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"messaging_product": "x"}, 100),
        ({"to": ""}, 131008),
        ({"type": "carrier pigeon"}, 131009),
        ({"text": {"body": ""}}, 100),
        ({"text": {"body": "x" * 4097}}, 100),
        ({"type": "image", "image": {"id": "none"}}, 131053),
        ({"type": "reaction", "reaction": {"message_id": "none", "emoji": "x"}}, 131009),
        ({"type": "template", "template": {"name": "none", "language": {"code": "en"}}}, 132001),
        ({"type": "template", "template": {"name": "hello", "language": {"code": "de"}}}, 132001),
        ({"type": "template", "template": {"name": "hello", "language": {"code": "en"}}}, 132000),
    ],
)
def test_what_meta_refuses_is_refused_with_its_code(meta, change, code):
    answer = post(meta, TEXT | change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert meta.accepted == []


@pytest.mark.parametrize(("status", "code"), [("PAUSED", 132015), ("DISABLED", 132016)])
def test_a_template_can_lose_its_approval(desk, meta, status, code):
    meta.judge_template(TEMPLATE, event=status)
    (told,) = heard(desk, meta)
    assert (told.name, told.status) == ("hello", status)
    use = {"type": "template", "template": {"name": "hello", "language": {"code": "en"}}}
    assert post(meta, TEXT | use).json()["error"]["code"] == code


def test_strangers_hear_nothing(meta):
    assert post(meta, TEXT, token="another").json()["error"]["code"] == 190
    url = f"{meta.url}/v26.0/999/messages"
    headers = {"Authorization": f"Bearer {meta.access_token}"}
    assert httpx.post(url, json=TEXT, headers=headers).json()["error"]["code"] == 33


def test_statuses_come_often_and_in_any_order_when_told_to(desk, meta):
    meta.say(ADA, "text", {"body": "Hello"})
    meta.faults.shuffles, meta.faults.callback_copies, meta.pace = True, 3, 0.3
    post(meta, TEXT)
    assert eventually(lambda: len(statuses(desk, meta)) == 6)
    assert statuses(desk, meta) == ["delivered"] * 3 + ["sent"] * 3


def test_somebody_unreachable_is_reported_later(desk, meta):
    meta.say(ADA, "text", {"body": "Hello"})
    meta.faults.undelivered[ADA.phone] = 131026
    post(meta, TEXT)
    assert eventually(lambda: statuses(desk, meta) == ["131026"])


def test_the_handshake_is_asked_for_before_anything_is_told(meta):
    def echo(connection) -> None:
        query = meta_requests[-1]
        connection.sendall(ok(query))

    meta_requests = [b"wrong"]
    with wire(echo) as server:
        assert not meta.subscribe(f"{server.url}/webhooks/key/", verify_token="word")
        assert meta.webhook != f"{server.url}/webhooks/key/"


def test_the_phone_and_its_pages_are_remembered(tmp_path):
    path = tmp_path / "meta.sqlite3"
    with serving(PretendMeta(path=path), answering=meta_api.answer) as first:
        first.webhook = "http://127.0.0.1:9/"
        first.say(ADA, "text", {"body": "Hello"})
    with serving(PretendMeta(path=path, access_token="t"), answering=meta_api.answer) as second:
        headers = {"Authorization": "Bearer t"}
        shown = httpx.get(f"{second.url}/pretend/phone?person=GB.1", headers=headers).json()
    assert [one["said"]["text"]["body"] for one in shown["messages"]] == ["Hello"]
    json.dumps(shown)
