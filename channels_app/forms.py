"""The base of every channel kind's settings form: one form for the admin and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext as _

from channels_app import http

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels_app.models import Channel

FORGET = "-"


class ChannelForm(forms.Form):
    """What an admin enters for a channel of one kind; every field says where its value stands.

    A subclass lists its fields, names those in `secret_fields` (encrypted, never shown again;
    left blank they stay as they are, "-" forgets an optional one) and the one that is our own
    address in `account_field`.
    """

    secret_fields: ClassVar[frozenset[str]] = frozenset()
    account_field: ClassVar[str]

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        channel: Channel | None = None,
        prefix: str | None = None,
    ) -> None:
        self.channel = channel
        self.unknown: list[str] = []
        known = {**channel.settings, self.account_field: channel.account} if channel else {}
        super().__init__(data, initial=known, prefix=prefix)
        for name in self.secret_fields:
            self._write_only(self.fields[name], stored=bool(channel and channel.secrets.get(name)))

    @classmethod
    def from_settings(cls, pairs: Mapping[str, str]) -> Self:
        """The form filled with `key=value` pairs; keys left out take their default.

        A key that is no setting of this kind makes the form invalid and is named.
        """
        defaults = {name: field.initial for name, field in cls.base_fields.items()}
        form = cls(
            {name: value for name, value in defaults.items() if value is not None} | {**pairs}
        )
        form.unknown = sorted(pairs.keys() - form.fields.keys())
        return form

    def clean(self) -> dict[str, Any]:
        """Refuse settings that nobody reads (a misspelt one must not pass silently), and to
        forget a secret without which the channel can't work."""
        known = ", ".join(self.fields)
        for name in self.unknown:
            self.add_error(None, _("unknown setting %s; known: %s") % (name, known))
        for name in self.secret_fields:
            if self.base_fields[name].required and self.cleaned_data.get(name) == FORGET:
                self.add_error(name, _("This field is required."))
        return self.cleaned_data

    def apply(self, channel: Channel) -> None:
        """Put the valid form's values on the channel, which is not saved."""
        channel.account = self.account
        channel.settings = self.settings
        channel.secrets = self.secrets

    @property
    def account(self) -> str:
        """Our own address on this channel, as the provider reports it."""
        return str(self.cleaned_data[self.account_field])

    @property
    def settings(self) -> dict[str, Any]:
        """The plain rest."""
        apart = self.secret_fields | {self.account_field}
        return {name: value for name, value in self.cleaned_data.items() if name not in apart}

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets as they are to be stored: entered now, or kept from before."""
        stored = self.channel.secrets if self.channel else {}
        merged = {
            name: self.cleaned_data[name] or stored.get(name, "") for name in self.secret_fields
        }
        return {name: value for name, value in merged.items() if value not in ("", FORGET)}

    @property
    def problems(self) -> list[str]:
        """One line for each error, with the field's name in front."""
        return [
            f"{name}: {message}" if name != NON_FIELD_ERRORS else str(message)
            for name, messages in self.errors.items()
            for message in messages
        ]

    def _write_only(self, field: forms.Field, *, stored: bool) -> None:
        field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        if stored:
            field.required = False
            field.widget.attrs["placeholder"] = _("stored; leave blank to keep it")


def api_address(entered: str, *, usual: str) -> str:
    """The address of a provider's API that our credentials may be sent to; `usual` for none.
    Raises ValidationError."""
    address = (entered or usual).rstrip("/")
    if address == usual:
        return address
    try:
        is_inside = http.is_allowed(address)
        http.refuse_private(address)
    except http.ForbiddenAddress as error:
        text = _("%s; name the host in OUTBOUND_ALLOW_HOSTS to allow it.") % error
        raise ValidationError(text) from error
    except http.Unreachable as error:
        raise ValidationError(str(error)) from error
    if not (address.startswith("https://") or is_inside):
        raise ValidationError(_("Only https: keeps the credentials secret on the way."))
    return address
