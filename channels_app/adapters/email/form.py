"""The settings of a mail channel."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_app.adapters.email import servers
from channels_app.forms import FORGET, ChannelForm


class AddressList(forms.CharField):
    """Mail addresses with commas between them; a list of them in lower case."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = ",".join(value) if isinstance(value, list) else super().to_python(value) or ""
        return [one.strip().lower() for one in text.replace("\n", ",").split(",") if one.strip()]

    def validate(self, value: Any) -> None:
        for address in value:
            validate_email(address)


class ServerURL(forms.CharField):
    """The URL of a mail server, checked as far as that goes without calling it."""

    def __init__(self, *, protocol: str, **options: Any) -> None:
        self.protocol = protocol
        super().__init__(max_length=1000, required=False, **options)

    def validate(self, value: str) -> None:
        if value in ("", FORGET):
            return
        try:
            servers.parse(value, protocol=self.protocol)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class EmailForm(ChannelForm):
    """Where mail comes in, where it goes out, and whom to believe."""

    account_field: ClassVar[str] = "address"
    secret_fields: ClassVar[frozenset[str]] = frozenset({"imap_url", "smtp_url"})

    address = forms.EmailField(
        max_length=254,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy(
            "Where customers write to, as support@shop.example. Answers come from it; the mailbox "
            "must also take mail to support+anything@shop.example, as Gmail, Microsoft 365 "
            "and most servers do or can be told to (“plus addressing”, “recipient delimiter”)."
        ),
    )
    imap_url = ServerURL(
        protocol="imap",
        label=gettext_lazy("Incoming mail (IMAP)"),
        help_text=gettext_lazy(
            "imaps://user:password@host:993 – your mail provider's help calls it “IMAP settings”; "
            "Gmail: imap.gmail.com with an app password. Another mailbox than INBOX goes behind "
            "the host, as /Support. Leave empty when a mail server hands mail over with the "
            "receive_email command."
        ),
    )
    smtp_url = ServerURL(
        protocol="smtp",
        label=gettext_lazy("Outgoing mail (SMTP)"),
        help_text=gettext_lazy(
            "smtps://user:password@host:465, or smtp://…:587 (encrypted by STARTTLS) – beside the "
            "IMAP settings in your provider's help. Without it nobody can answer by mail."
        ),
    )
    trusted_authserv_id = forms.CharField(
        max_length=253,
        required=False,
        label=gettext_lazy("Host that checks senders"),
        help_text=gettext_lazy(
            "The first word of the header “Authentication-Results” in a mail of this mailbox (show "
            "its source), as mx.google.com. The host must remove such headers from what comes in. "
            "Empty: no sender counts as checked."
        ),
    )
    form_senders = AddressList(
        required=False,
        label=gettext_lazy("Addresses of web forms"),
        help_text=gettext_lazy(
            "From-addresses of your contact forms, with commas. Such mail is taken as written by "
            "whoever stands in Reply-To, without proof of it."
        ),
    )

    def clean_address(self) -> str:
        """One spelling, so that two channels can't share an address by accident."""
        return str(self.cleaned_data["address"]).lower()

    def clean_trusted_authserv_id(self) -> str:
        host = str(self.cleaned_data["trusted_authserv_id"]).strip().rstrip(";").lower()
        if len(host.split()) > 1:
            raise ValidationError(_("one host name only"))
        return host
