from __future__ import annotations

from dataclasses import replace

import pytest

from channels_app.adapters.sms.checking import check
from tests.channels_app.sms.conftest import NUMBER
from tests.channels_app.wire import ok, wire

PUBLIC = "https://8.8.8.8/webhooks/key/"


def findings(account, *, webhook_url: str = PUBLIC) -> dict[str, tuple[bool, str]]:
    return {
        result.label: (result.ok, result.advice)
        for result in check(account, webhook_url=webhook_url)
    }


def test_a_channel_that_is_set_up_right_has_nothing_to_say(twilio, account):
    twilio.book.own(NUMBER, sms_url=PUBLIC)
    assert findings(account) == {
        "Account SID and auth token": (True, ""),
        f"Number {NUMBER}": (True, ""),
        "Webhook address": (True, ""),
        "Public address": (True, ""),
    }


def test_wrong_credentials_are_all_there_is_to_say(account):
    found = findings(replace(account, token="wrong"))
    assert list(found) == ["Account SID and auth token"]
    assert found["Account SID and auth token"][0] is False


def test_a_number_of_somebody_else_is_told(account):
    found = findings(replace(account, number="+15005550999"))
    assert found["Number +15005550999"][0] is False


def test_a_number_that_calls_somebody_else_is_told_with_the_address_to_enter(account):
    is_ok, advice = findings(account)["Webhook address"]
    assert not is_ok
    assert PUBLIC in advice


def test_with_a_messaging_service_the_number_need_not_call_us(account):
    is_ok, advice = findings(replace(account, messaging_service_sid="MG1"))["Webhook address"]
    assert is_ok
    assert PUBLIC in advice


@pytest.mark.parametrize("number", ["ACME", "12345"])
def test_a_name_or_short_code_is_not_looked_up(account, number):
    is_ok, advice = findings(replace(account, number=number))[f"Number {number}"]
    assert is_ok
    assert advice


def test_an_address_that_twilio_can_not_call_is_told(account, settings):
    settings.OUTBOUND_ALLOW_HOSTS = [account.api_base.removeprefix("http://")]
    found = findings(account, webhook_url="http://127.0.0.1:8000/webhooks/key/")
    assert found["Public address"][0] is False
    assert "PUBLIC_URL" in found["Public address"][1]


def test_a_provider_that_does_not_answer_is_told(account):
    found = findings(replace(account, api_base="http://127.0.0.1:9"))
    assert list(found) == ["Connection"]
    assert found["Connection"][0] is False


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"status": "suspended"}'])
def test_an_answer_that_is_not_an_active_account_is_told(account, body):
    with wire(ok(body)) as server:
        found = findings(replace(account, api_base=server.url))
    assert found == {"Account SID and auth token": (False, "The Twilio account is not active.")}


@pytest.mark.parametrize("status", ["500 Oops", "301 Moved"])
def test_another_status_is_told(account, status):
    with wire(ok(b"", status=status)) as server:
        found = findings(replace(account, api_base=server.url))
    assert found["Account SID and auth token"] == (False, f"Twilio answered HTTP {status[:3]}.")
