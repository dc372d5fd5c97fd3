"""How the timeline tells who said and did what."""

from __future__ import annotations

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from inbox.models import Activity, Message, Ticket
from inbox.templatetags.desk import in_full
from inbox.views import timeline
from inbox.views.originals import remote_images

register = template.Library()
register.filter(timeline.state_of)
register.filter(timeline.may_change)
register.filter(remote_images)

Verb = Activity.Verb


def _(text: str, *values: object) -> str:
    return gettext(text) % values if values else gettext(text)


@register.filter
def author(message: Message) -> str:
    """Who said it."""
    if message.is_inbound:
        point = message.conversation.contact_point
        return str(point.customer)
    if message.payload.get("from_app"):
        return message.channel.name
    if message.author_type == Message.Author.AGENT:
        return str(message.agent or _("Somebody who left"))
    return str(message.get_author_type_display())


@register.filter
def subject_differs(message: Message, ticket: Ticket) -> bool:
    """Whether the message's subject says more than the ticket's does."""
    return bool(message.subject) and _bare(message.subject) != _bare(ticket.subject)


@register.filter
def quoted(message: Message) -> str:
    """What stands around the newly said: quoted history, a signature. "" when nothing does."""
    whole, new = message.full_text.strip(), message.text.strip()
    if not new or whole == new:
        return ""
    return whole.removeprefix(new).strip() or ""


@register.filter
def told(activity: Activity) -> str:
    """What was done, as a sentence without its end."""
    who = str(activity.agent) if activity.agent_id else ""
    what = _WHAT.get(Verb(activity.verb), _otherwise)(activity)
    return f"{who} {what}" if who else what[:1].upper() + what[1:]


@register.filter
def told_shortly(activity: Activity) -> str:
    """Why a ticket has left a list, in a few words."""
    if activity.verb == Verb.STATUS_CHANGED and activity.data.get("to") == "resolved":
        return _("Resolved by %s", activity.agent) if activity.agent_id else _("Resolved")
    return told(activity)


def _bare(subject: str) -> str:
    """Less the short words before a colon that mail programs put in front: "Re:", "AW:"."""
    rest = subject.strip()
    while (head := rest.partition(":"))[1] and head[0].isalpha() and len(head[0]) <= 3:
        rest = head[2].strip()
    return rest.casefold()


def _otherwise(activity: Activity) -> str:
    return str(activity.get_verb_display())


def _assigned(activity: Activity) -> str:
    name = activity.data.get("name")
    if not name:
        return _("unassigned this")
    if activity.data.get("to") == activity.agent_id:
        return _("took this")
    return _("assigned this to %s", name)


def _moved(activity: Activity) -> str:
    name = activity.data.get("name")
    return _("moved this to %s", name) if name else _("took this out of its team")


def _prioritised(activity: Activity) -> str:
    return _("set the priority to %s", activity.data.get("to", ""))


def _tagged(activity: Activity) -> str:
    added, removed = activity.data.get("added", []), activity.data.get("removed", [])
    parts = [_("added %s", ", ".join(added))] if added else []
    parts += [_("removed %s", ", ".join(removed))] if removed else []
    return _("%s (tags)", _(" and ").join(parts))


def _turned(activity: Activity) -> str:
    data = activity.data
    if data.get("reason") == "customer_wrote":
        return _("reopened by the customer's message")
    if data.get("to") == "resolved":
        return _("resolved this")
    if data.get("was") == "resolved" and data.get("to") == "open":
        return _("reopened this")
    return _("set the status to %s", data.get("to", ""))


def _snoozed(activity: Activity) -> str:
    until = parse_datetime(activity.data.get("until", ""))
    return _("snoozed this until %s", in_full(until)) if until else _("snoozed this")


def _renamed(activity: Activity) -> str:
    return _("renamed this to “%s”", activity.data.get("to", ""))


def _split(activity: Activity) -> str:
    if "into" in activity.data:
        return _("split a conversation into %s", _ticket(activity.data["into"]))
    return _("split this from %s", _ticket(activity.data.get("source")))


def _merged(activity: Activity) -> str:
    if "into" in activity.data:
        return _("joined this into %s", _ticket(activity.data["into"]))
    return _("joined %s into this", _ticket(activity.data.get("ticket")))


def _ticket(number: int | None) -> str:
    """One that the reader may not see has no number."""
    return f"#{number}" if number else _("another ticket")


def _accepted(activity: Activity) -> str:
    return _("accepted %s", activity.data.get("address", ""))


def _given(activity: Activity) -> str:
    words = (activity.data.get("was", ""), activity.data.get("to", ""))
    return _("gave this from customer %s to customer %s", *words)


def _became_one(activity: Activity) -> str:
    words = (activity.data.get("merged", ""), activity.data.get("into", ""))
    return _("merged customer %s into customer %s: the same person", *words)


def _became_two(activity: Activity) -> str:
    return _("undid the merge: this is customer %s again", activity.data.get("customer", ""))


def _blocked(activity: Activity) -> str:
    address = activity.data.get("address", "")
    is_blocked = activity.data.get("blocked", True)
    return _("blocked %s", address) if is_blocked else _("unblocked %s", address)


def _readdressed(activity: Activity) -> str:
    if activity.data.get("device"):
        return _("WhatsApp reports: the customer uses a new device")
    return _("the customer goes by %s from now on", activity.data.get("address", ""))


def _consented(activity: Activity) -> str:
    address, allowed = activity.data.get("address", ""), activity.data.get("allowed")
    if activity.data.get("purpose") == "marketing" and allowed:
        return _("%s takes marketing messages again", address)
    if activity.data.get("purpose") == "marketing":
        return _("%s wants no marketing messages any more", address)
    if allowed:
        return _("%s may be written to again", address)
    return _("%s asked not to be written to any more", address)


def _looked_in(activity: Activity) -> str:
    return _("the customer opened the chat: %s", activity.data.get("channel", ""))


_WHAT = {
    Verb.CHAT_OPENED: _looked_in,
    Verb.CONSENT_CHANGED: _consented,
    Verb.ADDRESS_CHANGED: _readdressed,
    Verb.ASSIGNED: _assigned,
    Verb.TEAM_CHANGED: _moved,
    Verb.PRIORITY_CHANGED: _prioritised,
    Verb.TAGGED: _tagged,
    Verb.STATUS_CHANGED: _turned,
    Verb.SNOOZED: _snoozed,
    Verb.SUBJECT_CHANGED: _renamed,
    Verb.SPLIT: _split,
    Verb.MERGED: _merged,
    Verb.STRAND_ACCEPTED: _accepted,
    Verb.CUSTOMER_CHANGED: _given,
    Verb.CUSTOMERS_MERGED: _became_one,
    Verb.CUSTOMERS_UNMERGED: _became_two,
    Verb.BLOCKED: _blocked,
}
