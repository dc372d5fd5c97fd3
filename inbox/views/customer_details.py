"""What is known of a customer besides their addresses, as a form."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from customers.models import Customer

MOST = 50


class DetailsForm(forms.Form):
    """Tags between commas, attributes as lines of "name: value"."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    language = forms.CharField(label=_("Language"), max_length=35, required=False)
    timezone = forms.CharField(label=_("Time zone"), max_length=64, required=False)
    tags = forms.CharField(label=_("Tags"), max_length=2000, required=False)
    attributes = forms.CharField(
        label=_("Attributes"), max_length=20_000, required=False, widget=forms.Textarea
    )

    def __init__(self, data: QueryDict | None, *, customer: Customer) -> None:
        self.known = customer.attributes
        super().__init__(data, initial=_shown(customer), auto_id="customer-%s")
        for field in self.fields.values():
            field.widget.attrs |= {"class": "field", "autocomplete": "off"}
        self.fields["attributes"].widget.attrs["rows"] = 3

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name and name not in available_timezones():
            raise forms.ValidationError(_("A name as in Europe/Berlin."))
        return name

    def clean_tags(self) -> list[str]:
        tags = [one.strip()[:50] for one in self.cleaned_data["tags"].split(",")]
        return list(dict.fromkeys(tag for tag in tags if tag))[:MOST]

    def clean_attributes(self) -> dict[str, Any]:
        lines = [line for line in self.cleaned_data["attributes"].splitlines() if line.strip()]
        pairs = [line.partition(":") for line in lines[:MOST]]
        if not all(colon and name.strip() for name, colon, _value in pairs):
            raise forms.ValidationError(_("One a line, as in plan: gold."))
        return {name.strip(): self._typed(name.strip(), value) for name, _colon, value in pairs}

    def _typed(self, name: str, value: str) -> Any:
        """What nobody changed keeps the type it has: programs write numbers and lists too."""
        known = self.known.get(name)
        return known if str(known) == value.strip() else value.strip()


def _shown(customer: Customer) -> dict[str, str]:
    lines = (f"{name}: {value}" for name, value in customer.attributes.items())
    return {
        "name": customer.name,
        "language": customer.language,
        "timezone": customer.timezone,
        "tags": ", ".join(customer.tags),
        "attributes": "\n".join(lines),
    }
