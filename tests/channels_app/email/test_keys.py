"""Two copies of one mail are one; a Message-ID used again is another mail."""

from __future__ import annotations

from channels_app.adapters.email.keys import content_key

MAIL = b"From: ada@customer.example\r\nMessage-ID: <a@x>\r\nSubject: hi\r\n\r\nhello\r\n"
TRACE = (
    b"Return-Path: <ada@customer.example>\r\nDelivered-To: support@shop.example\r\n"
    b"Received: from a by b\r\n\twith LMTP;\r\n Sun, 22 Nov 2026\r\n"
    b"Authentication-Results: mx; spf=pass\r\nARC-Seal: i=1\r\nDKIM-Signature: v=1;\r\n b=x\r\n"
)


def test_two_copies_that_took_other_ways_are_one_mail():
    assert content_key(MAIL) == content_key(TRACE + MAIL)
    assert content_key(MAIL) == content_key(b"Received: elsewhere\r\n" + MAIL)


def test_line_ends_do_not_make_another_mail():
    assert content_key(MAIL) == content_key(MAIL.replace(b"\r\n", b"\n"))


def test_the_same_message_id_with_other_content_is_another_mail():
    assert content_key(MAIL) != content_key(MAIL.replace(b"hello", b"goodbye"))
    assert content_key(MAIL) != content_key(MAIL.replace(b"ada@", b"eve@"))


def test_another_message_id_is_another_mail():
    assert content_key(MAIL) != content_key(MAIL.replace(b"<a@x>", b"<b@x>"))


def test_trace_headers_further_down_are_content():
    below = MAIL.replace(b"\r\n\r\n", b"\r\nReceived: %s\r\n\r\n")
    assert content_key(below % b"a") != content_key(below % b"b")


def test_without_a_message_id_every_byte_counts():
    nameless = MAIL.replace(b"Message-ID: <a@x>\r\n", b"")
    assert content_key(nameless) != content_key(TRACE + nameless)
    assert content_key(nameless) == content_key(bytes(nameless))


def test_a_message_id_in_the_body_is_none():
    nameless = MAIL.replace(b"Message-ID: <a@x>\r\n", b"") + b"Message-ID: <a@x>\r\n"
    assert content_key(nameless) != content_key(TRACE + nameless)


def test_a_folded_message_id_is_the_same():
    assert content_key(MAIL) != content_key(MAIL.replace(b"<a@x>", b"\r\n <a@y>"))
    assert len(content_key(b"")) == 64
