from __future__ import annotations

import pytest

from channels_app.adapters.whatsapp.signing import challenge, sign, verify
from channels_app.errors import InvalidSignature
from tests.channels_app.whatsapp.conftest import webhook

HEADER = "x-hub-signature-256"
BODY = b'{"name":"Ada \\u00e9"}'


def test_the_signature_is_the_hmac_of_the_bytes():
    """Computed with `printf hello | openssl dgst -sha256 -hmac app-secret`."""
    digest = "ad5c6aa52b4bf4d1955ccd07b1393163fa5aa461e01cedabf58a512035063c49"
    assert sign(b"hello", secret="app-secret") == f"sha256={digest}"


@pytest.mark.parametrize("secrets", [["now"], ["next", "now"], ["now", "before"]])
def test_every_live_secret_is_trusted(secrets):
    verify(webhook(BODY, (HEADER, sign(BODY, secret="now"))), app_secrets=secrets)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(HEADER, "")],
        [(HEADER, sign(BODY, secret="now"))] * 2,
        [(HEADER, sign(BODY, secret="other"))],
        [(HEADER, sign(BODY, secret="now").removeprefix("sha256="))],
        [(HEADER, sign(BODY, secret="now").replace("sha256=", "sha1="))],
        [("x-hub-signature", sign(BODY, secret="now"))],
        [(HEADER, "sha256=é")],
    ],
)
def test_anything_else_is_refused(headers):
    with pytest.raises(InvalidSignature):
        verify(webhook(BODY, *headers), app_secrets=["now"])


def test_without_a_secret_nobody_is_trusted():
    with pytest.raises(InvalidSignature):
        verify(webhook(BODY, (HEADER, sign(BODY, secret=""))), app_secrets=[])


def test_the_same_json_in_other_bytes_is_refused():
    said = webhook('{"name":"Ada é"}'.encode(), (HEADER, sign(BODY, secret="now")))
    with pytest.raises(InvalidSignature):
        verify(said, app_secrets=["now"])


ASKED = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20word"


def test_the_challenge_comes_back_as_it_came():
    assert challenge(webhook(query=ASKED), verify_token="a word") == b"1158201444"


@pytest.mark.parametrize(
    ("query", "token"),
    [
        ("", "a word"),
        (ASKED, "another"),
        (ASKED, ""),
        (ASKED.replace("subscribe", "unsubscribe"), "a word"),
        (ASKED.replace("hub.challenge=1158201444&", ""), "a word"),
        (ASKED + "&hub.challenge=2", "a word"),
        ("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""),
        ("&".join(f"a{n}=1" for n in range(30)), "a word"),
    ],
)
def test_nobody_else_s_handshake_is_answered(query, token):
    assert challenge(webhook(query=query), verify_token=token) is None
