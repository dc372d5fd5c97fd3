"""What was newly said, in mails as programs of many makes and languages write them."""

from __future__ import annotations

import time

import pytest

from channels_app.adapters.email import quotes
from tests.channels_app.email.conftest import PAYLOADS

SAMPLES = sorted(path.stem for path in (PAYLOADS / "quotes").glob("*.eml"))


@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_newly_said_is_told_from_what_was_quoted(name, read_mail):
    message = read_mail((PAYLOADS / "quotes" / f"{name}.eml").read_bytes())
    assert message.text + "\n" == (PAYLOADS / "quotes" / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_of_a_mail_is_lost_by_folding(name, read_mail):
    message = read_mail((PAYLOADS / "quotes" / f"{name}.eml").read_bytes())
    whole = set(message.full_text.split())
    assert set(message.text.split()) <= whole
    is_reply = name not in ("signature", "nothing-quoted", "gmail-forward", "gmail-forward-html")
    assert not is_reply or whole & {"Ada,", "Hallo", "colour?"}


@pytest.mark.parametrize("name", ["gmail-forward", "gmail-forward-html"])
def test_who_wrote_a_forwarded_mail_is_read_from_it(name, read_mail):
    message = read_mail((PAYLOADS / "quotes" / f"{name}.eml").read_bytes())
    assert message.envelope.original_sender.address == "eve@stranger.example"
    assert message.envelope.original_sender.name == "Eve"
    assert message.sender[0].value == "ada@customer.example"


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"gmail-forward", "gmail-forward-html"}))
def test_an_answer_has_no_original_sender(name, read_mail):
    message = read_mail((PAYLOADS / "quotes" / f"{name}.eml").read_bytes())
    assert message.envelope.original_sender is None


def test_an_answer_to_a_forwarded_mail_is_folded(read_mail):
    message = read_mail(
        "From: ada@customer.example\nSubject: RE: FW: Lost\n\nFound it.\n\n"
        "-----Original Message-----\nFrom: Shop <support@shop.example>\nSent: Sunday\n"
        "To: Ada\nSubject: FW: Lost\n\nSee below.\n"
    )
    assert message.text == "Found it."


@pytest.mark.parametrize(
    "text",
    [
        "From: a\n" * 999,
        "From: a\nSent: b\nTo: c\nSubject: d\n" * 249,
        "On " * 600 + "\n",
        "\n".join(["On " * 600] * 900),
        ">" * 1999 + "\n" + "> x\n" * 900,
        (" " * 16 + ">\n") * 900,
        "-" * 1999 + "\n" + "- - - Forwarded message\n" * 900,
        "a\n" * 200_000,
        "x" * 5_000_000,
    ],
)
def test_folding_hostile_text_takes_no_longer_than_its_limit(text):
    started = time.process_time()
    said = quotes.newly_said(text, "", subject="Re: x")
    assert time.process_time() - started < 2.5
    assert said


def test_what_takes_too_long_is_shown_unfolded(monkeypatch):
    monkeypatch.setattr(quotes, "SECONDS", 0.01)
    monkeypatch.setattr(quotes.quotequail, "unwrap", lambda text: [0 for _ in range(10**10)])
    text = "hello\n\nOn Monday Grace wrote:\n\n> hi\n"
    assert quotes.newly_said(text, "", subject="Re: x") == text


def test_beyond_the_caps_text_is_shown_unfolded():
    long = "hello\n" + "> quoted\n" * quotes.MAX_LINES
    assert quotes.newly_said(long, "", subject="Re: x") == long.strip()
