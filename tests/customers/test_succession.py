from __future__ import annotations

from dataclasses import dataclass

import pytest

from customers.identify import identify
from customers.models import Customer, Identity
from customers.succession import release_number, succeed

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Known:
    kind: str
    value: str
    scope: str = ""


PHONE = Known("phone", "+447700900123")
NEW_PHONE = Known("phone", "+447700900124")
ADA = Known("whatsapp_user", "GB.1", "waba")
ADA_LATER = Known("whatsapp_user", "GB.2", "waba")
MAIL = Known("email", "ada@customer.example")


def live() -> set[tuple[str, int]]:
    return {(one.value, one.customer_id) for one in Identity.objects.filter(ended_at=None)}


def test_ids_are_compared_letter_by_letter():
    upper = identify([Known("whatsapp_user", "GB.aB", "waba")])
    lower = identify([Known("whatsapp_user", "GB.ab", "waba")])
    assert upper.customer != lower.customer


def test_a_number_with_another_id_is_taken_from_its_old_owner():
    old = identify([ADA, PHONE]).customer
    assert release_number([ADA_LATER, PHONE]).value == PHONE.value
    new = identify([ADA_LATER, PHONE]).customer
    assert new != old
    assert live() == {("GB.1", old.pk), ("GB.2", new.pk), (PHONE.value, new.pk)}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ([ADA, PHONE], [ADA, PHONE]),
        ([PHONE, MAIL], [ADA, PHONE]),
        ([Known("whatsapp_user", "GB.9", "other portfolio"), PHONE], [ADA, PHONE]),
        ([ADA, PHONE], [PHONE]),
        ([ADA, PHONE], [ADA]),
        ([ADA, PHONE], [Known("whatsapp_user", "GB.ENT.1", "waba"), ADA, PHONE]),
    ],
    ids=[
        "the same",
        "no id yet",
        "another portfolio",
        "no id said",
        "no number",
        "parent joins in",
    ],
)
def test_a_number_stays_with_its_owner_when_nothing_speaks_against_it(known, said):
    owner = identify(known).customer
    assert release_number(said) is None
    assert identify(said).customer == owner


def test_a_person_with_a_known_id_takes_the_number_of_somebody_with_another_one():
    bob = identify([Known("whatsapp_user", "GB.7", "waba"), PHONE]).customer
    ada = identify([ADA]).customer
    release_number([ADA, PHONE])
    assert identify([ADA, PHONE]).customer == ada
    assert (PHONE.value, bob.pk) not in live()


def test_a_new_id_takes_the_place_of_the_old_one():
    ada = identify([ADA, PHONE, MAIL]).customer
    done = succeed([ADA], [ADA_LATER])
    assert done.customer == ada
    assert live() == {("GB.2", ada.pk), (PHONE.value, ada.pk), (MAIL.value, ada.pk)}
    assert {(old.value, new.value) for old, new in done.replaced.items()} == {("GB.1", "GB.2")}


def test_a_new_number_takes_the_place_of_the_old_one():
    ada = identify([ADA, PHONE]).customer
    succeed([ADA, PHONE], [ADA_LATER, NEW_PHONE])
    assert live() == {("GB.2", ada.pk), (NEW_PHONE.value, ada.pk)}


def test_a_customer_made_by_a_message_that_was_faster_is_folded_in():
    ada = identify([ADA, PHONE]).customer
    bare = identify([ADA_LATER, NEW_PHONE]).customer
    done = succeed([ADA, PHONE], [ADA_LATER, NEW_PHONE])
    assert done.folded.merged == bare
    assert live() == {("GB.2", ada.pk), (NEW_PHONE.value, ada.pk)}


def test_one_who_took_the_number_along_in_that_message_is_folded_in_too():
    ada = identify([ADA, PHONE]).customer
    release_number([ADA_LATER, PHONE])
    bare = identify([ADA_LATER, PHONE]).customer
    done = succeed([ADA], [ADA_LATER])
    assert done.folded.merged == bare
    assert live() == {("GB.2", ada.pk), (PHONE.value, ada.pk)}
    assert {(old.value, new.value) for old, new in done.replaced.items()} == {
        ("GB.1", "GB.2"),
        (PHONE.value, PHONE.value),
    }


def test_somebody_in_their_own_right_keeps_what_is_theirs():
    ada = identify([ADA]).customer
    other = identify([ADA_LATER, MAIL]).customer
    done = succeed([ADA], [ADA_LATER])
    assert done.folded is None
    assert live() == {("GB.1", ada.pk), ("GB.2", other.pk), (MAIL.value, other.pk)}


def test_news_of_nobody_we_know_makes_nobody():
    assert succeed([ADA], [ADA_LATER]) is None
    assert not Customer.objects.exists()


def test_the_same_news_twice_changes_nothing_more():
    ada = identify([ADA]).customer
    succeed([ADA], [ADA_LATER])
    assert succeed([ADA], [ADA_LATER]) is None
    assert live() == {("GB.2", ada.pk)}
