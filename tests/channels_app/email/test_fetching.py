"""Mail fetched from a real Dovecot: all of it, in order, once, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from channels_app.adapters.email import fetching, servers
from channels_app.adapters.email.fetching import CannotFetch, RawMail
from channels_app.adapters.email.mailbox import opened
from channels_app.models import Channel, MailCursor
from tests.channels_app.email.hostile import hostile_mails
from tests.channels_app.email.mail_servers import ACCOUNT, Dovecot, dovecot, exim
from tests.channels_app.email.smtp_servers import sink

pytestmark = [pytest.mark.oracle_mail, pytest.mark.django_db]


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    with dovecot() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """The server with an empty mailbox."""
    if running.process is None:
        running.start()
    with opened(Channel(secrets={"imap_url": running.url})) as box:
        if uids := box.uids():
            box.delete(uids)
    return running


@pytest.fixture
def channel(server: Dovecot) -> Channel:
    return Channel.objects.create(
        kind="email", name="Support mail", account=ACCOUNT, secrets={"imap_url": server.url}
    )


def mail(number: int) -> bytes:
    return (
        f"From: ada@customer.example\r\nMessage-ID: <m{number}@customer.example>\r\n"
        f"Subject: {number}\r\n\r\nhello {number}\r\n"
    ).encode()


def subjects(mails: list[RawMail]) -> list[int]:
    return [int(one.raw.partition(b"Subject: ")[2].split()[0]) for one in mails]


def fetch_all(channel: Channel, store: Callable[[RawMail], None], *, limit: int = 100) -> int:
    total = 0
    while count := fetching.fetch(channel, store=store, limit=limit):
        total += count
    return total


def flags(server: Dovecot) -> list[tuple[str, ...]]:
    with opened(Channel(secrets={"imap_url": server.url})) as box:
        return [one.flags for one in box.fetch(mark_seen=False)]


def test_new_mail_comes_in_order_once_and_is_marked_as_seen(server, channel):
    server.deliver(*map(mail, range(5)))
    got: list[RawMail] = []
    assert fetch_all(channel, got.append, limit=2) == 5
    assert subjects(got) == [0, 1, 2, 3, 4]
    assert got[0].raw.endswith(b"hello 0\r\n")
    assert len({one.source_key for one in got}) == 5
    assert all(one.source_key.startswith("imap:INBOX:") for one in got)
    assert all("\\Seen" in one for one in flags(server))
    assert fetch_all(channel, got.append) == 0


def test_mail_somebody_else_has_read_comes_as_well(server, channel):
    server.deliver(mail(1))
    with opened(channel) as box:
        box.flag(box.uids(), "\\Seen", True)
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert subjects(got) == [1]


def test_old_mail_that_was_read_before_the_desk_stays_where_it_is(server, channel):
    server.deliver(mail(1), mail(2))
    with opened(channel) as box:
        box.flag(box.uids()[:1], "\\Seen", True)
    from datetime import timedelta

    channel.created_at += timedelta(days=30)
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert subjects(got) == [2]


def test_what_could_not_be_stored_comes_again_and_is_not_marked(server, channel):
    server.deliver(*map(mail, range(4)))
    got: list[RawMail] = []

    def full_disk(one: RawMail) -> None:
        if len(got) == 2:
            raise MemoryError
        got.append(one)

    with pytest.raises(MemoryError):
        fetch_all(channel, full_disk)
    assert not any("\\Seen" in one for one in flags(server))
    again: list[RawMail] = []
    fetch_all(channel, again.append)
    assert subjects(again) == [0, 1, 2, 3]
    assert [one.source_key for one in again[:2]] == [one.source_key for one in got]


def test_a_mail_is_stored_before_the_cursor_moves(server, channel):
    server.deliver(mail(1))
    seen: list[int] = []
    fetching.fetch(channel, store=lambda _: seen.append(MailCursor.objects.get().last_uid))
    assert seen == [0]
    assert MailCursor.objects.get().last_uid > 0


def test_all_that_came_while_nobody_fetched_comes_later(server, channel):
    count = 300
    fetch_all(channel, lambda _: None)
    server.deliver(*map(mail, range(count)))
    server.stop()
    with pytest.raises(CannotFetch):
        fetching.fetch(channel, store=lambda _: None)
    server.start()
    got: list[RawMail] = []
    assert fetch_all(channel, got.append) == count
    assert subjects(got) == list(range(count))


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning(server, channel):
    server.deliver(mail(1), mail(2))
    first: list[RawMail] = []
    fetch_all(channel, first.append)
    server.stop()
    server.forget_indexes()
    time.sleep(1.1)  # UIDVALIDITY counts seconds
    server.start()
    server.deliver(mail(3))
    second: list[RawMail] = []
    fetch_all(channel, second.append)
    assert sorted(subjects(second)) == [1, 2, 3]
    assert not {one.source_key for one in first} & {one.source_key for one in second}
    keys = {channel.adapter.content_key(one.raw) for one in first + second}
    assert len(keys) == 3


def test_hostile_mail_is_fetched_byte_by_byte_or_cut_at_the_bound(server, channel):
    names = ["only-nul-bytes", "a-thousand-levels", "one-line-of-ten-megabytes", "windows-31j"]
    mails = {name: raw for name, raw in hostile_mails() if name in names}
    server.deliver(*mails.values())
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert len(got) == len(names)
    assert all(len(one.raw) > 50 for one in got)


def test_of_a_mail_that_is_too_large_only_the_beginning_is_fetched(server, channel, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_SIZE", 1000)
    server.deliver(mail(1) + b"x" * 5000)
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert [len(one.raw) for one in got] == [1001]


def test_large_mails_are_fetched_a_few_at_a_time(server, channel, monkeypatch):
    monkeypatch.setattr(fetching, "BATCH_BYTES", 2500)
    server.deliver(*(mail(number) + b"x" * 900 + b"\r\n" for number in range(7)))
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert subjects(got) == list(range(7))


def test_a_mailbox_full_of_gaps_is_searched_in_windows(server, channel, monkeypatch):
    monkeypatch.setattr(fetching, "WINDOW", 3)
    server.deliver(*map(mail, range(10)))
    with opened(channel) as box:
        box.delete(box.uids()[1:8])
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert subjects(got) == [0, 8, 9]


def test_another_mailbox_than_the_inbox_can_be_named(server, channel):
    with opened(channel) as box:
        if not box.folder.exists("Sales"):
            box.folder.create("Sales")
        box.append(mail(7), "Sales")
    channel.secrets["imap_url"] = f"{server.url}/Sales"
    got: list[RawMail] = []
    fetch_all(channel, got.append)
    assert subjects(got) == [7]
    assert got[0].source_key.startswith("imap:Sales:")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://support%40shop.example:wrong@127.0.0.1:{port}", "refused user and password"),
        ("imap://support%40shop.example:{password}@127.0.0.1:{port}/Nowhere", "no mailbox"),
        ("imap://x:y@127.0.0.1:1", "could not be reached"),
        ("", "no IMAP server"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(url, words, server, channel):
    channel.secrets["imap_url"] = url.format(port=server.imap, password="correct%20horse")
    with pytest.raises(CannotFetch, match=words) as failed:
        fetching.fetch(channel, store=lambda _: None)
    assert "wrong@" not in str(failed.value)


def test_without_encryption_no_password_leaves_this_machine(server, channel, monkeypatch):
    monkeypatch.setattr(servers, "_is_this_machine", lambda host: False)
    with pytest.raises(CannotFetch, match="TLS"):
        fetching.fetch(channel, store=lambda _: None)


# IDLE


def idle(channel: Channel, stop: threading.Event, timeout: float) -> tuple[bool, float]:
    started = time.monotonic()
    news = fetching.idle(channel, stop, timeout=timeout)
    return news, time.monotonic() - started


def test_the_server_tells_of_new_mail_at_once(server, channel):
    fetch_all(channel, lambda _: None)
    threading.Timer(0.5, server.deliver, [mail(1)]).start()
    news, seconds = idle(channel, threading.Event(), 20)
    assert news
    assert seconds < 5


def test_mail_that_came_between_fetching_and_waiting_is_news(server, channel):
    fetch_all(channel, lambda _: None)
    server.deliver(mail(1))
    news, seconds = idle(channel, threading.Event(), 20)
    assert news
    assert seconds < 2


def test_mail_that_came_while_waiting_began_is_news(server, channel, monkeypatch):
    """The server tells of it in one breath with its consent to wait."""
    fetch_all(channel, lambda _: None)
    monkeypatch.setattr(fetching, "close_old_connections", lambda: server.deliver(mail(1)))
    news, seconds = idle(channel, threading.Event(), 20)
    assert news
    assert seconds < 5


def test_waiting_ends_when_told_to_stop(server, channel):
    fetch_all(channel, lambda _: None)
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    news, seconds = idle(channel, stop, 20)
    assert not news
    assert seconds < 4


def test_waiting_ends_after_its_time(server, channel):
    fetch_all(channel, lambda _: None)
    assert idle(channel, threading.Event(), 1)[0] is False


def test_old_mail_that_is_left_alone_is_no_news_for_ever(server, channel):
    from datetime import timedelta

    server.deliver(mail(1))
    with opened(channel) as box:
        box.flag(box.uids(), "\\Seen", True)
    channel.created_at += timedelta(days=30)
    assert fetch_all(channel, lambda _: None) == 0
    assert idle(channel, threading.Event(), 0.5)[0] is False


def test_a_server_that_goes_away_while_we_wait_is_noticed(server, channel):
    fetch_all(channel, lambda _: None)
    threading.Timer(0.5, server.kill).start()
    started = time.monotonic()
    with pytest.raises(CannotFetch):
        fetching.idle(channel, threading.Event(), timeout=30)
    assert time.monotonic() - started < 5


# Check connection, and a bounce of a real mail server


def test_a_connection_that_works_is_said_to(server, channel):
    with sink() as smtp:
        channel.secrets["smtp_url"] = f"smtp://127.0.0.1:{smtp.port}"
        assert [(one.ok, one.advice) for one in channel.adapter.check()] == [(True, ""), (True, "")]


def test_a_connection_that_fails_is_named_with_advice(server, channel):
    channel.secrets |= {"imap_url": "imap://a:b@127.0.0.1:1", "smtp_url": "smtp://127.0.0.1:1"}
    incoming, outgoing = channel.adapter.check()
    assert (incoming.ok, outgoing.ok) == (False, False)
    assert "IMAP URL" in incoming.advice
    assert "SMTP URL" in outgoing.advice


def test_a_mail_a_real_server_could_not_deliver_comes_back_as_its_bounce(server, channel):
    from channels_app.messages import OutboundMessage

    with sink() as theirs, exim(lmtp=server.lmtp, sink=theirs.port) as mta:
        theirs.answer_to_recipient = {"ada@customer.example": "550 5.1.1 no such user here"}
        channel.secrets["smtp_url"] = f"smtp://127.0.0.1:{mta.smtp}"
        message = OutboundMessage(
            "7", "ada@customer.example", "hello", message_id="t7@shop.example"
        )
        assert channel.adapter.send(message).external_id == "t7@shop.example"
        got = wait_for_mail(channel)
    bounce = read(channel, got).bounce
    assert bounce is not None
    assert bounce.permanent
    assert bounce.recipients == ("ada@customer.example",)
    assert bounce.original_message_id == "t7@shop.example"
    assert "no such user here" in bounce.reason


def test_an_answer_to_our_plus_address_brings_the_token_back(server, channel):
    server.deliver(mail(1), to="support+abc23@shop.example")
    got = wait_for_mail(channel)
    assert read(channel, got).reply_tokens == ("abc23",)


def wait_for_mail(channel: Channel) -> RawMail:
    got: list[RawMail] = []
    deadline = time.monotonic() + 15
    while not got and time.monotonic() < deadline:
        fetching.fetch(channel, store=got.append)
        time.sleep(0.1)
    return got[0]


def read(channel: Channel, one: RawMail):
    from django.utils import timezone

    from channels_app.messages import RawEvent

    event = RawEvent("mail", one.raw, {}, "", timezone.now())
    return channel.adapter.parse(event)[0]
