"""One address, many spellings; many addresses, never one key."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.addresses import country_of, display, matching_key, storable


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
        ("phone", "+54 11 15 2345-6789", "+541123456789"),
        ("phone", "12345", "+12345"),
        ("phone", "anonymous", "anonymous"),
        ("phone", "+39 06 1234567", "+39061234567"),
        ("sms_sender", "ACME", "acme"),
        ("sms_sender", "60777", "60777"),
    ],
)
def test_an_address_is_compared_by_its_key(kind: str, value: str, key: str) -> None:
    assert matching_key(kind, value) == key


def test_a_national_number_is_read_with_its_region() -> None:
    assert matching_key("phone", "07700 900123", region="GB") == "+447700900123"


# Whole phone numbers are rare among random texts: prefixes that are taken off, then digits.
PREFIXES = (
    "|+|00|tel:|TEL: whatsapp:|＋|+1|+52|+521|+54|+549|5255|5215|54911|+5411 15|+55|+550|+390|+3780"
)
NUMBERS = st.builds(
    "{}{}".format, st.sampled_from(PREFIXES.split("|")), st.text("0123456789 -()", max_size=18)
)
ANYTHING = st.text(st.characters(), max_size=400)
ADDRESSES = st.one_of(
    st.tuples(st.sampled_from(["email", "phone", "sms_sender", "unheard of"]), ANYTHING),
    st.tuples(st.just("phone"), NUMBERS),
    st.tuples(st.just("email"), st.builds("{}@{}".format, ANYTHING, ANYTHING)),
)


@settings(max_examples=500)
@given(ADDRESSES)
def test_the_key_of_a_key_is_the_key(address: tuple[str, str]) -> None:
    kind, value = address
    key = matching_key(kind, value)
    assert matching_key(kind, key) == key
    assert len(key) <= 320
    assert "\0" not in key
    key.encode()


@given(ANYTHING, st.sampled_from(["", "GB", "US", "MX", "nowhere"]))
def test_any_region_reads_any_text(value: str, region: str) -> None:
    assert len(matching_key("phone", value, region=region)) <= 320


@given(ANYTHING)
def test_no_address_is_too_odd_to_be_shown(value: str) -> None:
    assert display("phone", value)[:1] in {"", "+", value[:1]}
    assert country_of(value) == "" or len(country_of(value)) == 2


@given(ANYTHING)
def test_what_is_stored_can_be_stored(value: str) -> None:
    kept = storable(value)
    assert len(kept) <= 320
    assert "\0" not in kept
    kept.encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@straße.example", "ada@strasse.example"),
        ("ada@customer.example", "a.da@customer.example"),
        ("ada@customer.example", "ada+eve@customer.example"),
        ("x" * 400 + "@customer.example", "x" * 401 + "@customer.example"),
        ("ada@" + "x" * 400 + ".example", "ada@" + "x" * 400 + ".example.net"),
    ],
)
def test_two_mailboxes_are_not_taken_for_one(one: str, other: str) -> None:
    assert matching_key("email", one) != matching_key("email", other)


def test_ninth_digits_and_mobile_marks_are_left_out_only_where_they_come_and_go() -> None:
    assert matching_key("phone", "+5511333344445") == "+5511333344445"  # no mobile number
    assert matching_key("phone", "+52 1 55 1234 567") == "+521551234567"  # too short to be marked
    assert matching_key("phone", "+56 9 8765 4321") == "+56987654321"  # Chile keeps its nine


def test_a_number_without_plus_is_read_like_one_with_it() -> None:
    assert matching_key("phone", "5215512345678") == matching_key("phone", "+525512345678")


def test_numbers_are_shown_in_groups_and_the_rest_as_it_is() -> None:
    assert display("phone", "whatsapp:+447700900123") == "+44 7700 900123"
    assert display("phone", "0800") == "0800"
    assert display("email", "Ada@Customer.example") == "Ada@Customer.example"


@pytest.mark.parametrize(
    ("value", "country"),
    [
        ("+4915112345678", "DE"),
        ("tel:+1 876 555 0123", "JM"),
        ("+447700900123", "GB"),  # a number for films: in no numbering plan
        ("+883510000000", ""),  # no country's
        ("07700 900123", ""),
        ("ACME", ""),
        ("", ""),
    ],
)
def test_a_number_says_its_country(value: str, country: str) -> None:
    assert country_of(value) == country
