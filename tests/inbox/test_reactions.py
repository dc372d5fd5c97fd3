"""Our reactions, and what customers see of our reading and writing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from channels_app.adapters.base import Adapter
from channels_app.errors import SendError
from channels_app.limits import Limits
from channels_app.messages import OutboundMessage, Receipt
from channels_app.models import Channel
from inbox import reactions, receipts
from inbox.models import Agent, ContactPoint, Conversation, Message, MessageReaction
from inbox.sending import Refused
from inbox.triage import NotPossible
from tests.inbox.desk import hear, reply
from tests.inbox.line import Line, raising

pytestmark = pytest.mark.django_db


class Chatty(Line):
    """A line that takes reactions and shows who reads."""

    kind = "line"
    marks_read = True
    limits = Limits(carries_reactions=True, reply_window=timedelta(hours=24), has_templates=True)
    shown: list[tuple[str, bool]] = []  # noqa: RUF012 (the test's memory)

    def mark_read(self, external_id: str, *, typing: bool = False) -> None:
        Chatty.shown.append((external_id, typing))
        if Line.behaviour is not None:
            raise SendError("away")


@pytest.fixture
def chat(line: Channel, monkeypatch: pytest.MonkeyPatch) -> Channel:
    from channels_app import adapters

    monkeypatch.setitem(adapters.ADAPTERS, "line", "tests.inbox.test_reactions.Chatty")
    Chatty.shown.clear()
    cache.clear()
    return line


@pytest.fixture
def message(chat: Channel) -> Message:
    ends_at = timezone.now() + timedelta(hours=1)
    return hear(chat, external_id="theirs-1", opens_window_until=ends_at)


def ours(message: Message) -> MessageReaction:
    return message.reactions.get(by="agent")


def time_passes() -> None:
    MessageReaction.objects.exclude(next_attempt_at=None).update(next_attempt_at=timezone.now())


class TestReacting:
    def test_it_stands_there_at_once_and_is_told(self, message: Message, grace: Agent) -> None:
        rev = message.ticket.rev
        reactions.react(message, "👍", by=grace)
        message.ticket.refresh_from_db()
        assert (ours(message).emoji, ours(message).sent_at) == ("👍", None)
        assert message.ticket.rev == rev + 1
        reactions.tell(ours(message).pk)
        (sent,) = Line.sent
        assert (sent.reaction, sent.reply_to, sent.to) == ("👍", "theirs-1", "+447700900123")
        assert ours(message).sent_at is not None
        assert reactions.due(limit=9) == []

    def test_another_one_takes_its_place_and_none_takes_it_back(
        self, message: Message, grace: Agent
    ) -> None:
        for emoji in ("👍", "❤️", ""):
            reactions.react(message, emoji, by=grace)
            reactions.tell(ours(message).pk)
        assert [one.reaction for one in Line.sent] == ["👍", "❤️", ""]
        assert ours(message).emoji == ""

    def test_an_error_is_tried_again_and_then_shown(self, message: Message, grace: Agent) -> None:
        Line.behaviour = raising(SendError("busy", code="1"))
        reactions.react(message, "👍", by=grace)
        for _ in range(MessageReaction.MAX_ATTEMPTS + 2):
            time_passes()
            for found in reactions.due(limit=9):
                reactions.tell(found)
        assert len(Line.sent) == MessageReaction.MAX_ATTEMPTS
        assert (ours(message).error_text, ours(message).sent_at) == ("busy", None)

    def test_what_can_not_be_sent_is_not_tried_again(self, message: Message, grace: Agent) -> None:
        Line.behaviour = raising(SendError("no", permanent=True))
        reactions.react(message, "👍", by=grace)
        reactions.tell(ours(message).pk)
        assert ours(message).next_attempt_at is None

    def test_two_workers_tell_it_once(self, message: Message, grace: Agent) -> None:
        reactions.react(message, "👍", by=grace)
        reactions.tell(ours(message).pk)
        reactions.tell(ours(message).pk)
        assert len(Line.sent) == 1

    def test_of_two_told_at_once_the_newest_is_told_last(
        self, message: Message, grace: Agent
    ) -> None:
        """The first call is slow: the second one, with the newer reaction, overtakes it."""

        def slow(out: OutboundMessage) -> Receipt:
            if out.reaction == "👍":
                reactions.react(message, "❤️", by=grace)
                reactions.tell(ours(message).pk)
            return Receipt("")

        Line.behaviour = slow
        reactions.react(message, "👍", by=grace)
        reactions.tell(ours(message).pk)
        for found in reactions.due(limit=9):
            reactions.tell(found)
        assert [one.reaction for one in Line.sent] == ["👍", "❤️", "❤️"]
        assert (ours(message).next_attempt_at, reactions.due(limit=9)) == (None, [])

    @pytest.mark.parametrize("emoji", ["hello", "a", "1", "👍 👍", "<b>", "x" * 17])
    def test_words_are_no_reaction(self, message: Message, grace: Agent, emoji: str) -> None:
        with pytest.raises(NotPossible):
            reactions.react(message, emoji, by=grace)

    def test_nothing_goes_out_when_the_window_is_closed(
        self, message: Message, grace: Agent
    ) -> None:
        ContactPoint.objects.update(window_ends_at=timezone.now())
        message.refresh_from_db()
        with pytest.raises(Refused):
            reactions.react(message, "👍", by=grace)

    def test_our_own_and_deleted_messages_take_none(self, message: Message, grace: Agent) -> None:
        answer = reply(message.conversation, "Hi", by=grace)
        Message.objects.filter(pk=message.pk).update(
            text="", full_text="", deleted_at=timezone.now()
        )
        message.refresh_from_db()
        for one in (answer, message):
            with pytest.raises(NotPossible):
                reactions.react(one, "👍", by=grace)

    def test_a_channel_without_reactions_says_so(self, line: Channel, grace: Agent) -> None:
        with pytest.raises(NotPossible):
            reactions.react(hear(line, external_id="x"), "👍", by=grace)


class TestReceipts:
    @pytest.fixture(autouse=True)
    def _workers_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def now(actor: object, *args: object) -> None:
            actor.fn(*args)  # type: ignore[attr-defined]

        monkeypatch.setattr("inbox.workers.ask_later", now)

    def test_reading_is_shown_once_for_the_newest_message(self, message: Message) -> None:
        receipts.read(message.ticket)
        receipts.read(message.ticket)
        hear(message.channel, external_id="theirs-2")
        receipts.read(message.ticket)
        assert Chatty.shown == [("theirs-1", False), ("theirs-2", False)]

    def test_typing_is_shown_every_twenty_seconds_at_most(self, message: Message) -> None:
        for _ in range(5):
            receipts.typing(message.conversation)
        assert Chatty.shown == [("theirs-1", True)]

    def test_an_old_message_is_not_marked(self, message: Message) -> None:
        Message.objects.update(created_at=timezone.now() - timedelta(days=31))
        receipts.read(message.ticket)
        assert Chatty.shown == []

    def test_a_stranger_s_strand_learns_nothing(self, message: Message) -> None:
        message.ticket.conversations.update(is_accepted=False)
        receipts.read(message.ticket)
        assert Chatty.shown == []

    def test_nor_does_somebody_who_is_blocked(self, message: Message) -> None:
        ContactPoint.objects.update(is_blocked=True)
        receipts.read(message.ticket)
        receipts.typing(Conversation.objects.get())
        assert Chatty.shown == []

    def test_a_provider_that_is_away_is_no_matter(self, message: Message) -> None:
        Line.behaviour = raising(SendError("away"))
        receipts.read(message.ticket)
        assert Chatty.shown == [("theirs-1", False)]

    def test_other_channels_are_not_bothered(self, line: Channel) -> None:
        assert Adapter.marks_read is False
        receipts.read(hear(line, external_id="x").ticket)


def test_an_agent_who_reads_and_reacts_in_the_browser(
    message: Message, grace: Agent, client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(grace)
    assert client.post(f"/messages/{message.pk}/reaction", {"emoji": "👍"}).status_code == 204
    page = client.get(f"/t/{message.ticket_id}/").content.decode()
    assert "👍" in page
    assert 'title="by Grace Hopper"' in page
    assert client.post(f"/messages/{message.pk}/reaction", {"emoji": "no"}).status_code == 422
