from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from channels_app.models import InboundEvent
from inbox import intake
from inbox.drains import MOST_HANDED, Drain, InTurn


def test_whoever_asks_first_is_first() -> None:
    turn, order = InTurn(), []
    threads = [threading.Thread(target=_take, args=(turn, order, name)) for name in "abcde"]
    with turn:
        for thread in threads:
            thread.start()
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == list("abcde")


def test_one_that_goes_round_and_round_waits_for_those_who_asked() -> None:
    turn, order = InTurn(), []
    greedy = threading.Thread(target=lambda: [_take(turn, order, "greedy") for _ in range(50)])
    with turn:
        greedy.start()
        time.sleep(0.02)
        patient = threading.Thread(target=_take, args=(turn, order, "patient"))
        patient.start()
        time.sleep(0.02)
    greedy.join()
    patient.join()
    assert order.index("patient") == 1


def test_a_failure_gives_the_turn_on() -> None:
    turn = InTurn()
    try:
        with turn:
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with turn:
        pass


def _take(turn: InTurn, order: list[str], name: str) -> None:
    with turn:
        order.append(name)


@pytest.fixture
def worked_off(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the events as they are worked off; the journal holds nothing."""
    order: list[int] = []
    monkeypatch.setattr(intake, "drain", lambda source: 0)
    monkeypatch.setattr(intake, "work_off", lambda events: order.extend(one.pk for one in events))
    return order


def test_what_it_is_handed_is_worked_off_in_its_order(worked_off: list[int]) -> None:
    drain = Drain()
    for number in range(60):
        drain.take([InboundEvent(pk=number)])
    _until(lambda: len(worked_off) == 60)
    assert worked_off == list(range(60))


def test_it_has_no_time_while_older_events_wait(
    worked_off: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drain, go_on = Drain(), threading.Event()
    monkeypatch.setattr(intake, "drain", lambda source: int(not go_on.wait(5)))
    assert drain.has_time
    drain.ring()
    assert not drain.has_time
    go_on.set()
    _until(lambda: drain.has_time)


def test_it_has_no_time_for_more_than_it_reaches_before_the_claims_end(
    worked_off: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drain, go_on = Drain(), threading.Event()
    monkeypatch.setattr(intake, "work_off", lambda events: go_on.wait(5))
    drain.take([InboundEvent(pk=number) for number in range(MOST_HANDED + 25)])
    assert not drain.has_time
    go_on.set()
    _until(lambda: drain.has_time)


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
