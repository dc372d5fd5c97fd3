"""What we send, judged by Twilio's own API description: Prism serves it as a strict mock."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_app.adapters.sms.reconcile import reconcile
from channels_app.adapters.sms.sending import Account, send
from channels_app.errors import SendError
from channels_app.messages import Attempt, OutboundFile
from tests.channels_app.sms.conftest import NUMBER, message
from tests.oracles import PRISM
from tests.services import free_port

SPEC = Path(__file__).parents[1] / "specs" / "twilio_api_v2010_messages.json"

pytestmark = pytest.mark.oracle_prism


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    port = free_port()
    command = [str(PRISM), "mock", "-h", "127.0.0.1", "-p", str(port), "--errors", str(SPEC)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def account(prism) -> Account:
    return Account("AC" + "a1" * 16, "secret", NUMBER, "", prism)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, "prism did not start"
            time.sleep(0.1)
        else:
            return


def picture(url: str) -> OutboundFile:
    return OutboundFile("a.png", "image/png", 3, open=lambda: io.BytesIO(b"png"), url=url)


def test_a_text_is_accepted(account):
    receipt = send(
        account, message("Grüße 📦 & mehr", status_url="https://desk.example/s/?a=b&c=d")
    )
    assert re.fullmatch("(SM|MM)[0-9a-fA-F]{32}", receipt.external_id)


def test_a_text_through_a_messaging_service_is_accepted(prism):
    account = Account("AC" + "a1" * 16, "secret", NUMBER, "MG" + "b2" * 16, prism)
    assert send(account, message()).external_id


@pytest.mark.parametrize("number", [1, 2, 10])
def test_files_are_accepted(account, number):
    files = tuple(picture(f"https://desk.example/f/{n}?sig=a%2Bb&x=1") for n in range(number))
    assert send(account, message("", attachments=files)).external_id


def test_the_list_it_is_asked_for_can_be_read(account):
    from django.utils import timezone

    assert reconcile(account, Attempt(message(), timezone.now())).outcome == "wait"


def test_the_mock_does_judge(prism):
    """A witness that accepts everything would be none."""
    with pytest.raises(SendError):
        send(Account("AC-not-a-sid", "secret", NUMBER, "", prism), message())
