"""What we send, judged by Meta's own API description: Prism serves it as a strict mock."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from channels_app.adapters.whatsapp.account import Account
from channels_app.adapters.whatsapp.sending import body, mark_read, send
from channels_app.adapters.whatsapp.templates import templates
from channels_app.errors import SendError
from channels_app.messages import OutboundFile, TemplateUse
from channels_app.pretend import meta_events as events
from channels_app.pretend.meta_events import Line, Person
from tests.channels_app.sms.test_prism import _wait_for
from tests.channels_app.whatsapp.conftest import ADA_ID, NUMBER_ID, WABA, message
from tests.oracles import PRISM
from tests.services import free_port

SPEC = Path(__file__).parents[1] / "specs" / "meta_whatsapp.json"

pytestmark = pytest.mark.oracle_prism


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    port = free_port()
    command = [str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), "--errors", str(SPEC)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def account(prism, settings) -> Account:
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]
    return Account(NUMBER_ID, WABA, "secret", "v23.0", prism)


def file(content_type: str) -> OutboundFile:
    return OutboundFile("lamp", content_type, 3, open=lambda: io.BytesIO(b"abc"))


PARTS = (
    {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.example/x"}}]},
    {"type": "body", "parameters": [{"type": "text", "text": "Ada"}]},
    {
        "type": "button",
        "sub_type": "url",
        "index": "0",
        "parameters": [{"type": "text", "text": "1042"}],
    },
)


@pytest.mark.parametrize(
    "outgoing",
    [
        message("Grüße 📦 & mehr"),
        message(to=ADA_ID, to_kind="whatsapp_user"),
        message(reply_to="wamid.HBgL"),
        message("", reply_to="wamid.HBgL", reaction="👍"),
        message("", reply_to="wamid.HBgL", reaction=""),
        message("", template=TemplateUse("hello_world", "en_US")),
        message("", template=TemplateUse("order_ready", "en_GB", PARTS[1:2])),
        message("Look", attachments=(file("image/jpeg"),)),
        message("Look", attachments=(file("video/mp4"),)),
        message("", attachments=(file("audio/ogg"),)),
        message("Look", attachments=(file("application/pdf"),)),
    ],
    ids=[
        "text",
        "user id",
        "answer",
        "reaction",
        "reaction taken back",
        "template",
        "template with values",
        "image",
        "video",
        "audio",
        "document",
    ],
)
def test_every_shape_we_send_is_accepted(account, outgoing):
    assert send(account, outgoing).external_id


def test_read_and_typing_are_accepted(account):
    mark_read(account, "wamid.HBgL", typing=False)
    mark_read(account, "wamid.HBgL", typing=True)


def test_the_list_of_templates_can_be_read(account):
    assert isinstance(templates(account), list)


@pytest.mark.parametrize(
    "damage",
    [{"recipient_type": "crowd"}, {"text": {"body": 5}}, {"type": "image", "image": {}}],
)
def test_the_mock_does_judge(account, damage):
    """A witness that accepts everything would be none."""
    said = body(account, message()) | damage
    with pytest.raises(SendError):
        account.post(f"{NUMBER_ID}/messages", said)


ADA = Person(phone="16505551234", user_id=ADA_ID, name="Ada")
LINE = Line(WABA, NUMBER_ID)
SHA = {"sha256": "OmT4nhjUhCMIPNmj7eeOZeCYjTXkLxoOv85OMCFwSuc="}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text", {"body": "Hello"}),
        ("image", {"id": "1", "mime_type": "image/jpeg", **SHA}),
        ("audio", {"id": "1", "mime_type": "audio/ogg; codecs=opus", "voice": True, **SHA}),
        ("document", {"id": "1", "mime_type": "application/pdf", "filename": "a.pdf", **SHA}),
        ("sticker", {"id": "1", "mime_type": "image/webp", "animated": False, **SHA}),
        ("location", {"latitude": 51.5, "longitude": -0.1}),
        ("reaction", {"message_id": "wamid.1", "emoji": "👍"}),
        ("button", {"text": "Yes", "payload": "yes"}),
    ],
)
def test_events_of_the_pretend_provider_are_of_their_shape(prism, kind, content):
    said = LINE.event(contacts=[ADA.contact], messages=[events.message(kind, content, sender=ADA)])
    headers = {"Authorization": "Bearer x", "User-Agent": "Meta/1.0.0"}
    answer = httpx.post(f"{prism}/whatsapp/webhooks", json=said, headers=headers)
    assert answer.status_code < 300, json.dumps(answer.json())[:2000]
