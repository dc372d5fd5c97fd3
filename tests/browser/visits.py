"""What the teller can do about web chats."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from channels_app.models import Channel
from inbox.models import Agent, ChannelPolicy, Conversation, Message, Team, Ticket
from inbox.replies import Reply, send_reply


def web_chat(name: str = "Shop chat", secret: str = "", **settings: Any) -> str:
    """A web chat with these settings; its key."""
    secrets = {"identity_secret": secret} if secret else {}
    channel = Channel(kind="webchat", name=name, settings=settings, secrets=secrets)
    channel.account = channel.key
    channel.save()
    ChannelPolicy.objects.create(channel=channel, team=Team.objects.first())
    return channel.key


def chat_tickets(key: str) -> list[dict[str, Any]]:
    """The tickets of a web chat with what was said in them, in order."""
    tickets = Ticket.objects.filter(conversations__contact_point__channel__key=key).distinct()
    return [
        {
            "number": ticket.pk,
            "status": ticket.status,
            "customer": str(ticket.customer),
            "said": list(ticket.messages.order_by("position").values_list("text", flat=True)),
        }
        for ticket in tickets.order_by("pk")
    ]


def chat_answer(number: int, text: str, name: str = "Grace") -> int:
    """An agent answers in the chat of a ticket; the message's id."""
    strand = Conversation.objects.filter(
        ticket=number, contact_point__channel__kind="webchat"
    ).latest("pk")
    return send_reply(strand, Reply(text=text), by=Agent.objects.get(name=name)).pk


def message_status(number: int) -> str:
    return Message.objects.get(pk=number).status


def chat_settings(key: str, **settings: Any) -> None:
    channel = Channel.objects.get(key=key)
    channel.settings |= settings
    channel.save()


def chat_resolve(number: int) -> None:
    from inbox import triage

    triage.resolve(Ticket.objects.get(pk=number))


def chat_block(number: int) -> None:
    strand = Conversation.objects.get(ticket=number)
    strand.contact_point.is_blocked = True
    strand.contact_point.save()


def chat_expire(key: str) -> None:
    """Every signature of this chat's visitors is too old."""
    channel = Channel.objects.get(key=key)
    channel.visitors.exclude(subject="").update(proven_until=timezone.now())


def agent_types(number: int, name: str = "Grace") -> None:
    from inbox import presence

    strands = Conversation.objects.select_related("contact_point").filter(ticket=number)
    presence.answering(strands.latest("pk"), name=name)


def answer_with_file(number: int, name: str, content: str) -> int:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from inbox import media

    grace = Agent.objects.get(name="Grace")
    upload = SimpleUploadedFile(name, content.encode(), "text/plain")
    strand = Conversation.objects.filter(ticket=number).latest("pk")
    reply = Reply(text="", attachments=(media.keep_upload(upload, by=grace),))
    return send_reply(strand, reply, by=grace).pk
