"""A mailbox that nobody could reach for days, full of mail when it is back."""

from __future__ import annotations

import shutil
import time
from typing import Any

from bench.ground import Ground, Grounds, run_python, wait_until
from bench.prove.traffic import settle
from tests.channels_app.email.mail_servers import ACCOUNT, Dovecot, dovecot
from tests.oracles import NEEDS, missing

SENDERS = 200
SUBJECTS = "SELECT subject FROM inbox_message WHERE direction = 'inbound'"
JOURNAL = "SELECT count(*) FROM channels_app_inboundevent"
BROKEN = "SELECT count(*) FROM channels_app_channel WHERE broken_since IS NOT NULL"


def mailbox_gone(grounds: Grounds, *, mails: int) -> dict[str, Any]:
    """The mail server is away while so many mails come. It is back; in the middle of the fetching
    the fetcher is killed and every mail gets a new number (UIDVALIDITY). Each is there once."""
    assert not missing(NEEDS["oracle_mail"]), "needs Dovecot: apt-get install dovecot-imapd"
    with dovecot() as server, grounds.new(start=("worker", "clock"), has_provider=False) as ground:
        _open_channel(ground, server)
        server.deliver(_mail(0))
        wait_until(lambda: ground.store.one(JOURNAL) == 1, seconds=60, what="the first is fetched")
        server.kill()
        wait_until(lambda: ground.store.one(BROKEN), seconds=60, what="the outage is noticed")
        _arrive(server, mails)
        server.start()
        started = time.monotonic()
        _interrupt(ground, server, after=mails // 3)
        fetched = wait_until(
            lambda: ground.store.one(JOURNAL) > mails, seconds=60 + mails, what="all are fetched"
        )
        settle(ground, seconds=60 + mails)
        seconds = time.monotonic() - started
        subjects = [subject for (subject,) in ground.store.rows(SUBJECTS)]
        facts = {"mails": mails + 1, "messages": len(subjects), "different": len(set(subjects))}
        facts |= {"journal": ground.store.one(JOURNAL), "broken": ground.store.one(BROKEN)}
    facts |= {"fetched after the kill s": round(fetched, 1), "picked up in s": round(seconds, 1)}
    facts["mails a second"] = round(mails / seconds, 1)
    assert facts["messages"] == facts["different"] == facts["journal"] == mails + 1, facts
    assert not facts["broken"], facts
    return facts


def _open_channel(ground: Ground, server: Dovecot) -> None:
    settings = [f"address={ACCOUNT}", f"imap_url={server.url}"]
    given = [part for one in settings for part in ("--set", one)]
    command = ("manage.py", "create_channel", "email", "Watched mail", *given)
    run_python(*command, environment=ground.environment)


def _arrive(server: Dovecot, mails: int) -> None:
    """Mails as another machine lays them down: the mail server itself is away."""
    for number in range(1, mails + 1):
        path = server.mailbox / "new" / f"{1_700_000_000 + number}.M{number}.mx"
        path.write_bytes(_mail(number))
        shutil.chown(path, server.mailbox.owner())


def _interrupt(ground: Ground, server: Dovecot, *, after: int) -> None:
    wait_until(
        lambda: ground.store.one(JOURNAL) > after, seconds=60 + after, what="a third is fetched"
    )
    ground.kill("clock")
    server.stop()
    time.sleep(1.1)  # UIDVALIDITY counts seconds
    server.forget_indexes()
    server.start()
    ground.start("clock")


def _mail(number: int) -> bytes:
    sender = f"customer{number % SENDERS}@customer.example"
    head = f"From: {sender}\r\nTo: {ACCOUNT}\r\nMessage-ID: <m{number}@customer.example>\r\n"
    return f"{head}Subject: mail {number}\r\n\r\nWhere is parcel {number}?\r\n".encode()
