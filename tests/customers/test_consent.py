"""May we write to this address?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from customers import consent
from customers.addresses import matching_key
from customers.models import Consent

PHONE = "+5215512345678"
KEY = matching_key("phone", "+525512345678")


@pytest.mark.django_db
class TestConsent:
    def said(self, *, allowed: bool, day: int, sender: str = "+1555") -> None:
        consent.record(
            kind="phone",
            value=PHONE,
            medium="sms",
            sender=sender,
            allowed=allowed,
            source="keyword",
            at=datetime(2026, 1, day, tzinfo=UTC),
        )

    def is_out(self, sender: str = "+1555") -> bool:
        return consent.is_opted_out(kind="phone", key=KEY, medium="sms", sender=sender)

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

    def test_the_later_of_two_words_at_one_time_counts(self) -> None:
        self.said(allowed=True, day=1)
        self.said(allowed=False, day=1)
        assert self.is_out()

    def test_a_refusal_is_for_one_medium_and_one_purpose(self) -> None:
        self.said(allowed=False, day=1)
        ask = consent.is_opted_out
        assert not ask(kind="phone", key=KEY, medium="whatsapp", sender="+1555")
        assert not ask(kind="phone", key=KEY, medium="sms", sender="+1555", purpose="news")

    def test_asking_and_noting_cost_one_query_each(self, django_assert_num_queries) -> None:
        with django_assert_num_queries(1):
            self.said(allowed=False, day=1)
        with django_assert_num_queries(1):
            assert self.is_out()
