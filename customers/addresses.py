"""Addresses as they are compared, shown and placed on the map.

`is_valid` of the phone library is too strict for identity: WhatsApp and carriers use numbers it
refuses. So a key is made of whatever can be made of a number, and answers go to the exact
address that was received.
"""

from __future__ import annotations

import hashlib
import unicodedata

import idna
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

MAX_KEY = 320
MAX_DIGITS = 64
SCHEMES = ("whatsapp:", "tel:", "sms:")
# Names that a machine made: two that differ in anything are two people.
EXACT = frozenset({"visitor", "external", "whatsapp_user"})
NOWHERE = frozenset({phonenumbers.UNKNOWN_REGION, phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY})


def matching_key(kind: str, value: str, *, region: str = "") -> str:
    """The address as it is compared: equal for two spellings of one address. Never raises.

    `region` (ISO code) reads national phone numbers. At most 320 characters, no NUL; the key of
    a key is the key.
    """
    if kind in EXACT:
        return _bounded(value.replace("\0", ""))
    plain = _plain(value)
    if kind == "email":
        return _bounded(_email_key(plain))
    if kind == "phone":
        return _phone_key(plain, region)
    return _bounded(plain.casefold())


def country_of(value: str) -> str:
    """The ISO code of an international number's country; "" when it can't be told.

    A number that fits no numbering plan counts for the main country of its code.
    """
    number = _parsed(_without_scheme(_plain(value)), "")
    if number is None:
        return ""
    main = phonenumbers.region_code_for_country_code(number.country_code or 0)
    region = str(phonenumbers.region_code_for_number(number) or main)
    return "" if region in NOWHERE else region


def display(kind: str, value: str) -> str:
    """The address as people read it: phone numbers in groups, a visitor by four letters."""
    if kind == "visitor":
        return f"Visitor {value[:4].upper()}"
    if kind == "whatsapp_user":
        return f"WhatsApp user {value[-4:]}"
    number = _parsed(_without_scheme(_plain(value)), "") if kind == "phone" else None
    if number is None or not phonenumbers.is_possible_number(number):
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def spellings(kind: str, value: str) -> list[str]:
    """Other ways in which people write an address: a phone number in groups, and as it is
    dialled at home."""
    number = _parsed(_without_scheme(_plain(value)), "") if kind == "phone" else None
    if number is None:
        return []
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return [display(kind, value), at_home, _digits(at_home)]


def storable(value: str) -> str:
    """The address as received, less what no database keeps: NUL, half characters and anything
    beyond 320 characters."""
    return value.encode(errors="replace").decode().replace("\0", "")[:MAX_KEY]


def _email_key(value: str) -> str:
    local, at, domain = value.rpartition("@")
    return f"{local.casefold()}{at}{_ascii_domain(domain.lower())}" if at else value.casefold()


def _ascii_domain(domain: str) -> str:
    """Not folded before: straße.example and strasse.example are two domains."""
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return domain


def _bounded(key: str) -> str:
    """What is too long to be an address is compared by its digest: a cut would make two equal."""
    if len(key) <= MAX_KEY:
        return key
    return hashlib.sha256(key.encode()).hexdigest()


def _phone_key(value: str, region: str) -> str:
    """Read again until nothing changes: behind a prefix of carriers may stand another one."""
    key = _reading(_without_scheme(value), region)
    return key if key == value else _phone_key(key, "")


def _reading(value: str, region: str) -> str:
    number = _parsed(value, region)
    if number is not None:
        return f"+{number.country_code}{_national(number)}"
    digits = _digits(value)[:MAX_DIGITS]
    return f"+{digits}" if digits else value.casefold()[:MAX_KEY].strip()


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


def _without_scheme(value: str) -> str:
    bare = value
    while scheme := next((one for one in SCHEMES if bare.casefold().startswith(one)), None):
        bare = bare[len(scheme) :].strip()
    return bare


def _digits(value: str) -> str:
    values = (unicodedata.digit(character, None) for character in value)
    return "".join(str(digit) for digit in values if digit is not None)
