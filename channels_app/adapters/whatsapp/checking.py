""" "Check connection": the settings tried against Meta, each finding with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from channels_app import http
from channels_app.adapters.whatsapp.errors import refused
from channels_app.adapters.whatsapp.reading import Json, load, part, parts, word
from channels_app.errors import UnreadablePayload
from channels_app.messages import CheckResult

if TYPE_CHECKING:
    from channels_app.adapters.whatsapp.account import Account
    from channels_app.models import Channel

NUMBER = "display_phone_number,verified_name,quality_rating,status,webhook_configuration"


def check(account: Account, channel: Channel) -> list[CheckResult]:
    """Does the token hold, is the number ours and able to send, and does Meta call us?"""
    try:
        number = account.get(account.phone_number_id, fields=NUMBER)
        if number.status != 200:
            return [_refusal(_("Phone number ID and access token"), number)]
        return [
            *_number(_json(number)),
            _templates(account),
            _subscribed(account),
            _calls_us(_json(number), channel),
            _public(channel.webhook_url),
        ]
    except (http.Unreachable, http.ForbiddenAddress) as error:
        advice = _("WhatsApp's API can't be reached from this server: %s") % error
        return [CheckResult(_("Connection"), ok=False, advice=advice)]


def _refusal(label: str, answer: http.Response) -> CheckResult:
    words = refused(answer).text
    advice = _("%s Copy the phone number ID again and make a new token of a system user.")
    return CheckResult(label, ok=False, advice=advice % words)


def _number(said: Json) -> list[CheckResult]:
    shown = word(said, "display_phone_number") or _("The number")
    found = [CheckResult(_("Number %s") % shown, ok=True, advice=word(said, "verified_name"))]
    status, quality = word(said, "status"), word(said, "quality_rating")
    if status not in {"", "CONNECTED"}:
        advice = _("Meta says that the number is %s: register it under “API setup”.") % status
        found = [CheckResult(_("Number %s") % shown, ok=False, advice=advice)]
    if quality == "RED":
        advice = _("Many recipients blocked or reported this number; Meta may stop it.")
        found.append(CheckResult(_("Quality"), ok=False, advice=advice))
    return found


def _templates(account: Account) -> CheckResult:
    label = _("WhatsApp business account ID")
    answer = account.get(f"{account.waba_id}/message_templates", limit="1", fields="name")
    if answer.status == 200:
        return CheckResult(label, ok=True)
    advice = _("%s The token needs whatsapp_business_management for this account.")
    return CheckResult(label, ok=False, advice=advice % refused(answer).text)


def _subscribed(account: Account) -> CheckResult:
    label = _("App subscribed to the account")
    answer = account.get(f"{account.waba_id}/subscribed_apps")
    if answer.status == 200 and parts(_json(answer), "data"):
        return CheckResult(label, ok=True)
    advice = _("Connect your app: its page, WhatsApp, Configuration, Webhook, “Manage”.")
    return CheckResult(label, ok=False, advice=advice)


def _calls_us(number: Json, channel: Channel) -> CheckResult:
    """One address serves all numbers of an app, so another channel's will do: one that is not
    switched off, and that the same app secret proves calls for."""
    label = _("Webhook address")
    configured: dict[str, Any] = part(number, "webhook_configuration")
    called = word(configured, "phone_number") or word(configured, "application")
    if called in {"", channel.webhook_url}:
        return CheckResult(label, ok=True, advice="" if called else _enter(channel.webhook_url))
    if _is_answered(called, channel):
        advice = _("Meta calls %s, the address of another channel here, for both.")
        return CheckResult(label, ok=True, advice=advice % called)
    advice = _("Meta calls %(theirs)s, and no active channel with this app secret is there. %(do)s")
    words = {"theirs": called, "do": _enter(channel.webhook_url)}
    return CheckResult(label, ok=False, advice=advice % words)


def _enter(address: str) -> str:
    return _("Enter %s in your app, WhatsApp, Configuration, “Callback URL”.") % address


def _is_answered(address: str, channel: Channel) -> bool:
    desk = channel.webhook_url.removesuffix(f"{channel.key}/")
    key = address.removeprefix(desk).rstrip("/")
    others = type(channel).objects.filter(key=key, kind=channel.kind, is_active=True)
    return address.startswith(desk) and any(one.shares_proof_with(channel) for one in others)


def _public(webhook_url: str) -> CheckResult:
    label = _("Public address")
    try:
        http.refuse_private(webhook_url)
    except (http.Unreachable, http.ForbiddenAddress):
        advice = _("Meta can't call %s: set PUBLIC_URL to an address on the internet.")
        return CheckResult(label, ok=False, advice=advice % webhook_url)
    if webhook_url.startswith("https://"):
        return CheckResult(label, ok=True)
    advice = _("Meta calls https:// addresses only, with a certificate others trust.")
    return CheckResult(label, ok=False, advice=advice)


def _json(answer: http.Response) -> Json:
    try:
        return load(answer.body)
    except UnreadablePayload:
        return {}
