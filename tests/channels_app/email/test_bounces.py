from __future__ import annotations

import time

import pytest

from channels_app.messages import Bounce
from tests.channels_app.email.conftest import payload


def test_the_report_of_exim_names_the_mail_the_address_and_the_reason(read_mail):
    message = read_mail(payload("bounce-exim-permanent.eml"))
    assert message.bounce == Bounce(
        recipients=("nouser@cust.example",),
        permanent=True,
        reason="550 5.1.1 no such user here",
        original_message_id="t42.m7@shop.example",
    )
    assert message.is_automatic
    assert message.references == ("t42.m7@shop.example",)


def test_a_report_of_delay_is_not_permanent_and_finds_the_mail_by_its_headers(read_mail):
    assert read_mail(payload("bounce-postfix-delayed.eml")).bounce == Bounce(
        recipients=("ada@customer.example",),
        permanent=False,
        reason="connect to mx.customer.example[192.0.2.7]:25: Connection timed out",
        original_message_id="t7.m12@shop.example",
    )


def test_a_report_of_success_is_no_bounce(read_mail):
    message = read_mail(payload("report-of-success.eml"))
    assert message.bounce is None
    assert message.is_automatic


def test_a_report_in_a_shape_of_its_own_is_understood(read_mail):
    assert read_mail(payload("bounce-qmail.eml")).bounce == Bounce(
        recipients=("ada@customer.example",),
        permanent=True,
        reason="failure notice",
        original_message_id="t7.m12@shop.example",
    )


def test_a_read_receipt_is_automatic_and_no_bounce(read_mail):
    message = read_mail(payload("read-receipt.eml"))
    assert message.is_automatic
    assert message.bounce is None


def test_what_a_person_writes_about_a_bounce_is_none(read_mail):
    text = payload("bounce-qmail.eml").decode().replace("MAILER-DAEMON@mx", "ada@").encode()
    assert read_mail(text).bounce is None


@pytest.mark.parametrize("status", ["4.2.2", "5.2.2"])
def test_given_up_is_permanent_whatever_the_status_says(status, read_mail):
    report = payload("bounce-exim-permanent.eml").replace(
        b"Status: 5.0.0", f"Status: {status}".encode()
    )
    assert read_mail(report).bounce.permanent


def test_a_mailer_that_talks_without_end_costs_little(read_mail):
    started = time.process_time()
    read_mail(
        b"From: MAILER-DAEMON@x.example\n\n" + b"The following address failed <a@b> " * 50_000
    )
    assert time.process_time() - started < 2.5
