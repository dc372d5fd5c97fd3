"""What callers send: named fields only, so that a misspelt one is an error and not ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.models import Customer
from inbox.access import customers_visible_to
from inbox.models import Agent


class Strict(serializers.Serializer[Any]):
    """Refuses keys it does not list."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            raise serializers.ValidationError({str(key): ["Unknown field."] for key in unknown})
        return super().to_internal_value(data)


class PageQuery(Strict):
    """Where in a list to go on, and how far."""

    cursor = serializers.CharField(required=False, help_text="From `next` or `previous`.")
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100, default=50)


class NoQuery(Strict):
    """A call without query parameters."""


@extend_schema_field({"oneOf": [{"type": "integer"}, {"const": "me"}, {"type": "null"}]})
class AgentField(serializers.Field[Agent | None, Any, Any, Any]):
    """An agent by id, or "me"."""

    default_error_messages: ClassVar = {"invalid": 'Send the id of an agent, "me" or null.'}

    def to_internal_value(self, data: Any) -> Agent:
        if data == "me":
            agent: Agent = self.context["request"].user
            return agent
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        try:
            return Agent.objects.get(pk=data, is_active=True)
        except Agent.DoesNotExist:
            self.fail("invalid")

    def to_representation(self, value: Agent | None) -> Any:
        return value.pk if value else None


@extend_schema_field({"type": "integer"})
class CustomerField(serializers.Field[Customer, Any, Any, Any]):
    """A customer the caller may see, by id."""

    default_error_messages: ClassVar = {"invalid": "There is no such customer."}

    def to_internal_value(self, data: Any) -> Customer:
        if isinstance(data, bool) or not isinstance(data, int) or not 0 < data < 2**63:
            self.fail("invalid")
        seen = customers_visible_to(self.context["request"].user)
        customer = seen.filter(pk=data).first()
        if customer is None:
            self.fail("invalid")
        return customer

    def to_representation(self, value: Customer) -> int:
        return value.pk


WRITABLE = [("email", "email"), ("phone", "phone")]  # kinds of address people can enter


class NewAddress(Strict):
    """An address you know: nobody's yet, or of a customer you may see."""

    kind = serializers.ChoiceField(WRITABLE)
    value = serializers.CharField(max_length=320)


class Row(serializers.CharField):
    """A filter over a related row: its id, "none" and perhaps "me". Gives None, "me" or the id."""

    default_error_messages: ClassVar = {"invalid": 'Send an id, "none" or, for agents, "me".'}

    def __init__(self, *, may_be_me: bool = False, **options: Any) -> None:
        self.may_be_me = may_be_me
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if text == "none":
            return None
        if text == "me" and self.may_be_me:
            return text
        if not (text.isascii() and text.isdecimal() and len(text) < 19):
            self.fail("invalid")
        return int(text)
