"""What nobody works on is found, and what is old goes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from channels_app import journal, messages
from channels_app.messages import DeliveryUpdate
from channels_app.models import Channel, InboundEvent
from inbox import delivery, health, media, sweeps, triage
from inbox.delivery import claim
from inbox.errands import Errands
from inbox.models import (
    Agent,
    Attachment,
    Conversation,
    IdempotencyKey,
    LiveEvent,
    Message,
    Ticket,
    UnmatchedUpdate,
)
from tests.inbox.desk import hear, let_pass, present, reply

pytestmark = pytest.mark.django_db


class Given(Errands):
    """Errands that are only written down."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def give(self, actor: Any, *args: Any) -> None:
        self.all.append((actor.actor_name, *args))


@pytest.fixture
def given() -> Given:
    return Given()


def ago(**time: float) -> Any:
    return timezone.now() - timedelta(**time)


class TestUndone:
    def test_events_are_found_after_two_seconds(self, line: Channel, given: Given) -> None:
        event = InboundEvent(channel=line, source="webhook", content_key="1", body=b"x")
        journal.store([event])
        sweeps.waiting_events(given)
        assert given.all == []
        InboundEvent.objects.update(received_at=ago(seconds=3))
        sweeps.waiting_events(given)
        assert given.all == [("drain_journal", "webhook")]

    def test_events_somebody_works_on_are_left_alone(self, line: Channel, given: Given) -> None:
        event = InboundEvent(channel=line, source="mail", content_key="1", body=b"x")
        journal.store([event])
        InboundEvent.objects.update(received_at=ago(seconds=3))
        journal.claim("mail", limit=1)
        sweeps.waiting_events(given)
        assert given.all == []

    def test_messages_are_found_after_two_seconds(
        self, strand: Conversation, grace: Agent, given: Given
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        sweeps.due_messages(given)
        assert given.all == []
        let_pass(message, 3)
        sweeps.due_messages(given)
        assert given.all == [("deliver_message", message.pk)]

    def test_lost_messages_are_found_when_their_lease_ends(
        self, strand: Conversation, grace: Agent, given: Given
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        Message.objects.filter(pk=message.pk).update(status="sending", leased_until=ago(seconds=1))
        sweeps.lost_messages(given)
        assert given.all == [("reconcile_message", message.pk)]

    def test_files_at_the_provider_are_found(self, line: Channel, given: Given) -> None:
        file = messages.Attachment("a.png", "image/png", remote_url="https://provider.example/1")
        pending = hear(line, attachments=(file,)).attachments.get()
        sweeps.files_to_fetch(given)
        assert given.all == []
        Attachment.objects.update(next_attempt_at=ago(seconds=3))
        sweeps.files_to_fetch(given)
        assert given.all == [("fetch_attachment", pending.pk)]

    def test_a_snoozed_ticket_wakes_up_in_time(self, strand: Conversation, given: Given) -> None:
        triage.snooze(strand.ticket, until=timezone.now() + timedelta(hours=1))
        sweeps.sleepers(given)
        assert Ticket.objects.get().shown_status == "snoozed"
        Ticket.objects.update(snoozed_until=ago(seconds=1))
        sweeps.sleepers(given)
        ticket = Ticket.objects.get()
        assert (ticket.snoozed_until, ticket.status) == (None, "open")

    def test_a_report_and_a_receipt_of_the_same_moment_meet(
        self, strand: Conversation, grace: Agent, line: Channel, given: Given
    ) -> None:
        message = reply(strand, "Hello", by=grace)
        delivery.apply_update(line, DeliveryUpdate("", "same", "delivered", timezone.now()))
        delivery.apply_update(line, DeliveryUpdate("", "other", "delivered", timezone.now()))
        Message.objects.filter(pk=message.pk).update(status="sent", external_id="same")
        sweeps.belated_updates(given)
        assert present(message).status == "delivered"
        assert UnmatchedUpdate.objects.get().external_id == "other"


class TestOld:
    def test_nudges_are_kept_for_a_day_and_the_newest_for_ever(
        self, db: None, given: Given
    ) -> None:
        for seq in (1, 2, 3):
            LiveEvent.objects.create(seq=seq, kind="ticket", audience=[])
        LiveEvent.objects.create(seq=None, kind="ticket", audience=[])
        LiveEvent.objects.update(created_at=ago(hours=25))
        LiveEvent.objects.create(seq=None, kind="ticket", audience=[])
        sweeps.old_live_events(given)
        left = list(LiveEvent.objects.order_by("pk").values_list("seq", flat=True))
        assert left == [3, None, None]

    def test_raw_events_lose_their_body_after_ninety_days_and_keep_their_digest(
        self, line: Channel, given: Given
    ) -> None:
        for key, days in (("young", 89), ("old", 91)):
            InboundEvent.objects.create(
                channel=line,
                source="webhook",
                content_key=key,
                body=b"x",
                headers={"a": "b"},
                query_string="q",
                state="processed",
                processed_at=ago(days=days),
            )
        InboundEvent.objects.create(
            channel=line, source="mail", content_key="dead", body=b"x", state="unreadable"
        )
        InboundEvent.objects.filter(content_key="dead").update(received_at=ago(days=400))
        sweeps.old_bodies(given)
        kept = {event.content_key: event for event in InboundEvent.objects.all()}
        assert [bytes(kept[key].body or b"") for key in ("young", "dead")] == [b"x", b"x"]
        old = kept["old"]
        assert (old.body, old.headers, old.query_string) == (None, {}, "")

    def test_leftovers_go(self, line: Channel, grace: Agent, given: Given) -> None:
        for name in ("fresh", "stale"):
            media.keep_upload(SimpleUploadedFile(name, b"x"), by=grace)
            IdempotencyKey.objects.create(agent=grace, key=name, request_digest="")
            UnmatchedUpdate.objects.create(
                channel=line, external_id=name, status="sent", at=timezone.now()
            )
        stale = Attachment.objects.get(name="stale")
        Attachment.objects.filter(name="stale").update(created_at=ago(hours=25))
        IdempotencyKey.objects.filter(key="stale").update(created_at=ago(hours=25))
        UnmatchedUpdate.objects.filter(external_id="stale").update(at=ago(days=8))
        sweeps.old_leftovers(given)
        assert Attachment.objects.get().name == "fresh"
        assert IdempotencyKey.objects.get().key == "fresh"
        assert UnmatchedUpdate.objects.get().external_id == "fresh"
        assert not stale.file.storage.exists(stale.file.name)


class TestRunning:
    def test_a_sweep_that_fails_holds_up_no_other(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        stop = threading.Event()
        ran: list[str] = []

        def bad(_: Errands) -> None:
            raise RuntimeError("canary")

        def good(_: Errands) -> None:
            ran.append("good")
            if len(ran) == 2:
                stop.set()

        monkeypatch.setattr(sweeps, "EVERY", 0.01)
        monkeypatch.setattr(sweeps, "SWEEPS", {bad: 0.0, good: 0.0})
        sweeps.run(stop)
        assert ran == ["good", "good"]
        assert "sweep_failed" in caplog.text

    def test_every_sweep_runs_on_an_empty_desk(self, db: None, given: Given) -> None:
        for sweep in sweeps.SWEEPS:
            sweep(given)
        assert given.all == []


class TestPlans:
    """Run every second, none of these may walk through a table."""

    @pytest.mark.parametrize(
        ("sweep", "index"),
        [
            (lambda given: claim.due(limit=10), "messages_queued"),
            (lambda given: claim.lost(limit=10), "messages_being_sent"),
            (lambda given: claim.holding_too_long(), "messages_queued"),
            (sweeps.waiting_events, "events_waiting"),
            (sweeps.files_to_fetch, "files_to_fetch"),
            (sweeps.sleepers, "tickets_snoozed"),
        ],
    )
    def test_a_sweep_uses_its_small_index(
        self, db: None, given: Given, sweep: Callable[[Given], object], index: str
    ) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("PostgreSQL's planner goes by the size of the table")
        steps: list[str] = []

        def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not steps:
                raw = context["connection"].connection.cursor()
                question = f"EXPLAIN QUERY PLAN {sql}".replace("%s", "?")
                steps.extend(row[3] for row in sqlite3.Cursor.execute(raw, question, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explain):
            sweep(given)
        assert index in steps[0]


def test_signs_of_life(db: None, given: Given) -> None:
    sweeps.signs_of_life(given)
    assert "clock" not in health.degraded()
