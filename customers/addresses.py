"""Addresses as they are compared, shown and placed on the map.

`is_valid` of the phone library is too strict for identity: WhatsApp and carriers use numbers it
refuses. So a key is made of whatever can be made of a number, and answers go to the exact
address that was received.
"""

from __future__ import annotations

import unicodedata

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

MAX_KEY = 320
SHORTEST_PHONE = 7


def matching_key(kind: str, value: str, *, region: str = "") -> str:
    """The address as it is compared: equal for two spellings of one address. Never raises.

    `region` (ISO code) reads national phone numbers. At most 320 characters, no NUL.
    """
    plain = _plain(value)
    if kind == "email":
        return _email_key(plain)[:MAX_KEY]
    if kind == "phone":
        return _phone_key(plain, region)[:MAX_KEY]
    return plain.casefold()[:MAX_KEY]


def sms_kind(value: str) -> str:
    """ "phone", or "sms_sender" for short codes and names, which are no numbers to call."""
    plain = _without_prefix(_plain(value))
    if any(character.isalpha() for character in plain):
        return "sms_sender"
    digits = _digits(plain)
    return "phone" if plain.startswith("+") or len(digits) >= SHORTEST_PHONE else "sms_sender"


def country_of(value: str) -> str:
    """The ISO code of an international number's country; "" when it can't be told."""
    number = _parsed(_without_prefix(_plain(value)), "")
    return phonenumbers.region_code_for_number(number) or "" if number else ""


def display(kind: str, value: str) -> str:
    """The address as people read it: phone numbers in groups."""
    number = _parsed(_without_prefix(_plain(value)), "") if kind == "phone" else None
    if number is None or not phonenumbers.is_possible_number(number):
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _email_key(value: str) -> str:
    local, at, domain = value.casefold().rpartition("@")
    if not at:
        return domain
    return f"{local}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _phone_key(value: str, region: str) -> str:
    plain = _without_prefix(value)
    number = _parsed(plain, region)
    if number is None:
        digits = _digits(plain)
        return f"+{digits}" if digits else plain.casefold()
    return f"+{number.country_code}{_national(number)}"


def _national(number: PhoneNumber) -> str:
    """The national number, with the mobile marks that come and go left out.

    Mexico: 521… is the old form of 52…. Argentina: 549… and 54… reach the same phone. Brazil:
    mobile numbers have gained a ninth digit, a leading 9 after the two digits of the area.
    """
    digits = phonenumbers.national_significant_number(number)
    if number.country_code == 52 and len(digits) == 11 and digits[0] == "1":
        return digits[1:]
    if number.country_code == 54 and len(digits) == 11 and digits[0] == "9":
        return digits[1:]
    if number.country_code == 55 and len(digits) == 11 and digits[2] == "9":
        return digits[:2] + digits[3:]
    return digits


def _parsed(value: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, region or None)
    except NumberParseException:
        return None
    return number if number.country_code and number.national_number else None


def _plain(value: str) -> str:
    """Without invisible characters and the space around."""
    seen = (c for c in value if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(seen).strip()


def _without_prefix(value: str) -> str:
    for prefix in ("whatsapp:", "tel:", "sms:"):
        if value.casefold().startswith(prefix):
            return value[len(prefix) :].strip()
    return value


def _digits(value: str) -> str:
    return "".join(str(unicodedata.digit(c)) for c in value if unicodedata.digit(c, None) is not None)
