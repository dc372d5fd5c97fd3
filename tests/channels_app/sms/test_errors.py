from __future__ import annotations

import json

import pytest

from channels_app.adapters.sms.errors import MEANINGS, as_send_error, meaning, refused
from channels_app.http import Response


def answer(
    status: int, code: int | None = None, *, retry_after: str = "", body: bytes = b""
) -> Response:
    said = {"code": code, "message": "Twilio's words", "status": status}
    headers = {"retry-after": retry_after} if retry_after else {}
    return Response(status, headers, body or json.dumps(said if code else {}).encode())


def verdict(error):
    names = ("permanent", "ambiguous", "undeliverable", "opted_out", "channel_is_broken")
    return error.code, {name for name in names if getattr(error, name)}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, {"permanent", "undeliverable"}),
        (400, 21408, {"permanent"}),
        (400, 21606, {"channel_is_broken"}),
        (400, 21608, {"permanent"}),
        (400, 21610, {"permanent", "opted_out"}),
        (400, 21611, set()),
        (400, 21612, {"permanent", "undeliverable"}),
        (400, 21614, {"permanent", "undeliverable"}),
        (400, 21617, {"permanent"}),
        (400, 39999, {"permanent"}),
        (401, 20003, {"channel_is_broken"}),
        (404, 20404, {"channel_is_broken"}),
        (429, 20429, set()),
        (500, 20500, {"ambiguous"}),
        (502, 20500, {"ambiguous"}),
        (503, 20503, set()),
        (504, 20504, {"ambiguous"}),
    ],
)
def test_a_refusal_says_what_it_means_for_message_address_and_channel(status, code, expected):
    assert verdict(refused(answer(status, code))) == (str(code), expected)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, {"channel_is_broken"}),
        (400, {"permanent"}),
        (401, {"channel_is_broken"}),
        (404, {"channel_is_broken"}),
        (408, set()),
        (429, set()),
        (500, {"ambiguous"}),
        (503, set()),
    ],
)
@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b"null"])
def test_an_answer_that_is_not_in_twilios_form_is_judged_by_its_status(status, expected, body):
    assert verdict(refused(answer(status, body=body))) == (str(status), expected)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("", None), ("Sun, 22 Nov 2026 19:00:00 GMT", None), ("-1", None), ("²", None)],
)
def test_the_wait_a_provider_asks_for_is_told(header, seconds):
    assert refused(answer(429, 20429, retry_after=header)).retry_after == seconds


def test_an_unknown_code_speaks_with_twilios_words():
    assert refused(answer(400, 39999)).text == "Twilio's words"
    assert meaning("39999").text == "Twilio reported error 39999."
    assert meaning("").text == "Twilio reported error without a code."


def test_every_meaning_is_a_sentence_for_people():
    for code, it in MEANINGS.items():
        assert it.text.endswith("."), code
        assert code not in it.text
        assert not (it.channel_is_broken and it.permanent), code
        assert as_send_error(code).text == it.text
