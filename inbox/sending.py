"""May I send this, and how? One answer for the composer, the API and whoever sends next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_app.models import Channel
from customers import consent
from customers.addresses import country_of
from customers.models import Identity
from inbox.models import Attachment, ContactPoint, Conversation, Message, Ticket


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a message may leave. `code` names a refusal for programs, `reason` for people;
    `segments` is how many paid parts it takes, 0 where nobody counts them."""

    allowed: bool
    code: str = ""
    reason: str = ""
    segments: int = 0


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
    purpose: str


def may_send(
    contact_point: ContactPoint,
    *,
    text: str = "",
    attachments: Iterable[Attachment] = (),
    purpose: str = "support",
) -> Answer:
    """Whether this may go to this address now. Refusals: blocked, undeliverable, opted-out,
    country-refused, too-long (also files the channel can't carry)."""
    draft = _Draft(contact_point, text, tuple(attachments), purpose)
    segments = contact_point.channel.adapter.segments(text)
    for rule in _RULES:
        refusal = rule(draft)
        if refusal is not None:
            return replace(refusal, segments=segments)
    return Answer(allowed=True, segments=segments)


def reachable(ticket: Ticket) -> list[Conversation]:
    """The ticket's strands, best first: accepted before unaccepted, open before refused, then
    where the customer wrote last. The first is the default unless nobody has accepted it."""
    heard = Q(messages__direction=Message.Direction.INBOUND, messages__is_automatic=False)
    strands = ticket.conversations.select_related("contact_point__channel").annotate(
        heard=Max("messages__position", filter=heard)
    )
    return sorted(strands, key=_preference)


def elsewhere(ticket: Ticket) -> list[ContactPoint]:
    """The customer's other open addresses, last heard first. One on a channel where nobody has
    met them yet is new and not saved (see replies.open_strand)."""
    met = ContactPoint.objects.filter(customer=ticket.customer_id).exclude(identity=None)
    met = met.filter(identity__ended_at=None).select_related("channel")
    points = list(met.order_by("-last_inbound_at", "pk"))
    here = set(ticket.conversations.values_list("contact_point", flat=True))
    others = [point for point in points if point.pk not in here]
    return [point for point in (*others, *_unmet(ticket, points)) if may_send(point).allowed]


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
    if point.undeliverable_reason:
        words = {"address": point.address, "reason": point.undeliverable_reason}
        return _no("undeliverable", _("%(address)s can't be reached: %(reason)s") % words)
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


def _too_long(draft: _Draft) -> Answer | None:
    most = draft.point.channel.adapter.limits.max_text
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
        if limits.max_attachment_size and file.size > limits.max_attachment_size:
            return _no("too-long", _("The file “%s” is too large for this channel.") % file.name)
        if limits.content_types and file.content_type not in limits.content_types:
            return _no("too-long", _("This channel can't carry the file “%s”.") % file.name)
    return None


_RULES: tuple[Callable[[_Draft], Answer | None], ...] = (
    _channel_is_off,
    _blocked,
    _undeliverable,
    _opted_out,
    _country_refused,
    _too_long,
    _files,
)


def _no(code: str, reason: str) -> Answer:
    return Answer(allowed=False, code=code, reason=reason)


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
    met = {(point.channel_id, point.identity_id) for point in points}
    identities = list(Identity.objects.filter(customer=ticket.customer_id, ended_at=None))
    for channel in Channel.objects.filter(is_active=True):
        for identity in identities:
            fits = identity.kind == channel.adapter.identity_kind
            if fits and (channel.pk, identity.pk) not in met:
                yield new_point(channel, identity)
