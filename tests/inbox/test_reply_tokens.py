from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import reply_tokens
from inbox.models import Agent, Conversation, Message
from tests.inbox.desk import reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(strand: Conversation, grace: Agent) -> Message:
    return reply(strand, "Hello", by=grace)


def test_a_token_names_its_message(message: Message) -> None:
    assert reply_tokens.message_of(reply_tokens.token_for(message)) == message


def test_a_token_survives_a_mail_server_that_changes_case(message: Message) -> None:
    token = reply_tokens.token_for(message)
    assert len(token) <= 40
    assert token.isalnum()
    assert token == token.lower()
    assert reply_tokens.message_of(token.upper()) == message


def test_a_token_with_any_letter_changed_names_nothing(message: Message) -> None:
    token = reply_tokens.token_for(message)
    for place, letter in enumerate(token):
        forged = token[:place] + ("b" if letter == "a" else "a") + token[place + 1 :]
        assert reply_tokens.message_of(forged) is None


def test_another_messages_signature_does_not_fit(
    message: Message, strand: Conversation, grace: Agent
) -> None:
    other = reply(strand, "Other", by=grace)
    mine, theirs = (
        base64.b32decode(reply_tokens.token_for(one), casefold=True) for one in (message, other)
    )
    mixed = base64.b32encode(theirs[:8] + mine[8:]).decode()
    assert reply_tokens.message_of(mixed) is None


def test_an_inbound_message_is_named_by_no_token(strand: Conversation) -> None:
    assert reply_tokens.message_of(reply_tokens.token_for(Message.objects.get())) is None


def test_tokens_of_a_key_that_was_replaced_still_count(message: Message, settings) -> None:
    token = reply_tokens.token_for(message)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new-key", [settings.SECRET_KEY]
    assert reply_tokens.message_of(token) == message
    settings.SECRET_KEY_FALLBACKS = []
    assert reply_tokens.message_of(token) is None


@given(st.one_of(st.text(max_size=50), st.text(min_size=32, max_size=32)))
def test_nothing_else_is_a_token(text: str) -> None:
    assert reply_tokens.message_of(text) is None
