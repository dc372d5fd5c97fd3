"""Who is this? Known, new, claimed, and all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from unittest.mock import patch

import pytest
from django.db import IntegrityError, connections, transaction
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from customers.addresses import matching_key
from customers.identify import claim, identify, owner_of, prove
from customers.models import Claim, Customer, Identity


@dataclass(frozen=True)
class At:
    kind: str
    value: str
    scope: str = ""


PHONE = At("phone", "+447700900123")
MAIL = At("email", "ada@customer.example")


@pytest.mark.django_db
class TestIdentify:
    def test_an_unknown_address_is_a_new_customer(self) -> None:
        identity = identify([PHONE], name="Ada")
        assert (identity.customer.name, identity.proven_by) == ("Ada", "provider")

    def test_a_known_address_is_the_same_customer(self) -> None:
        assert identify([PHONE]) == identify([At("phone", "whatsapp:+44 7700 900123")])

    def test_known_addresses_cost_one_query(self, django_assert_num_queries) -> None:
        identify([PHONE, MAIL], name="Ada")
        for known in ([PHONE], [PHONE, MAIL]):
            with django_assert_num_queries(1):
                assert identify(known, name="Ada L.").customer.name == "Ada"

    def test_the_first_known_address_decides(self) -> None:
        ada = identify([PHONE]).customer
        assert identify([At("sms_sender", "ada"), PHONE]).customer == ada

    def test_more_addresses_are_learned(self) -> None:
        ada = identify([PHONE, MAIL]).customer
        assert identify([MAIL]).customer == ada

    def test_nobodys_address_is_stolen(self) -> None:
        eve = identify([MAIL]).customer
        ada = identify([PHONE]).customer
        assert identify([PHONE, MAIL]).customer == ada
        assert identify([MAIL]).customer == eve

    def test_an_ended_identity_finds_nobody(self) -> None:
        before = identify([PHONE])
        Identity.objects.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))
        assert identify([PHONE]).customer != before.customer

    def test_a_name_is_learned_once(self) -> None:
        identify([PHONE])
        identify([PHONE], name="Ada\r\nBcc: eve")
        identify([PHONE], name="Somebody")
        assert Customer.objects.get().name == "Ada Bcc: eve"

    def test_a_name_somebody_wrote_meanwhile_stays(self) -> None:
        identity = identify([PHONE])
        Customer.objects.update(name="Ada Lovelace")
        with patch(
            "customers.identify._owned", return_value={("phone", "", identity.key): identity}
        ):
            identify([PHONE], name="ada77")
        assert Customer.objects.get().name == "Ada Lovelace"

    def test_nothing_else_is_touched(self) -> None:
        before = identify([PHONE, MAIL], name="Ada")
        identify([At("phone", "whatsapp:+447700900123"), MAIL], name="Eve", proven_by="agent")
        after = Identity.objects.select_related("customer").get(pk=before.pk)
        assert (after.value, after.proven_by) == (before.value, before.proven_by)
        assert after.customer.name == "Ada"
        assert Identity.objects.count() == 2

    def test_the_same_address_twice_is_one_identity(self) -> None:
        identify([PHONE, At("phone", "tel:+447700900123"), PHONE])
        assert Identity.objects.count() == 1

    def test_two_known_people_in_one_message_stay_two(self) -> None:
        eve, ada = identify([MAIL]), identify([PHONE])
        assert identify([At("sms_sender", "new"), MAIL, PHONE]).customer == eve.customer
        assert identify([PHONE, MAIL]) == ada

    def test_the_first_address_is_the_one_that_is_returned(self) -> None:
        identify([PHONE])
        assert identify([MAIL, PHONE]).key == MAIL.value

    def test_the_address_is_kept_as_it_was_written(self) -> None:
        identity = identify([At("phone", "+5215512345678")])
        assert (identity.value, identity.key) == ("+5215512345678", "+525512345678")

    def test_whoever_hides_their_address_is_nobody(self) -> None:
        with pytest.raises(IntegrityError):
            identify([At("sms_sender", "\u200b ")])
        assert not Customer.objects.exists()

    def test_scopes_keep_people_apart(self) -> None:
        one, two = At("email", "a@b.example", "one"), At("email", "a@b.example", "two")
        assert identify([one]).customer != identify([two]).customer


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """All callers are let loose together."""

    def test_one_new_address_is_one_customer(self) -> None:
        for round_ in range(5):
            phone = At("phone", f"+4477009001{round_:02}")
            found = at_once([partial(identify, [phone], name="Ada")] * 8)
            assert len({identity.pk for identity in found}) == 1
            assert Identity.objects.count() == Customer.objects.count() == round_ + 1

    def test_several_new_addresses_of_one_person_are_one_customer(self) -> None:
        found = at_once([partial(identify, [PHONE, MAIL], name="Ada")] * 8)
        assert len({identity.customer_id for identity in found}) == 1
        assert (Identity.objects.count(), Customer.objects.count()) == (2, 1)

    def test_whoever_comes_while_the_first_has_not_committed_waits(self) -> None:
        """On PostgreSQL the second finds nothing, is held up by the constraint, and reads again."""
        written = threading.Event()

        def first() -> Identity:
            with transaction.atomic():
                identity = identify([PHONE])
                written.set()
                time.sleep(0.3)
            return identity

        def second() -> Identity:
            written.wait(5)
            with transaction.atomic():
                return identify([PHONE])

        one, other = at_once([first, second])
        assert one == other
        assert Customer.objects.count() == 1

    def test_a_claim_is_proven_to_one(self) -> None:
        claims = [claim("Ada", kind="email", value=MAIL.value, source="form") for _ in range(6)]
        proven = at_once([partial(prove, one, proven_by="agent") for one in claims])
        assert sum(identity is not None for identity in proven) == 1
        assert Claim.objects.exclude(settled_at=None).count() == 1


def at_once[T](calls: list[Callable[[], T]]) -> list[T]:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(10)
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db
class TestClaims:
    def test_a_claim_is_found_by_nobody(self) -> None:
        claimed = claim("Ada", kind="email", value=MAIL.value, source="form")
        assert identify([MAIL]).customer != claimed.customer

    def test_a_proven_claim_is_an_identity(self) -> None:
        claimed = claim("Ada", kind="email", value=MAIL.value, source="form")
        identity = prove(claimed, proven_by="signature")
        assert identity is not None
        assert (identity.customer, identity.proven_by) == (claimed.customer, "signature")
        assert Claim.objects.get().settled_at is not None

    def test_somebody_elses_address_is_not_taken(self) -> None:
        owner = identify([MAIL])
        claimed = claim("Eve", kind="email", value=MAIL.value, source="form")
        assert prove(claimed, proven_by="agent") is None
        assert Claim.objects.get().settled_at is None
        assert owner_of(claimed) == identify([MAIL]) == owner

    def test_a_claim_of_ones_own_address_is_settled(self) -> None:
        claimed = claim("Ada", kind="email", value=MAIL.value, source="form")
        identity = prove(claimed, proven_by="signature")
        again = claimed.customer.claims.create(kind="email", value=MAIL.value, key=MAIL.value)
        assert prove(again, proven_by="agent") == identity
        assert not Claim.objects.filter(settled_at=None).exists()
        assert Identity.objects.count() == 1

    def test_an_ended_address_can_be_proven_by_somebody_else(self) -> None:
        identify([MAIL])
        Identity.objects.update(ended_at=datetime(2026, 1, 1, tzinfo=UTC))
        claimed = claim("Eve", kind="email", value=MAIL.value, source="form")
        identity = prove(claimed, proven_by="agent")
        assert identity is not None
        assert identity.customer == claimed.customer


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), min_size=1), st.text(st.characters()))
@example("\ud800x", "\0")
@example("a\0da@customer.example", "")
@example("x" * 5000, "y" * 5000)
def test_any_text_can_be_kept_as_an_address_and_a_name(value: str, name: str) -> None:
    assume(matching_key("email", value))
    with transaction.atomic():
        claimed = claim(name, kind="email", value=value, source="form")
        identity = identify([At("email", value)], name=name)
        assert identity == identify([At("email", identity.key)])
        assert identity.customer != claimed.customer
        transaction.set_rollback(True)
