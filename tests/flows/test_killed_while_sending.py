"""A process that is killed while it sends: the answer leaves once, whenever that was.

Real processes, a real database, and a provider on a socket that counts what it takes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from channels_app.models import Channel
from channels_app.pretend.server import serving
from channels_app.pretend.twilio import PretendTwilio
from inbox import delivery
from inbox.models import Agent, Conversation, DeliveryAttempt, Heartbeat, Message
from inbox.replies import Reply, send_reply
from tests.flows.saying import ADA_PHONE, sms

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
NUMBER = "+447700900999"
DELIVER = "import django; django.setup(); from inbox import delivery; delivery.deliver({message})"


@pytest.fixture
def twilio() -> Iterator[PretendTwilio]:
    with serving(PretendTwilio(pace=0.01)) as pretend:
        pretend.book.own(NUMBER, sms_url="http://127.0.0.1:9/webhooks/key/")
        yield pretend


@pytest.fixture
def strand(twilio: PretendTwilio, text_line: Channel) -> Conversation:
    """Ada has written to a number of the pretend provider."""
    text_line.settings = {"account_sid": twilio.account_sid, "api_base": twilio.url}
    text_line.secrets = {"auth_token": twilio.auth_token}
    text_line.save()
    return sms(text_line, "Hello").conversation


@pytest.fixture
def queued(strand: Conversation, grace: Agent) -> Message:
    """Grace has answered; nobody has sent it yet."""
    return send_reply(strand, Reply("On its way."), by=grace)


def environment(**more: str) -> dict[str, str]:
    """For another process on this very test database."""
    database = connection.settings_dict
    url = (
        f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        if connection.vendor == "postgresql"
        else f"sqlite:///{database['NAME']}"
    )
    own = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return {**os.environ, **own, **more}


def killed_at(point: str, message: Message) -> None:
    """Another process delivers the message and is killed at this point."""
    done = subprocess.run(
        [sys.executable, "-c", DELIVER.format(message=message.pk)],
        cwd=ROOT,
        env=environment(PARLEY_CRASH_AT=point),
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def lease_runs_out(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(leased_until=timezone.now())


def taken(twilio: PretendTwilio) -> list[str]:
    """What the provider took for Ada."""
    return [one.body for one in twilio.book.messages() if one.to == ADA_PHONE]


def status(message: Message) -> str:
    return Message.objects.get(pk=message.pk).status


def test_killed_before_the_attempt_is_written(queued: Message, twilio: PretendTwilio) -> None:
    killed_at("delivery-claimed", queued)
    assert (status(queued), taken(twilio)) == ("sending", [])
    lease_runs_out(queued)
    delivery.reconcile(queued.pk)
    delivery.deliver(queued.pk)
    assert (status(queued), taken(twilio)) == ("sent", ["On its way."])


def test_killed_before_the_call(queued: Message, twilio: PretendTwilio) -> None:
    killed_at("attempt-written", queued)
    lease_runs_out(queued)
    delivery.reconcile(queued.pk)
    assert (status(queued), taken(twilio)) == ("sending", [])  # too early to be sure
    DeliveryAttempt.objects.update(started_at=timezone.now() - timedelta(minutes=3))
    lease_runs_out(queued)
    delivery.reconcile(queued.pk)
    delivery.deliver(queued.pk)
    assert (status(queued), taken(twilio)) == ("sent", ["On its way."])


def test_killed_after_the_provider_took_it(queued: Message, twilio: PretendTwilio) -> None:
    killed_at("provider-answered", queued)
    assert (status(queued), taken(twilio)) == ("sending", ["On its way."])
    lease_runs_out(queued)
    delivery.reconcile(queued.pk)
    delivery.deliver(queued.pk)
    assert (status(queued), taken(twilio)) == ("sent", ["On its way."])
    assert Message.objects.get(pk=queued.pk).external_id.startswith("SM")


def test_killed_when_all_is_written(queued: Message, twilio: PretendTwilio) -> None:
    killed_at("receipt-recorded", queued)
    delivery.reconcile(queued.pk)
    delivery.deliver(queued.pk)
    assert (status(queued), taken(twilio)) == ("sent", ["On its way."])


def test_without_broker_and_worker_the_clock_sends_within_five_seconds(
    strand: Conversation, grace: Agent, twilio: PretendTwilio
) -> None:
    broken = environment(
        REDIS_URL="redis://127.0.0.1:1/0", DJANGO_SETTINGS_MODULE="config.settings"
    )
    clock = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "clock"], env=broken)
    try:
        until(lambda: Heartbeat.objects.filter(name="clock").exists(), seconds=30)
        answer = send_reply(strand, Reply("On its way."), by=grace)
        until(lambda: taken(twilio), seconds=5)
        until(lambda: status(answer) == "sent", seconds=2)
    finally:
        clock.send_signal(signal.SIGTERM)
        clock.wait(15)
    assert taken(twilio) == ["On its way."]


def until(happened: Callable[[], object], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
