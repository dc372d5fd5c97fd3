"""The settings of a text message channel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from channels_app.adapters.sms.sending import API_BASE
from channels_app.forms import ChannelForm, api_address

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORT_CODE = re.compile(r"[0-9]{3,8}", re.ASCII)
NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", re.ASCII)
PAIR = re.compile(r"[^\s:,]+:[^\s:,]+")
ACCOUNT_SID = RegexValidator(r"^AC[0-9A-Za-z]{32}\Z", _lazy("AC and 32 letters and digits."))
SERVICE_SID = RegexValidator(r"^MG[0-9A-Za-z]{32}\Z", _lazy("MG and 32 letters and digits."))


class CountriesField(forms.CharField):
    """Two-letter country codes, entered with commas, kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return sorted(
            {code.strip().upper() for code in str(value or "").split(",") if code.strip()}
        )

    def validate(self, value: Iterable[str]) -> None:
        for code in value:
            if code not in phonenumbers.SUPPORTED_REGIONS:
                raise ValidationError(_("%s is no two-letter country code.") % code)

    def run_validators(self, value: Any) -> None:
        """The checks of a string are none of a list's."""


class TwilioForm(ChannelForm):
    """What Twilio's console shows, and how this channel uses it."""

    secret_fields: ClassVar = frozenset({"auth_token", "signing_keys"})
    account_field: ClassVar = "number"

    provider = forms.ChoiceField(
        label=_lazy("Provider"),
        choices=[("twilio", "Twilio")],
        initial="twilio",
        help_text=_lazy("Who carries the messages."),
    )
    account_sid = forms.CharField(
        label=_lazy("Account SID"),
        validators=[ACCOUNT_SID],
        help_text=_lazy("Twilio console, start page, “Account info”: begins with AC."),
    )
    auth_token = forms.CharField(
        label=_lazy("Auth token"),
        help_text=_lazy(
            "Twilio console, start page, “Account info”, “Auth token”, “Show”. While you change "
            "it: new,old with a comma; calls signed with either are trusted."
        ),
    )
    number = forms.CharField(
        label=_lazy("Number"),
        help_text=_lazy(
            "Twilio console, Phone Numbers, Manage, “Active numbers”: as +15551234567. A short "
            "code or a sender name of up to 11 letters works too."
        ),
    )
    messaging_service_sid = forms.CharField(
        label=_lazy("Messaging service SID"),
        required=False,
        validators=[SERVICE_SID],
        help_text=_lazy(
            "Only when you send through one: Twilio console, Messaging, Services: begins with MG."
        ),
    )
    signing_keys = forms.CharField(
        label=_lazy("Webhook signing keys"),
        required=False,
        help_text=_lazy(
            "Only when shared-key signing (SHA-256) is on: id:secret, several with commas; the "
            "ids and secrets stand in Twilio's webhook settings, “Shared keys”. - removes them."
        ),
    )
    default_region = forms.CharField(
        label=_lazy("Default country"),
        required=False,
        help_text=_lazy("Country of numbers that agents enter without +: two letters, as US."),
    )
    allowed_countries = CountriesField(
        label=_lazy("Allowed countries"),
        required=False,
        help_text=_lazy(
            "Send to these countries only, as US, CA; empty: to all that are on in the Twilio "
            "console, Messaging, Settings, “Geo permissions”."
        ),
    )
    daily_limit_per_number = forms.IntegerField(
        label=_lazy("Messages a day to one number"),
        initial=200,
        required=False,
        min_value=0,
        help_text=_lazy(
            "More are refused until the first is 24 hours old: who is paid for text messages has "
            "reasons to make you send many. Empty or 0: no limit."
        ),
    )
    daily_limit_per_prefix = forms.IntegerField(
        label=_lazy("Messages a day to one thousand of numbers"),
        initial=2000,
        required=False,
        min_value=0,
        help_text=_lazy(
            "The same for all numbers that differ in their last three digits only. Empty or 0: "
            "no limit."
        ),
    )
    daily_limit = forms.IntegerField(
        label=_lazy("Messages a day in all"),
        initial=20_000,
        required=False,
        min_value=0,
        help_text=_lazy("The same for everything this channel sends. Empty or 0: no limit."),
    )
    keyword_replies = forms.ChoiceField(
        label=_lazy("STOP, START and HELP are answered by"),
        choices=[("provider", "Twilio"), ("parley", "Parley")],
        initial="provider",
        help_text=_lazy(
            "Twilio answers itself unless its support switched that off for your account "
            "(Messaging, Services, “Opt-out management”)."
        ),
    )
    api_base = forms.CharField(
        label=_lazy("API address"),
        initial=API_BASE,
        required=False,
        help_text=_lazy("Leave as it is; another address is for sandboxes and simulators."),
    )

    def clean_auth_token(self) -> str:
        """One token, or two with a comma during a change."""
        entered = self.cleaned_data["auth_token"].split(",")
        tokens = [token.strip() for token in entered if token.strip()]
        if any(re.search(r"\s", token) for token in tokens) or (entered != [""] and not tokens):
            raise ValidationError(_("Enter the token as it is shown, without spaces."))
        return ",".join(tokens)

    def clean_number(self) -> str:
        """The number as Twilio reports it: E.164, short code or name."""
        number = self.cleaned_data["number"]
        if SHORT_CODE.fullmatch(number) or NAME.fullmatch(number):
            return str(number)
        try:
            parsed = phonenumbers.parse(number, self.data.get("default_region", "").upper() or None)
        except phonenumbers.NumberParseException as error:
            raise ValidationError(
                _("Enter it with + and country code, as +15551234567.")
            ) from error
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    def clean_signing_keys(self) -> str:
        """Pairs of id and secret."""
        pairs = [
            pair.strip() for pair in self.cleaned_data["signing_keys"].split(",") if pair.strip()
        ]
        if pairs != ["-"] and not all(PAIR.fullmatch(pair) for pair in pairs):
            raise ValidationError(_("Enter id:secret, several with commas."))
        return ",".join(pairs)

    def clean_default_region(self) -> str:
        """A two-letter country code."""
        region = str(self.cleaned_data["default_region"]).upper()
        if region and region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError(_("%s is no two-letter country code.") % region)
        return region

    def clean_api_base(self) -> str:
        """An address our credentials may be sent to."""
        return api_address(self.cleaned_data["api_base"], usual=API_BASE)
