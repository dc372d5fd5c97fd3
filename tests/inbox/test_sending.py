"""May I send this? One answer for everybody who asks."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels_app.models import Channel
from customers import consent
from customers.identify import identify
from customers.models import Identity
from inbox.models import Attachment, ContactPoint, Conversation
from inbox.sending import elsewhere, may_send, reachable
from tests.inbox.desk import ADA_MAIL, ADA_PHONE, hear

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(strand: Conversation) -> ContactPoint:
    return strand.contact_point


def opt(line: Channel, *, allowed: bool) -> None:
    consent.record(
        kind="phone",
        value=ADA_PHONE,
        medium="line",
        sender=line.account,
        allowed=allowed,
        source="test",
        at=timezone.now(),
    )


def file(**fields: object) -> Attachment:
    return Attachment(**{"name": "a.png", "content_type": "image/png", "size": 10, **fields})


class TestAnswer:
    def test_nothing_speaks_against_it(self, point: ContactPoint) -> None:
        answer = may_send(point, text="x" * 51)
        assert (answer.allowed, answer.code, answer.reason, answer.segments) == (True, "", "", 2)

    def test_a_blocked_person(self, point: ContactPoint) -> None:
        point.is_blocked = True
        assert may_send(point).code == "blocked"

    def test_an_address_nothing_reaches(self, point: ContactPoint) -> None:
        point.undeliverable_reason = "no such number"
        answer = may_send(point)
        assert (answer.code, answer.reason) == (
            "undeliverable",
            f"{ADA_PHONE} can't be reached: no such number",
        )

    @pytest.mark.parametrize(
        "address", ["", "unknown@invalid", "ada", "@x.example", "a@b .example"]
    )
    def test_an_address_that_is_none(self, mail_strand: Conversation, address: str) -> None:
        mail_strand.contact_point.address = address
        assert may_send(mail_strand.contact_point).code == "undeliverable"

    def test_a_channel_that_is_switched_off(self, point: ContactPoint) -> None:
        point.channel.is_active = False
        assert may_send(point).code == "undeliverable"

    def test_the_newest_word_of_consent_counts(self, point: ContactPoint, line: Channel) -> None:
        opt(line, allowed=False)
        assert may_send(point).code == "opted-out"
        opt(line, allowed=True)
        assert may_send(point).allowed

    def test_a_stop_holds_for_one_sender_of_ours_only(
        self, point: ContactPoint, line: Channel
    ) -> None:
        opt(line, allowed=False)
        other = Channel.objects.create(kind="line", name="Other", account="+447700900888")
        point.channel = other
        assert may_send(point).allowed

    @pytest.mark.parametrize(
        ("countries", "allowed"), [(None, True), ([], True), (["GB", "US"], True), (["DE"], False)]
    )
    def test_the_list_of_countries(
        self, point: ContactPoint, countries: list[str] | None, *, allowed: bool
    ) -> None:
        point.channel.settings["allowed_countries"] = countries
        answer = may_send(point)
        assert (answer.allowed, answer.code) == (allowed, "" if allowed else "country-refused")

    def test_a_number_of_no_country_is_refused_where_there_is_a_list(
        self, point: ContactPoint
    ) -> None:
        point.channel.settings["allowed_countries"] = ["GB"]
        point.address = "+999123"
        assert may_send(point).code == "country-refused"

    def test_a_text_that_is_too_long(self, point: ContactPoint) -> None:
        assert may_send(point, text="x" * 100).allowed
        answer = may_send(point, text="x" * 101)
        assert (answer.code, answer.segments) == ("too-long", 3)

    @pytest.mark.parametrize(
        "files",
        [
            [file(), file(), file()],
            [file(size=1001)],
            [file(content_type="application/x-msdownload")],
        ],
    )
    def test_files_the_channel_can_not_carry(
        self, point: ContactPoint, files: list[Attachment]
    ) -> None:
        assert may_send(point, attachments=[file(), file()]).allowed
        assert may_send(point, attachments=files).code == "too-long"

    def test_one_question_costs_one_query(
        self, point: ContactPoint, django_assert_num_queries
    ) -> None:
        with django_assert_num_queries(1):
            may_send(point, text="Hello")


class TestReachable:
    @pytest.fixture
    def both(self, strand: Conversation, post: Channel) -> tuple[Conversation, Conversation]:
        """Ada's line and, newer, Ada's mail in one ticket."""
        mailed = hear(post).conversation
        mailed.ticket = strand.ticket
        mailed.save()
        return strand, mailed

    def test_where_the_customer_wrote_last_comes_first(
        self, both: tuple[Conversation, Conversation], line: Channel
    ) -> None:
        chat, mailed = both
        mailed.messages.update(ticket=chat.ticket_id, position=90)
        assert reachable(chat.ticket) == [mailed, chat]
        chat.messages.update(position=91)
        assert reachable(chat.ticket) == [chat, mailed]

    def test_an_address_that_can_be_reached_comes_before_one_that_can_not(
        self, both: tuple[Conversation, Conversation]
    ) -> None:
        chat, mailed = both
        mailed.messages.update(ticket=chat.ticket_id, position=90)
        ContactPoint.objects.filter(pk=mailed.contact_point_id).update(is_blocked=True)
        assert reachable(chat.ticket) == [chat, mailed]

    def test_a_strand_nobody_accepted_comes_last(
        self, both: tuple[Conversation, Conversation]
    ) -> None:
        chat, mailed = both
        mailed.messages.update(ticket=chat.ticket_id, position=90)
        mailed.is_accepted = False
        mailed.save()
        ContactPoint.objects.filter(pk=chat.contact_point_id).update(is_blocked=True)
        assert reachable(chat.ticket) == [chat, mailed]

    def test_other_addresses_of_the_customer_are_offered(
        self, strand: Conversation, post: Channel
    ) -> None:
        class Address:
            kind, value, scope, name = "email", ADA_MAIL, "", ""

        identity = identify([Address()], proven_by="agent")
        Identity.objects.filter(pk=identity.pk).update(customer=strand.ticket.customer_id)
        offered = elsewhere(strand.ticket)
        assert [(one.channel, one.address, one.pk) for one in offered] == [(post, ADA_MAIL, None)]

    def test_addresses_that_can_not_be_reached_are_not(
        self, strand: Conversation, post: Channel
    ) -> None:
        mailed = hear(post)
        ContactPoint.objects.filter(pk=mailed.conversation.contact_point_id).update(
            customer=strand.ticket.customer_id
        )
        assert [one.address for one in elsewhere(strand.ticket)] == [ADA_MAIL]
        ContactPoint.objects.update(is_blocked=True)
        assert elsewhere(strand.ticket) == []
