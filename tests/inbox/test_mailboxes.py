from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.management import CommandError, call_command

from channels_app.adapters.email import fetching
from channels_app.adapters.email.fetching import CannotFetch, RawMail
from channels_app.models import Channel, InboundEvent
from inbox import mailboxes

pytestmark = pytest.mark.django_db(transaction=True)


class Postman:
    """Mail servers made of memory: one mailbox for each channel's address."""

    def __init__(self) -> None:
        self.boxes: dict[str, list[bytes]] = {}
        self.trouble: dict[str, str] = {}
        self.looks: list[str] = []
        self.idling: dict[str, int] = {}
        self.news = threading.Condition()

    def deliver(self, address: str, mail: bytes) -> None:
        with self.news:
            self.boxes.setdefault(address, []).append(mail)
            self.news.notify_all()

    def fetch(self, channel: Channel, *, store: Callable[[RawMail], None], limit: int = 100) -> int:
        self.looks.append(channel.account)
        self._complain(channel)
        mails, self.boxes[channel.account] = self.boxes.get(channel.account, [])[:limit], []
        for mail in mails:
            store(RawMail(mail, f"imap:INBOX:1:{mail.decode()}"))
        return len(mails)

    def idle(self, channel: Channel, stop: threading.Event, *, timeout: float) -> bool:
        self._complain(channel)
        name = threading.current_thread().name
        self.idling[name] = self.idling.get(name, 0) + 1
        deadline = time.monotonic() + timeout
        with self.news:
            while not stop.is_set() and time.monotonic() < deadline:
                if self.boxes.get(channel.account):
                    return True
                self.news.wait(0.02)
        return False

    def _complain(self, channel: Channel) -> None:
        if channel.account in self.trouble:
            raise CannotFetch(self.trouble[channel.account])


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Postman:
    postman = Postman()
    monkeypatch.setattr(fetching, "fetch", postman.fetch)
    monkeypatch.setattr(fetching, "idle", postman.idle)
    monkeypatch.setattr(mailboxes, "LOOK_FOR_CHANNELS_EVERY", 0.05)
    monkeypatch.setattr(mailboxes, "FIRST_WAIT", 0.02)
    return postman


@pytest.fixture
def watched(postman: Postman) -> Iterator[Callable[[], None]]:
    """Starts watching; ends it with the test."""
    stop = threading.Event()
    thread = threading.Thread(target=mailboxes.watch, args=(stop,))
    yield thread.start
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()


def mailbox(address: str, **fields: object) -> Channel:
    known = {"kind": "email", "name": address, "account": address}
    known["secrets"] = {"imap_url": f"imap://u:p@mail.example/{address}"}
    return Channel.objects.create(**(known | fields))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def stored() -> list[str]:
    bodies = InboundEvent.objects.order_by("pk").values_list("body", flat=True)
    return [bytes(body).decode() for body in bodies]


class TestOneLook:
    def test_mail_is_in_the_journal_once(self, postman: Postman) -> None:
        channel = mailbox("a@desk.example")
        postman.deliver("a@desk.example", b"1")
        postman.deliver("a@desk.example", b"2")
        [fetched] = mailboxes.fetch_once([channel])
        assert (fetched.count, fetched.error) == (2, "")
        postman.deliver("a@desk.example", b"2")
        mailboxes.fetch_once([channel])
        assert stored() == ["1", "2"]

    def test_a_failure_is_shown_on_the_channel_until_it_works_again(self, postman: Postman) -> None:
        channel = mailbox("a@desk.example")
        postman.trouble["a@desk.example"] = "Wrong password."
        [fetched] = mailboxes.fetch_once([channel])
        assert fetched.error == "Wrong password."
        channel.refresh_from_db()
        since = channel.broken_since
        assert since is not None
        assert channel.broken_reason == "Fetching mail: Wrong password."
        mailboxes.fetch_once([channel])
        channel.refresh_from_db()
        assert channel.broken_since == since
        postman.trouble.clear()
        mailboxes.fetch_once([channel])
        channel.refresh_from_db()
        assert (channel.broken_since, channel.broken_reason) == (None, "")

    def test_the_complaint_of_a_failed_sending_stays(self, postman: Postman) -> None:
        channel = mailbox("a@desk.example", broken_reason="The mail server refused our password.")
        mailboxes.fetch_once([channel])
        channel.refresh_from_db()
        assert channel.broken_reason == "The mail server refused our password."

    def test_the_command_says_what_each_mailbox_brought(
        self, postman: Postman, capsys: pytest.CaptureFixture[str]
    ) -> None:
        good, bad = mailbox("a@desk.example"), mailbox("b@desk.example")
        mailbox("c@desk.example", secrets={})
        postman.deliver("a@desk.example", b"1")
        postman.trouble["b@desk.example"] = "Wrong password."
        out, err = io.StringIO(), io.StringIO()
        with pytest.raises(CommandError):
            call_command("fetch_mail", "--once", "--json", stdout=out, stderr=err)
        assert [json.loads(line) for line in out.getvalue().splitlines()] == [
            {"channel": good.key, "mails": 1}
        ]
        assert f"{bad.key}: Wrong password." in err.getvalue()

    def test_the_command_names_a_channel_without_a_mailbox(self, postman: Postman) -> None:
        closed = mailbox("a@desk.example", is_active=False)
        with pytest.raises(CommandError, match=closed.key):
            call_command("fetch_mail", "--once", closed.key)
        assert postman.looks == []


class TestWatching:
    def test_mail_comes_in_when_the_server_tells(
        self, postman: Postman, watched: Callable[[], None]
    ) -> None:
        mailbox("a@desk.example")
        watched()
        until(lambda: bool(postman.idling))
        postman.deliver("a@desk.example", b"1")
        until(lambda: stored() == ["1"])

    def test_new_and_changed_channels_are_noticed_and_those_switched_off_left_alone(
        self, postman: Postman, watched: Callable[[], None]
    ) -> None:
        watched()
        channel = mailbox("a@desk.example")
        until(lambda: postman.looks.count("a@desk.example") == 1)
        Channel.objects.filter(pk=channel.pk).update(account="b@desk.example")
        until(lambda: "b@desk.example" in postman.looks)
        Channel.objects.update(is_active=False)
        name = f"mailbox-{channel.pk}"
        until(lambda: name not in {thread.name for thread in threading.enumerate()})

    def test_one_that_fails_is_tried_again_and_holds_up_nobody(
        self, postman: Postman, watched: Callable[[], None]
    ) -> None:
        bad = mailbox("a@desk.example")
        mailbox("b@desk.example")
        postman.trouble["a@desk.example"] = "The mail server hung up."
        watched()
        until(lambda: postman.looks.count("a@desk.example") >= 3)
        postman.deliver("b@desk.example", b"1")
        until(lambda: stored() == ["1"])
        bad.refresh_from_db()
        assert "hung up" in bad.broken_reason
        postman.trouble.clear()
        postman.deliver("a@desk.example", b"2")
        until(lambda: stored() == ["1", "2"])
        until(lambda: not Channel.objects.exclude(broken_since=None).exists())

    def test_a_watcher_that_died_is_replaced(
        self,
        postman: Postman,
        watched: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def broken(*_args: object, **_more: object) -> bool:
            monkeypatch.setattr(fetching, "idle", postman.idle)
            raise ZeroDivisionError

        died: list[object] = []
        monkeypatch.setattr(threading, "excepthook", lambda how: died.append(how.exc_type))
        monkeypatch.setattr(fetching, "idle", broken)
        mailbox("a@desk.example")
        watched()
        until(lambda: bool(postman.idling))
        assert died == [ZeroDivisionError]
        postman.deliver("a@desk.example", b"1")
        until(lambda: stored() == ["1"])


def test_pauses_grow_to_five_minutes() -> None:
    assert 4 <= mailboxes._pause(1) <= 6
    assert 8 <= mailboxes._pause(2) <= 12
    assert 240 <= mailboxes._pause(50) <= 360
