from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import connection, connections

from customers import consent
from customers.identify import add_claim, claim, identify, prove
from customers.models import Claim, Consent, Customer, Identity


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

    def test_a_known_address_costs_one_query(self, django_assert_num_queries) -> None:  # noqa: ANN001
        identify([PHONE], name="Ada")
        with django_assert_num_queries(1):
            assert identify([PHONE]).customer.name == "Ada"

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

    def test_scopes_keep_people_apart(self) -> None:
        one, two = At("email", "a@b.example", "one"), At("email", "a@b.example", "two")
        assert identify([one]).customer != identify([two]).customer


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_customer() -> None:
    barrier = threading.Barrier(8)

    def write() -> None:
        try:
            barrier.wait()
            identify([PHONE], name="Ada")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Identity.objects.count() == 1
    assert Customer.objects.count() == 1, connection.vendor


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
        assert identify([MAIL]) == owner

    def test_the_same_claim_is_noted_once(self) -> None:
        ada = identify([PHONE]).customer
        first = add_claim(ada, kind="email", value="Ada@Customer.example", source="forwarded")
        assert add_claim(ada, kind="email", value=MAIL.value, source="forwarded") == first


@pytest.mark.django_db
class TestConsent:
    def said(self, *, allowed: bool, day: int, sender: str = "+1555") -> None:
        consent.record(
            kind="phone",
            value=PHONE.value,
            medium="sms",
            sender=sender,
            allowed=allowed,
            source="keyword",
            at=datetime(2026, 1, day, tzinfo=UTC),
        )

    def is_out(self, sender: str = "+1555") -> bool:
        return consent.is_opted_out(kind="phone", key=PHONE.value, medium="sms", sender=sender)

    def test_silence_is_no_refusal(self) -> None:
        assert not self.is_out()

    def test_the_newest_word_counts(self) -> None:
        self.said(allowed=False, day=1)
        assert self.is_out()
        self.said(allowed=True, day=2)
        assert not self.is_out()
        assert Consent.objects.count() == 2

    def test_a_late_report_of_an_older_word_changes_nothing(self) -> None:
        self.said(allowed=True, day=3)
        self.said(allowed=False, day=2)
        assert not self.is_out()

    def test_a_refusal_is_to_one_sender(self) -> None:
        self.said(allowed=False, day=1)
        assert not self.is_out(sender="+1666")
