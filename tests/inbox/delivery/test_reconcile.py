"""A call whose answer nobody heard: the table of what may be found out."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels_app.errors import SendError
from channels_app.messages import DeliveryUpdate, OutboundMessage, Receipt, Reconciliation
from channels_app.models import Channel
from inbox import delivery
from inbox.delivery import claim, outcome
from inbox.models import Agent, Conversation, Message
from tests.inbox.desk import let_pass, present, reply
from tests.inbox.line import Line, raising, texts

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker dies here."""


def die(_: OutboundMessage) -> Receipt:
    raise Killed


@pytest.fixture
def lost(strand: Conversation, grace: Agent) -> Message:
    """A message whose worker died during the call; the lease has run out."""
    message = reply(strand, "lost", by=grace)
    Line.behaviour = die
    with pytest.raises(Killed):
        delivery.deliver(message.pk)
    Line.behaviour = None
    let_pass(message, 61)
    return message


@pytest.fixture
def dropped(strand: Conversation, grace: Agent) -> Message:
    """A message whose worker died between claim and attempt; the lease has run out."""
    message = reply(strand, "dropped", by=grace)
    assert claim.claim(message.pk)
    let_pass(message, 16)
    return message


def test_the_clock_finds_it_when_the_lease_has_run_out(lost: Message) -> None:
    assert claim.lost(limit=10) == [lost.pk]


def test_a_live_lease_is_left_alone(strand: Conversation, grace: Agent) -> None:
    message = reply(strand, "under way", by=grace)
    assert claim.claim(message.pk)
    delivery.reconcile(message.pk)
    assert (claim.lost(limit=10), present(message).status) == ([], "sending")


def test_without_an_attempt_it_is_queued_again_and_sent_once(dropped: Message) -> None:
    delivery.reconcile(dropped.pk)
    assert present(dropped).status == "queued"
    delivery.deliver(dropped.pk)
    assert texts() == ["dropped"]


def test_found_at_the_provider_it_is_sent(lost: Message) -> None:
    Line.finding = Reconciliation("sent", "found")
    delivery.reconcile(lost.pk)
    assert (present(lost).status, present(lost).external_id) == ("sent", "found")
    assert lost.delivery_attempts.get().outcome == "sent"
    assert texts() == ["lost"]


def test_certainly_not_sent_it_is_queued_again(lost: Message) -> None:
    Line.finding = Reconciliation("not_sent")
    delivery.reconcile(lost.pk)
    assert present(lost).status == "queued"
    delivery.deliver(lost.pk)
    assert [one.outcome for one in lost.delivery_attempts.order_by("number")] == [
        "postponed",
        "sent",
    ]


def test_too_early_to_say_it_is_asked_about_again(lost: Message) -> None:
    Line.finding = Reconciliation("wait")
    delivery.reconcile(lost.pk)
    waiting = present(lost)
    assert waiting.status == "sending"
    assert waiting.leased_until is not None
    assert waiting.leased_until > timezone.now()
    assert lost.delivery_attempts.get().outcome == "open"


def test_the_next_one_waits_for_what_may_be_known_soon_and_no_longer(
    lost: Message, strand: Conversation, grace: Agent
) -> None:
    """On WhatsApp only a report can tell, and it is waited for up to ten minutes."""
    following = reply(strand, "following", by=grace)
    Line.finding = Reconciliation("wait")
    for seconds, shown in [(0, ["lost"]), (120, ["lost", "following"])]:
        let_pass(lost, seconds)
        let_pass(following, seconds)
        delivery.reconcile(lost.pk)
        for message_id in claim.due(limit=9):
            delivery.deliver(message_id)
        assert texts() == shown
    assert present(lost).status == "sending"


def test_a_provider_that_can_not_be_asked_now_is_asked_again(lost: Message) -> None:
    Line.finding = SendError("no answer")
    delivery.reconcile(lost.pk)
    assert present(lost).status == "sending"


def test_nobody_is_asked_for_longer_than_a_quarter_of_an_hour(lost: Message) -> None:
    Line.finding = Reconciliation("wait")
    let_pass(lost, 15 * 60)
    delivery.reconcile(lost.pk)
    assert (present(lost).status, Line.asked) == ("uncertain", [])


def test_never_found_out_it_is_uncertain_and_never_sent_again(lost: Message) -> None:
    delivery.reconcile(lost.pk)
    assert present(lost).status == "uncertain"
    assert lost.delivery_attempts.get().outcome == "unknown"
    let_pass(lost, 100_000)
    delivery.deliver(lost.pk)
    delivery.reconcile(lost.pk)
    assert (claim.due(limit=9), claim.lost(limit=9), texts()) == ([], [], ["lost"])


def test_the_provider_is_shown_what_was_sent_and_when(lost: Message) -> None:
    delivery.reconcile(lost.pk)
    asked = Line.asked[0]
    assert asked.message == Line.sent[0]
    assert asked.started_at == lost.delivery_attempts.get().started_at


def test_the_provider_is_told_which_messages_are_known_already(
    strand: Conversation, grace: Agent, lost: Message
) -> None:
    earlier = reply(strand, "lost", by=grace)
    Message.objects.filter(pk=earlier.pk).update(external_id="earlier")
    delivery.reconcile(lost.pk)
    assert Line.asked[0].known_ids == frozenset({"earlier"})


def test_an_ambiguous_error_is_reconciled_soon_and_not_sent_again(
    strand: Conversation, grace: Agent
) -> None:
    message = reply(strand, "maybe", by=grace)
    Line.behaviour = raising(SendError("answer lost", ambiguous=True))
    delivery.deliver(message.pk)
    assert present(message).status == "sending"
    let_pass(message, 5)
    Line.finding = Reconciliation("sent", "after-all")
    delivery.reconcile(message.pk)
    assert (present(message).status, texts()) == ("sent", ["maybe"])


def test_an_uncertain_message_holds_nothing(
    lost: Message, strand: Conversation, grace: Agent
) -> None:
    following = reply(strand, "next", by=grace)
    delivery.deliver(following.pk)
    assert present(following).status == "queued"
    delivery.reconcile(lost.pk)
    delivery.deliver(following.pk)
    assert present(following).status == "sent"


def test_a_late_report_settles_an_uncertain_message(lost: Message, line: Channel) -> None:
    delivery.reconcile(lost.pk)
    Message.objects.filter(pk=lost.pk).update(external_id="late")
    delivery.apply_update(line, DeliveryUpdate(line.account, "late", "delivered", timezone.now()))
    assert present(lost).status == "delivered"


def test_a_slow_answer_after_the_verdict_settles_it(lost: Message) -> None:
    delivery.reconcile(lost.pk)
    attempt = lost.delivery_attempts.get()
    outcome.accepted(present(lost), attempt, Receipt("slow"))
    assert (present(lost).status, present(lost).external_id) == ("sent", "slow")


def test_a_worker_that_lost_its_lease_does_not_call(
    strand: Conversation, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = reply(strand, "slow", by=grace)
    claimed = claim.claim(message.pk)
    assert claimed is not None
    let_pass(message, 16)
    delivery.reconcile(message.pk)
    assert claim.open_attempt(claimed, number=1) is None


def test_a_message_that_ends_five_workers_is_held_with_its_reason(
    strand: Conversation, grace: Agent
) -> None:
    message = reply(strand, "poison", by=grace)
    for _ in range(5):
        assert claim.claim(message.pk)
        let_pass(message, 16)
        delivery.reconcile(message.pk)
    held = present(message)
    assert (held.status, held.error_code) == ("failed", "held")
    assert "five times" in held.error_text
