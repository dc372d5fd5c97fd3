"""An answer that nobody was there to read goes after its visitor by mail, in the same ticket."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

import dramatiq
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from channels_app.models import Channel
from customers.addresses import matching_key
from customers.merging import hold
from customers.models import Claim, Identity
from inbox.changes import change
from inbox.models import (
    Agent,
    Attachment,
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
MAX_FILES_SIZE = 20 * 1024 * 1024
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
    """Mail what was not read in a strand, once: the agent's words, their files, and a fixed
    line. A claimed address gets no history before it has answered."""
    with transaction.atomic():
        strand = _held(conversation)
        unread = _fitting(_unread(before=timezone.now()).filter(conversation=strand))
        mails = mail_channel_of(strand.contact_point.channel)
        author = unread[-1].agent if unread else None
        if mails is None or author is None:
            return None
        target = _strand_by_mail(strand, mails, author)
        if target is None or not may_send(target.contact_point).allowed:
            return None
        files = tuple(_copied(file, by=author) for one in unread for file in one.attachments.all())
        mail = send_reply(target, _letter(strand, unread, files), by=author)
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


def _held(conversation: int) -> Conversation:
    """The strand, once it is its turn: its customer is locked first, then its contact point, as
    by whoever says something in it."""
    strands = Conversation.objects.select_related("contact_point__channel__policy", "ticket")
    found = strands.get(pk=conversation)
    hold(found.contact_point.customer_id)
    ContactPoint.objects.select_for_update(no_key=True).get(pk=found.contact_point_id)
    strand = strands.get(pk=conversation)
    is_still_theirs = strand.contact_point.customer_id == found.contact_point.customer_id
    return strand if is_still_theirs else _held(conversation)


def _unread(*, before: datetime) -> QuerySet[Message]:
    chats = Message.objects.filter(channel__kind="webchat")
    sent = chats.filter(status__in=[Status.SENT, Status.DELIVERED], direction="outbound")
    sent = sent.filter(sent_at__lte=before, sent_at__gt=timezone.now() - TOO_LATE, mailed=None)
    said = sent.exclude(text="", attachments=None).exclude(agent=None)
    return said.select_related("agent").prefetch_related("attachments").order_by("pk")


def _fitting(unread: Iterable[Message]) -> list[Message]:
    """The first of these answers, as many as one mail carries with their files; the others go
    with the next."""
    fitting: list[Message] = []
    left = MAX_FILES_SIZE
    for message in unread:
        left -= sum(file.size for file in message.attachments.all())
        if fitting and left < 0:
            break
        fitting.append(message)
    return fitting


def _copied(file: Attachment, *, by: Agent) -> Attachment:
    """The same file for another message: what becomes of one is nothing to the other."""
    copy = Attachment(name=file.name, content_type=file.content_type, uploaded_by=by)
    copy.size, copy.sha256 = file.size, file.sha256
    with file.file.open("rb") as content:
        copy.file.save("file", content, save=False)
    copy.save()
    return copy


def _strand_by_mail(strand: Conversation, mails: Channel, by: Agent) -> Conversation | None:
    proven = _proven_address(strand.contact_point)
    if proven is not None:
        return open_strand(strand.ticket, channel=mails, identity=proven, by=by)
    claims = Claim.objects.filter(customer=strand.contact_point.customer_id, kind="email")
    claim = claims.filter(settled_at=None).last()
    return _strand_to_claim(strand, mails, claim) if claim else None


def _proven_address(chat: ContactPoint) -> Identity | None:
    """What the website vouches for comes first. Where several accounts turned out to be one
    customer, each has its own address or none: they may be a family."""
    own = Identity.objects.filter(customer=chat.customer_id, kind="email", ended_at=None)
    profiles = _visitors_at(chat).values_list("profile", flat=True)
    vouched = [one["email"] for one in profiles if one.get("email_verified")]
    known = own.filter(key__in=[matching_key("email", one) for one in vouched]).last()
    accounts = Identity.objects.filter(customer=chat.customer_id, kind="external", ended_at=None)
    if known is None and accounts.filter(scope=chat.channel.key).count() <= 1:
        return own.last()
    return known


def _strand_to_claim(strand: Conversation, mails: Channel, claim: Claim) -> Conversation | None:
    point, _created = ContactPoint.objects.get_or_create(
        channel=mails,
        customer_id=strand.contact_point.customer_id,
        address_kind="email",
        key=claim.key,
        identity=None,
        defaults={"address": claim.value},
    )
    with change(strand.ticket_id) as ongoing:
        if ongoing.ticket.merged_into_id:
            return None  # joined with another one just now; next time the strand is there
        known = ongoing.ticket.conversations.filter(contact_point=point).order_by("-pk").first()
        return known or Conversation.objects.create(
            ticket=ongoing.ticket, contact_point=point, is_current=False
        )


def _letter(strand: Conversation, unread: list[Message], files: tuple[Attachment, ...]) -> Reply:
    said = "\n\n".join(message.text for message in unread if message.text)
    with translation.override(_language_of(strand.contact_point)):
        words = {"where": strand.contact_point.channel.name}
        subject = _("Your chat with %(where)s") % words
        why = _("You wrote to us in the chat “%(where)s”. Answer this mail to go on.") % words
    name = uuid.uuid5(_SERIES, ",".join(str(message.pk) for message in unread))
    text = f"{said}\n\n---\n{why}".lstrip()
    return Reply(text=text, subject=subject, client_id=name, attachments=files)


def _language_of(chat: ContactPoint) -> str:
    languages = _visitors_at(chat).exclude(language="").values_list("language", flat=True)
    return languages.last() or "en"


def _visitors_at(chat: ContactPoint) -> QuerySet[Visitor]:
    """The browsers of the one who writes from there, whoever was seen last the last."""
    by = {"subject": chat.key} if chat.address_kind == "external" else {"handle": chat.key}
    return Visitor.objects.filter(channel=chat.channel_id, **by).order_by("seen_at", "pk")


@dramatiq.actor(max_retries=0, queue_name="delivery")
def mail_unread_answers(conversation: int) -> None:
    mail_unread(conversation)
