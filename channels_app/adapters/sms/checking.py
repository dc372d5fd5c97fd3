""" "Check connection": the settings tried against Twilio, each finding with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from channels_app import http
from channels_app.adapters.sms.parsing import kind_of
from channels_app.messages import CheckResult

if TYPE_CHECKING:
    from channels_app.adapters.sms.sending import Account


def check(account: Account, *, webhook_url: str) -> list[CheckResult]:
    """Do the credentials hold, is the number ours, and does it call us?"""
    try:
        credentials = _credentials(account)
        if not credentials.ok:
            return [credentials]
        return [credentials, *_number(account, webhook_url), _public(webhook_url)]
    except (http.Unreachable, http.ForbiddenAddress) as error:
        advice = _("Twilio's API can't be reached from this server: %s") % error
        return [CheckResult(_("Connection"), ok=False, advice=advice)]


def _credentials(account: Account) -> CheckResult:
    label = _("Account SID and auth token")
    answer = account.get()
    if answer.status == 200 and _json(answer).get("status") == "active":
        return CheckResult(label, ok=True)
    if answer.status == 200:
        return CheckResult(label, ok=False, advice=_("The Twilio account is not active."))
    if answer.status in {401, 403, 404}:
        advice = _("Copy both again from the Twilio console, “Account info”.")
        return CheckResult(label, ok=False, advice=advice)
    return CheckResult(label, ok=False, advice=_("Twilio answered HTTP %d.") % answer.status)


def _number(account: Account, webhook_url: str) -> list[CheckResult]:
    label = _("Number %s") % account.number
    if kind_of(account.number) != "phone":
        advice = _("Short codes and names can't be looked up; names can't be answered.")
        return [CheckResult(label, ok=True, advice=advice)]
    found = _json(account.get("/IncomingPhoneNumbers.json", PhoneNumber=account.number))
    owned = found.get("incoming_phone_numbers") or []
    if not owned:
        advice = _("This number is not among those of the account: console, “Active numbers”.")
        return [CheckResult(label, ok=False, advice=advice)]
    return [_can_text(label, owned[0]), _calls_us(account, owned[0], webhook_url)]


def _can_text(label: str, number: dict[str, Any]) -> CheckResult:
    if (number.get("capabilities") or {}).get("sms"):
        return CheckResult(label, ok=True)
    return CheckResult(label, ok=False, advice=_("This number can't send or receive messages."))


def _calls_us(account: Account, number: dict[str, Any], webhook_url: str) -> CheckResult:
    label = _("Webhook address")
    called = str(number.get("sms_url") or "").partition("#")[0]
    if called == webhook_url:
        return CheckResult(label, ok=True)
    if account.messaging_service_sid:
        advice = _("Make sure that the messaging service calls %s (Integration).") % webhook_url
        return CheckResult(label, ok=True, advice=advice)
    advice = _("Enter %s at the number under “A message comes in” (HTTP POST).") % webhook_url
    return CheckResult(label, ok=False, advice=advice)


def _public(webhook_url: str) -> CheckResult:
    label = _("Public address")
    try:
        http.refuse_private(webhook_url)
    except (http.Unreachable, http.ForbiddenAddress):
        advice = _("Twilio can't call %s: set PUBLIC_URL to an address on the internet.")
        return CheckResult(label, ok=False, advice=advice % webhook_url)
    if webhook_url.startswith("https://"):
        return CheckResult(label, ok=True)
    return CheckResult(label, ok=True, advice=_("Use https: messages come in readable by others."))


def _json(answer: http.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
