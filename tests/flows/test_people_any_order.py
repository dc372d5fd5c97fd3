"""Messages, merges, joins, splits and their undoing in any order: the promises hold after each."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.models import Channel
from customers.models import Claim, Customer, CustomerMerge, Identity
from inbox import contact_details, joining, people, triage
from inbox.models import (
    Activity,
    Agent,
    ContactPoint,
    Conversation,
    Message,
    Note,
    Ticket,
    TicketMerge,
)
from inbox.triage import NotPossible
from tests.flows.saying import mail, sms

pytestmark = pytest.mark.django_db

PHONES = ("+447700900001", "+447700900002")
MAILS = ("one@customer.example", "two@customer.example", "three@customer.example")

places = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("text"), places, places),
    st.tuples(st.just("write"), places, places),
    st.tuples(st.just("type"), places, places),
    *(
        st.tuples(st.just(name), places, places)
        for name in ("merge", "merge", "unmerge", "join", "unjoin", "split", "resolve", "give")
    ),
    st.tuples(st.just("confirm"), places, places),
    st.tuples(st.just("end"), places, places),
)


class Desk:
    """Two phone numbers on two lines, three mail addresses, and an agent who sees everything."""

    def __init__(self, lines: tuple[Channel, Channel], post: Channel, grace: Agent) -> None:
        self.lines, self.post, self.grace = lines, post, grace
        self.heard = 0

    def text(self, line: int, phone: int) -> None:
        sms(self.lines[line % 2], "text", sender=PHONES[phone % 2])
        self.heard += 1

    def write(self, address: int, subject: int) -> None:
        mail(self.post, "mail", sender=MAILS[address % 3], subject=f"Matter {subject}")
        self.heard += 1

    def type(self, address: int, subject: int) -> None:
        sender = MAILS[address % 3]
        mail(self.post, "form", sender=sender, subject=f"Matter {subject}", is_claimed=True)
        self.heard += 1

    def merge(self, one: int, other: int) -> None:
        customer, into = _pick(Customer, one), _pick(Customer, other)
        people.merge(customer, into=into, by=self.grace)

    def unmerge(self, which: int, _: int) -> None:
        people.unmerge(_pick(CustomerMerge, which), by=self.grace)

    def join(self, one: int, other: int) -> None:
        joining.join(_pick(Ticket, one), into=_pick(Ticket, other), by=self.grace)

    def unjoin(self, which: int, _: int) -> None:
        joining.unjoin(_pick(TicketMerge, which), by=self.grace)

    def split(self, which: int, _: int) -> None:
        joining.split(_pick(Conversation, which), by=self.grace)

    def resolve(self, which: int, _: int) -> None:
        triage.resolve(_pick(Ticket, which), by=self.grace)

    def give(self, which: int, to: int) -> None:
        people.give(_pick(Ticket, which), to=_pick(Customer, to), by=self.grace)

    def confirm(self, which: int, _: int) -> None:
        contact_details.confirm(_pick(Claim, which))

    def end(self, which: int, _: int) -> None:
        contact_details.end(_pick(Identity, which))

    def check(self) -> None:
        self.nothing_is_lost_or_doubled()
        self.places_mean_one_thing()
        self.who_was_merged_owns_nothing()
        self.joined_tickets_go_along()

    def nothing_is_lost_or_doubled(self) -> None:
        messages = Message.objects.select_related("conversation")
        assert messages.count() == self.heard
        assert all(one.ticket_id == one.conversation.ticket_id for one in messages)
        assert not Conversation.objects.exclude(ticket__merged_into=None).exists()

    def places_mean_one_thing(self) -> None:
        rows = [
            *Message.objects.values_list("ticket", "position"),
            *Note.objects.values_list("ticket", "position"),
            *Activity.objects.values_list("ticket", "position"),
        ]
        assert [place for place, count in Counter(rows).items() if count > 1] == []

    def who_was_merged_owns_nothing(self) -> None:
        for model in (Identity, Claim, ContactPoint, Ticket):
            assert not model.objects.exclude(customer__merged_into=None).exists(), model
        for point in ContactPoint.objects.exclude(identity=None).select_related("identity"):
            assert point.identity is not None
            assert point.customer_id == point.identity.customer_id
        for customer in Customer.objects.all():
            assert customer.survivor.merged_into is None

    def joined_tickets_go_along(self) -> None:
        for ticket in Ticket.objects.exclude(merged_into=None).select_related("merged_into"):
            assert ticket.customer_id == ticket.survivor.customer_id


def _pick(model: Any, which: int) -> Any:
    rows = list(model.objects.order_by("pk"))
    if not rows:
        raise NotPossible("Nothing there yet.")
    return rows[which % len(rows)]


@pytest.fixture
def lines(text_line: Channel) -> tuple[Channel, Channel]:
    """Two numbers of the desk, of one team."""
    second = Channel.objects.create(
        kind="sms", name="Second", account="+447700900998", settings=text_line.settings
    )
    second.policy = type(text_line.policy).objects.create(
        channel=second, team=text_line.policy.team
    )
    return text_line, second


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=6, max_size=16))
def test_promises_hold_in_any_order(
    lines: tuple[Channel, Channel],
    support: Channel,
    grace: Agent,
    steps: list[tuple[str, int, int]],
) -> None:
    with transaction.atomic():
        desk = Desk(lines, support, grace)
        desk.text(0, 0)
        desk.write(0, 0)
        for name, one, other in steps:
            with suppress(NotPossible), transaction.atomic():
                getattr(desk, name)(one, other)
            desk.check()
        transaction.set_rollback(True)
