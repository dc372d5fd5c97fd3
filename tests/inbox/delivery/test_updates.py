"""Reports come in any order, any number of times, and end in one state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.messages import (
    Bounce,
    DeliveryUpdate,
    InboundMessage,
    Receipt,
    ReportedStatus,
)
from channels_app.models import Channel
from customers import consent
from inbox import delivery
from inbox.delivery import claim
from inbox.models import Activity, Agent, Conversation, LiveEvent, Message, UnmatchedUpdate
from tests.inbox.desk import hear, let_pass, present, reply
from tests.inbox.line import Line

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RANK = {
    "queued": 0,
    "sending": 1,
    "uncertain": 1,
    "sent": 2,
    "failed": 3,
    "delivered": 4,
    "read": 5,
}
each = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def report(channel: Channel, message: Message, status: ReportedStatus) -> DeliveryUpdate:
    return DeliveryUpdate(channel.account, present(message).external_id, status, timezone.now())


@pytest.fixture
def sent(strand: Conversation, grace: Agent) -> Message:
    message = reply(strand, "Hello", by=grace)
    delivery.deliver(message.pk)
    return present(message)


class TestStatus:
    @each
    @given(reports=st.lists(st.sampled_from(get_args(ReportedStatus)), max_size=8))
    def test_a_status_never_goes_back(
        self, sent: Message, line: Channel, reports: list[ReportedStatus]
    ) -> None:
        Message.objects.filter(pk=sent.pk).update(status="sent", delivered_at=None, read_at=None)
        shown = ["sent"]
        for status in reports:
            delivery.apply_update(line, report(line, sent, status))
            shown.append(present(sent).status)
        assert [RANK[status] for status in shown] == sorted(RANK[status] for status in shown)

    @each
    @given(
        reports=st.lists(st.sampled_from(get_args(ReportedStatus)), min_size=1, max_size=6),
        seed=st.randoms(use_true_random=False),
    )
    def test_any_order_and_any_repetition_end_the_same(
        self, sent: Message, line: Channel, reports: list[ReportedStatus], seed
    ) -> None:
        ends = set()
        for _ in range(3):
            Message.objects.filter(pk=sent.pk).update(status="sent")
            for status in reports:
                delivery.apply_update(line, report(line, sent, status))
            ends.add(present(sent).status)
            reports = [*reports, *reports]
            seed.shuffle(reports)
        assert len(ends) == 1

    @pytest.mark.parametrize(
        ("was", "reported", "then"),
        [
            ("sent", "failed", "failed"),
            ("delivered", "failed", "delivered"),
            ("read", "failed", "read"),
            ("failed", "delivered", "delivered"),
            ("failed", "read", "read"),
            ("failed", "sent", "failed"),
            ("uncertain", "sent", "sent"),
            ("uncertain", "delivered", "delivered"),
            ("uncertain", "failed", "failed"),
            ("read", "delivered", "read"),
            ("canceled", "sent", "canceled"),
        ],
    )
    def test_evidence_wins(
        self, sent: Message, line: Channel, was: str, reported: ReportedStatus, then: str
    ) -> None:
        Message.objects.filter(pk=sent.pk).update(status=was)
        delivery.apply_update(line, report(line, sent, reported))
        assert present(sent).status == then

    def test_every_step_leaves_its_time(self, sent: Message, line: Channel) -> None:
        for hour, status in enumerate(("delivered", "read")):
            at = NOON + timedelta(hours=hour)
            delivery.apply_update(line, DeliveryUpdate("", sent.external_id, status, at))
        read = present(sent)
        assert (read.sent_at, read.delivered_at, read.read_at) == (
            sent.sent_at,
            NOON,
            NOON + timedelta(hours=1),
        )

    def test_a_repeated_report_tells_nobody(self, sent: Message, line: Channel) -> None:
        delivery.apply_update(line, report(line, sent, "delivered"))
        LiveEvent.objects.all().delete()
        delivery.apply_update(line, report(line, sent, "delivered"))
        assert not LiveEvent.objects.exists()

    def test_a_report_about_another_channels_message_changes_nothing(
        self, sent: Message, post: Channel
    ) -> None:
        delivery.apply_update(post, report(post, sent, "failed"))
        assert present(sent).status == "sent"


class TestFailure:
    def test_a_reported_failure_is_written_into_the_ticket(
        self, sent: Message, line: Channel
    ) -> None:
        failure = DeliveryUpdate("", sent.external_id, "failed", NOON, "30003", "switched off")
        delivery.apply_update(line, failure)
        written = Activity.objects.get(verb="message_failed")
        assert written.data["text"] == "switched off"
        assert present(sent).error_code == "30003"

    def test_what_it_says_about_address_and_person_counts(
        self, sent: Message, line: Channel
    ) -> None:
        failure = DeliveryUpdate(
            "", sent.external_id, "failed", NOON, "x", "gone", undeliverable=True, opted_out=True
        )
        delivery.apply_update(line, failure)
        sent.conversation.contact_point.refresh_from_db()
        assert sent.conversation.contact_point.undeliverable_reason == "gone"
        assert consent.is_opted_out(
            kind="phone", key="+447700900123", medium="line", sender=line.account
        )

    def test_a_proof_of_delivery_takes_the_mark_away(self, sent: Message, line: Channel) -> None:
        gone = DeliveryUpdate("", sent.external_id, "failed", NOON, "x", "g", undeliverable=True)
        delivery.apply_update(line, gone)
        delivery.apply_update(line, report(line, sent, "delivered"))
        sent.conversation.contact_point.refresh_from_db()
        assert sent.conversation.contact_point.undeliverable_reason == ""
        assert (present(sent).status, present(sent).error_text) == ("delivered", "")


class TestTooEarly:
    def test_an_unknown_message_is_kept_once_per_status(self, line: Channel) -> None:
        for _ in range(3):
            delivery.apply_update(line, DeliveryUpdate("", "nobody", "sent", NOON))
        assert UnmatchedUpdate.objects.get().external_id == "nobody"

    def test_what_an_early_failure_says_about_the_address_counts_too(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        early = DeliveryUpdate("", "early", "failed", NOON, "x", "gone", undeliverable=True)
        delivery.apply_update(line, early)
        Line.behaviour = lambda _: Receipt("early")
        delivery.deliver(message.pk)
        strand.contact_point.refresh_from_db()
        assert strand.contact_point.undeliverable_reason == "gone"

    def test_everything_kept_counts_in_the_order_of_its_time(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        for minutes, status in ((2, "read"), (1, "delivered"), (0, "failed")):
            at = NOON + timedelta(minutes=minutes)
            delivery.apply_update(line, DeliveryUpdate("", "early", status, at))
        Line.behaviour = lambda _: Receipt("early")
        delivery.deliver(message.pk)
        read = present(message)
        assert (read.status, read.read_at) == ("read", NOON + timedelta(minutes=2))
        assert not UnmatchedUpdate.objects.exists()


class TestBounces:
    @pytest.fixture
    def mailed(self, mail_strand: Conversation, grace: Agent) -> Message:
        message = reply(mail_strand, "Hello", by=grace, cc=("bob@customer.example",))
        delivery.deliver(message.pk)
        return present(message)

    def bounce(self, message: Message, *, authentication: str = "none", **fields) -> None:
        said = {"recipients": ("ada@customer.example",), "permanent": True, "reason": "no mailbox"}
        inbound = InboundMessage(
            account="",
            dedupe_key="b",
            sender=(),
            text="",
            sent_at=NOON,
            authentication=authentication,
            bounce=Bounce(**(said | fields)),
        )
        delivery.apply_bounce(message, inbound)

    def test_a_bounce_fails_the_message_and_marks_the_address(self, mailed: Message) -> None:
        self.bounce(mailed)
        failed = present(mailed)
        assert (failed.status, failed.error_code, failed.error_text) == (
            "failed",
            "bounced",
            "no mailbox",
        )
        assert failed.conversation.contact_point.undeliverable_reason == "no mailbox"

    def test_a_delay_changes_nothing(self, mailed: Message) -> None:
        self.bounce(mailed, permanent=False)
        assert present(mailed).status == "sent"

    def test_a_forged_report_changes_nothing(self, mailed: Message) -> None:
        self.bounce(mailed, authentication="fail")
        assert present(mailed).status == "sent"

    def test_a_bounced_copy_is_only_written_down(self, mailed: Message) -> None:
        self.bounce(mailed, recipients=("BOB@customer.example",))
        assert present(mailed).status == "sent"
        assert Activity.objects.get(verb="message_failed").data["copies"] == [
            "BOB@customer.example"
        ]

    def test_a_bounce_faster_than_the_receipt_counts(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        message = reply(mail_strand, "Hello", by=grace)
        assert claim.claim(message.pk)
        self.bounce(present(message))
        assert present(message).status == "failed"

    def test_an_answer_address_that_bounced_is_not_the_customers_own(
        self, mail_strand: Conversation, grace: Agent
    ) -> None:
        """The next answer goes to their own address, which nothing is known against."""
        Conversation.objects.update(reply_address="orders@customer.example")
        mail_strand.refresh_from_db()
        message = reply(mail_strand, "Hello", by=grace)
        delivery.deliver(message.pk)
        self.bounce(present(message), recipients=("Orders@customer.example",))
        failed = present(message)
        assert (failed.status, failed.conversation.answers_to) == ("failed", "ada@customer.example")
        assert failed.conversation.contact_point.undeliverable_reason == ""
        delivery.deliver(reply(failed.conversation, "Again", by=grace).pk)
        assert [mail.to for mail in Line.sent] == [
            "orders@customer.example",
            "ada@customer.example",
        ]

    def test_an_answer_makes_the_address_good_again(self, mailed: Message, post: Channel) -> None:
        self.bounce(mailed)
        hear(post, "I am back")
        mailed.conversation.contact_point.refresh_from_db()
        assert mailed.conversation.contact_point.undeliverable_reason == ""


def test_a_report_about_the_old_call_says_nothing_about_a_new_one(
    sent: Message, line: Channel, grace: Agent
) -> None:
    old = sent.external_id
    delivery.apply_update(line, report(line, sent, "failed"))
    delivery.retry(present(sent), by=grace)
    delivery.apply_update(line, DeliveryUpdate("", old, "sent", NOON))
    assert present(sent).status == "queued"
    let_pass(sent, 10)
    delivery.deliver(sent.pk)
    assert len(Line.sent) == 2
