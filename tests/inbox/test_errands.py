"""What the clock finds undone gets done, with or without workers."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from inbox import errands, workers
from inbox.errands import Errands

pytestmark = pytest.mark.django_db(transaction=True)  # the clock's hands close their connection


class Work:
    """What an errand is about: stands in for an actor."""

    actor_name = "work"

    def __init__(self, action: Callable[[int], None] = lambda _: None) -> None:
        self.done: list[int] = []
        self.action = action

    def fn(self, number: int) -> None:
        self.action(number)
        self.done.append(number)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What workers were asked for, by a broker that answers."""
    asked: list[int] = []
    monkeypatch.setattr(workers, "ask", lambda _, number: asked.append(number) or True)
    return asked


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The broker is away; how often it was tried."""
    tried: list[int] = []
    monkeypatch.setattr(workers, "ask", lambda _, number: bool(tried.append(number)))
    return tried


def test_a_worker_is_asked_first_and_once(asked: list[int]) -> None:
    clock, work = Errands(), Work()
    for _ in range(5):
        clock.give(work, 7)
    clock.finish()
    assert (asked, work.done) == ([7], [])


def test_the_same_work_that_comes_up_again_later_is_a_workers_again(
    asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, work = Errands(), Work()
    clock.give(work, 7)
    monkeypatch.setattr(errands, "PATIENCE", 0.0)
    monkeypatch.setattr(errands, "MEMORY", 0.0)
    clock.give(work, 7)
    clock.finish()
    assert (asked, work.done) == ([7, 7], [])


def test_what_no_worker_did_in_time_is_done_here(
    asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, work = Errands(), Work()
    clock.give(work, 7)
    monkeypatch.setattr(errands, "PATIENCE", 0.0)
    clock.give(work, 7)
    clock.finish()
    assert (asked, work.done) == ([7], [7])


def test_without_a_broker_it_is_done_here_at_once(silence: list[int]) -> None:
    clock, work = Errands(), Work()
    for number in range(5):
        clock.give(work, number)
    clock.finish()
    assert set(work.done) | {0} == set(range(5))


def test_a_broker_that_does_not_answer_is_tried_once_a_second(silence: list[int]) -> None:
    clock, work = Errands(), Work()
    for number in range(5):
        clock.give(work, number)
    clock.finish()
    assert silence == [0]


def test_an_errand_under_way_is_not_begun_twice(silence: list[int]) -> None:
    go = threading.Event()
    clock, work = Errands(), Work(lambda _: bool(go.wait(5)))
    for _ in range(3):
        clock.give(work, 1)
    go.set()
    clock.finish()
    assert work.done == [1]


def test_the_clock_takes_on_only_what_it_can_do(silence: list[int]) -> None:
    go = threading.Event()
    clock, work = Errands(), Work(lambda _: bool(go.wait(5)))
    for number in range(100):
        clock.give(work, number)
    go.set()
    clock._pool.shutdown(wait=True)
    assert len(work.done) == 2 * errands.HANDS


def test_an_errand_that_fails_is_logged_and_can_be_given_again(
    silence: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    def fail_once(number: int) -> None:
        if not failures:
            failures.append(number)
            raise RuntimeError("canary")

    failures: list[int] = []
    clock, work = Errands(), Work(fail_once)
    clock.give(work, 1)
    while not failures or clock._running:
        pass
    clock.give(work, 1)
    clock.finish()
    assert "errand_failed" in caplog.text
    assert failures == [1]
