"""Machines are recognised, people are not taken for machines."""

from __future__ import annotations

import pytest

from channels_app.adapters.email.desk import Desk
from tests.channels_app.email.conftest import payload

PERSON = "From: Ada <ada@customer.example>\nTo: support@shop.example\n"


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rejected)",
        "auto-submitted: AUTO-NOTIFIED; owner-email=x",
        "Return-Path: <>",
        "Return-Path: < >",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "Precedence: bulk",
        "Precedence: Junk",
        "Precedence: list",
        "Precedence: auto_reply",
        "List-Id: <announce.example>",
        "List-Unsubscribe: <mailto:off@x.example>",
        "X-Autoreply: yes",
        "X-Autorespond: x",
        "X-Autoresponse: x",
        "X-AutoReply-From: x",
        "X-Failed-Recipients: x@y",
        "X-Loop: support@shop.example",
        "Feedback-ID: x:y:z",
    ],
)
def test_a_mark_of_a_machine_makes_mail_automatic(header, read_mail):
    assert read_mail(f"{PERSON}{header}\n\nhello").is_automatic


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Auto-Submitted: No (really)",
        "Return-Path: <ada@customer.example>",
        "Precedence: normal",
        "X-Auto-Response-Suppress: All",
        "X-Mailer: Exchange",
    ],
)
def test_what_people_send_is_not_automatic(header, read_mail):
    assert not read_mail(f"{PERSON}{header}\n\nhello").is_automatic


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@x.example",
        "mailer_daemon@x.example",
        "postmaster@x.example",
        "no-reply@x.example",
        "NoReply@x.example",
        "do-not-reply@x.example",
        "noreply-7f3@x.example",
        "support@shop.example",
        "Support+abc@SHOP.example",
    ],
)
def test_mail_of_machines_and_of_ourselves_is_automatic(sender, read_mail):
    assert read_mail(f"From: {sender}\n\nhello").is_automatic


@pytest.mark.parametrize("sender", ["norah@x.example", "support@other.example", "noor@x.example"])
def test_a_name_that_only_looks_like_a_machine_is_none(sender, read_mail):
    assert not read_mail(f"From: {sender}\n\nhello").is_automatic


def test_a_real_vacation_answer_is_automatic_and_no_bounce(read_mail):
    message = read_mail(payload("vacation-pigeonhole.eml"))
    assert message.is_automatic
    assert message.bounce is None
    assert message.references == ("a1@shop.example",)


def test_what_a_person_wrote_into_a_form_is_not_automatic(read_mail):
    desk = Desk("support@shop.example", form_senders=frozenset({"forms@shop.example"}))
    assert not read_mail(payload("form.eml"), desk=desk).is_automatic
    assert read_mail(payload("form.eml")).is_automatic
