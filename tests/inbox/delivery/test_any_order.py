"""Calls, deaths, reports, the clock and agents in any order: the promises hold after each step."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.errors import SendError
from channels_app.messages import DeliveryUpdate, OutboundMessage, Receipt, Reconciliation
from channels_app.models import Channel
from inbox import delivery
from inbox.models import Agent, Conversation, Message
from inbox.sending import Refused
from inbox.triage import NotPossible
from tests.inbox.desk import let_pass, reply
from tests.inbox.line import Line

RANK = {"sent": 1, "failed": 2, "delivered": 3, "read": 4}


class Killed(BaseException):
    """The worker dies here."""


ANSWERS: dict[str, BaseException | None] = {
    "takes it": None,
    "busy": SendError("busy"),
    "refuses": SendError("no", permanent=True),
    "silent": SendError("answer lost", ambiguous=True),
    "deadly": Killed(),
}
type Step = tuple[str, str | int]
STEPS: list[Step] = [
    *(("a_worker_comes", answer) for answer in ANSWERS),
    *(("leases_run_out", finding) for finding in ("sent", "not_sent", "wait", "unknown")),
    *(("a_report_comes", status) for status in ("sent", "delivered", "read", "failed")),
    *(("agents_decide", decision) for decision in ("retry", "arrived", "again")),
    *(("time_passes", seconds) for seconds in (20, 150, 5_000)),
]


class Desk:
    """A strand with two answers in it, and what may happen to them.

    `licences` counts how often each may have been handed over by now: once, and once more for
    each reason to be certain that a call did not go through, or agent who said so.
    """

    def __init__(self, strand: Conversation, grace: Agent) -> None:
        self.grace, self.channel = grace, strand.contact_point.channel
        self.keys = [reply(strand, text, by=grace).pk for text in ("one", "two")]
        self.licences = Counter(self.keys)
        self.best: Counter[int] = Counter()

    @property
    def messages(self) -> list[Message]:
        return list(Message.objects.filter(pk__in=self.keys).order_by("pk"))

    def a_worker_comes(self, answer: str) -> None:
        error = ANSWERS[answer]

        def behave(outbound: OutboundMessage) -> Receipt:
            if answer == "busy":
                self.licences[int(outbound.reference)] += 1
            if error is not None:
                raise error
            return Receipt(f"id-{outbound.reference}-{outbound.attempt}")

        Line.behaviour = behave
        for key in self.keys:
            with suppress(Killed):
                delivery.deliver(key)

    def leases_run_out(self, finding: str) -> None:
        self.time_passes(70)
        for message in self.messages:
            found = f"found-{message.pk}" if finding == "sent" else ""
            Line.finding, asked = Reconciliation(finding, found), len(Line.asked)  # type: ignore[arg-type]
            delivery.reconcile(message.pk)
            if len(Line.asked) > asked and finding == "not_sent":
                self.licences[message.pk] += 1

    def a_report_comes(self, status: str) -> None:
        for message in self.messages:
            external_id = message.external_id or f"id-{message.pk}-1"
            report = DeliveryUpdate("", external_id, status, timezone.now())  # type: ignore[arg-type]
            delivery.apply_update(self.channel, report)

    def agents_decide(self, decision: str) -> None:
        for message in self.messages:
            with suppress(NotPossible, Refused), transaction.atomic():
                if decision == "retry":
                    delivery.retry(message, by=self.grace)
                else:
                    delivery.settle(message, arrived=decision == "arrived", by=self.grace)
                if decision != "arrived":
                    self.licences[message.pk] += 1
                    self.best[message.pk] = 0

    def time_passes(self, seconds: int) -> None:
        for message in self.messages:
            let_pass(message, seconds)
        delivery.release_held()

    def check(self) -> None:
        calls = Counter(int(one.reference) for one in Line.sent)
        for message in self.messages:
            assert calls[message.pk] <= self.licences[message.pk], "handed over blindly"
            reached = RANK.get(message.status, 0)
            assert reached >= self.best[message.pk], "a status went back"
            self.best[message.pk] = reached
            assert (message.status == "sending") == (message.leased_until is not None)


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.sampled_from(STEPS), min_size=4, max_size=10))
def test_promises_hold_in_any_order(
    strand: Conversation, grace: Agent, steps: list[Step], line: Channel
) -> None:
    Line.forget()
    with transaction.atomic():
        desk = Desk(strand, grace)
        for name, value in steps:
            getattr(desk, name)(value)
            desk.check()
        transaction.set_rollback(True)
