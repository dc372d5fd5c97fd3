"""Templates in place of the reply box, and sounds in their bubbles."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from channels_app.models import Channel, MessageTemplate
from inbox.models import Attachment, ContactPoint, Message
from tests.flows.whatsapping import LINE, says

pytestmark = pytest.mark.django_db

BODY = {
    "type": "BODY",
    "text": "Hello {{1}}, order {{2}} <is> ready.",
    "example": {"body_text": [["Ada", "1042"]]},
}


@pytest.fixture
def whatsapp(db: None) -> Channel:
    return Channel.objects.create(
        kind="whatsapp",
        name="WhatsApp",
        account=LINE.phone_number_id,
        settings={"waba_id": LINE.waba_id},
        secrets={"app_secret": "secret", "access_token": "t", "verify_token": "w"},
    )


@pytest.fixture
def message(whatsapp: Channel) -> Message:
    for name, status in (("order_ready", "APPROVED"), ("spring_sale", "PAUSED")):
        MessageTemplate.objects.create(
            channel=whatsapp, name=name, language="en", status=status, components=[BODY]
        )
    return says(whatsapp, "Is it ready?")


def close_window() -> None:
    ContactPoint.objects.update(window_ends_at=timezone.now() - timedelta(minutes=1))


def page(script: Client, message: Message) -> str:
    return script.get(f"/t/{message.ticket_id}/").content.decode()


def test_an_open_window_says_when_it_ends(script: Client, message: Message) -> None:
    shown = page(script, message)
    ends_at = timezone.localtime(ContactPoint.objects.get().window_ends_at)
    assert f'data-window-ends="{ends_at:%Y-%m-%dT%H:%M}' in shown
    assert "data-template=" not in shown.partition("</form>")[0].partition("<option")[2]


def test_a_closed_window_spells_out_the_reason(script: Client, message: Message) -> None:
    close_window()
    assert 'data-template="24 hours have passed since +44 7700 900123 wrote' in page(
        script, message
    )


def test_approved_templates_are_offered_and_only_those(script: Client, message: Message) -> None:
    query = {"conversation": message.conversation_id}
    shown = script.get(f"/t/{message.ticket_id}/templates", query).content.decode()
    assert 'data-template="order_ready"' in shown
    assert "Hello Ada, order 1042 &lt;is&gt; ready." in shown
    assert "spring_sale" not in shown


def test_one_is_filled_with_its_preview_beside_it(script: Client, message: Message) -> None:
    chosen = {"conversation": message.conversation_id, "name": "order_ready", "language": "en"}
    shown = script.get(f"/t/{message.ticket_id}/templates/form", chosen).content.decode()
    assert 'data-slot="0"' in shown
    assert (
        'Hello <mark data-fills="0">…</mark>, order <mark data-fills="1">…</mark> &lt;is&gt;'
        in shown
    )
    chosen["name"] = "spring_sale"
    assert script.get(f"/t/{message.ticket_id}/templates/form", chosen).status_code == 404


def test_it_is_sent_with_its_values(script: Client, message: Message) -> None:
    close_window()
    said = {
        "client_id": str(uuid.uuid4()),
        "conversation": message.conversation_id,
        "template": "order_ready",
        "language": "en",
        "parameter": ["Ada", "1042"],
    }
    answer = script.post(f"/t/{message.ticket_id}/replies", said)
    assert answer.status_code == 201, answer.content
    sent = Message.objects.get(direction="outbound")
    assert (sent.kind, sent.text) == ("template", "Hello Ada, order 1042 <is> ready.")
    said |= {"client_id": str(uuid.uuid4()), "parameter": ["Ada"]}
    refused = script.post(f"/t/{message.ticket_id}/replies", said)
    assert refused.status_code == 422
    assert "2 placeholders" in refused.content.decode()


def test_everything_a_bubble_can_hold_is_shown_and_inert(script: Client, whatsapp: Channel) -> None:
    evil = "<img src=x onerror=alert(1)>"
    referral = {"source_url": "javascript:alert(1)", "headline": evil, "source_type": "ad"}
    says(whatsapp, evil, referral=referral)
    says(whatsapp, {"latitude": 51.5, "longitude": -0.1, "name": evil}, kind="location")
    says(
        whatsapp, [{"name": {"formatted_name": evil}, "phones": [{"phone": evil}]}], kind="contacts"
    )
    says(
        whatsapp,
        {"type": "list_reply", "list_reply": {"id": evil, "title": evil}},
        kind="interactive",
    )
    says(whatsapp, {"x": evil}, kind="hologram")
    said = {"catalog_id": evil, "text": evil, "product_items": [{"product_retailer_id": evil}]}
    shown = page(script, says(whatsapp, said, kind="order"))
    assert "<img src=x" not in shown
    assert 'href="javascript:' not in shown
    assert "https://www.openstreetmap.org/?mlat=51.500000" in shown
    for words in ("Came from", "Contact", "Chosen from a list", "Order", "did not pass this"):
        assert words in shown


class TestSounds:
    @pytest.fixture
    def sound(self, message: Message) -> Attachment:
        file = Attachment(message=message, name="v.ogg", content_type="audio/ogg", size=10)
        file.file.save("v.ogg", ContentFile(b"OggS012345"))
        return file

    def test_a_player_stands_in_the_bubble(self, script: Client, sound: Attachment) -> None:
        assert f'src="/attachments/{sound.pk}/sound"' in page(script, sound.message)

    @pytest.mark.parametrize(
        ("asked", "status", "content", "told"),
        [
            (None, 200, b"OggS012345", None),
            ("bytes=0-3", 206, b"OggS", "bytes 0-3/10"),
            ("bytes=4-", 206, b"012345", "bytes 4-9/10"),
            ("bytes=8-99", 206, b"45", "bytes 8-9/10"),
            ("bytes=10-", 416, b"", "bytes */10"),
        ],
    )
    def test_it_is_played_whole_or_in_stretches(
        self,
        script: Client,
        sound: Attachment,
        asked: str | None,
        status: int,
        content: bytes,
        told: str | None,
    ) -> None:
        headers = {"range": asked} if asked else {}
        answer = script.get(f"/attachments/{sound.pk}/sound", headers=headers)
        assert (answer.status_code, answer.content) == (status, content)
        assert answer.headers.get("content-range") == told

    def test_it_can_be_nothing_but_a_sound(self, script: Client, sound: Attachment) -> None:
        answer = script.get(f"/attachments/{sound.pk}/sound")
        assert answer.headers["content-type"] == "audio/ogg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]

    @pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "video/mp4", "audio/x-unknown"])
    def test_nothing_else_is_played(self, script: Client, sound: Attachment, kind: str) -> None:
        Attachment.objects.filter(pk=sound.pk).update(content_type=kind)
        assert script.get(f"/attachments/{sound.pk}/sound").status_code == 404
