"""An answer that nobody was there to read goes after its visitor by mail, in the same ticket."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from channels_app.models import Channel
from customers.models import Claim, Identity
from inbox.models import (
    Agent,
    ContactPoint,
    Conversation,
    MailedAnswer,
    Message,
    Visitor,
    policy_of,
)
from inbox.replies import Reply, open_strand, send_reply
from inbox.sending import may_send

Status = Message.Status

TOO_LATE = timedelta(days=1)
MOST_AT_ONCE = 50
DEFAULT_MINUTES = 10
_SERIES = uuid.UUID("6b0c1f5e-6a43-4c40-9f5e-8c1f0f4b7d21")


def strands_waiting(channel: Channel) -> list[int]:
    """Strands of a web chat with an answer unread for the channel's minutes (but not for a day),
    whose visitor has an address. None without a mail channel."""
    minutes = int(channel.settings.get("mail_after", DEFAULT_MINUTES))
    if not minutes or mail_channel_of(channel) is None:
        return []
    unread = _unread(before=timezone.now() - timedelta(minutes=minutes))
    customer = OuterRef("conversation__contact_point__customer")
    proven = Identity.objects.filter(customer=customer, kind="email", ended_at=None)
    claimed = Claim.objects.filter(customer=customer, kind="email", settled_at=None)
    reachable = unread.filter(Exists(proven) | Exists(claimed), channel=channel)
    return list(reachable.values_list("conversation", flat=True).distinct()[:MOST_AT_ONCE])


def mail_unread(conversation: int) -> Message | None:
    """Mail what was not read in a strand, once: the agent's words and a fixed line. A claimed
    address gets nothing else, and no history, before it has answered."""
    with transaction.atomic():
        strand = Conversation.objects.select_related("contact_point__channel__policy").get(
            pk=conversation
        )
        ContactPoint.objects.select_for_update().get(pk=strand.contact_point_id)
        unread = list(_unread(before=timezone.now()).filter(conversation=strand))
        mails = mail_channel_of(strand.contact_point.channel)
        author = unread[-1].agent if unread else None
        if mails is None or author is None:
            return None
        target = _strand_by_mail(strand, mails, author)
        if target is None or not may_send(target.contact_point).allowed:
            return None
        mail = send_reply(target, _letter(strand, unread), by=author)
        rows = [MailedAnswer(message=message, mail=mail) for message in unread]
        MailedAnswer.objects.bulk_create(rows)
    return mail


def mail_channel_of(channel: Channel) -> Channel | None:
    """The mail channel its admin named, else the one of its team."""
    mails = Channel.objects.filter(kind="email", is_active=True)
    named = channel.settings.get("mail_channel", "")
    if named:
        return mails.filter(account__iexact=named).first()
    team = policy_of(channel).team_id
    return mails.filter(policy__team=team).order_by("pk").first() if team else None


def _unread(*, before: datetime) -> QuerySet[Message]:
    chats = Message.objects.filter(channel__kind="webchat")
    sent = chats.filter(status__in=[Status.SENT, Status.DELIVERED], direction="outbound")
    sent = sent.filter(sent_at__lte=before, sent_at__gt=timezone.now() - TOO_LATE, mailed=None)
    return sent.exclude(text="").exclude(agent=None).select_related("agent").order_by("pk")


def _strand_by_mail(strand: Conversation, mails: Channel, by: Agent) -> Conversation | None:
    customer = strand.contact_point.customer_id
    proven = Identity.objects.filter(customer=customer, kind="email", ended_at=None).last()
    if proven is not None:
        return open_strand(strand.ticket, channel=mails, identity=proven, by=by)
    claim = Claim.objects.filter(customer=customer, kind="email", settled_at=None).last()
    if claim is None:
        return None
    point, _created = ContactPoint.objects.get_or_create(
        channel=mails,
        customer_id=customer,
        address_kind="email",
        key=claim.key,
        identity=None,
        defaults={"address": claim.value},
    )
    known = strand.ticket.conversations.filter(contact_point=point).order_by("-pk").first()
    return known or Conversation.objects.create(
        ticket=strand.ticket, contact_point=point, is_current=False
    )


def _letter(strand: Conversation, unread: list[Message]) -> Reply:
    said = "\n\n".join(message.text for message in unread)
    with translation.override(_language_of(strand.contact_point)):
        words = {"where": strand.contact_point.channel.name}
        subject = _("Your chat with %(where)s") % words
        why = _("You wrote to us in the chat “%(where)s”. Answer this mail to go on.") % words
    name = uuid.uuid5(_SERIES, ",".join(str(message.pk) for message in unread))
    return Reply(text=f"{said}\n\n---\n{why}", subject=subject, client_id=name)


def _language_of(point: ContactPoint) -> str:
    by = {"subject": point.key} if point.address_kind == "external" else {"handle": point.key}
    visitors = Visitor.objects.filter(channel=point.channel_id, **by).exclude(language="")
    return visitors.values_list("language", flat=True).last() or "en"
