"""The settings of a web chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from channels_app.forms import FORGET, ChannelForm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels_app.models import Channel

# scheme://host[:port], with *. before the host for all names below it: what `frame-ancestors`
# of a Content-Security-Policy takes too.
ORIGIN = re.compile(
    r"https?://(?:(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?"
)
COLOUR = RegexValidator(r"^#[0-9A-Fa-f]{6}\Z", _lazy("A colour as #3451b2."))
SHORTEST_SECRET = 32
ASKED = [
    ("off", _lazy("Don't ask")),
    ("optional", _lazy("Ask; may be left out")),
    ("required", _lazy("Ask; must be given")),
]


class OriginsField(forms.CharField):
    """Origins, entered with commas or line breaks, kept as a list."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = str(value or "").lower().replace(",", " ").split()
        return list(dict.fromkeys(part.rstrip("/") for part in parts))

    def validate(self, value: Iterable[str]) -> None:
        for origin in value:
            if not ORIGIN.fullmatch(origin):
                raise ValidationError(_("%s is no origin like https://shop.example.") % origin)

    def run_validators(self, value: Any) -> None:
        """The checks of a string are none of a list's."""


class WebchatForm(ChannelForm):
    """Where the chat may appear, who may use it, how it looks, what it asks."""

    secret_fields: ClassVar = frozenset({"identity_secret"})
    account_field: ClassVar = ""

    allowed_origins = OriginsField(
        label=_lazy("Allowed websites"),
        required=False,
        help_text=_lazy(
            "One a line, as https://shop.example or https://*.shop.example. Empty: only pages "
            "of this desk itself."
        ),
    )
    identity = forms.ChoiceField(
        label=_lazy("Signed identity"),
        choices=[
            ("off", _lazy("Off: everybody is an anonymous visitor")),
            ("optional", _lazy("Optional: the website may vouch for signed-in users")),
            ("required", _lazy("Required: nobody writes without it")),
        ],
        initial="off",
        help_text=_lazy("Your website signs a JWT (HS256) for its users; see the manual."),
    )
    identity_secret = forms.CharField(
        label=_lazy("Identity secret"),
        required=False,
        help_text=_lazy(
            "At least 32 characters that only your website's server and this desk know. While "
            "you change it: new,old with a comma. - removes it."
        ),
    )
    brand_colour = forms.CharField(
        label=_lazy("Colour"),
        initial="#3451b2",
        validators=[COLOUR],
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_lazy("Text on it and in it stays readable, whatever you choose."),
    )
    theme = forms.ChoiceField(
        label=_lazy("Light or dark"),
        choices=[
            ("auto", _lazy("As the visitor's device")),
            ("light", _lazy("Light")),
            ("dark", _lazy("Dark")),
        ],
        initial="auto",
        help_text=_lazy("Choose one when your site itself is always light or always dark."),
    )
    position = forms.ChoiceField(
        label=_lazy("Corner"),
        choices=[("end", _lazy("Where a line of text ends")), ("start", _lazy("Where it begins"))],
        initial="end",
        help_text=_lazy("In most languages a line ends on the right."),
    )
    greeting = forms.CharField(
        label=_lazy("Greeting"),
        required=False,
        max_length=300,
        help_text=_lazy("Shown in the empty chat. Empty: a friendly one in each language."),
    )
    ask_name = forms.ChoiceField(
        label=_lazy("Name"),
        choices=ASKED,
        initial="off",
        help_text=_lazy("Asked beside the first message. Whoever has signed in is not asked."),
    )
    ask_email = forms.ChoiceField(
        label=_lazy("Mail address"),
        choices=ASKED,
        initial="off",
        help_text=_lazy("So that an answer finds a visitor who has left."),
    )
    ask_phone = forms.ChoiceField(
        label=_lazy("Phone number"),
        choices=ASKED,
        initial="off",
        help_text=_lazy("A claim like every typed address: nobody is found or joined by it."),
    )
    availability = forms.ChoiceField(
        label=_lazy("Now"),
        choices=[
            ("chat", _lazy("We are there: chat")),
            ("form", _lazy("We are away: take messages, answer by mail")),
        ],
        initial="chat",
        help_text=_lazy("While you are away the chat asks for a mail address first."),
    )
    after_resolved = forms.ChoiceField(
        label=_lazy("After a conversation was resolved"),
        choices=[
            ("reopen", _lazy("a new message reopens it")),
            ("new", _lazy("a new message begins a new one")),
        ],
        initial="reopen",
        help_text=_lazy("Within the days of “reopen days” below; later it is a new one anyway."),
    )
    mail_channel = forms.CharField(
        label=_lazy("Mail channel"),
        required=False,
        help_text=_lazy(
            "Address of the mail channel that brings an answer to a visitor who has left. "
            "Empty: the team's mail channel, if there is one."
        ),
    )
    mail_after = forms.IntegerField(
        label=_lazy("Minutes until an unread answer is mailed"),
        initial=10,
        min_value=0,
        validators=[MaxValueValidator(1440)],
        help_text=_lazy("0: never."),
    )

    def clean_identity_secret(self) -> str:
        """One secret, or two with a comma during a change."""
        entered = str(self.cleaned_data["identity_secret"])
        secrets = [secret.strip() for secret in entered.split(",") if secret.strip()]
        if secrets != [FORGET] and any(len(one) < SHORTEST_SECRET for one in secrets):
            raise ValidationError(_("At least %d characters.") % SHORTEST_SECRET)
        return ",".join(secrets)

    def clean_mail_channel(self) -> str:
        """The address of an active mail channel."""
        from channels_app.models import Channel  # noqa: PLC0415 (models read adapters)

        address = str(self.cleaned_data["mail_channel"]).strip().lower()
        mails = Channel.objects.filter(kind="email", is_active=True, account__iexact=address)
        if address and not mails.exists():
            raise ValidationError(_("There is no active mail channel %s.") % address)
        return address

    def clean(self) -> dict[str, Any]:
        """Whoever asks for signatures has to know the secret."""
        cleaned = super().clean()
        wants = cleaned.get("identity") in ("optional", "required")
        if wants and not self.errors and not self.secrets:
            self.add_error("identity_secret", _("Signed identity needs a secret."))
        return cleaned

    def apply(self, channel: Channel) -> None:
        """A website needs no address of ours: the channel's key is its account."""
        super().apply(channel)
        channel.account = channel.key

    @property
    def account(self) -> str:
        return self.channel.key if self.channel else ""
