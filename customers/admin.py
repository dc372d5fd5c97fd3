"""Customers as an admin looks after them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from customers.addresses import matching_key
from customers.identify import owner_of
from customers.models import Claim, Consent, Customer, Identity
from customers.summary import summarise
from customers.vouching import check_form

CONSENTS_SHOWN = 50


class CustomerForm(forms.ModelForm[Customer]):
    """Attributes and tags are JSON: what is no JSON of the right shape is told so."""

    def clean_attributes(self) -> dict[str, Any]:
        attributes = self.cleaned_data["attributes"] or {}
        if not isinstance(attributes, dict):
            raise ValidationError(_('Names and values, as in {"plan": "gold"}.'))
        return attributes

    def clean_tags(self) -> list[str]:
        tags = self.cleaned_data["tags"] or []
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise ValidationError(_('A list of words, as in ["vip", "press"].'))
        return tags


class NewIdentityForm(forms.ModelForm[Identity]):
    """An address an agent vouches for. It must be nobody's yet."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, value = cleaned.get("kind"), cleaned.get("value")
        if kind and value:
            self._check_form(kind, value)
            self._check_owner(kind, value)
        return cleaned

    def _check_form(self, kind: str, value: str) -> None:
        try:
            check_form(kind, value)
        except ValidationError as error:
            raise ValidationError({"value": error.messages}) from error

    def _check_owner(self, kind: str, value: str) -> None:
        identity = self.instance
        identity.kind, identity.value, identity.key = kind, value, matching_key(kind, value)
        identity.proven_by = Identity.ProvenBy.AGENT
        if not identity.key:
            raise ValidationError({"value": _("Without an address nobody can be recognised.")})
        owner = owner_of(identity)
        if owner is not None:
            raise ValidationError({"value": _("It is an address of %s already.") % owner.customer})


class NewIdentity(admin.TabularInline[Identity, Customer]):
    model = Identity
    form = NewIdentityForm
    verbose_name_plural = _("new address, proven by you")
    fields = ("kind", "value", "is_shared")
    extra = max_num = 1
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Identity]:
        return super().get_queryset(request).none()


class Identities(admin.TabularInline[Identity, Customer]):
    """What messages have come from keeps its spelling: conversations answer to it."""

    model = Identity
    fields = ("kind", "value", "proven_by", "is_shared", "created_at", "ended_at")
    readonly_fields = ("kind", "value", "proven_by", "created_at", "ended_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Claims(admin.TabularInline[Claim, Customer]):
    model = Claim
    fields = readonly_fields = ("kind", "value", "source", "created_at", "settled_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin[Customer]):
    form = CustomerForm
    fields = (
        "name", "language", "timezone", "tags", "attributes", "consents", "created_at",
        "last_seen_at",
    )  # fmt: skip
    readonly_fields = ("consents", "created_at", "last_seen_at")
    inlines = (Identities, NewIdentity, Claims)
    list_display = ("__str__", "addresses", "created_at", "last_seen_at")
    search_fields = ("name", "identities__value", "identities__key")
    ordering = ("-pk",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        current = Identity.objects.filter(ended_at=None)
        return super().get_queryset(request).prefetch_related(Prefetch("identities", current))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their tickets would go with them."""
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        summarise(form.instance)

    @admin.display(description=_("addresses"))
    def addresses(self, customer: Customer) -> str:
        return ", ".join(str(identity) for identity in customer.identities.all())

    @admin.display(description=_("consents"))
    def consents(self, customer: Customer) -> SafeString:
        """What the owner of these addresses said about being written to, newest first."""
        rows = (
            (localize(localtime(one.at)), one, one.medium, one.sender, one.purpose, one.source)
            for one in _consents_of(customer)
        )
        return format_html_join("", "<p>{} · {} · {} {} · {} · {}</p>", rows)


def _consents_of(customer: Customer) -> QuerySet[Consent]:
    """Of their present addresses."""
    any_of = Q(pk=None)
    for identity in customer.identities.all():
        any_of |= Q(kind=identity.kind, key=identity.key)
    return Consent.objects.filter(any_of).order_by("-at", "-pk")[:CONSENTS_SHOWN]
