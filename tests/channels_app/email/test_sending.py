"""What leaves is a proper mail, and every way to fail is told apart."""

from __future__ import annotations

import email
import io
import socket
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.adapters.email import sending, servers
from channels_app.adapters.email.composing import compose
from channels_app.errors import SendError
from channels_app.messages import OutboundFile, OutboundMessage, Receipt
from channels_app.models import Channel
from tests.channels_app.email.smtp_servers import Sink, dropping_at, only_grace, sink

ACCOUNT = "support@shop.example"


def message(**changes: Any) -> OutboundMessage:
    whole = {
        "reference": "7",
        "to": "ada@customer.example",
        "text": "Hello Ada,\nit is on its way.",
        "subject": "Re: Where is my parcel?",
        "sender_name": "Grace",
        "message_id": "t7.m12@shop.example",
    }
    return OutboundMessage(**(whole | changes))


def channel_to(port: int, login: str = "") -> Channel:
    url = f"smtp://{login}127.0.0.1:{port}"
    return Channel(kind="email", account=ACCOUNT, secrets={"smtp_url": url})


@pytest.fixture
def server():
    with sink(enable_SMTPUTF8=False) as running:
        yield running


def sent_to(server: Sink, one: OutboundMessage) -> EmailMessage:
    assert channel_to(server.port).adapter.send(one) == Receipt("t7.m12@shop.example")
    parsed = email.message_from_bytes(server.mails[-1].content, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_a_mail_arrives_with_all_that_threading_needs(server):
    mail = sent_to(
        server,
        message(
            in_reply_to="m1@customer.example",
            references=("m0@customer.example", "m1@customer.example"),
            reply_token="abc23",
            cc=("bob@customer.example",),
        ),
    )
    assert server.mails[0].mail_from == ACCOUNT
    assert server.mails[0].rcpt_tos == ["ada@customer.example", "bob@customer.example"]
    assert mail["From"] == "Grace <support@shop.example>"
    assert mail["To"] == "ada@customer.example"
    assert mail["Cc"] == "bob@customer.example"
    assert mail["Reply-To"] == "Grace <support+abc23@shop.example>"
    assert mail["Subject"] == "Re: Where is my parcel?"
    assert mail["Message-ID"] == "<t7.m12@shop.example>"
    assert mail["In-Reply-To"] == "<m1@customer.example>"
    assert mail["References"] == "<m0@customer.example> <m1@customer.example>"
    assert mail["Date"].datetime.tzinfo is not None
    assert mail.get_content() == "Hello Ada,\r\nit is on its way.\r\n"


def test_what_people_write_bears_no_mark_of_a_machine(server):
    mail = sent_to(server, message())
    for name in ("Auto-Submitted", "Precedence", "X-Loop", "X-Auto-Response-Suppress", "List-Id"):
        assert name not in mail


def test_automatic_mail_bears_every_mark_of_a_machine(server):
    mail = sent_to(server, message(is_automatic=True))
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Precedence"] == "bulk"
    assert mail["X-Loop"] == ACCOUNT


def test_our_own_automatic_mail_is_known_for_it_when_it_comes_back(server, read_mail):
    sent_to(server, message(is_automatic=True))
    assert read_mail(server.mails[0].content.replace(b"support@", b"desk@")).is_automatic


def test_html_goes_beside_the_text_and_is_known_again_in_a_quote(server, read_mail):
    mail = sent_to(server, message(html="<p>Hello <b>Ada</b></p>"))
    assert mail.get_content_type() == "multipart/alternative"
    html = mail.get_body(("html",)).get_content()
    answer = f"From: ada@customer.example\nContent-Type: text/html\n\n<p>Thanks</p>{html}"
    assert read_mail(answer).text == "Thanks"


def test_files_arrive_byte_by_byte_under_their_names(server):
    content = bytes(range(256)) * 10
    files = (
        OutboundFile("bü\r\nBcc: x@y.png", "image/png", 1, lambda: io.BytesIO(content)),
        OutboundFile("m.eml", "message/rfc822", 1, lambda: io.BytesIO(content)),
        OutboundFile("", "text/html; x\r\nBcc: y", 1, lambda: io.BytesIO(content)),
    )
    mail = sent_to(server, message(attachments=files))
    parts = list(mail.iter_attachments())
    assert [(p.get_filename(), p.get_content_type()) for p in parts] == [
        ("büBcc: x@y.png", "image/png"),
        ("m.eml", "application/octet-stream"),
        ("attachment", "application/octet-stream"),
    ]
    assert [part.get_payload(decode=True) for part in parts] == [content] * 3


def test_a_file_that_is_gone_fails_visibly():
    def gone() -> io.BytesIO:
        raise FileNotFoundError("/secret/path")

    with pytest.raises(SendError) as failed:
        compose(message(attachments=(OutboundFile("a.pdf", "x/y", 1, gone),)), account=ACCOUNT)
    assert failed.value.permanent
    assert "a.pdf" in failed.value.text
    assert "secret" not in failed.value.text


def test_long_ids_and_long_threads_stay_whole_and_short(server):
    ids = tuple(f"{'x' * 150}{number}@customer.example" for number in range(60))
    mail = sent_to(server, message(in_reply_to=ids[-1], references=ids))
    assert str(mail["References"]).split() == [f"<{one}>" for one in (ids[0], *ids[-19:])]
    assert mail["In-Reply-To"] == f"<{ids[-1]}>"
    assert all(len(line) <= 998 for line in server.mails[0].content.split(b"\r\n"))


@pytest.mark.parametrize("bad", ["a b@c", "a\r\nBcc: x@y", "<a@b>", "ü@x", "", "a" * 300])
def test_an_id_that_can_not_be_a_header_is_left_out(bad):
    mail = compose(message(in_reply_to=bad, references=(bad, "fine@x")), account=ACCOUNT)
    assert mail["In-Reply-To"] is None
    assert mail["References"] == "<fine@x>"


def test_without_an_id_one_is_made_that_is_equal_for_every_try(server):
    adapter = channel_to(server.port).adapter
    receipts = [adapter.send(message(message_id="", attempt=number)) for number in (1, 2)]
    assert receipts == [Receipt("parley.7@shop.example")] * 2


def test_a_text_with_dots_and_long_lines_arrives_as_written(server):
    text = ".\n..\n.hidden\n" + "long " * 500 + "\nГде заказ?\n"
    mail = sent_to(server, message(text=text))
    assert mail.get_content().replace("\r\n", "\n") == text


INJECTIONS = [
    "x\r\nBcc: eve@stranger.example",
    "x\nBcc: eve@stranger.example",
    "x\rBcc: eve@stranger.example",
    "x\r\n\r\nbody",
    "x\u2028Bcc: eve@stranger.example",
    "x\x85Bcc: eve@stranger.example",
    "x\0\r\n Bcc: eve@stranger.example",
    "=?utf-8?q?x=0D=0ABcc:_eve@stranger.example?=",
    '"x" <eve@stranger.example>, <y',
]
KNOWN = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type",
         "content-transfer-encoding", "reply-to"}  # fmt: skip


@pytest.mark.parametrize("injection", INJECTIONS)
@pytest.mark.parametrize("where", ["subject", "sender_name"])
def test_nothing_in_names_and_subjects_adds_a_header_or_a_recipient(injection, where, server):
    mail = sent_to(server, message(reply_token="t", **{where: injection}))
    assert server.mails[0].rcpt_tos == ["ada@customer.example"]
    assert {name.lower() for name in mail} == KNOWN
    assert [box.addr_spec for box in mail["From"].addresses] == [ACCOUNT]
    assert [box.addr_spec for box in mail["To"].addresses] == ["ada@customer.example"]
    assert mail.get_content() == "Hello Ada,\r\nit is on its way.\r\n"


@pytest.mark.parametrize("where", ["to", "cc"])
@pytest.mark.parametrize(
    "address",
    [
        *INJECTIONS,
        "",
        "ada",
        "@x",
        "a@",
        "a b@c.example",
        "a@b@c",
        "a@b>, <c@d",
        "a@b\r\nDATA",
        "=?utf-8?q?x=0D=0Ay?=@x.example",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(address, where, server):
    with pytest.raises(SendError) as failed:
        channel_to(server.port).adapter.send(
            message(**{where: address if where == "to" else (address,)})
        )
    assert failed.value.permanent
    assert failed.value.undeliverable
    assert server.mails == []


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_in_a_message_the_mail_has_our_headers_only(name, subject, text):
    one = message(sender_name=name, subject=subject, text=text)
    mail = email.message_from_bytes(compose(one, account=ACCOUNT).as_bytes(), policy=default)
    assert {key.lower() for key in mail} <= KNOWN
    assert [box.addr_spec for box in mail["From"].addresses] == [ACCOUNT]


def test_an_address_with_letters_of_the_world_is_sent_to(server):
    adapter = channel_to(server.port).adapter
    adapter.send(message(to="ada@müller.example"))
    assert server.mails[0].rcpt_tos == ["ada@xn--mller-kva.example"]


def test_a_name_in_letters_of_the_world_needs_a_server_that_knows_them(server):
    with pytest.raises(SendError) as failed:
        channel_to(server.port).adapter.send(message(to="mädchen@customer.example"))
    assert failed.value.permanent
    with sink(enable_SMTPUTF8=True) as modern:
        channel_to(modern.port).adapter.send(message(to="mädchen@customer.example"))
        assert modern.mails[0].rcpt_tos == ["mädchen@customer.example"]


# Ways to fail


def failure(port: int, login: str = "", **changes: Any) -> SendError:
    with pytest.raises(SendError) as failed:
        channel_to(port, login).adapter.send(message(**changes))
    return failed.value


def test_an_unknown_recipient_is_undeliverable(server):
    server.answer_to_recipient = {"ada@customer.example": "550 5.1.1 no such user"}
    error = failure(server.port)
    assert (error.permanent, error.undeliverable, error.code) == (True, True, "5.1.1")
    assert error.text == "ada@customer.example was refused: 550 5.1.1 no such user"
    assert server.mails == []


@pytest.mark.parametrize("answer", ["550 go away", "550 5.7.1 policy", "552 5.2.2 mailbox full"])
def test_a_refusal_for_other_reasons_is_permanent_but_says_nothing_of_the_address(answer, server):
    server.answer_to_recipient = {"ada@customer.example": answer}
    error = failure(server.port)
    assert (error.permanent, error.undeliverable) == (True, False)


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "451 try again", "421 closing"])
def test_a_refusal_for_now_is_not_permanent(answer, server):
    server.answer_to_recipient = {"ada@customer.example": answer}
    error = failure(server.port)
    assert (error.permanent, error.ambiguous, error.undeliverable) == (False, False, False)


def test_when_a_copy_is_refused_nobody_gets_the_mail_and_the_address_is_named(server):
    server.answer_to_recipient = {"bob@customer.example": "550 5.1.1 no such user"}
    error = failure(server.port, cc=("bob@customer.example",))
    assert (error.permanent, error.undeliverable) == (True, False)
    assert "bob@customer.example" in error.text
    assert server.mails == []


def test_a_refused_sender_breaks_the_channel(server):
    server.answer_to_sender = "550 5.7.60 not allowed to send as this"
    error = failure(server.port)
    assert (error.permanent, error.channel_is_broken) == (True, True)


@pytest.mark.parametrize(
    ("answer", "permanent"), [("554 5.6.0 content", True), ("451 4.3.0 later", False)]
)
def test_a_refusal_of_the_content_is_what_its_code_says(answer, permanent, server):
    server.answer_to_data = answer
    error = failure(server.port)
    assert (error.permanent, error.ambiguous) == (permanent, False)


def test_a_mail_larger_than_the_server_takes_is_refused_for_good():
    with sink(data_size_limit=1000) as small:
        error = failure(small.port, text="x" * 2000)
    assert (error.permanent, error.channel_is_broken) == (True, False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_breaks_the_channel():
    options = {"authenticator": only_grace, "auth_required": True, "auth_require_tls": False}
    with sink(**options) as guarded:
        error = failure(guarded.port, "grace:wrong@")
        assert (error.permanent, error.channel_is_broken) == (True, True)
        assert "wrong" not in error.text
        channel_to(guarded.port, "grace:secret@").adapter.send(message())
        assert len(guarded.mails) == 1


def test_a_server_that_offers_no_sign_in_breaks_the_channel(server):
    error = failure(server.port, "grace:secret@")
    assert (error.permanent, error.channel_is_broken) == (True, True)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_without_encryption_no_password_leaves_this_machine(monkeypatch):
    monkeypatch.setattr(servers, "_is_this_machine", lambda host: False)
    tried: list[object] = []

    def note(server, session, envelope, mechanism, data):
        tried.append(data)
        return only_grace(server, session, envelope, mechanism, data)

    with sink(authenticator=note, auth_required=True, auth_require_tls=False) as plain:
        error = failure(plain.port, "grace:secret@")
    assert (error.permanent, error.channel_is_broken) == (True, True)
    assert "STARTTLS" in error.text
    assert tried == []


def test_a_server_that_is_not_there_is_tried_again():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    error = failure(port)
    assert (error.permanent, error.ambiguous, error.channel_is_broken) == (False, False, False)


def test_a_server_that_says_nothing_is_given_up_and_tried_again(monkeypatch):
    monkeypatch.setattr(sending, "TIMEOUT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = failure(silent.getsockname()[1])
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_mail_was_handed_over_is_tried_again(step):
    with dropping_at(step) as server:
        error = failure(server.server_address[1])
    assert (error.permanent, error.ambiguous) == (False, False)
    assert server.taken == 0


def test_a_connection_lost_after_the_mail_was_handed_over_is_ambiguous():
    with dropping_at("dot") as server:
        error = failure(server.server_address[1])
    assert (error.permanent, error.ambiguous) == (False, True)
    assert server.taken == 1


def test_a_connection_lost_after_the_answer_is_no_failure():
    with dropping_at("quit") as server:
        receipt = channel_to(server.server_address[1]).adapter.send(message())
    assert receipt.external_id == "t7.m12@shop.example"
    assert server.taken == 1


def test_a_channel_without_a_server_to_send_by_is_broken():
    with pytest.raises(SendError) as failed:
        Channel(kind="email", account=ACCOUNT).adapter.send(message())
    assert (failed.value.permanent, failed.value.channel_is_broken) == (True, True)


def test_nobody_can_find_out_what_became_of_an_unanswered_mail(server):
    from datetime import UTC, datetime

    from channels_app.messages import Attempt

    attempt = Attempt(message(), datetime.now(UTC))
    assert channel_to(server.port).adapter.reconcile(attempt).outcome == "unknown"
