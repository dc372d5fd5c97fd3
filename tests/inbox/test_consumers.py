"""The agents' socket, with the real channel layer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import Client

from config.asgi import application
from inbox import catching_up, relay, staff
from inbox.consumers import SIGNED_OUT
from inbox.models import Agent, LiveEvent, Team

pytestmark = pytest.mark.django_db(transaction=True)


class Socket(ApplicationCommunicator):  # type: ignore[misc]
    """A browser tab's socket."""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        return (await self.receive_output(3))["type"] == "websocket.accept"

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def hear(self) -> Any:
        return json.loads((await self.receive_output(3))["text"])

    async def is_closed(self) -> bool:
        return await self.receive_output(3) == {"type": "websocket.close", "code": SIGNED_OUT}

    async def disconnect(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()

    async def hello(self, last_seq: object) -> list[dict[str, Any]]:
        """What is said until the tab has caught up."""
        await self.say(json.dumps({"type": "hello", "last_seq": last_seq}))
        said = [await self.hear()]
        while said[-1]["type"] not in ("caught-up", "resync"):
            said.append(await self.hear())
        return said


def socket_of(agent: Agent | None, *, origin: str = settings.PUBLIC_URL) -> Socket:
    client = Client()
    if agent:
        client.force_login(agent)
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())
    headers = [(b"origin", origin.encode()), (b"cookie", cookies.encode())]
    scope = {"type": "websocket", "path": "/ws/inbox/", "query_string": b"", "headers": headers}
    return Socket(application, scope | {"subprotocols": []})


@pytest.fixture
async def tab(grace: Agent) -> AsyncIterator[Socket]:
    """Grace's, open and caught up."""
    socket = await sync_to_async(socket_of)(grace)
    await socket.connect()
    await socket.hello(0)
    yield socket
    await socket.disconnect()


def event(audience: list[str], *, kind: str = "message", ticket: int = 7) -> LiveEvent:
    return LiveEvent.objects.create(kind=kind, ticket_id=ticket, audience=audience)


async def publish(*audience: str, kind: str = "message") -> None:
    await sync_to_async(event)(list(audience), kind=kind)
    await relay._publish(await sync_to_async(relay.give_order)())


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
    assert (await socket.hello(cursor))[-1]["type"] == "resync"
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
    await relay._publish(await sync_to_async(relay.give_order)())
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
    await relay._publish(await sync_to_async(relay.give_order)())
    assert await tab.receive_nothing()  # what concerns the tab's own rights is not passed on
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
    await relay._publish(await sync_to_async(relay.give_order)())
    assert await socket.receive_nothing()
    await publish(f"team.{vault.pk}")
    assert await socket.receive_nothing()
    await socket.disconnect()


def test_the_layer_is_the_one_that_runs_in_production() -> None:
    assert type(get_channel_layer()).__module__ == "channels_redis.pubsub"
