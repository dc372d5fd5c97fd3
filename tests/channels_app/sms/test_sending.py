from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest

from channels_app.adapters.sms.sending import API_BASE, Account, form, send
from channels_app.errors import SendError
from channels_app.messages import OutboundFile, Receipt
from channels_app.models import Channel
from channels_app.pretend.faults import Fault
from tests.channels_app.sms.conftest import ADA, NUMBER, eventually, message
from tests.channels_app.wire import ok, wire


def picture(url: str) -> OutboundFile:
    return OutboundFile("a.png", "image/png", 3, open=lambda: io.BytesIO(b"png"), url=url)


def failing(account: Account, **more) -> SendError:
    with pytest.raises(SendError) as error:
        send(account, message(**more))
    return error.value


def test_a_message_leaves_and_its_id_comes_back(twilio, account):
    receipt = send(account, message("  Grüße 📦\n", status_url="http://127.0.0.1:9/status"))
    (sms,) = twilio.accepted
    assert receipt == Receipt(sms.sid)
    assert (sms.sender, sms.to, sms.body, sms.media) == (NUMBER, ADA, "  Grüße 📦\n", ())
    assert sms.status_url == "http://127.0.0.1:9/status"


def test_a_messaging_service_sends_instead_of_the_number(twilio, account):
    send(replace(account, messaging_service_sid="MG" + "1" * 32), message())
    assert twilio.accepted[0].service == "MG" + "1" * 32


def test_files_are_named_by_their_addresses(twilio, account):
    with wire(ok(b"png", headers="Content-Type: image/png\r\n")) as desk:
        files = (picture(f"{desk.url}/1?s=x&y"), picture(f"{desk.url}/2"))
        send(account, message("", attachments=files))
        sms = twilio.accepted[0]
        assert [twilio.book.file(sid).url for sid in sms.media] == [file.url for file in files]
        assert eventually(lambda: twilio.book.find(sms.sid).status == "delivered")
        assert [twilio.book.file(sid).content for sid in sms.media] == [b"png", b"png"]


def test_what_is_empty_is_not_sent(account):
    assert form(account, message()) == {"To": ADA, "From": NUMBER, "Body": "On its way"}


def test_a_file_without_a_public_address_can_not_leave(account, twilio):
    error = failing(account, attachments=(picture(""),))
    assert error.permanent
    assert twilio.accepted == []


def test_a_refusal_is_told_in_plain_words(twilio, account):
    twilio.book.stop(ADA, number=NUMBER)
    error = failing(account)
    assert (error.code, error.opted_out, error.permanent) == ("21610", True, True)
    assert failing(account, text="x" * 1601).code == "21617"
    assert twilio.accepted == []


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", "21211"),
        ("+15005550009", "21614"),
        ("x", "21211"),
        ("+15005550003", "21408"),
    ],
)
def test_a_bad_recipient_is_told_in_plain_words(account, to, code):
    with pytest.raises(SendError) as error:
        send(account, replace(message(), to=to))
    assert (error.value.code, error.value.permanent) == (code, True)


def test_wrong_credentials_break_the_channel_not_the_message(account):
    error = failing(replace(account, token="wrong"))
    assert (error.code, error.channel_is_broken, error.permanent) == ("20003", True, False)


def test_too_fast_is_told_with_the_wait(twilio, account):
    twilio.faults.next_sends.append(Fault(status=429, code=20429, retry_after=3))
    error = failing(account)
    assert (error.code, error.retry_after, error.ambiguous) == ("20429", 3.0, False)
    assert twilio.accepted == []


@pytest.mark.parametrize("taken", [True, False])
def test_a_lost_answer_is_ambiguous_whether_it_was_taken_or_not(twilio, account, taken):
    twilio.faults.next_sends.append(Fault(drops=True, takes=taken))
    error = failing(account)
    assert (error.ambiguous, error.permanent) == (True, False)
    assert len(twilio.accepted) == taken


@pytest.mark.parametrize(
    ("status", "ambiguous"), [(500, True), (502, True), (503, False), (504, True)]
)
def test_after_a_server_error_only_503_may_be_repeated(twilio, account, status, ambiguous):
    twilio.faults.next_sends.append(Fault(status=status))
    error = failing(account)
    assert (error.ambiguous, error.permanent) == (ambiguous, False)


def test_an_answer_that_never_comes_is_ambiguous(twilio, account, monkeypatch):
    monkeypatch.setattr("channels_app.http.request.__kwdefaults__", _seconds(0.3))
    twilio.faults.next_sends.append(Fault(delay=2, takes=True))
    start = time.monotonic()
    assert failing(account).ambiguous
    assert time.monotonic() - start < 1.5
    assert len(twilio.accepted) == 1


def test_a_provider_that_is_not_there_took_nothing(account):
    error = failing(replace(account, api_base="http://127.0.0.1:9"))
    assert (error.ambiguous, error.permanent) == (False, False)


def test_an_api_address_in_a_private_network_is_not_called(account, settings):
    settings.OUTBOUND_ALLOW_HOSTS = []
    error = failing(account)
    assert (error.channel_is_broken, error.ambiguous) == (True, False)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"sid": "SM1"}', b"null"])
def test_an_acceptance_that_can_not_be_read_is_ambiguous(account, body):
    with wire(ok(body, status="201 Created")) as server:
        assert failing(replace(account, api_base=server.url)).ambiguous


def test_a_message_that_failed_at_once_has_failed(account):
    said = b'{"sid": "SM1", "status": "failed", "error_code": 30005, "error_message": "x"}'
    with wire(ok(said, status="201 Created")) as server:
        error = failing(replace(account, api_base=server.url))
    assert (error.code, error.undeliverable) == ("30005", True)


def test_a_channel_speaks_with_its_first_auth_token():
    channel = Channel(
        account=NUMBER, settings={"account_sid": "AC1"}, secrets={"auth_token": "new,old"}
    )
    account = Account.of(channel)
    assert account.auth == ("AC1", "new")
    assert account.api_base == API_BASE
    assert account.url(".json") == "https://api.twilio.com/2010-04-01/Accounts/AC1.json"


def _seconds(seconds: float) -> dict[str, object]:
    from channels_app import http

    return {**(http.request.__kwdefaults__ or {}), "seconds": seconds}
