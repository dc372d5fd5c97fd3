"""We answer: a reply is checked, written down and queued in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from channels_app import placeholders
from channels_app.models import Channel
from customers.merging import hold
from customers.models import Identity
from inbox import crash, delivery, reply_tokens, triage
from inbox.changes import Change, change
from inbox.markup import as_html
from inbox.models import (
    Activity,
    Agent,
    Attachment,
    ContactPoint,
    Conversation,
    Message,
    Note,
    Participant,
    Ticket,
)
from inbox.sending import Answer, Refused, may_send, new_point
from inbox.triage import NotPossible

__all__ = [
    "NotPossible",
    "Refused",
    "Reply",
    "StaleReply",
    "TemplateChoice",
    "open_strand",
    "send_reply",
]

MAX_COPIES = 20
MAX_REFERENCES = 20
type Said = Message | Note


class StaleReply(Exception):
    """Something was said that its author had not seen; `since` holds it, oldest first."""

    def __init__(self, since: Sequence[Said]) -> None:
        super().__init__("Something was said in the meantime.")
        self.since = since


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """An approved template, with what stands in its placeholders in their order."""

    name: str
    language: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent wants to say.

    client_id: the same one again is the same reply. base: the last position its author had
    seen, None to skip the check. cc: exactly these copies, None for the strand's accepted
    participants. subject: "" for the strand's own. template: sent instead of a text.
    answers: the message of this strand it is the answer to, by id.
    """

    text: str
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)
    base: int | None = None
    attachments: tuple[Attachment, ...] = ()
    cc: tuple[str, ...] | None = None
    subject: str = ""
    template: TemplateChoice | None = None
    answers: int | None = None


def send_reply(conversation: Conversation, reply: Reply, *, by: Agent) -> Message:
    """Queue a reply in a strand; an open ticket is pending by it.

    Raises StaleReply, Refused, and NotPossible for an empty reply or a strand that has moved.
    """
    with transaction.atomic():
        _lock(conversation.contact_point_id)
        with change(conversation.ticket_id, by=by, kind="message") as ongoing:
            message = _known(conversation, reply, by) or _say(ongoing, conversation, reply, by)
    crash.point("reply-committed")
    return message


def open_strand(ticket: Ticket, *, channel: Channel, identity: Identity, by: Agent) -> Conversation:
    """A strand of this ticket to another address of its customer; the one there is, if any.
    Raises NotPossible for an address that is not the customer's or doesn't fit the channel."""
    if identity.customer_id != ticket.customer_id or identity.ended_at is not None:
        raise NotPossible(_("This is not an address of the ticket's customer."))
    if not channel.adapter.reaches(identity.kind, identity.scope):
        raise NotPossible(_("This channel can't reach that address."))
    with transaction.atomic():
        hold(ticket.customer_id)
        point = _point(channel, identity)
        _lock(point.pk)
        return _strand_to(point, ticket, by)


def _strand_to(point: ContactPoint, ticket: Ticket, by: Agent) -> Conversation:
    with change(ticket.pk, by=by) as ongoing:
        if ongoing.ticket.merged_into_id:
            raise NotPossible(_("This ticket lives on in #%d.") % ongoing.ticket.survivor.pk)
        if point.customer_id != ongoing.ticket.customer_id:
            raise NotPossible(_("This is not an address of the ticket's customer."))
        known = ongoing.ticket.conversations.filter(contact_point=point).order_by("-pk").first()
        return known or Conversation.objects.create(
            ticket=ongoing.ticket, contact_point=point, is_current=False
        )


def _lock(point: int) -> None:
    """Before the ticket is locked, as a message that comes in does it."""
    ContactPoint.objects.select_for_update(no_key=True).get(pk=point)


def _known(conversation: Conversation, reply: Reply, by: Agent) -> Message | None:
    """The message of a reply that was sent before."""
    known = Message.objects.filter(client_id=reply.client_id).first()
    if known and (known.conversation_id, known.agent_id) != (conversation.pk, by.pk):
        raise NotPossible(_("This reply was sent somewhere else already."))
    return known


def _say(ongoing: Change, conversation: Conversation, reply: Reply, by: Agent) -> Message:
    strand = _present(ongoing, conversation)
    _check_fresh(ongoing.ticket, strand, reply, by)
    copies = _copies(strand, reply)
    _check_allowed(strand, reply)
    message = _write(ongoing, strand, reply)
    _attach(message, reply.attachments, by)
    if strand.contact_point.address_kind == "email":
        _address(message, strand, copies, by)
    _follow_up(ongoing, strand, message)
    delivery.deliver_later(message)
    return message


def _present(ongoing: Change, conversation: Conversation) -> Conversation:
    """The strand as it is now that its ticket is locked."""
    strand = Conversation.objects.select_related("contact_point__channel").get(pk=conversation.pk)
    if strand.ticket_id != ongoing.ticket.pk:
        raise NotPossible(_("This conversation has moved to #%d.") % strand.ticket_id)
    strand.ticket = ongoing.ticket
    return strand


def _check_fresh(ticket: Ticket, strand: Conversation, reply: Reply, by: Agent) -> None:
    """What colleagues said counts always; what the customer said counts on mail, where nobody
    writes line by line."""
    if reply.base is None or reply.base >= ticket.last_position:
        return
    notes = ticket.notes.filter(position__gt=reply.base).exclude(agent=by)
    messages = ticket.messages.filter(position__gt=reply.base).exclude(agent=by)
    inbound = Message.Direction.INBOUND
    if strand.contact_point.channel.adapter.is_chat_like:
        messages = messages.exclude(direction=inbound)
    messages = messages.exclude(direction=inbound, is_automatic=True)
    said: list[Said] = [*notes, *messages.exclude(author_type=Message.Author.SYSTEM)]
    if said:
        raise StaleReply(sorted(said, key=lambda one: one.position))


def _copies(strand: Conversation, reply: Reply) -> tuple[str, ...]:
    """Who gets a copy. A strand nobody has accepted has none."""
    if reply.cc is None:
        accepted = strand.participants.filter(is_accepted=True) if strand.is_accepted else None
        return tuple(accepted.values_list("address", flat=True)) if accepted else ()
    if reply.cc and not strand.is_accepted:
        raise Refused(_no("not-accepted", _("Accept this conversation before copying others in.")))
    if len(reply.cc) > MAX_COPIES:
        raise Refused(_no("too-long", _("At most %d copies.") % MAX_COPIES))
    for address in reply.cc:
        _check_address(address)
    return tuple(dict.fromkeys(reply.cc))


def _check_address(address: str) -> None:
    try:
        validate_email(address)
    except ValidationError as error:
        reason = _("“%s” is not a mail address.") % address
        raise Refused(_no("undeliverable", reason)) from error


def _check_allowed(strand: Conversation, reply: Reply) -> None:
    if reply.template is not None:
        _check_template(strand, reply, reply.template)
        return
    if not reply.text.strip() and not reply.attachments:
        raise NotPossible(_("Write something first."))
    answer = may_send(strand.contact_point, text=reply.text, attachments=reply.attachments)
    if not answer.allowed:
        raise Refused(answer)


def _check_template(strand: Conversation, reply: Reply, choice: TemplateChoice) -> None:
    if reply.text.strip():
        raise NotPossible(_("A template is sent as it is: clear the text first."))
    named = {"name": choice.name, "language": choice.language}
    answer = may_send(strand.contact_point, attachments=reply.attachments, template=named)
    if not answer.allowed:
        raise Refused(answer)


def _write(ongoing: Change, strand: Conversation, reply: Reply) -> Message:
    channel = strand.contact_point.channel
    return Message.objects.create(
        ticket=ongoing.ticket,
        conversation=strand,
        channel=channel,
        position=ongoing.ticket.next_position(),
        direction=Message.Direction.OUTBOUND,
        status=Message.Status.QUEUED,
        author_type=Message.Author.AGENT,
        agent=ongoing.by,
        subject=_subject(strand, reply),
        html=as_html(reply.text) if channel.adapter.limits.carries_html else "",
        reply_to=_answered(strand, reply),
        **_said(channel, reply),
        client_id=reply.client_id,
        created_at=ongoing.now,
    )


def _said(channel: Channel, reply: Reply) -> dict[str, Any]:
    """The text as typed, or as the customer will read the template."""
    choice = reply.template
    if choice is None:
        return {"text": reply.text}
    template = channel.templates.get(name=choice.name, language=choice.language).value
    try:
        use = placeholders.use(template, choice.values)
    except placeholders.Misfit as misfit:
        raise Refused(_no("template-refused", str(misfit))) from misfit
    text = placeholders.text_of(template.components, choice.values)
    return {"kind": "template", "text": text, "payload": {"template": asdict(use)}}


def _answered(strand: Conversation, reply: Reply) -> Message | None:
    if reply.answers is None:
        return None
    answered = strand.messages.filter(pk=reply.answers).exclude(external_id="").first()
    if answered is None:
        raise NotPossible(_("The message to be answered is not in this conversation."))
    return answered


def _subject(strand: Conversation, reply: Reply) -> str:
    """A stranger's strand shows its own subject, never the ticket's."""
    if strand.contact_point.address_kind != "email":
        return ""
    own = strand.subject or (strand.ticket.subject if strand.is_accepted else "")
    subject = " ".join((reply.subject or own).split())[:480]
    if reply.subject or subject.casefold().startswith("re:"):
        return subject
    return f"Re: {subject}".strip()


def _attach(message: Message, files: Sequence[Attachment], by: Agent) -> None:
    keys = [file.pk for file in files]
    own = Attachment.objects.filter(pk__in=keys, message=None, uploaded_by=by)
    if keys and own.update(message=message) != len(set(keys)):
        raise NotPossible(_("A file is gone. Attach it again."))


def _address(message: Message, strand: Conversation, copies: Iterable[str], by: Agent) -> None:
    """Give a mail its envelope, the same for every try. Its Message-ID carries our token."""
    domain = message.channel.account.rpartition("@")[2]
    token = reply_tokens.token_for(message)
    message.message_id = f"t{message.ticket_id}.m{message.pk}.{token}@{domain}"
    answered = strand.messages.exclude(message_id="").exclude(pk=message.pk).last()
    message.envelope = {
        "from": {"name": by.name or message.channel.name, "address": message.channel.account},
        "to": [{"name": strand.contact_point.customer.name, "address": strand.answers_to}],
        "cc": [{"name": "", "address": address} for address in copies],
        "reply_to": [],
        "message_id": message.message_id,
        "in_reply_to": answered.message_id if answered else "",
        "references": _references(answered),
        "original_sender": None,
    }
    message.save(update_fields=["message_id", "envelope"])
    for address in copies:
        known: dict[str, Any] = {"conversation": strand, "address": address}
        Participant.objects.update_or_create(**known, defaults={"is_accepted": True})


def _references(answered: Message | None) -> list[str]:
    """The chain so far, its first and its last links (RFC 5322, 3.6.4)."""
    if answered is None:
        return []
    chain = [*(answered.envelope or {}).get("references", []), answered.message_id]
    return chain if len(chain) <= MAX_REFERENCES else [chain[0], *chain[1 - MAX_REFERENCES :]]


def _follow_up(ongoing: Change, strand: Conversation, message: Message) -> None:
    """Keep ticket and strand in step: the last outbound decides where an answer belongs."""
    strand.make_current()
    strand.last_message_at = ongoing.now
    strand.save(update_fields=["is_current", "last_message_at"])
    kind = message.channel.kind
    ongoing.ticket.answered(at=ongoing.now, channel_kind=kind, preview=message.preview)
    ongoing.record(Activity.Verb.AGENT_REPLIED, message=message.pk)
    if ongoing.ticket.is_unresolved:
        triage.turn(ongoing, Ticket.Status.PENDING, reason="agent_replied")


def _point(channel: Channel, identity: Identity) -> ContactPoint:
    fresh = new_point(channel, identity)
    names = ("customer_id", "address_kind", "address", "key")
    point, _created = ContactPoint.objects.get_or_create(
        channel=channel,
        identity=identity,
        defaults={name: getattr(fresh, name) for name in names},
    )
    return point


def _no(code: str, reason: str) -> Answer:
    return Answer(allowed=False, code=code, reason=reason)
