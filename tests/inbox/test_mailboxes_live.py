"""A mailbox watched on a real mail server: told of mail at once, and found again when it comes
back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from channels_app.models import Channel, InboundEvent
from inbox import mailboxes
from tests.channels_app.email.mail_servers import ACCOUNT, Dovecot, dovecot
from tests.channels_app.email.test_fetching import mail

pytestmark = [pytest.mark.oracle_mail, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server() -> Iterator[Dovecot]:
    with dovecot() as running:
        yield running


@pytest.fixture
def channel(server: Dovecot) -> Channel:
    return Channel.objects.create(
        kind="email", name="Support mail", account=ACCOUNT, secrets={"imap_url": server.url}
    )


@pytest.fixture
def watched(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within the time of this test nobody looks by themselves: what comes, the server told of."""
    monkeypatch.setattr(mailboxes, "POLL_EVERY", 1000.0)
    monkeypatch.setattr(mailboxes, "FIRST_WAIT", 0.1)
    stop = threading.Event()
    thread = threading.Thread(target=mailboxes.watch, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(timeout=20)
    assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def stored() -> int:
    return InboundEvent.objects.count()


def test_every_mail_comes_as_soon_as_the_server_has_it(server: Dovecot, watched: None) -> None:
    for number in range(1, 4):
        server.deliver(mail(number))
        until(lambda number=number: stored() == number)


def test_a_server_that_was_away_is_found_again_and_nothing_is_missing(
    server: Dovecot, channel: Channel, watched: None
) -> None:
    server.deliver(mail(1))
    until(lambda: stored() == 1)
    server.kill()
    until(lambda: Channel.objects.exclude(broken_since=None).exists())
    server.start()
    server.deliver(mail(2), mail(3))
    until(lambda: stored() == 3)
    until(lambda: not Channel.objects.exclude(broken_since=None).exists())
