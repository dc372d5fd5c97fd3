from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import health
from inbox.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_everything_is_at_work() -> None:
    health.beat("clock")
    health.pulse.fn()
    assert health.degraded() == []


@pytest.mark.parametrize("name", ["clock", "worker"])
def test_a_part_that_is_silent_for_five_seconds_is_named(name: str) -> None:
    for part in ("clock", "worker"):
        health.beat(part)
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(seconds=5))
    assert health.degraded() == [name]


def test_a_part_never_heard_of_is_named() -> None:
    health.beat("clock")
    assert health.degraded() == ["worker"]


def test_a_broker_that_is_away_is_named_and_the_worker_not_judged(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    health.beat("clock")
    assert health.degraded() == ["broker"]


def test_a_beat_is_one_row_and_one_query(django_assert_num_queries) -> None:
    health.beat("clock")
    with django_assert_num_queries(1):
        health.beat("clock")
    assert Heartbeat.objects.count() == 1
