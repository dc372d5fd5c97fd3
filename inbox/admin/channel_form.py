"""One form for a channel: what all have in common, and the settings of its kind."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from channels_app.adapters import adapter_class
from channels_app.forms import ChannelForm
from channels_app.models import Channel

COMMON = ("name", "is_active")


class KindlessForm(forms.ModelForm[Channel]):
    """The common part, joined at run time by the fields of the kind's own form.

    That form does all the checking of its fields; this one shows them and passes its errors on.
    """

    kind: str

    class Meta:
        model = Channel
        fields = COMMON

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = self.instance if self.instance.pk else None
        self.settings_form: ChannelForm = adapter_class(self.kind).settings_form(
            self.data if self.is_bound else None, channel=known
        )
        self.instance.kind = self.kind
        self.fields |= self.settings_form.fields
        self.initial = {**self.initial, **self.settings_form.initial}

    def clean(self) -> dict[str, Any]:
        for name, errors in self.settings_form.errors.items():
            self.add_error(name if name in self.fields else None, list(errors))
        if self.settings_form.is_valid():
            self.settings_form.apply(self.instance)
        return super().clean() or self.cleaned_data

    def validate_constraints(self) -> None:
        """All of them: the form has no field for the address, but its settings set it."""
        try:
            self.instance.validate_constraints()
        except ValidationError as error:
            self.add_error(None, error.messages)


def form_of(kind: str) -> type[KindlessForm]:
    """The form class of a kind, with the kind's fields declared. Raises UnknownKind."""
    declared = adapter_class(kind).settings_form.base_fields
    return type(f"{kind.title()}ChannelForm", (KindlessForm,), {**declared, "kind": kind})


def settings_of(kind: str) -> list[str]:
    """Names of the kind's own fields, in their order."""
    return list(adapter_class(kind).settings_form.base_fields)
