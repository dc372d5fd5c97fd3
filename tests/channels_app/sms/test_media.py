from __future__ import annotations

from dataclasses import replace

import pytest

from channels_app.adapters.sms import media
from channels_app.adapters.sms.media import fetch_media
from channels_app.adapters.sms.parsing import parse
from channels_app.errors import SendError
from channels_app.messages import RawEvent
from tests.channels_app.sms.conftest import ADA, FORM, NUMBER
from tests.channels_app.wire import ok, wire


def failing(account, url) -> SendError:
    with pytest.raises(SendError) as error:
        fetch_media(account, url)
    return error.value


def test_a_file_that_came_with_a_message_is_fetched(twilio, account):
    with wire(ok()) as desk:
        twilio.receive("", sender=ADA, to=NUMBER, media=[("image/png", b"\x89PNG")], url=desk.url)
        body = desk.seen[0].partition(b"\r\n\r\n")[2]
    (inbound,) = parse(RawEvent("webhook", body, {"content-type": FORM}, "", None))
    (file,) = inbound.attachments
    assert (file.name, file.content_type) == ("file-1.png", "image/png")
    assert fetch_media(account, file.remote_url) == b"\x89PNG"
    assert failing(replace(account, token="wrong"), file.remote_url).code == "401"


def test_the_store_that_twilio_leads_to_gets_no_credentials(account):
    with wire(ok(b"file")) as store:
        with wire(ok(status="307 On", headers=f"Location: {store.url}/x\r\n")) as api:
            here = replace(account, api_base=api.url)
            assert fetch_media(here, f"{api.url}/media") == b"file"
        assert b"authorization" in api.seen[0].lower()
        assert b"authorization" not in store.seen[0].lower()


def test_an_address_that_is_not_twilios_gets_no_credentials(account):
    with wire(ok(b"file")) as elsewhere:
        assert fetch_media(account, f"{elsewhere.url}/x") == b"file"
        assert b"authorization" not in elsewhere.seen[0].lower()


@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("https://api.twilio.com/x", True),
        ("https://api.dublin.ie1.twilio.com/x", True),
        ("http://api.twilio.com/x", False),
        ("https://twilio.com.evil.example/x", False),
        ("https://eviltwilio.com/x", False),
        ("https://evil.example/.twilio.com", False),
        ("https://api.twilio.com@evil.example/", False),
        ("https://sandbox.example/x", True),
        ("https://sandbox.example:444/x", False),
    ],
)
def test_whose_address_it_is(account, url, theirs):
    assert media._is_theirs(replace(account, api_base="https://sandbox.example"), url) is theirs


@pytest.mark.parametrize(
    ("status", "permanent"), [("404 Not Found", False), ("410 Gone", True), ("500 Oops", False)]
)
def test_a_file_that_is_gone_is_gone_for_good(account, status, permanent):
    with wire(ok(status=status)) as server:
        assert failing(account, server.url).permanent is permanent


def test_a_file_that_is_too_large_or_in_a_private_network_is_refused(
    account, monkeypatch, settings
):
    monkeypatch.setattr(media, "MAX_BYTES", 10)
    with wire(ok(b"x" * 11)) as server:
        assert failing(account, server.url).permanent
        settings.OUTBOUND_ALLOW_HOSTS = []
        assert failing(account, server.url).permanent


def test_a_file_whose_server_is_down_is_tried_again(account):
    assert not failing(account, "http://127.0.0.1:9/x").permanent


@pytest.mark.parametrize(
    "url", ["", "x", "http://[::1", "javascript:alert(1)", "file:///etc/passwd"]
)
def test_an_address_that_is_none_is_a_failed_fetch(account, url):
    assert failing(account, url)
