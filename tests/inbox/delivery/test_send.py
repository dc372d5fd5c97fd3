"""A message leaves: once, in order, or visibly not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.messages import DeliveryUpdate, OutboundMessage, Receipt
from channels_app.models import Channel
from customers import consent
from inbox import delivery
from inbox.delivery import claim, plan
from inbox.models import Activity, Agent, Conversation, DeliveryAttempt, LiveEvent, Message
from tests.inbox.desk import hear, let_pass, present, reply
from tests.inbox.line import Line, raising, texts

pytestmark = pytest.mark.django_db

BUSY = SendError("busy", code="429")


class TestLeaving:
    def test_a_queued_message_is_handed_over_and_sent(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "On its way.", by=grace)
        delivery.deliver(message.pk)
        sent = present(message)
        assert (sent.status, sent.external_id[:3], sent.leased_until) == ("sent", "id-", None)
        assert sent.sent_at is not None
        assert sent.conversation.contact_point.last_outbound_at is not None
        assert [one.outcome for one in sent.delivery_attempts.all()] == ["sent"]

    def test_the_provider_gets_address_text_and_where_to_report(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "On its way.", by=grace)
        delivery.deliver(message.pk)
        assert Line.sent == [
            OutboundMessage(
                reference=str(message.pk),
                to="+447700900123",
                text="On its way.",
                to_kind="phone",
                status_url=line.webhook_url,
            )
        ]

    def test_the_attempt_is_committed_before_the_call(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        seen = []

        def look(outbound: OutboundMessage) -> Receipt:
            attempts = DeliveryAttempt.objects.filter(message=message)
            seen.append((present(message).status, attempts.get().outcome))
            return Receipt("x")

        Line.behaviour = look
        delivery.deliver(message.pk)
        assert seen == [("sending", "open")]

    def test_no_transaction_is_open_while_the_provider_is_called(
        self, strand: Conversation, grace: Agent, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        depth = len(connection.savepoint_ids)
        seen = []
        Line.behaviour = lambda _: (seen.append(len(connection.savepoint_ids)), Receipt("x"))[1]
        delivery.deliver(message.pk)
        assert seen == [depth]

    def test_a_message_is_handed_over_once_however_often_it_is_asked_for(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "Once", by=grace)
        for _ in range(3):
            delivery.deliver(message.pk)
        assert texts() == ["Once"]

    def test_a_note_never_leaves(self, strand: Conversation, grace: Agent) -> None:
        from inbox.triage import add_note

        add_note(strand.ticket, text="secret-canary", by=grace)
        message = reply(strand, "Hello", by=grace)
        add_note(strand.ticket, text="secret-canary again", by=grace)
        delivery.deliver(message.pk)
        assert "secret-canary" not in repr(Line.sent)

    def test_screens_are_told_of_every_step(self, strand: Conversation, grace: Agent) -> None:
        message = reply(strand, "Hello", by=grace)
        LiveEvent.objects.all().delete()
        delivery.deliver(message.pk)
        assert list(LiveEvent.objects.values_list("kind", "ticket_id")) == [
            ("message", strand.ticket_id)
        ]

    def test_an_earlier_report_counts_once_the_id_is_known(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        early = DeliveryUpdate(line.account, "fast", "delivered", timezone.now())
        assert delivery.apply_update(line, early) is None
        Line.behaviour = lambda _: Receipt("fast")
        delivery.deliver(message.pk)
        assert present(message).status == "delivered"


class TestAskingAgain:
    def test_what_may_not_be_sent_any_more_fails_with_its_reason(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        consent.record(
            kind="phone",
            value="+447700900123",
            medium="line",
            sender=line.account,
            allowed=False,
            source="test",
            at=timezone.now(),
        )
        delivery.deliver(message.pk)
        failed = present(message)
        assert (failed.status, failed.error_code, Line.sent) == ("failed", "opted-out", [])
        assert failed.delivery_attempts.count() == 0


class TestRefusal:
    def test_a_refused_message_fails_visibly(self, strand: Conversation, grace: Agent) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(SendError("no such number", code="21211", permanent=True))
        delivery.deliver(message.pk)
        failed = present(message)
        assert (failed.status, failed.error_code, failed.error_text) == (
            "failed",
            "21211",
            "no such number",
        )
        written = Activity.objects.get(verb="message_failed")
        assert written.data == {"message": message.pk, "code": "21211", "text": "no such number"}
        assert failed.delivery_attempts.get().outcome == "refused"

    def test_an_unreachable_address_is_remembered_until_it_writes(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(SendError("gone", permanent=True, undeliverable=True))
        delivery.deliver(message.pk)
        strand.contact_point.refresh_from_db()
        assert strand.contact_point.undeliverable_reason == "gone"
        hear(line, "I am here")
        strand.contact_point.refresh_from_db()
        assert strand.contact_point.undeliverable_reason == ""

    def test_a_stop_the_provider_knows_of_is_written_into_the_ledger(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(SendError("stopped", permanent=True, opted_out=True))
        delivery.deliver(message.pk)
        assert consent.is_opted_out(
            kind="phone", key="+447700900123", medium="line", sender=line.account
        )

    def test_a_broken_channel_is_marked_until_it_works_again(
        self, strand: Conversation, grace: Agent, line: Channel
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(SendError("bad password", channel_is_broken=True))
        delivery.deliver(message.pk)
        line.refresh_from_db()
        assert line.broken_since is not None
        assert line.broken_reason == "Sending: bad password"
        Line.behaviour = None
        let_pass(message, 60)
        delivery.deliver(message.pk)
        line.refresh_from_db()
        assert (line.broken_since, line.broken_reason) == (None, "")


class TestBackOff:
    def test_a_busy_provider_is_tried_again_when_the_plan_says_so(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(BUSY)
        before = timezone.now()
        delivery.deliver(message.pk)
        queued = present(message)
        assert queued.status == "queued"
        assert queued.next_attempt_at is not None
        assert timedelta(seconds=8) <= queued.next_attempt_at - before <= timedelta(seconds=13)
        delivery.deliver(message.pk)
        assert len(Line.sent) == 1

    def test_every_try_is_numbered_for_the_provider(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(BUSY)
        for _ in range(3):
            delivery.deliver(message.pk)
            let_pass(message, 10_000)
        assert [one.attempt for one in Line.sent] == [1, 2, 3]

    def test_after_the_last_try_it_fails(self, strand: Conversation, grace: Agent) -> None:
        message = reply(strand, "Hello", by=grace)
        Line.behaviour = raising(BUSY)
        for _ in range(len(plan.WAITS) + 3):
            delivery.deliver(message.pk)
            let_pass(message, 10_000)
        assert present(message).status == "failed"
        assert len(Line.sent) == len(plan.WAITS) + 1


class TestOrder:
    def test_a_strand_keeps_its_order(self, strand: Conversation, grace: Agent) -> None:
        first, second = reply(strand, "1", by=grace), reply(strand, "2", by=grace)
        delivery.deliver(second.pk)
        assert texts() == []
        delivery.deliver(first.pk)
        delivery.deliver(second.pk)
        assert texts() == ["1", "2"]

    def test_the_next_one_is_woken(
        self,
        strand: Conversation,
        grace: Agent,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks,
    ) -> None:
        first, second = reply(strand, "1", by=grace), reply(strand, "2", by=grace)
        woken: list[int] = []
        monkeypatch.setattr(delivery.deliver_message, "send", woken.append)
        with django_capture_on_commit_callbacks(execute=True):
            delivery.deliver(first.pk)
        assert woken == [second.pk]

    def test_another_strand_is_not_held(
        self, strand: Conversation, mail_strand: Conversation, grace: Agent
    ) -> None:
        held, free = reply(strand, "1", by=grace), reply(mail_strand, "other", by=grace)
        Line.behaviour = raising(BUSY)
        delivery.deliver(held.pk)
        Line.behaviour = None
        delivery.deliver(free.pk)
        assert present(free).status == "sent"

    def test_a_failed_message_holds_nothing(self, strand: Conversation, grace: Agent) -> None:
        first, second = reply(strand, "1", by=grace), reply(strand, "2", by=grace)
        Line.behaviour = raising(SendError("no", permanent=True))
        delivery.deliver(first.pk)
        Line.behaviour = None
        delivery.deliver(second.pk)
        assert present(second).status == "sent"

    def test_back_off_holds_the_next_one_for_two_minutes_then_fails_visibly(
        self, strand: Conversation, grace: Agent
    ) -> None:
        first = reply(strand, "1", by=grace)
        Line.behaviour = raising(BUSY)
        for _ in range(4):
            delivery.deliver(first.pk)
            Message.objects.filter(pk=first.pk, status="queued").update(next_attempt_at=None)
        Message.objects.filter(pk=first.pk).update(
            next_attempt_at=timezone.now() + timedelta(minutes=10)
        )
        Line.behaviour = None
        second = reply(strand, "2", by=grace)
        let_pass(first, 119)
        Message.objects.filter(pk=first.pk).update(
            next_attempt_at=timezone.now() + timedelta(minutes=10)
        )
        let_pass(second, 119)
        delivery.release_held()
        assert present(first).status == "queued"
        for message in (first, second):
            let_pass(message, 2)
        delivery.release_held()
        assert present(first).status == "failed"
        assert "a later message was waiting" in present(first).error_text
        delivery.deliver(second.pk)
        assert present(second).status == "sent"

    def test_back_off_that_holds_nobody_goes_on(self, strand: Conversation, grace: Agent) -> None:
        alone = reply(strand, "1", by=grace)
        Line.behaviour = raising(BUSY)
        delivery.deliver(alone.pk)
        let_pass(alone, 5)
        Message.objects.filter(pk=alone.pk).update(created_at=timezone.now() - timedelta(hours=1))
        delivery.release_held()
        assert present(alone).status == "queued"


class TestWhatTheClockFinds:
    def test_a_fresh_message_is_left_to_the_workers_for_two_seconds(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "1", by=grace)
        assert claim.due(limit=10) == []
        let_pass(message, 2.1)
        assert claim.due(limit=10) == [message.pk]

    def test_a_message_behind_another_is_not_due(self, strand: Conversation, grace: Agent) -> None:
        first, second = reply(strand, "1", by=grace), reply(strand, "2", by=grace)
        for message in (first, second):
            let_pass(message, 10)
        assert claim.due(limit=10) == [first.pk]

    def test_a_message_in_back_off_is_due_when_its_time_has_come(
        self, strand: Conversation, grace: Agent
    ) -> None:
        message = reply(strand, "1", by=grace)
        Line.behaviour = raising(BUSY)
        delivery.deliver(message.pk)
        Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - timedelta(hours=1))
        assert claim.due(limit=10) == []
        let_pass(message, 13)
        assert claim.due(limit=10) == [message.pk]
