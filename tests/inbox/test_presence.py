"""Who is at a ticket, who types: of the moment, ids only, for those who may see the ticket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_app.models import Channel
from inbox import presence
from inbox.models import Agent, Conversation, Team, Ticket
from inbox.presence import Tab
from tests.inbox.desk import hear
from tests.inbox.tabs import Socket, open_tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(strand: Conversation) -> Ticket:
    return strand.ticket


@pytest.fixture
async def tabs(grace: Agent, heidi: Agent) -> AsyncIterator[tuple[Socket, Socket]]:
    """Grace's and Heidi's."""
    both = (await open_tab(grace), await open_tab(heidi))
    yield both
    for tab in both:
        await tab.disconnect()


async def say(tab: Socket, **said: Any) -> None:
    await tab.say(json.dumps(said))


async def watch(tab: Socket, *tickets: int) -> Any:
    await say(tab, type="watch", tickets=list(tickets))
    return (await tab.hear_of("present"))["here"]


async def test_a_colleague_at_a_ticket_is_shown_until_they_leave(
    tabs: tuple[Socket, Socket], ticket: Ticket, heidi: Agent
) -> None:
    grace_tab, heidi_tab = tabs
    assert await watch(grace_tab, ticket.pk) == {}
    await say(heidi_tab, type="here", ticket=ticket.pk, doing="viewing")
    here = {"type": "presence", "ticket": ticket.pk, "here": [[heidi.pk, "viewing"]]}
    assert await grace_tab.hear() == here
    await say(heidi_tab, type="here", ticket=ticket.pk, doing="replying")
    assert (await grace_tab.hear())["here"] == [[heidi.pk, "replying"]]
    assert await watch(grace_tab, ticket.pk) == {str(ticket.pk): [[heidi.pk, "replying"]]}
    await say(heidi_tab, type="here", ticket=None)
    assert (await grace_tab.hear())["here"] == []


async def test_who_closes_the_tab_is_gone(
    tabs: tuple[Socket, Socket], ticket: Ticket, heidi: Agent
) -> None:
    await watch(tabs[0], ticket.pk)
    second = await open_tab(heidi)
    await say(second, type="here", ticket=ticket.pk, doing="viewing")
    assert (await tabs[0].hear())["here"] == [[heidi.pk, "viewing"]]
    await second.disconnect()
    assert (await tabs[0].hear())["here"] == []


async def test_typing_is_told_once_a_second_at_most(
    tabs: tuple[Socket, Socket], ticket: Ticket, heidi: Agent
) -> None:
    await watch(tabs[0], ticket.pk)
    await say(tabs[1], type="here", ticket=ticket.pk, doing="replying")
    await tabs[0].hear_of("presence")
    for _ in range(3):
        await say(tabs[1], type="typing", strand=None)
    assert await tabs[0].hear() == {"type": "typing", "ticket": ticket.pk, "agent": heidi.pk}
    assert await tabs[0].receive_nothing()


async def test_a_ticket_out_of_sight_is_neither_watched_nor_entered(
    tabs: tuple[Socket, Socket], ticket: Ticket, heidi: Agent
) -> None:
    def hide() -> None:
        ticket.team = Team.objects.create(name="Vault", is_members_only=True)
        ticket.save()
        presence.arrive(ticket, Tab(heidi.pk, "elsewhere"), doing="viewing")

    await sync_to_async(hide)()
    assert await watch(tabs[0], ticket.pk) == {}
    await say(tabs[0], type="here", ticket=ticket.pk, doing="replying")
    await say(tabs[0], type="typing", strand=None)
    await sync_to_async(presence.typing)(ticket, agent=None)
    assert await tabs[0].receive_nothing()
    assert presence.present([ticket.pk]) == {ticket.pk: {heidi.pk: "viewing"}}


async def test_a_ticket_that_moves_out_of_sight_is_heard_of_no_more(
    tabs: tuple[Socket, Socket], ticket: Ticket, heidi: Agent
) -> None:
    await watch(tabs[0], ticket.pk)

    def hide() -> None:
        ticket.team = Team.objects.create(name="Vault", is_members_only=True)
        ticket.save()
        presence.arrive(ticket, Tab(heidi.pk, "elsewhere"), doing="viewing")

    await sync_to_async(hide)()
    assert await tabs[0].receive_nothing()


def test_replying_in_one_tab_outweighs_viewing_in_another(ticket: Ticket, grace: Agent) -> None:
    presence.arrive(ticket, Tab(grace.pk, "one"), doing="replying")
    presence.arrive(ticket, Tab(grace.pk, "two"), doing="viewing")
    assert presence.present([ticket.pk, 99]) == {ticket.pk: {grace.pk: "replying"}, 99: {}}
    presence.leave(ticket, Tab(grace.pk, "one"))
    assert presence.present([ticket.pk])[ticket.pk] == {grace.pk: "viewing"}


def test_who_does_not_say_so_again_is_gone_after_a_minute(
    ticket: Ticket, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence.arrive(ticket, Tab(grace.pk, "one"), doing="viewing")
    later = presence.time.time() + presence.SECONDS_HERE + 1
    monkeypatch.setattr(presence.time, "time", lambda: later)
    assert presence.present([ticket.pk]) == {ticket.pk: {}}


@pytest.mark.parametrize(
    "said",
    [
        {"type": "watch"},
        {"type": "watch", "tickets": "7"},
        {"type": "watch", "tickets": [None, "x", -1, 2**70, {}]},
        {"type": "here", "ticket": "x"},
        {"type": "here"},
        {"type": "typing", "strand": "x"},
    ],
)
async def test_nonsense_is_passed_over(tabs: tuple[Socket, Socket], said: dict[str, Any]) -> None:
    await say(tabs[0], **said)
    assert await watch(tabs[0]) == {}


async def test_a_visitor_hears_of_an_answer_being_typed_on_their_own_strand_only(
    tabs: tuple[Socket, Socket], line: Channel, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []

    def whisper(groups: list[str], said: dict[str, Any], *, ticket: int | None = None) -> None:
        told.extend((group, str(said.get("name"))) for group in groups if "visitor" in group)

    def chat() -> int:
        other = hear(line, "again")
        point = other.conversation.contact_point
        point.address_kind, point.key = "visitor", "v1"
        point.save()
        return other.conversation_id

    strand = await sync_to_async(chat)()
    monkeypatch.setattr(presence.live, "whisper", whisper)
    await say(tabs[0], type="here", ticket=ticket.pk, doing="replying")
    await say(tabs[0], type="typing", strand=strand)
    await watch(tabs[0])
    assert [name for _, name in told] == ["Grace"]


async def test_who_leaves_a_ticket_that_was_closed_off_meanwhile_is_told_to_nobody_outside(
    tabs: tuple[Socket, Socket], ticket: Ticket, grace: Agent
) -> None:
    def close_off() -> None:
        vault = Team.objects.create(name="Vault", is_members_only=True)
        vault.members.add(grace)
        Ticket.objects.filter(pk=ticket.pk).update(team=vault)

    grace_tab, heidi_tab = tabs
    await watch(heidi_tab, ticket.pk)
    await say(grace_tab, type="here", ticket=ticket.pk, doing="viewing")
    await heidi_tab.hear_of("presence")
    await sync_to_async(close_off)()
    await say(grace_tab, type="here", ticket=None)
    assert await heidi_tab.receive_nothing()
