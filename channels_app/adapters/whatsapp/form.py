"""The settings of a WhatsApp channel."""

from __future__ import annotations

import re
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from channels_app.adapters.whatsapp.account import API_BASE, GRAPH_VERSION
from channels_app.forms import ChannelForm, api_address

DIGITS = RegexValidator(r"^[0-9]{5,32}\Z", _lazy("Digits only, as Meta shows it."))
VERSION = RegexValidator(r"^v[0-9]{2,3}\.[0-9]\Z", _lazy("As v26.0."))
NO_SPACE = RegexValidator(r"^\S+\Z", _lazy("Enter it as it is shown, without spaces."))


class WhatsAppForm(ChannelForm):
    """What Meta's developer and business pages show."""

    secret_fields: ClassVar = frozenset({"access_token", "app_secret", "verify_token"})
    account_field: ClassVar = "phone_number_id"

    phone_number_id = forms.CharField(
        label=_lazy("Phone number ID"),
        validators=[DIGITS],
        help_text=_lazy(
            "developers.facebook.com, your app, WhatsApp, “API setup”, under “From”: the ID "
            "below the number, not the number itself."
        ),
    )
    waba_id = forms.CharField(
        label=_lazy("WhatsApp business account ID"),
        validators=[DIGITS],
        help_text=_lazy("On the same page, below the phone number ID."),
    )
    access_token = forms.CharField(
        label=_lazy("Access token"),
        validators=[NO_SPACE],
        help_text=_lazy(
            "business.facebook.com, Settings, Users, “System users”, “Generate token” with "
            "whatsapp_business_messaging and whatsapp_business_management, never expiring. The "
            "one on the “API setup” page ends after a day."
        ),
    )
    app_secret = forms.CharField(
        label=_lazy("App secret"),
        help_text=_lazy(
            "developers.facebook.com, your app, “App settings”, Basic, “App secret”, Show. While "
            "you change it: new,old with a comma; calls signed with either are trusted."
        ),
    )
    verify_token = forms.CharField(
        label=_lazy("Verify token"),
        validators=[NO_SPACE],
        help_text=_lazy(
            "A word of your own. Enter it with the webhook address of this channel in your app, "
            "WhatsApp, Configuration, and subscribe there to messages, "
            "message_template_status_update, user_preferences, calls and, if you also use the "
            "phone app, smb_message_echoes."
        ),
    )
    portfolio_id = forms.CharField(
        label=_lazy("Business portfolio ID"),
        required=False,
        validators=[DIGITS],
        help_text=_lazy(
            "Only when several WhatsApp accounts share one portfolio: business.facebook.com, "
            "Settings, “Business info”. Customers who hide their number are known as one person "
            "in all of them."
        ),
    )
    graph_version = forms.CharField(
        label=_lazy("Graph API version"),
        initial=GRAPH_VERSION,
        required=False,
        validators=[VERSION],
        help_text=_lazy("Leave as it is, unless Meta says that this version ends."),
    )
    api_base = forms.CharField(
        label=_lazy("API address"),
        initial=API_BASE,
        required=False,
        help_text=_lazy("Leave as it is; another address is for sandboxes and simulators."),
    )

    def clean_app_secret(self) -> str:
        """One secret, or two with a comma during a change."""
        entered = self.cleaned_data["app_secret"].split(",")
        secrets = [secret.strip() for secret in entered if secret.strip()]
        if any(re.search(r"\s", one) for one in secrets) or (entered != [""] and not secrets):
            raise ValidationError(_("Enter the secret as it is shown, without spaces."))
        return ",".join(secrets)

    def clean_graph_version(self) -> str:
        """The version, the default for none."""
        return str(self.cleaned_data["graph_version"] or GRAPH_VERSION)

    def clean_api_base(self) -> str:
        """An address our token may be sent to."""
        return api_address(self.cleaned_data["api_base"], usual=API_BASE)
