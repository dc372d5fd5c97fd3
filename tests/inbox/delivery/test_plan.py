from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.delivery import plan


@given(st.integers(min_value=1, max_value=len(plan.WAITS)))
def test_a_wait_keeps_to_the_plan_within_a_fifth(attempts: int) -> None:
    waited = plan.wait(attempts)
    assert waited is not None
    assert 0.8 <= waited.total_seconds() / plan.WAITS[attempts - 1] <= 1.2


@given(st.integers(min_value=1, max_value=3), st.floats(min_value=121, max_value=3600))
def test_what_the_provider_asks_for_is_never_cut_short(attempts: int, asked: float) -> None:
    waited = plan.wait(attempts, retry_after=asked)
    assert waited is not None
    assert asked <= waited.total_seconds() <= asked * 1.2


def test_a_provider_can_ask_for_an_hour_at_most() -> None:
    waited = plan.wait(1, retry_after=1e9)
    assert waited is not None
    assert waited.total_seconds() <= 3600 * 1.2


def test_a_short_wish_does_not_shorten_the_plan() -> None:
    waited = plan.wait(3, retry_after=1)
    assert waited is not None
    assert waited.total_seconds() >= 96


def test_after_the_last_try_there_is_no_other() -> None:
    assert plan.wait(len(plan.WAITS) + 1) is None
