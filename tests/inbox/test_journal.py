"""The journal: claims, second tries, dead letters."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from channels_app import journal
from channels_app.adapters.sms.twilio import TwilioAdapter
from channels_app.errors import UnreadablePayload
from channels_app.messages import Address, InboundMessage
from channels_app.models import Channel, InboundEvent
from inbox import intake
from inbox.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(db: None) -> Channel:
    return Channel.objects.create(
        kind="sms",
        name="SMS",
        account="+15005550006",
        settings={"provider": "twilio", "account_sid": "AC" + "0" * 32, "number": "+15005550006"},
        secrets={"auth_token": "12345"},
    )


def event(
    line: Channel, number: int = 1, *, text: str = "Hello", **columns: object
) -> InboundEvent:
    body = (
        f"MessageSid=SM{number:032x}&From=%2B447700900123&To=%2B15005550006&Body={text}&NumMedia=0"
    )
    return InboundEvent.objects.create(
        channel=line,
        source="webhook",
        content_key=str(number),
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=body.encode(),
        **columns,
    )


def state(one: InboundEvent) -> tuple[str, int]:
    one.refresh_from_db()
    return one.state, one.attempts


def said(text: str) -> InboundMessage:
    return InboundMessage(
        account="+15005550006",
        dedupe_key="SM1",
        sender=(Address("phone", "+447700900123"),),
        text=text,
        sent_at=timezone.now(),
    )


def lease_over() -> None:
    InboundEvent.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_fresh_events_are_claimed_together_and_once(line: Channel) -> None:
    events = [event(line, number) for number in range(3)]
    assert journal.claim("webhook", limit=50) == events
    assert journal.claim("webhook", limit=50) == []


def test_a_claim_is_counted_before_the_work(line: Channel) -> None:
    one = event(line)
    journal.claim("webhook", limit=50)
    assert state(one) == ("received", 1)


def test_an_event_stored_claimed_is_nobody_elses_until_the_claim_ends(line: Channel) -> None:
    one = _fresh(line, "a")
    assert journal.store_claimed([one]) == [one]
    assert journal.claim("webhook", limit=50) == []
    lease_over()
    assert [(event.pk, event.attempts) for event in journal.claim("webhook", limit=50)] == [
        (one.pk, 2)
    ]


def test_with_a_known_event_among_them_all_others_wait_to_be_claimed(line: Channel) -> None:
    journal.store([_fresh(line, "a")])
    assert journal.store_claimed([_fresh(line, "a"), _fresh(line, "b")]) == []
    waiting = journal.claim("webhook", limit=50)
    assert [(event.content_key, event.attempts) for event in waiting] == [("a", 1), ("b", 1)]


def _fresh(line: Channel, content_key: str) -> InboundEvent:
    return InboundEvent(channel=line, source="webhook", content_key=content_key, body=b"x")


def test_an_event_tried_before_comes_alone(line: Channel) -> None:
    one, other = event(line, 1), event(line, 2)
    journal.claim("webhook", limit=50)
    lease_over()
    fresh = event(line, 3)
    claims = [journal.claim("webhook", limit=50) for _ in range(3)]
    assert sorted(claims[:2], key=lambda claimed: claimed[0].pk) == [[one], [other]]
    assert claims[2] == [fresh]


def test_an_event_tried_before_does_not_wait_for_the_fresh_ones_to_end(line: Channel) -> None:
    """The load never ends: five new events after each claim."""
    unlucky = event(line, 0)
    journal.claim("webhook", limit=5)
    InboundEvent.objects.update(leased_until=timezone.now())
    claims = []
    for turn in range(3):
        for number in range(5):
            event(line, 10 * turn + number + 1)
        claims.append(journal.claim("webhook", limit=5))
    assert claims[0] == [unlucky]
    assert [len(claimed) for claimed in claims[1:]] == [5, 5]


def test_fresh_events_do_not_wait_for_those_that_were_tried_before(line: Channel) -> None:
    """However many there are to try again: who was ready first comes first."""
    for number in range(3):
        event(line, number)
    journal.claim("webhook", limit=5)
    lease_over()
    fresh = event(line, 9, received_at=timezone.now() - timedelta(minutes=1))
    assert journal.claim("webhook", limit=5) == [fresh]


def test_a_customer_whose_first_message_failed_once_is_read_in_the_order_of_writing(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    event(line, 1, text="first")
    receive = intake.receive

    def away(*_args: object, **_rest: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(intake, "receive", away)
    intake.drain("webhook")
    monkeypatch.setattr(intake, "receive", receive)
    InboundEvent.objects.update(leased_until=timezone.now())
    for number, text in enumerate(("second", "third"), start=2):
        event(line, number, text=text)
    while intake.drain("webhook"):
        pass
    said = Message.objects.order_by("position").values_list("text", flat=True)
    assert list(said) == ["first", "second", "third"]


def test_an_event_that_kills_five_workers_is_held(line: Channel) -> None:
    deadly = event(line)
    for _ in range(5):
        assert journal.claim("webhook", limit=50) == [deadly]
        lease_over()
    assert journal.claim("webhook", limit=50) == []
    assert state(deadly) == ("held", 5)


def test_an_event_becomes_a_message_and_is_processed(line: Channel) -> None:
    one = event(line)
    assert intake.drain("webhook") == 1
    assert state(one) == ("processed", 1)
    assert Message.objects.get().event == one


def test_a_failing_event_does_not_take_its_batch_along(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, better = event(line, 1), event(line, 2, text="bad"), event(line, 3)
    receive = intake.receive

    def picky(channel: Channel, inbound, **rest):
        if inbound.text == "bad":
            raise ValueError("a bug")
        return receive(channel, inbound, **rest)

    monkeypatch.setattr(intake, "receive", picky)
    intake.drain("webhook")
    assert [state(one)[0] for one in (good, bad, better)] == ["processed", "received", "processed"]
    assert bad.error == "ValueError: a bug"
    for _ in range(4):
        lease_over()
        intake.drain("webhook")
    assert state(bad)[0] == "held"
    assert Message.objects.count() == 2


def test_what_the_database_refuses_to_keep_costs_the_others_nothing(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = event(line, 1, text="bad"), event(line, 2)
    receive = intake.receive

    def picky(channel: Channel, inbound, **rest):
        if inbound.text == "bad":
            raise OperationalError("index row size 4016 exceeds btree maximum 2704")
        return receive(channel, inbound, **rest)

    monkeypatch.setattr(intake, "receive", picky)
    assert intake.drain("webhook") == 2
    assert [state(one)[0] for one in (bad, good)] == ["received", "processed"]
    assert "2704" in bad.error


def test_dead_letters_are_replayed_once(line: Channel) -> None:
    dead = event(line, state="held", attempts=5, error="a bug")
    assert journal.replay([dead]) == 1
    assert journal.replay([dead]) == 0
    intake.drain("webhook")
    assert state(dead)[0] == "processed"
    assert journal.replay([dead]) == 0
    assert Message.objects.count() == 1


def test_an_unreadable_event_is_kept_and_shown(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(self: object, raw: object) -> None:
        raise UnreadablePayload("no idea")

    one = event(line)
    monkeypatch.setattr(TwilioAdapter, "parse", cannot)
    intake.drain("webhook")
    assert state(one)[0] == "unreadable"
    assert one.error == "no idea"


def test_a_database_that_is_away_holds_nothing_back(
    line: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = event(line)

    def away(*args: object, **rest: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(intake, "receive", away)
    monkeypatch.setattr(journal, "postpone", away)
    with pytest.raises(OperationalError):
        intake.drain("webhook")
    assert state(one)[0] == "received"


class TestRouting:
    def other(self, token: str) -> Channel:
        return Channel.objects.create(
            kind="sms", name="Other", account="+15005550007", secrets={"auth_token": token}
        )

    def test_an_event_goes_to_the_account_it_names(self, line: Channel) -> None:
        other = self.other("12345")
        event(line, text="Hi").__class__.objects.update(
            body=b"MessageSid=SM" + b"1" * 32 + b"&From=%2B447700900123&To=%2B15005550007&Body=Hi"
        )
        intake.drain("webhook")
        assert Message.objects.get().channel == other

    def test_a_report_belongs_to_the_channel_whose_message_named_its_address(
        self, line: Channel
    ) -> None:
        """A messaging service may send from a number that is another channel's as well."""
        self.other("12345")
        question = intake.receive(line, said("Hello")).message
        ours = Message.objects.create(
            ticket=question.ticket,
            conversation=question.conversation,
            channel=line,
            position=99,
            direction="outbound",
            author_type="agent",
            status="sent",
            external_id=f"SM{7:032x}",
        )
        body = f"MessageSid=SM{7:032x}&MessageStatus=delivered&From=%2B15005550007&To=%2B44770090"
        report = event(line)
        InboundEvent.objects.filter(pk=report.pk).update(body=body.encode())
        intake.drain("webhook")
        ours.refresh_from_db()
        assert ours.status == "delivered"

    def test_another_secret_proves_nothing(self, line: Channel) -> None:
        self.other("another")
        event(line).__class__.objects.update(
            body=b"MessageSid=SM" + b"1" * 32 + b"&From=%2B447700900123&To=%2B15005550007&Body=Hi"
        )
        intake.drain("webhook")
        assert Message.objects.get().channel == line
