"""May I send this, and how? One answer for the composer, the API and whoever sends next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app.models import Channel, MessageTemplate
from customers import consent
from customers.addresses import country_of, matching_key
from customers.models import Identity
from inbox.allowance import used_up
from inbox.models import Attachment, ContactPoint, Conversation, Message, Ticket

WINDOW_CLOSED = "window-closed"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a message may leave. `code` names a refusal for programs, `reason` for people;
    `segments` is how many paid parts it takes, 0 where nobody counts them; `window_ends_at` is
    until when a free text may go there, None where that never ends or is over already."""

    allowed: bool
    code: str = ""
    reason: str = ""
    segments: int = 0
    window_ends_at: datetime | None = None

    @property
    def needs_template(self) -> bool:
        """Only an approved template may go there now."""
        return self.code == WINDOW_CLOSED


class Refused(Exception):
    """This may not be sent; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.reason)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Draft:
    point: ContactPoint
    text: str
    attachments: Sequence[Attachment]
    template: Mapping[str, Any] | None
    purpose: str
    message_id: int | None = None


def may_send(
    contact_point: ContactPoint,
    *,
    text: str = "",
    attachments: Iterable[Attachment] = (),
    template: Mapping[str, Any] | None = None,
    purpose: str = "support",
) -> Answer:
    """Whether this may go to this address now; `template` has a name and a language. Refusals:
    blocked, undeliverable, opted-out, country-refused, window-closed, template-refused, too-long
    (also files the channel can't carry), limit-reached."""
    return _answer(_Draft(contact_point, text, tuple(attachments), template, purpose))


def may_leave(message: Message) -> Answer:
    """The same for a message that was written down already."""
    template = message.payload.get("template")
    point, files = message.conversation.contact_point, list(message.attachments.all())
    text = "" if template else message.text
    return _answer(_Draft(point, text, files, template, message.purpose, message.pk))


def window_of(point: ContactPoint) -> datetime | None:
    """Until when a free text may go to this address; None when it is too late already, and on
    channels without a window."""
    if point.channel.adapter.limits.reply_window is None or point.window_ends_at is None:
        return None
    return point.window_ends_at if point.window_ends_at > timezone.now() else None


def reachable(ticket: Ticket) -> list[Conversation]:
    """The ticket's strands, best first: accepted before unaccepted, open before refused, then
    where the customer wrote last. The first is the default unless nobody has accepted it."""
    heard = Q(messages__direction=Message.Direction.INBOUND, messages__is_automatic=False)
    related = ("contact_point__channel", "contact_point__identity")
    ours = Message.objects.filter(conversation=OuterRef("pk"), direction=Message.Direction.OUTBOUND)
    strands = ticket.conversations.select_related(*related).annotate(
        heard=Max("messages__position", filter=heard), is_answered=Exists(ours)
    )
    return sorted(strands, key=_preference)


def elsewhere(ticket: Ticket) -> list[ContactPoint]:
    """The customer's other open addresses, last heard first. One on a channel where nobody has
    met them yet is new and not saved (see replies.open_strand)."""
    met = ContactPoint.objects.filter(customer=ticket.customer_id).exclude(identity=None)
    met = met.filter(identity__ended_at=None).select_related("channel", "identity")
    points = list(met.order_by("-last_inbound_at", "pk"))
    here = set(ticket.conversations.values_list("contact_point", flat=True))
    others = [point for point in points if point.pk not in here]
    return [point for point in (*others, *_unmet(ticket, points)) if _is_open(may_send(point))]


def new_point(channel: Channel, identity: Identity) -> ContactPoint:
    """The unsaved contact point of a person nobody has met on this channel yet."""
    return ContactPoint(
        channel=channel,
        customer_id=identity.customer_id,
        identity=identity,
        address_kind=identity.kind,
        address=identity.value,
        key=identity.key,
    )


def _answer(draft: _Draft) -> Answer:
    segments = draft.point.channel.adapter.segments(draft.text)
    ends_at = window_of(draft.point)
    for rule in _RULES:
        refusal = rule(draft)
        if refusal is not None:
            return replace(refusal, segments=segments, window_ends_at=ends_at)
    return Answer(allowed=True, segments=segments, window_ends_at=ends_at)


def _channel_is_off(draft: _Draft) -> Answer | None:
    if draft.point.channel.is_active:
        return None
    return _no("undeliverable", _("The channel “%s” is switched off.") % draft.point.channel)


def _blocked(draft: _Draft) -> Answer | None:
    if not draft.point.is_blocked:
        return None
    return _no("blocked", _("%s is blocked.") % draft.point.address)


def _undeliverable(draft: _Draft) -> Answer | None:
    point = draft.point
    if point.identity and point.identity.ended_at:
        reason = _("%s is not an address of this customer any more.")
        return _no("undeliverable", reason % point)
    if point.undeliverable_reason:
        words = {"address": point.address, "reason": point.undeliverable_reason}
        return _no("undeliverable", _("%(address)s can't be reached: %(reason)s") % words)
    if point.identity is not None and point.identity.ended_at is not None:
        return _no("undeliverable", _("%s is nobody's address any more.") % point)
    if _is_writable(point):
        return None
    return _no("undeliverable", _("There is no address to answer to."))


def _opted_out(draft: _Draft) -> Answer | None:
    point = draft.point
    if not consent.is_opted_out(
        kind=point.address_kind,
        key=point.key,
        medium=point.channel.kind,
        sender=point.channel.account,
        purpose=draft.purpose,
    ):
        return None
    return _no("opted-out", _("%s asked not to be written to on this channel.") % point.address)


def _country_refused(draft: _Draft) -> Answer | None:
    allowed = draft.point.channel.settings.get("allowed_countries")
    if not allowed or draft.point.address_kind != "phone":
        return None
    country = country_of(draft.point.address)
    if country in allowed:
        return None
    where = country or _("an unknown country")
    return _no("country-refused", _("This channel doesn't send to %s.") % where)


def _window_closed(draft: _Draft) -> Answer | None:
    point, window = draft.point, draft.point.channel.adapter.limits.reply_window
    if window is None or draft.template is not None or window_of(point) is not None:
        return None
    hours = round(window.total_seconds() / 3600)
    if point.window_ends_at is None:
        reason = _("%s has not written to us here yet: only an approved template can be sent.")
        return _no(WINDOW_CLOSED, reason % point)
    reason = _("%(hours)d hours have passed since %(who)s wrote: send an approved template.")
    return _no(WINDOW_CLOSED, reason % {"hours": hours, "who": point})


def _template_refused(draft: _Draft) -> Answer | None:
    template, channel = draft.template, draft.point.channel
    if template is None:
        return None
    if draft.attachments:
        return _no("template-refused", _("A template carries no files."))
    known = MessageTemplate.objects.filter(
        channel=channel, name=template["name"], language=template["language"]
    ).first()
    words = {"name": template["name"], "language": template["language"]}
    if known is None:
        reason = _("There is no template “%(name)s” in the language %(language)s.")
        return _no("template-refused", reason % words)
    if known.status != MessageTemplate.APPROVED:
        words["status"] = known.status.lower().replace("_", " ")
        reason = _("The template “%(name)s” can't be sent: it is %(status)s.")
        return _no("template-refused", reason % words)
    return _marketing_declined(draft.point) if known.category == "MARKETING" else None


def _marketing_declined(point: ContactPoint) -> Answer | None:
    """Whoever declined it can still be answered."""
    who = {"kind": point.address_kind, "key": point.key}
    via = {"medium": point.channel.kind, "sender": point.channel.account}
    if not consent.is_opted_out(**who, **via, purpose=consent.MARKETING):
        return None
    return _no("opted-out", _("%s wants no marketing messages from us.") % point)


def _too_long(draft: _Draft) -> Answer | None:
    limits = draft.point.channel.adapter.limits
    most = (limits.max_caption if draft.attachments else 0) or limits.max_text
    if not most or len(draft.text) <= most:
        return None
    words = {"length": len(draft.text), "most": most}
    reason = _("The text has %(length)d characters; this channel takes %(most)d.")
    return _no("too-long", reason % words)


def _files(draft: _Draft) -> Answer | None:
    limits = draft.point.channel.adapter.limits
    if limits.max_attachments and len(draft.attachments) > limits.max_attachments:
        most = limits.max_attachments
        words = ngettext("This channel takes %d file.", "This channel takes %d files.", most)
        return _no("too-long", words % most)
    for file in draft.attachments:
        most = limits.max_size_of(file.content_type)
        if most and file.size > most:
            return _no("too-long", _("The file “%s” is too large for this channel.") % file.name)
        if limits.content_types and file.content_type not in limits.content_types:
            return _no("too-long", _("This channel can't carry the file “%s”.") % file.name)
        if draft.text and file.content_type.partition("/")[0] in limits.uncaptioned:
            return _no(
                "too-long", _("Send “%s” without a text, and the text after it.") % file.name
            )
    return None


def _limit_reached(draft: _Draft) -> Answer | None:
    reason = used_up(draft.point, before=draft.message_id)
    return _no("limit-reached", reason) if reason else None


_RULES: tuple[Callable[[_Draft], Answer | None], ...] = (
    _channel_is_off,
    _blocked,
    _undeliverable,
    _opted_out,
    _country_refused,
    _window_closed,
    _template_refused,
    _too_long,
    _files,
    _limit_reached,
)


def _no(code: str, reason: str) -> Answer:
    return Answer(allowed=False, code=code, reason=reason)


def _is_open(answer: Answer) -> bool:
    return answer.allowed or answer.needs_template


def _is_writable(point: ContactPoint) -> bool:
    if point.address_kind != "email":
        return bool(point.address)
    local, _at, domain = point.address.rpartition("@")
    return bool(local) and "." in domain and point.address.isprintable() and " " not in domain


def _preference(strand: Conversation) -> tuple[bool, bool, int, int]:
    is_open = may_send(strand.contact_point).allowed
    heard: int = getattr(strand, "heard", None) or 0
    return not strand.is_accepted, not is_open, -heard, strand.pk


def _unmet(ticket: Ticket, points: Iterable[ContactPoint]) -> Iterator[ContactPoint]:
    """A number behind which somebody is met by a provider's code is met, too."""
    met = {(point.channel_id, point.identity_id) for point in points}
    shown = {(point.channel_id, matching_key("phone", point.shown_as)) for point in points}
    identities = list(Identity.objects.filter(customer=ticket.customer_id, ended_at=None))
    for channel in Channel.objects.filter(is_active=True):
        for identity in identities:
            is_met = (channel.pk, identity.pk) in met or (channel.pk, identity.key) in shown
            if not is_met and channel.adapter.reaches(identity.kind, identity.scope):
                yield new_point(channel, identity)
