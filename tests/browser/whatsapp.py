"""What the teller can do about WhatsApp."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from channels_app.models import Channel, MessageTemplate
from channels_app.pretend import meta_events as events
from inbox.demo.whatsapp import voice
from inbox.models import Attachment, ChannelPolicy, ContactPoint, Message, Team
from tests.flows import whatsapping


def whatsapp(text: str) -> dict[str, int]:
    """Ada writes on WhatsApp."""
    message = whatsapping.says(_line(), text)
    return {"ticket": message.ticket_id, "message": message.pk}


def whatsapp_voice() -> int:
    """Ada says something; her ticket."""
    said = {"id": "1", "mime_type": "audio/wav", "voice": True}
    message = whatsapping.says(_line(), said, kind="audio")
    file = message.attachments.get()
    file.state, file.size, file.next_attempt_at = Attachment.State.STORED, len(voice()), None
    file.file.save("v.wav", ContentFile(voice()))
    return message.ticket_id


def whatsapp_window(minutes: float, free: float = -1) -> None:
    """Every window ends in so many minutes, and the time without a charge."""
    now = timezone.now()
    ContactPoint.objects.update(
        window_ends_at=now + timedelta(minutes=minutes),
        free_entry_ends_at=now + timedelta(minutes=free),
    )


def whatsapp_call() -> int:
    """Ada calls, and nobody takes it; her ticket."""
    called = events.call(whatsapping.ADA, line=whatsapping.LINE)
    contacts = [whatsapping.ADA.contact]
    whatsapping.event(_line(), whatsapping.LINE.event("calls", contacts=contacts, calls=[called]))
    return Message.objects.filter(kind="call").latest("pk").ticket_id


def whatsapp_priced() -> None:
    """We answered in the phone app, and Meta told what it charges."""
    ours = whatsapping.echoes(_line(), "It is ready.")
    price = {"billable": True, "type": "regular", "category": "utility"}
    whatsapping.status(_line(), "delivered", ours, pricing=price)


def whatsapp_reaction(message: int, emoji: str) -> None:
    """Ada reacts to what she or an agent said."""
    said = Message.objects.get(pk=message)
    if not said.external_id:
        said.external_id = f"wamid.{said.pk}"
        said.save(update_fields=["external_id"])
    whatsapping.does(_line(), "reaction", {"message_id": said.external_id, "emoji": emoji})


def whatsapp_taken_back(message: int) -> None:
    """Ada deletes what she said."""
    said = Message.objects.get(pk=message)
    whatsapping.does(_line(), "revoke", {"original_message_id": said.external_id})


def templates_sent(ticket: int) -> list[dict[str, Any]]:
    """What templates left in a ticket."""
    sent = Message.objects.filter(ticket=ticket, kind="template").order_by("pk")
    return [{"text": one.text, **one.payload["template"]} for one in sent]


def _line() -> Channel:
    line, is_new = Channel.objects.get_or_create(
        kind="whatsapp",
        account=whatsapping.LINE.phone_number_id,
        defaults={
            "name": "WhatsApp",
            "settings": {"waba_id": whatsapping.LINE.waba_id, "api_base": "http://127.0.0.1:9"},
            "secrets": {"app_secret": "s", "access_token": "t", "verify_token": "v"},
        },
    )
    if is_new:
        ChannelPolicy.objects.create(channel=line, team=Team.objects.first())
        body = {"type": "BODY", "text": "Hello {{1}}, order {{2}} is ready."}
        for name, components in (
            ("order_ready", [body]),
            ("still_there", [{**body, "text": "Hi!"}]),
        ):
            MessageTemplate.objects.create(
                channel=line, name=name, language="en", status="APPROVED", components=components
            )
    return line
