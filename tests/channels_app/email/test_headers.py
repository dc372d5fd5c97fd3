from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.email import headers
from channels_app.messages import Mailbox
from tests.channels_app.email.conftest import RECEIVED_AT


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle"),
        ("=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8?b?8J+Y?= =?utf-8?b?gA==?=", "😀"),
        ("=?iso-8859-1?q?a?=\t=?iso-8859-15?q?=A4?=", "a€"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8*de?q?gut?=", "gut"),
        ("=?utf-8?q?with space?=", "with space"),
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
        ("=?foo-bar?q?=FC?=", "ü"),
        ("=?utf-8?q?a=0D=0ABcc:_x@y?=", "a Bcc: x@y"),
        ("=?utf-8?q?", "=?utf-8?q?"),
        ("=?iso-2022-jp?b?GyRCQ21KOBsoQg==?=", "注文"),
    ],
)
def test_encoded_words_are_decoded(raw, decoded):
    assert headers.one_line(raw) == decoded


@pytest.mark.parametrize(
    ("raw", "boxes"),
    [
        ("ada@customer.example", [Mailbox("ada@customer.example")]),
        ("Ada <ada@customer.example>", [Mailbox("ada@customer.example", "Ada")]),
        ('"Ada, of course" <a@b>, c@d', [Mailbox("a@b", "Ada, of course"), Mailbox("c@d")]),
        ("a@b (Ada (really))", [Mailbox("a@b", "Ada (really)")]),
        ("undisclosed-recipients:;", []),
        ("Team: a@b, C <c@d>;, e@f", [Mailbox("a@b"), Mailbox("c@d", "C"), Mailbox("e@f")]),
        ("=?utf-8?q?=C3=84da=2C_x?= <a@b>", [Mailbox("a@b", "Äda, x")]),
        ('"admin@bank.example" <eve@stranger.example>',
         [Mailbox("eve@stranger.example", "admin@bank.example")]),
        ("bank@bank.example <eve@stranger.example>",
         [Mailbox("eve@stranger.example", "bank@bank.example")]),
        ("=?utf-8?q?a=40b=2Cc=40d?=", [Mailbox("a@b,c@d")]),
        ("<>", []),
        ("", []),
        (" , ,, ", []),
        ('"A \\"quoted\\" name" <a@b>', [Mailbox("a@b", 'A "quoted" name')]),
        ("ada@müller.example", [Mailbox("ada@müller.example")]),
        ("Ada <ada@customer.example", [Mailbox("ada@customer.example", "Ada")]),
    ],
)  # fmt: skip
def test_addresses_are_taken_apart(raw, boxes):
    assert list(headers.mailboxes([raw])) == boxes


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        ("<a@x> <b@x>", ["a@x", "b@x"]),
        ("<a@x>,<b@x>", ["a@x", "b@x"]),
        ("<a@x>\n\t<b@x>", ["a@x", "b@x"]),
        ("<a b@c>", ["a b@c"]),
        ("a@x, b@x", ["a@x", "b@x"]),
        ("<a@x> <a@x>", ["a@x"]),
        ("Your message of Sunday <a@x>", ["a@x"]),
        ("<>", []),
        ("", []),
    ],
)
def test_message_ids_are_found(raw, ids):
    assert headers.message_ids([raw]) == ids


def test_an_envelope_is_read_whole(read_mail):
    message = read_mail(
        "From: Ada <ada@customer.example>\nTo: Shop <support@shop.example>, x@y.example\n"
        "Cc: Bob <bob@customer.example>\nReply-To: Ada's assistant <assist@customer.example>\n"
        "Message-ID: <m1@customer.example>\nIn-Reply-To: <t2@shop.example>\n"
        "References: <t1@shop.example> <m0@customer.example>\nSubject: Parcel\n\nhello"
    )
    envelope = message.envelope
    assert envelope.sender == Mailbox("ada@customer.example", "Ada")
    assert envelope.to == (Mailbox("support@shop.example", "Shop"), Mailbox("x@y.example"))
    assert envelope.cc == (Mailbox("bob@customer.example", "Bob"),)
    assert envelope.reply_to == (Mailbox("assist@customer.example", "Ada's assistant"),)
    assert envelope.message_id == message.external_id == "m1@customer.example"
    assert envelope.in_reply_to == "t2@shop.example"
    assert envelope.references == ("t1@shop.example", "m0@customer.example")
    assert message.references == ("t2@shop.example", "m0@customer.example", "t1@shop.example")
    assert message.reply_address == "assist@customer.example"


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_our_token_is_found_wherever_the_address_stands(header, read_mail):
    message = read_mail(f"From: ada@customer.example\n{header}: Support+ToKen23@Shop.example\n\nx")
    assert message.reply_tokens == ("token23",)


def test_a_plus_in_a_strangers_address_is_no_token(read_mail):
    message = read_mail("From: a@b.example\nTo: support+t@other.example, other+t@shop.example\n\nx")
    assert message.reply_tokens == ()


def test_tokens_in_ids_of_ours_are_candidates_as_well(read_mail):
    message = read_mail("From: a@b.example\nIn-Reply-To: <t12.abc23@shop.example>\n\nx")
    assert message.reply_tokens == ("t12.abc23", "abc23")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 22 Nov 2026 11:00:00 +0100", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("22 Nov 2026 10:00:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("Sun, 22 Nov 2099 10:00:00 +0000", RECEIVED_AT),
        ("yesterday", RECEIVED_AT),
        ("Fri, 31 Dec 9999 23:59:59 -1400", RECEIVED_AT),
        ("", RECEIVED_AT),
    ],
)
def test_the_date_is_believed_unless_it_can_not_be(date, expected, read_mail):
    assert read_mail(f"From: a@b.example\nDate: {date}\n\nx").sent_at == expected


@given(st.text(max_size=300))
def test_nothing_in_a_header_raises(text):
    assert "\n" not in headers.one_line(text)
    for box in headers.mailboxes([text]):
        assert box.address
    assert all(headers.message_ids([text])) or "<" in text


@pytest.mark.parametrize(
    "raw", ["=?a?q?" * 10_000, "=?utf-8?q?x?= " * 4_000, "(" * 60_000, '"' * 60_001, "<" * 60_000]
)
def test_a_long_header_costs_little(raw):
    started = time.process_time()
    headers.one_line(raw)
    headers.mailboxes([raw])
    headers.message_ids([raw])
    assert time.process_time() - started < 0.5
