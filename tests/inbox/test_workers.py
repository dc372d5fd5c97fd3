from __future__ import annotations

import dramatiq
import pytest
import redis
from django.db import transaction
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed

from inbox import workers


def failing(error: Exception):
    class Actor:
        actor_name = "work"

        def send(self, *_: object) -> None:
            raise error

    return Actor()


@pytest.mark.parametrize(
    "error", [ConnectionClosed("x"), redis.ConnectionError(), redis.TimeoutError()]
)
def test_a_broker_that_is_away_is_an_answer_and_no_error(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    assert workers.ask(failing(error), 1) is False
    assert "broker_unreachable" in caplog.text


def test_a_real_client_of_a_dead_broker_is_answered_at_once() -> None:
    broker = RedisBroker(url="redis://127.0.0.1:1/0", socket_connect_timeout=0.5)
    actor = dramatiq.actor(lambda: None, broker=broker, actor_name="dead_end")
    assert workers.ask(actor) is False


@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_before_the_commit_nor_after_a_rollback() -> None:
    asked: list[int] = []

    class Actor:
        actor_name = "work"
        send = staticmethod(asked.append)

    with transaction.atomic():
        workers.ask_later(Actor(), 1)
        assert asked == []
    assert asked == [1]
    with transaction.atomic():
        workers.ask_later(Actor(), 2)
        transaction.set_rollback(True)
    assert asked == [1]
