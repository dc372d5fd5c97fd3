"""The visitors' socket, with the real broker."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from channels_app.models import Channel
from config.asgi import application
from inbox import presence, relay, triage
from inbox.models import Agent, Conversation, Ticket
from inbox.widget.consumer import UNKNOWN
from tests.inbox.tabs import Socket, open_tab
from tests.inbox.widget.chat import Browser, answer, signed

pytestmark = pytest.mark.django_db(transaction=True)

OWN = "http://127.0.0.1:8000"


class Line(Socket):
    """One visitor's socket."""

    def __init__(self, channel: Channel, origin: str | None = OWN) -> None:
        headers = [(b"origin", origin.encode())] if origin is not None else []
        path = f"/ws/widget/{channel.key}/"
        scope = {"type": "websocket", "path": path, "query_string": b"", "headers": headers}
        super().__init__(application, scope | {"subprotocols": []})

    async def greet(self, token: str) -> Any:
        await self.connect()
        await self.say(json.dumps({"type": "hello", "token": token}))
        return await self.hear()


@pytest.fixture
async def line(ada: Browser) -> AsyncIterator[Line]:
    """Ada's, open, in a chat that has begun."""
    await sync_to_async(ada.say)("Hello")
    await passed_on()
    line = Line(ada.channel)
    assert await line.greet(ada.token) == {"type": "ready"}
    yield line
    await line.disconnect()


async def passed_on() -> None:
    await sync_to_async(relay.pass_on)()


async def test_an_answer_is_a_poke_without_content(line: Line, grace: Agent):
    await sync_to_async(answer)("Good morning", by=grace)
    await passed_on()
    assert await line.hear() == {"type": "changed"}


async def test_a_resolved_ticket_is_worth_a_look(line: Line, grace: Agent):
    ticket = await Ticket.objects.aget()
    await sync_to_async(triage.resolve)(ticket, by=grace)
    await passed_on()
    assert await line.hear() == {"type": "changed"}


async def test_the_answer_of_another_chat_is_not_heard(line: Line, eve: Browser, grace: Agent):
    await passed_on()
    await sync_to_async(eve.say)("Me too")
    theirs = await Ticket.objects.order_by("-pk").afirst()
    await sync_to_async(answer)("Hello Eve", by=grace, ticket=theirs.pk)
    await passed_on()
    assert await line.receive_nothing(timeout=0.3)


async def test_typing_is_seen_on_both_sides(line: Line, grace: Agent):
    await passed_on()
    tab = await open_tab(grace)
    ticket = await Ticket.objects.aget()
    await tab.say(json.dumps({"type": "watch", "tickets": [ticket.pk]}))
    await tab.hear_of("present")
    await line.say('{"type":"typing"}')
    assert await tab.hear_of("typing") == {"type": "typing", "ticket": ticket.pk, "agent": None}
    strand = await Conversation.objects.select_related("contact_point").aget()
    await sync_to_async(presence.answering)(strand, name="Grace")
    assert await line.hear() == {"type": "typing", "name": "Grace"}
    await tab.disconnect()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", None, f"{OWN}:1"])
async def test_other_websites_get_no_socket(chat: Channel, origin: str | None):
    assert not await Line(chat, origin).connect()


async def test_an_unknown_chat_has_no_socket(chat: Channel):
    chat.key = "nothing"
    assert not await Line(chat).connect()


@pytest.mark.parametrize("token", ["", "made-up", "x" * 5000])
async def test_a_token_nobody_was_given_closes_the_line(chat: Channel, token: str):
    line = Line(chat)
    await line.connect()
    await line.say(json.dumps({"type": "hello", "token": token}))
    if len(token) > 4096:
        assert await line.receive_nothing(timeout=0.2)
    else:
        assert await line.is_closed(UNKNOWN)
    await line.disconnect()


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', '{"type": 7}', '{"type": "typing"}'])
async def test_what_is_no_hello_is_passed_over(chat: Channel, ada: Browser, text: str):
    await sync_to_async(ada.begin)()
    line = Line(chat)
    await line.connect()
    await line.say(text)
    assert await line.receive_nothing(timeout=0.1)
    await line.say(json.dumps({"type": "hello", "token": ada.token}))
    assert await line.hear() == {"type": "ready"}
    await line.disconnect()


async def test_a_line_that_lives_says_so(line: Line):
    await passed_on()
    await line.say('{"type":"ping"}')
    assert await line.hear_of("pong") == {"type": "pong"}


async def test_leaving_closes_every_line_of_that_token(line: Line, ada: Browser):
    await sync_to_async(ada.post)("logout")
    await passed_on()
    assert await line.is_closed(UNKNOWN)


async def test_signing_in_closes_the_lines_of_the_token_it_replaces(
    signing_chat: Channel, grace: Agent
):
    ada = Browser(signing_chat)
    await sync_to_async(ada.say)("Hello")
    await passed_on()
    line = Line(signing_chat)
    assert await line.greet(ada.token) == {"type": "ready"}
    await sync_to_async(ada.begin)(jwt=signed(signing_chat, "ada"))
    await passed_on()
    assert await line.is_closed(UNKNOWN)
    again = Line(signing_chat)
    assert await again.greet(ada.token) == {"type": "ready"}
    await again.disconnect()


async def test_whoever_stays_silent_is_hung_up_on(chat: Channel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("inbox.widget.consumer.SECONDS_TO_SAY_HELLO", 0.05)
    line = Line(chat)
    await line.connect()
    assert await line.is_closed(UNKNOWN)
    await line.disconnect()


async def test_sockets_dropped_at_random_miss_and_double_nothing(chat: Channel, grace: Agent):
    """Twenty visitors, cut off again and again while they are answered, end up knowing all."""
    browsers = [Browser(chat, address=f"192.0.2.{n}") for n in range(20)]
    tickets = [await sync_to_async(_ticket_of)(browser) for browser in browsers]
    lines: dict[int, Line] = {}
    dice = random.Random(7)
    for turn in range(60):
        number = dice.randrange(20)
        await _cut_or_connect(lines, number, browsers[number], dice)
        await sync_to_async(answer)(str(turn), by=grace, ticket=tickets[number])
        await passed_on()
        if number in lines:
            assert await lines[number].hear() == {"type": "changed"}
    for line in lines.values():
        await line.disconnect()
    for browser, ticket in zip(browsers, tickets, strict=True):
        heard = await sync_to_async(browser.texts)()
        assert heard == await sync_to_async(_said_in)(ticket)
        assert len(set(heard)) == len(heard)


async def _cut_or_connect(
    lines: dict[int, Line], number: int, browser: Browser, dice: random.Random
) -> None:
    if number not in lines:
        lines[number] = Line(browser.channel)
        assert await lines[number].greet(browser.token) == {"type": "ready"}
    elif dice.random() < 0.4:
        await lines.pop(number).disconnect()


def _ticket_of(browser: Browser) -> int:
    return Ticket.objects.get(messages=browser.say("Hello").json()["id"]).pk


def _said_in(ticket: int) -> list[str]:
    return list(
        Ticket.objects.get(pk=ticket).messages.order_by("position").values_list("text", flat=True)
    )
