from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Customer
from inbox.canned_replies import fill, values_for
from inbox.models import Agent, Ticket

ADA = {"customer.first_name": "Ada", "customer.name": "Ada Lovelace", "ticket.subject": ""}


@pytest.mark.parametrize(
    ("typed", "filled"),
    [
        ("Hello {{customer.first_name|there}},", "Hello Ada,"),
        ("Hello {{ customer.first_name }},", "Hello Ada,"),
        ("{{customer.name}} / {{customer.name}}", "Ada Lovelace / Ada Lovelace"),
        ("About {{ticket.subject|your question}}", "About your question"),
        ("About {{ticket.subject}}.", "About ."),
    ],
)
def test_known_words_are_filled_in(typed: str, filled: str) -> None:
    assert fill(typed, ADA) == filled


@pytest.mark.parametrize(
    "typed",
    [
        "{{7*7}}",
        "{{ customer }}",
        "{{customer.__class__}}",
        "{customer.first_name.__class__}",
        '{{customer.password|rjust:"300000000"}}',
        "{% include 'secret' %}",
        "{{ settings.SECRET_KEY }}",
        "%(customer.name)s $customer {0}",
        "{{customer.first_name",
        "{{customer.first_name|{{ticket.unknown}}",
        "{{ {{customer.unknown}} }}",
    ],
)
def test_anything_else_comes_out_as_typed(typed: str) -> None:
    assert fill(typed, {"customer.first_name": "Ada"}) == typed


def test_a_filter_is_only_words_to_fall_back_on() -> None:
    assert fill('{{customer.first_name|rjust:"300000000"}}', {"customer.first_name": ""}) == (
        'rjust:"300000000"'
    )


def test_a_value_is_not_read_again() -> None:
    values = {"customer.name": "{{agent.name}}", "agent.name": "Grace"}
    assert fill("{{customer.name}}", values) == "{{agent.name}}"


@given(st.text(alphabet="{}|. acustomernm_", max_size=200))
def test_hostile_texts_neither_raise_nor_grow(typed: str) -> None:
    assert len(fill(typed, {"customer.name": ""})) <= len(typed)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ada Lovelace", "Ada"),
        ("  Ada\n Lovelace ", "Ada"),
        ("", ""),
        ("+44 7700 900123", ""),
        ("ada@customer.example", ""),
    ],
)
def test_a_first_name_is_a_name(name: str, first: str, grace: Agent) -> None:
    ticket = Ticket(number=12, subject="A\nB", customer=Customer(name=name))
    values = values_for(ticket, agent=grace)
    assert values["customer.first_name"] == first
    assert (values["ticket.number"], values["ticket.subject"]) == ("12", "A B")
    assert (values["agent.name"], values["agent.first_name"]) == ("Grace Hopper", "Grace")
