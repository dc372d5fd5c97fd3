"""The relay: one order for everybody, given after commit."""

from __future__ import annotations

import pytest

from inbox.models import LiveEvent
from inbox.relay import give_order

pytestmark = pytest.mark.django_db


def event(ticket: int) -> LiveEvent:
    return LiveEvent.objects.create(kind="ticket", ticket_id=ticket, audience=["everyone"])


def test_events_are_numbered_in_order_and_once() -> None:
    events = [event(1), event(2)]
    assert [(one.pk, one.seq) for one in give_order()] == [(events[0].pk, 1), (events[1].pk, 2)]
    assert give_order() == []


def test_numbers_go_on_after_the_last_one() -> None:
    event(1)
    give_order()
    event(2)
    assert [one.seq for one in give_order()] == [2]


def test_a_late_commit_with_an_early_id_gets_a_late_number() -> None:
    early, late = event(1), event(2)
    LiveEvent.objects.filter(pk=late.pk).update(seq=1)
    assert [(one.pk, one.seq) for one in give_order()] == [(early.pk, 2)]


def test_a_poke_carries_ids_only() -> None:
    event(7)
    assert give_order()[0].poke == {"v": 1, "seq": 1, "type": "ticket", "ticket": 7, "rev": 0}
