from __future__ import annotations

import pytest

from channels_app.messages import Address
from customers.identify import claim, identify
from customers.merging import merge
from customers.models import Customer
from inbox import search
from inbox.search import customers_matching

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Customer:
    known = [Address("phone", "+447700900123"), Address("email", "ada@customer.example")]
    return identify(known, name="Ada Löwe").customer


def found(text: str) -> list[Customer]:
    return list(customers_matching(Customer.objects.living(), text).order_by("pk"))


@pytest.mark.parametrize(
    "text",
    [
        *("ada", "Lowe", "LÖWE", "löw", "lowe ada", "ada@customer.example", "ada@cust"),
        *("+447700900123", "+44 7700 900 123", "07700900123", "07700 900123", "+44 7700 9001"),
    ],
)
def test_found_by_name_and_addresses_however_they_are_written(ada: Customer, text: str) -> None:
    identify([Address("email", "eve@stranger.example")], name="Eve")
    assert found(text) == [ada]


@pytest.mark.parametrize("text", ["we", "customer ad example x", "+44 7700 900 124", "'", '"*'])
def test_others_are_not(ada: Customer, text: str) -> None:
    assert found(text) == []


def test_a_claimed_address_leads_to_who_claims_it(ada: Customer) -> None:
    typed = claim("Eve", kind="email", value="ada@customer.example", source="form")
    assert found("ada@customer.example") == [ada, typed.customer]


def test_after_a_merge_the_survivor_is_found(ada: Customer) -> None:
    eve = identify([Address("email", "eve@stranger.example")], name="Eve").customer
    merge(eve, into=ada)
    assert found("eve@stranger.example") == [ada]


def test_words_that_many_have_lead_to_the_newest(
    monkeypatch: pytest.MonkeyPatch, ada: Customer
) -> None:
    monkeypatch.setattr(search, "ALL_OF_THEM", 2)
    known = [identify([Address("email", f"ada{n}@x.example")], name="Ada") for n in range(6)]
    newest = customers_matching(Customer.objects.living(), "ada", limit=1)
    assert set(newest) == {one.customer for one in known[-4:]}
