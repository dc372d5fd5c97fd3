from __future__ import annotations

import pytest

from channels_app.messages import Address as Known
from customers.identify import claim, identify
from customers.models import Customer
from customers.summary import summary

pytestmark = pytest.mark.django_db


def present(customer: Customer) -> Customer:
    return Customer.objects.get(pk=customer.pk)


def test_somebody_without_a_name_is_called_by_their_address() -> None:
    ada = identify([Known("phone", "+447700900123")]).customer
    assert str(present(ada)) == "+44 7700 900123"


def test_a_name_comes_first_whenever_it_is_learned() -> None:
    ada = identify([Known("phone", "+447700900123")]).customer
    identify([Known("phone", "+447700900123")], name="Ada")
    assert str(present(ada)) == "Ada"
    assert "ada" in present(ada).words.split()


def test_somebody_with_nothing_at_all_is_called_by_their_number() -> None:
    nobody = Customer.objects.create()
    assert str(nobody) == f"Customer {nobody.pk}"


@pytest.mark.parametrize("code", ["visitor", "whatsapp_user", "external"])
def test_an_address_people_know_is_better_than_a_code(code: str) -> None:
    both = [Known(code, "abcdefgh"), Known("email", "ada@customer.example")]
    assert summary("", both)["label"] == "ada@customer.example"
    ada = identify(both[:1]).customer
    identify(both)
    assert str(present(ada)) == "ada@customer.example"


def test_the_first_of_several_stays() -> None:
    ada = identify([Known("email", "ada@customer.example")]).customer
    identify([Known("email", "ada@customer.example"), Known("phone", "+447700900123")])
    assert str(present(ada)) == "ada@customer.example"


def test_a_number_is_found_in_every_way_people_write_it() -> None:
    words = summary("", [Known("phone", "+447700900123")])["words"].split()
    assert {"447700900123", "07700900123", "44", "7700", "900123"} <= set(words)


def test_a_claimed_address_is_found_too() -> None:
    typed = claim("Ada Löwe", kind="email", value="ada@customer.example", source="form")
    assert {"ada", "lowe", "customer"} <= set(present(typed.customer).words.split())
