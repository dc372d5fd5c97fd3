"""Every hostile mail becomes one visible message, in time, and the next one is not delayed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache

import pytest

from channels_app.adapters.email import sandbox
from channels_app.messages import InboundMessage
from tests.channels_app.email.conftest import DESK, RECEIVED_AT
from tests.channels_app.email.hostile import hostile_mails

MAILS = dict(hostile_mails())
MOST_SECONDS = 5.0


@cache
def reading_of(name: str) -> tuple[InboundMessage, float]:
    started = time.monotonic()
    message = sandbox.read(MAILS[name], desk=DESK, received_at=RECEIVED_AT)
    return message, time.monotonic() - started


def test_there_are_more_than_two_hundred_of_them():
    assert len(MAILS) > 200


@pytest.mark.parametrize("name", MAILS)
def test_a_hostile_mail_becomes_one_visible_message_in_time(name):
    message, seconds = reading_of(name)
    assert seconds < MOST_SECONDS
    assert message.account == "support@shop.example"
    assert len(message.dedupe_key) == 64
    assert message.sender[0].value
    assert message.sent_at.tzinfo is not None
    if message.is_unreadable:
        assert message.attachments[0].content == MAILS[name]
        assert "unreadable mail" in message.text


@pytest.mark.parametrize("name", MAILS)
def test_no_text_of_a_hostile_mail_breaks_a_database(name):
    message, _ = reading_of(name)
    for text in texts_in(asdict(message)):
        text.encode()
        assert "\0" not in text
    assert "\n" not in message.subject


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)


def test_of_the_hostile_mails_only_those_beyond_the_bounds_are_unreadable():
    reasons = {
        name: reading_of(name)[0].text for name in MAILS if reading_of(name)[0].is_unreadable
    }
    assert reasons == {
        "header-of-a-megabyte": "unreadable mail: headers larger than 256 KB",
        "header-block-without-an-end": "unreadable mail: headers larger than 256 KB",
        "a-megabyte-of-folded-header": "unreadable mail: headers larger than 256 KB",
        "content-type-of-two-hundred-parts-with-semicolons": (
            "unreadable mail: headers of parts larger than 1024 KB"
        ),
        "a-thousand-levels": "unreadable mail: parts nested more than 20 deep",
        "ten-thousand-levels": "unreadable mail: parts nested more than 20 deep",
        "mails-in-mails": "unreadable mail: parts nested more than 20 deep",
        "a-hundred-thousand-parts": "unreadable mail: more than 200 parts",
        "a-report-on-ten-thousand-recipients": "unreadable mail: more than 200 parts",
        "a-million-from-lines": "unreadable mail: more than 1000000 lines",
        "ten-megabytes-of-line-breaks": "unreadable mail: more than 1000000 lines",
        "thirty-six-megabytes": "unreadable mail: larger than 35 MB",
    }
