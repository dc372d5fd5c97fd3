"""One customer by mail, SMS, WhatsApp and web chat: what joins, what does not, what is parted."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from channels_app.messages import Address, InboundMessage
from channels_app.models import Channel
from customers.identify import identify
from customers.models import Customer, Identity
from inbox import joining, triage
from inbox.models import (
    Activity,
    Agent,
    ChannelPolicy,
    ContactPoint,
    Conversation,
    JoinRefusal,
    Message,
    Team,
    Ticket,
)
from inbox.replies import Reply, send_reply
from tests.flows.saying import ADA_MAIL, ADA_PHONE, mail, said_in

pytestmark = pytest.mark.django_db

PORTFOLIO = "102290129340398"
BY_PHONE = (Address("phone", ADA_PHONE),)
ON_WHATSAPP = (Address("whatsapp_user", "GB.1", scope=PORTFOLIO, name="Ada"), *BY_PHONE)
SIGNED_IN = (Address("external", "account-7", scope="shop"), Address("email", ADA_MAIL))
VISITING = (Address("visitor", "abcd1234", scope="shop"),)

_serial = count(1)


def says(channel: Channel, text: str, sender: tuple[Address, ...], **fields: Any) -> Message:
    """Somebody writes on a chat-like channel."""
    said = {"account": channel.account, "dedupe_key": f"said-{next(_serial)}", "sender": sender}
    said |= {"text": text, "sent_at": timezone.now(), "authentication": "pass"}
    return said_in(channel, InboundMessage(**(said | fields)))


def make(team: Team, **fields: Any) -> Channel:
    channel = Channel.objects.create(name=fields["kind"], **fields)
    ChannelPolicy.objects.create(channel=channel, team=team)
    return channel


def set_policy(channel: Channel, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(channel.policy, name, value)
    channel.policy.save()


@pytest.fixture
def whatsapp(front: Team) -> Channel:
    secrets = {"app_secret": "x", "access_token": "x", "verify_token": "x"}
    settings = {"waba_id": PORTFOLIO}
    return make(front, kind="whatsapp", account="1065403", settings=settings, secrets=secrets)


@pytest.fixture
def chat(front: Team) -> Channel:
    return make(front, kind="webchat", account="shop", key="shop")


@pytest.fixture(autouse=True)
def ada(db: None) -> Customer:
    """Grace knows that this mail address and this number are Ada's."""
    known = [Address("email", ADA_MAIL), Address("phone", ADA_PHONE)]
    return identify(known, name="Ada", proven_by="agent").customer


def channels_of(ticket: int) -> set[str]:
    strands = Conversation.objects.filter(ticket=ticket)
    return set(strands.values_list("contact_point__channel__kind", flat=True))


class TestJoining:
    def test_mail_then_sms_then_whatsapp_then_chat_is_one_ticket(
        self, support: Channel, text_line: Channel, whatsapp: Channel, chat: Channel
    ) -> None:
        number = mail(support, "Where is it?").ticket_id
        for channel, sender in ((text_line, BY_PHONE), (whatsapp, ON_WHATSAPP), (chat, SIGNED_IN)):
            assert says(channel, "Me again", sender).ticket_id == number
        assert channels_of(number) == {"email", "sms", "whatsapp", "webchat"}
        assert Customer.objects.count() == 1
        joined = Activity.objects.filter(ticket=number, verb="joined")
        assert {one.data["channel"] for one in joined} == {"sms", "whatsapp", "webchat"}

    def test_each_strand_goes_on_by_itself(
        self, support: Channel, text_line: Channel, whatsapp: Channel, grace: Agent
    ) -> None:
        question = mail(support, "Where is it?")
        texted = says(text_line, "By SMS", BY_PHONE)
        chatted = says(whatsapp, "On WhatsApp", ON_WHATSAPP)
        ours = send_reply(texted.conversation, Reply(text="There"), by=grace)
        assert ours.channel == text_line
        assert says(text_line, "Thanks", BY_PHONE).conversation_id == texted.conversation_id
        assert says(whatsapp, "Thanks", ON_WHATSAPP).conversation_id == chatted.conversation_id
        assert question.ticket.messages.count() == 6

    def test_an_anonymous_visitor_joins_nothing(self, support: Channel, chat: Channel) -> None:
        number = mail(support, "Where is it?").ticket_id
        visit = says(chat, "Hello", VISITING, authentication="none")
        assert visit.ticket_id != number
        assert Customer.objects.count() == 2

    def test_a_shared_number_joins_on_no_channel(
        self, support: Channel, text_line: Channel, whatsapp: Channel
    ) -> None:
        number = mail(support, "Where is it?").ticket_id
        Identity.objects.filter(kind="phone").update(is_shared=True)
        assert says(text_line, "Hello", BY_PHONE).ticket_id != number

    def test_sms_never_waits_for_a_stale_ticket(
        self, whatsapp: Channel, text_line: Channel
    ) -> None:
        number = says(whatsapp, "Hello", ON_WHATSAPP).ticket_id
        Ticket.objects.update(last_message_at=timezone.now() - timedelta(hours=25))
        assert says(text_line, "Hello", BY_PHONE).ticket_id != number

    def test_another_group_is_another_ticket(
        self, vault: Team, text_line: Channel, whatsapp: Channel
    ) -> None:
        set_policy(whatsapp, team=vault)
        number = says(text_line, "Hello", BY_PHONE).ticket_id
        assert says(whatsapp, "Hello", ON_WHATSAPP).ticket_id != number

    def test_a_group_of_their_own_joins_channels_of_two_teams(
        self, vault: Team, text_line: Channel, whatsapp: Channel
    ) -> None:
        set_policy(whatsapp, team=vault, join_group="shop")
        set_policy(text_line, join_group="shop")
        number = says(text_line, "Hello", BY_PHONE).ticket_id
        assert says(whatsapp, "Hello", ON_WHATSAPP).ticket_id == number

    def test_a_number_that_failed_to_prove_itself_joins_nothing(
        self, text_line: Channel, whatsapp: Channel
    ) -> None:
        number = says(text_line, "Hello", BY_PHONE).ticket_id
        fake = says(whatsapp, "It is me", ON_WHATSAPP, authentication="fail")
        assert fake.ticket_id != number
        assert fake.conversation.contact_point.identity is None


class TestParting:
    @pytest.fixture
    def joined(self, support: Channel, text_line: Channel, whatsapp: Channel) -> list[Message]:
        """Three strands in one ticket."""
        said = [
            mail(support, "Where is it?"),
            says(text_line, "By SMS", BY_PHONE),
            says(whatsapp, "On WhatsApp", ON_WHATSAPP),
        ]
        assert len({one.ticket_id for one in said}) == 1
        return said

    def test_a_strand_is_split_off_and_stays_apart(
        self, joined: list[Message], text_line: Channel
    ) -> None:
        home = joined[0].ticket_id
        apart = joining.split(joined[1].conversation)
        assert channels_of(home) == {"email", "whatsapp"}
        assert channels_of(apart.pk) == {"sms"}
        assert says(text_line, "More", BY_PHONE).ticket_id == apart.pk
        assert JoinRefusal.objects.filter(ticket=home).count() == 1

    def test_what_was_refused_once_is_never_joined_again(
        self, joined: list[Message], text_line: Channel, whatsapp: Channel
    ) -> None:
        home = joined[0].ticket_id
        apart = joining.split(joined[1].conversation)
        triage.resolve(apart)
        Ticket.objects.filter(pk=apart.pk).update(resolved_at=timezone.now() - timedelta(days=8))
        again = says(text_line, "Something else", BY_PHONE).ticket_id
        assert again not in (home, apart.pk)

    def test_all_of_them_can_be_split(self, joined: list[Message]) -> None:
        home = joined[0].ticket_id
        parts = [joining.split(one.conversation).pk for one in joined[1:]]
        assert [channels_of(number) for number in (home, *parts)] == [
            {"email"},
            {"sms"},
            {"whatsapp"},
        ]
        assert Message.objects.exclude(ticket__in=[home, *parts]).count() == 0

    def test_what_was_split_can_be_joined_by_hand(
        self, joined: list[Message], grace: Agent
    ) -> None:
        home = Ticket.objects.get(pk=joined[0].ticket_id)
        apart = joining.split(joined[1].conversation)
        assert apart in joining.candidates(home, agent=grace)
        joining.join(apart, into=home, by=grace)
        assert channels_of(home.pk) == {"email", "sms", "whatsapp"}
        order = Message.objects.filter(ticket=home).order_by("position")
        assert [one.text for one in order] == ["Where is it?", "By SMS", "On WhatsApp"]


class TestReopening:
    """R2, where R3 might have a better place."""

    def test_answered_lately_on_that_channel_reopens_the_old_one(
        self, support: Channel, text_line: Channel, grace: Agent
    ) -> None:
        hello = says(text_line, "Hello", BY_PHONE)
        send_reply(hello.conversation, Reply(text="Hi"), by=grace)
        Message.objects.filter(direction="outbound").update(status="sent")
        ContactPoint.objects.update(last_outbound_at=timezone.now())
        triage.resolve(hello.ticket)
        mail(support, "Something else", subject="Something else")
        assert says(text_line, "Thanks", BY_PHONE).ticket_id == hello.ticket_id

    def test_not_answered_lately_joins_the_open_one(
        self, support: Channel, text_line: Channel, whatsapp: Channel
    ) -> None:
        hello = says(text_line, "Hello", BY_PHONE)
        triage.resolve(hello.ticket)
        number = mail(support, "Something else", subject="Something else").ticket_id
        assert says(text_line, "Me again", BY_PHONE).ticket_id == number
        assert says(whatsapp, "And here", ON_WHATSAPP).ticket_id == number
