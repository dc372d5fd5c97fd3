"""The agents' socket, with the real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from inbox import catching_up, relay, staff
from inbox.models import Agent, LiveEvent, Team
from tests.inbox.tabs import Socket, event, publish, socket_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def tab(grace: Agent) -> AsyncIterator[Socket]:
    """Grace's, open and caught up."""
    socket = await sync_to_async(socket_of)(grace)
    await socket.connect()
    await socket.hello(0)
    yield socket
    await socket.disconnect()


async def test_a_tab_hears_what_its_agent_may_know_once(tab: Socket, grace: Agent) -> None:
    await publish("team.99")
    await publish("everyone", f"agent.{grace.pk}")
    heard = await tab.hear()
    assert heard == {"v": 1, "seq": 2, "type": "message", "ticket": 7, "rev": 0}
    assert await tab.receive_nothing()


async def test_nothing_is_told_before_the_tab_says_where_it_stands(grace: Agent) -> None:
    socket = await sync_to_async(socket_of)(grace)
    await socket.connect()
    await publish("everyone")
    assert await socket.receive_nothing()
    said = await socket.hello(0)
    assert [one["type"] for one in said] == ["message", "caught-up"]
    await socket.disconnect()


async def test_a_tab_catches_up_by_cursor_with_what_it_may_know(grace: Agent) -> None:
    def before() -> Socket:
        for audience in (["everyone"], ["team.99"], ["admins", "everyone"]):
            event(audience)
        event([f"agent.{grace.pk}"], kind="access")
        relay.give_order()
        return socket_of(grace)

    socket = await sync_to_async(before)()
    await socket.connect()
    said = await socket.hello(1)
    assert [(one["type"], one["seq"]) for one in said] == [("message", 3), ("caught-up", 4)]
    await socket.disconnect()


@pytest.mark.parametrize("cursor", [None, 9_000, -1, "1", True, 2**70, 1.5])
async def test_a_cursor_that_is_none_of_ours_means_looking_at_everything(
    grace: Agent, cursor: object
) -> None:
    socket = await sync_to_async(socket_of)(grace)
    await socket.connect()
    assert [one["type"] for one in await socket.hello(cursor)] == ["resync", "caught-up"]
    await socket.disconnect()


def test_too_much_to_catch_up_with_means_looking_at_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catching_up, "MOST_MISSED", 2)
    for _ in range(3):
        event(["everyone"])
    relay.give_order()
    groups = frozenset({"everyone"})
    assert catching_up.missed(0, groups) == (None, 3)
    assert [poke["seq"] for poke in catching_up.missed(1, groups)[0] or []] == [2, 3]


def test_events_that_were_thrown_away_can_not_be_caught_up_with() -> None:
    for _ in range(3):
        event(["everyone"])
    relay.give_order()
    LiveEvent.objects.filter(seq__lte=2).delete()
    groups = frozenset({"everyone"})
    assert catching_up.missed(1, groups)[0] is None
    assert catching_up.missed(2, groups)[0] is not None


@pytest.mark.parametrize("said", ["", "x", "[]", "1", '{"type":"other"}', '{"type":{}}'])
async def test_nonsense_on_the_socket_is_not_answered(tab: Socket, said: str) -> None:
    await tab.say(said)
    assert await tab.receive_nothing()


async def test_a_browser_without_a_session_is_told_so() -> None:
    socket = await sync_to_async(socket_of)(None)
    await socket.connect()
    await socket.say('{"type":"hello","last_seq":0}')
    assert await socket.is_closed()


async def test_a_page_of_another_origin_gets_no_socket(grace: Agent) -> None:
    socket = await sync_to_async(socket_of)(grace, origin="http://evil.example")
    assert not await socket.connect()


async def test_an_agent_who_may_no_longer_sign_in_is_disconnected(
    tab: Socket, grace: Agent
) -> None:
    def shut_out() -> None:
        grace.is_active = False
        grace.save()
        staff.access_changed([grace])

    await sync_to_async(shut_out)()
    await sync_to_async(relay.pass_on)()
    assert await tab.is_closed()


async def test_another_password_disconnects_the_tabs_of_the_old_one(
    tab: Socket, grace: Agent
) -> None:
    def change() -> None:
        grace.set_password("another-long-password")
        grace.save()

    await sync_to_async(change)()
    await publish(f"agent.{grace.pk}", kind="access")
    assert await tab.is_closed()


async def test_whoever_joins_a_team_hears_of_its_tickets_at_once(tab: Socket, grace: Agent) -> None:
    def join() -> Team:
        vault = Team.objects.create(name="Vault", is_members_only=True)
        staff.set_teams(grace, [vault])
        return vault

    vault = await sync_to_async(join)()
    await sync_to_async(relay.pass_on)()
    assert [(await tab.hear())["type"] for _ in range(2)] == ["resync", "caught-up"]
    await publish(f"team.{vault.pk}")
    assert (await tab.hear())["ticket"] == 7


async def test_whoever_leaves_a_team_hears_nothing_more_of_it(grace: Agent) -> None:
    def member() -> tuple[Team, Socket]:
        vault = Team.objects.create(name="Vault", is_members_only=True)
        vault.members.add(grace)
        return vault, socket_of(grace)

    vault, socket = await sync_to_async(member)()
    await socket.connect()
    await socket.hello(0)
    await sync_to_async(staff.set_teams)(grace, [])
    await publish(f"team.{vault.pk}")
    assert (await socket.hear())["type"] == "resync"
    assert (await socket.hear())["type"] == "caught-up"
    assert await socket.receive_nothing()
    await socket.disconnect()
