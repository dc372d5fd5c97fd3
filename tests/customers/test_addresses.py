from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.addresses import country_of, display, matching_key, sms_kind


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("email", " Ada@Customer.Example ", "ada@customer.example"),
        ("email", "ada@büro.example", "ada@xn--bro-hoa.example"),
        ("email", "a.d.a+x@customer.example", "a.d.a+x@customer.example"),
        ("phone", "+44 7700 900123", "+447700900123"),
        ("phone", "whatsapp:+447700900123", "+447700900123"),
        ("phone", "tel:+44-7700-900123", "+447700900123"),
        ("phone", "+5215512345678", "+525512345678"),
        ("phone", "+525512345678", "+525512345678"),
        ("phone", "+5491123456789", "+541123456789"),
        ("phone", "+541123456789", "+541123456789"),
        ("phone", "+5511987654321", "+551187654321"),
        ("phone", "+551187654321", "+551187654321"),
        ("phone", "+39 06 1234567", "+39061234567"),
        ("sms_sender", "ACME", "acme"),
        ("sms_sender", "60777", "60777"),
    ],
)
def test_an_address_is_compared_by_its_key(kind: str, value: str, key: str) -> None:
    assert matching_key(kind, value) == key


def test_a_national_number_is_read_with_its_region() -> None:
    assert matching_key("phone", "07700 900123", region="GB") == "+447700900123"


@given(st.sampled_from(["email", "phone", "sms_sender"]), st.text(max_size=400))
def test_the_key_of_a_key_is_the_key(kind: str, value: str) -> None:
    key = matching_key(kind, value)
    assert matching_key(kind, key) == key
    assert len(key) <= 320
    assert "\0" not in key


@given(st.text())
def test_no_address_is_too_odd_to_be_shown(value: str) -> None:
    assert isinstance(display("phone", value), str)
    assert isinstance(country_of(value), str)
    assert sms_kind(value) in {"phone", "sms_sender"}


@pytest.mark.parametrize(
    ("value", "kind"),
    [("+447700900123", "phone"), ("60777", "sms_sender"), ("ACME", "sms_sender"), ("447700900123", "phone")],
)
def test_short_codes_and_names_are_no_numbers_to_call(value: str, kind: str) -> None:
    assert sms_kind(value) == kind


def test_a_number_says_its_country() -> None:
    assert country_of("+4915112345678") == "DE"
    assert country_of("ACME") == ""
