"""Of a mail nobody can read everything is kept that its headers say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.email.unreadable import unreadable
from channels_app.messages import Address, Attachment
from tests.channels_app.email.conftest import DESK, RECEIVED_AT
from tests.channels_app.email.hostile import hostile_mails

HEADERS = (
    b"Authentication-Results: mx.shop.example; dmarc=pass header.from=customer.example\r\n"
    b"From: =?utf-8?q?=C3=84da?= <ada@customer.example>\r\nTo: support+abc23@shop.example\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n an alle\r\nMessage-ID: <m1@customer.example>\r\n"
    b"In-Reply-To: <t1@shop.example>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
)


def kept(raw: bytes):
    return unreadable(raw, desk=DESK, received_at=RECEIVED_AT, reason="too odd")


def test_an_unreadable_mail_says_who_wrote_about_what_in_answer_to_what():
    raw = HEADERS + b"\r\n\0\0\0"
    message = kept(raw)
    assert message.sender == (Address("email", "ada@customer.example", name="Äda"),)
    assert message.subject == "Grüße an alle"
    assert message.text == message.full_text == "unreadable mail: too odd"
    assert message.attachments == (Attachment("message.eml", "message/rfc822", raw),)
    assert message.external_id == "m1@customer.example"
    assert message.references == ("t1@shop.example",)
    assert message.reply_tokens[0] == "abc23"
    assert message.authentication == "pass"
    assert message.is_unreadable
    assert not message.is_automatic
    assert not message.is_claimed


def test_an_unreadable_mail_of_a_machine_is_known_for_it():
    assert kept(b"Auto-Submitted: auto-replied\r\n" + HEADERS + b"\r\n").is_automatic


def test_without_a_word_in_its_headers_it_has_a_title_and_a_claimed_sender():
    message = kept(b"\0\xff")
    assert message.subject == "unreadable mail"
    assert message.sender[0].value == "unknown@invalid"
    assert message.is_claimed


def test_two_unreadable_mails_are_two():
    assert kept(b"\0a").dedupe_key != kept(b"\0b").dedupe_key


@given(st.binary(max_size=400))
def test_nothing_is_so_unreadable_that_it_can_not_be_kept(raw):
    assert kept(raw).attachments[0].content == raw


def test_every_hostile_mail_could_be_kept():
    for _, raw in hostile_mails():
        assert kept(raw).subject.encode()
