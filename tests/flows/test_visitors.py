"""Where a visitor's word belongs, among mails and texts of the same person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from channels_app.adapters import adapter_class
from channels_app.models import Channel
from inbox import joining, triage
from inbox.models import Activity, Agent, ChannelPolicy, Conversation, Team, Ticket
from tests.flows import saying
from tests.inbox.widget.chat import SECRET, Browser, answer, signed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _counts_from_zero() -> None:
    cache.clear()


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Shop")


@pytest.fixture
def make_channel(team: Team) -> Callable[..., Channel]:
    def make(kind: str, account: str = "", **fields: Any) -> Channel:
        channel = Channel(kind=kind, name=kind, account=account, **fields)
        channel.account = account or channel.key
        channel.save()
        ChannelPolicy.objects.create(channel=channel, team=team)
        return channel

    return make


@pytest.fixture
def chat(make_channel: Callable[..., Channel]) -> Channel:
    settings = adapter_class("webchat").settings_form.from_settings({})
    assert settings.is_valid()
    own = settings.settings | {"identity": "optional"}
    return make_channel("webchat", settings=own, secrets={"identity_secret": SECRET})


@pytest.fixture
def mail(make_channel: Callable[..., Channel]) -> Channel:
    return make_channel("email", "support@desk.example")


@pytest.fixture
def grace() -> Agent:
    return Agent.objects.create_user("grace@desk.example", "grace-password", name="Grace")


def ada_in(chat: Channel, **claims: Any) -> Browser:
    browser = Browser(chat)
    vouched = {"email": saying.ADA_MAIL, "email_verified": True} | claims
    browser.begin(jwt=signed(chat, "ada", **vouched))
    return browser


def test_a_vouched_visitor_joins_the_one_open_ticket_they_have(chat: Channel, mail: Channel):
    written = saying.mail(mail, "Where is my lamp?", subject="Lamp")
    ada_in(chat).say("And can it be dimmed?")
    assert Ticket.objects.get() == written.ticket
    strand = Conversation.objects.latest("pk")
    assert (strand.is_joined, strand.is_accepted) == (True, True)
    assert written.ticket.activities.filter(verb=Activity.Verb.JOINED).exists()


def test_an_anonymous_visitor_joins_nothing_whatever_they_type(chat: Channel, mail: Channel):
    saying.mail(mail, "Where is my lamp?", subject="Lamp")
    eve = Browser(chat)
    eve.begin(profile={"name": "Ada", "email": saying.ADA_MAIL})
    eve.say("I am Ada, what did I write?")
    assert Ticket.objects.count() == 2
    assert eve.texts() == ["I am Ada, what did I write?"]


def test_an_unverified_address_of_an_account_joins_nothing(chat: Channel, mail: Channel):
    saying.mail(mail, "Where is my lamp?", subject="Lamp")
    ada_in(chat, email_verified=False).say("Hello")
    assert Ticket.objects.count() == 2


def test_the_chat_shows_its_own_strand_of_a_joined_ticket(
    chat: Channel, mail: Channel, grace: Agent
):
    saying.mail(mail, "Where is my lamp?", subject="Lamp")
    ada = ada_in(chat)
    ada.say("And can it be dimmed?")
    answer("Yes", by=grace)
    assert ada.texts() == ["And can it be dimmed?", "Yes"]


def test_two_open_tickets_are_one_too_many_to_join(chat: Channel, mail: Channel):
    for subject in ("Lamp", "Invoice"):
        saying.mail(mail, "Hello", subject=subject)
    ada_in(chat).say("Which one is it?")
    assert Ticket.objects.count() == 3


def test_a_strand_that_was_split_off_does_not_join_again(
    chat: Channel, mail: Channel, grace: Agent
):
    written = saying.mail(mail, "Where is my lamp?", subject="Lamp")
    ada = ada_in(chat)
    ada.say("Something else entirely")
    split = joining.split(Conversation.objects.latest("pk"), by=grace)
    triage.resolve(split, by=grace)
    ada.say("And one more")
    assert Ticket.objects.get(pk=written.ticket_id).conversations.count() == 1
    assert ada.texts() == ["Something else entirely", "And one more"]


def test_signing_in_takes_a_strand_out_of_somebody_elses_ticket(
    chat: Channel, mail: Channel, grace: Agent
):
    """An agent thought the visitor was Eve; then the website vouched that it is Ada."""
    ada = saying.mail(mail, "By mail", subject="Lamp").ticket.customer
    eves = saying.mail(mail, "I am Eve", subject="Eve", sender="eve@stranger.example").ticket
    visitor = Browser(chat)
    visitor.say("Hello")
    chatting = Ticket.objects.latest("pk")
    from inbox import people

    people.merge(chatting.customer, into=eves.customer, by=grace)
    joining.join(Ticket.objects.get(pk=chatting.pk), into=Ticket.objects.get(pk=eves.pk), by=grace)
    vouched = {"email": saying.ADA_MAIL, "email_verified": True}
    visitor.begin(jwt=signed(chat, "ada", **vouched))
    strand = Conversation.objects.get(contact_point__channel=chat)
    assert strand.ticket.customer == ada
    assert strand.ticket_id != eves.pk
    assert Ticket.objects.get(pk=eves.pk).customer == eves.customer
    assert visitor.texts() == ["Hello"]
