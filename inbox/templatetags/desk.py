"""How the screens say things: times, names, channels."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

import lucide
from django import template
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import Urlizer
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from inbox import faces, pictures
from inbox.models import Ticket

register = template.Library()
register.filter("initials", faces.initials)
register.filter("hue", faces.hue)
register.filter("is_picture", pictures.may_show)

CHANNEL_ICONS = {
    "email": "mail",
    "sms": "message-square-text",
    "webchat": "messages-square",
    "whatsapp": "message-circle",
}
CHANNEL_LABELS = {
    "email": _("Email"),
    "sms": _("SMS"),
    "webchat": _("Web chat"),
    "whatsapp": _("WhatsApp"),
}
ADDRESS_ICONS = {"email": "mail", "visitor": "globe", "external": "globe"}
STATUS_ICONS = {
    "scheduled": "clock",
    "queued": "clock",
    "sending": "send-horizontal",
    "sent": "check",
    "delivered": "check-check",
    "read": "eye",
    "failed": "circle-alert",
    "uncertain": "circle-question-mark",
    "canceled": "ban",
}
LONGEST_SHOWN = 20_000


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 16) -> SafeString:
    """A Lucide icon as inline SVG, silent to screen readers: the text beside it speaks."""
    return mark_safe(_svg(str(name) + "", size))  # noqa: S308


@register.filter
def shortly(moment: datetime) -> str:
    """As a list shows it: today's by the clock, this week's by the day, others by date."""
    moment, now = timezone.localtime(moment), timezone.localtime()
    days = (now.date() - moment.date()).days
    if days <= 0:
        return formats.date_format(moment, "H:i")
    if days < 6:
        return formats.date_format(moment, "D")
    return formats.date_format(moment, "j M" if moment.year == now.year else "j M Y")


@register.filter
def in_full(moment: datetime) -> str:
    """Day and time, for titles."""
    return formats.date_format(timezone.localtime(moment), "l j F Y, H:i")


@register.filter
def channel_icon(kind: str) -> str:
    return CHANNEL_ICONS.get(kind, "messages-square")


@register.filter
def channel_label(kind: str) -> Promise | str:
    """The medium in the customer's words."""
    return CHANNEL_LABELS.get(kind, kind)


@register.filter
def address_icon(kind: str) -> str:
    return ADDRESS_ICONS.get(kind, "phone")


@register.filter
def status_icon(status: str) -> str:
    return STATUS_ICONS.get(status, "circle")


@register.filter
def sort_key(ticket: Ticket) -> str:
    """Orders rows as the list does: later in the alphabet is newer."""
    return f"{ticket.last_message_at.timestamp():020.6f}-{ticket.pk:020d}"


@register.filter
def status_label(ticket: Ticket) -> str:
    """The status as people see it."""
    return str(_("Snoozed") if ticket.shown_status == "snoozed" else ticket.get_status_display())


@register.filter
def day_name(day: date) -> str:
    """The heading of a day."""
    days = (timezone.localdate() - day).days
    if days in (0, 1):
        return str(_("Yesterday") if days else _("Today"))
    this_year = day.year == timezone.localdate().year
    return formats.date_format(day, "l j F" if this_year else "l j F Y")


@register.filter
def short_type(content_type: str) -> str:
    """What people call the type of a file: "PDF", "PNG"."""
    return content_type.rpartition("/")[2].partition(";")[0].removeprefix("x-").upper()[:12]


@register.filter
def linked(text: str) -> SafeString:
    """The text with its web addresses as links into a new tab; everything else as typed.
    Ends after LONGEST_SHOWN characters."""
    return mark_safe(_linker(text[:LONGEST_SHOWN], autoescape=True))  # noqa: S308


def _svg(name: str, size: int) -> str:
    return lucide._render_icon(name, size, aria_hidden="true")  # noqa: SLF001


class _Linker(Urlizer):
    url_template = '<a href="{href}" target="_blank" rel="noopener noreferrer nofollow">{url}</a>'


_linker = _Linker()
