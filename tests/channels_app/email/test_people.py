from __future__ import annotations

import pytest

from channels_app.adapters.email.desk import Desk
from channels_app.messages import Address
from tests.channels_app.email.conftest import payload

FORMS = Desk("support@shop.example", form_senders=frozenset({"forms@shop.example"}))


def test_the_customer_is_who_stands_in_from(read_mail):
    message = read_mail("From: Ada <Ada@Customer.example>\n\nhello")
    assert message.sender == (Address("email", "Ada@Customer.example", name="Ada"),)
    assert not message.is_claimed
    assert message.reply_address == ""


def test_behind_a_form_the_customer_is_who_stands_in_reply_to_and_claimed(read_mail):
    message = read_mail(payload("form.eml"), desk=FORMS)
    assert message.sender == (Address("email", "ada@customer.example", name="Ada"),)
    assert message.is_claimed
    assert message.reply_address == "ada@customer.example"


def test_a_form_without_reply_to_speaks_for_itself(read_mail):
    message = read_mail("From: forms@shop.example\n\nhello", desk=FORMS)
    assert message.sender[0].value == "forms@shop.example"
    assert not message.is_claimed


def test_reply_to_our_own_address_is_no_way_to_the_customer(read_mail):
    message = read_mail("From: a@b.example\nReply-To: support+x@shop.example, c@d.example\n\nhi")
    assert message.reply_address == "c@d.example"


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ("Sender: eve@stranger.example\n", "eve@stranger.example"),
        ("Return-Path: <eve@stranger.example>\n", "eve@stranger.example"),
        ("From: \n", "unknown@invalid"),
        ("From: <>\nReturn-Path: <>\n", "unknown@invalid"),
        ("Subject: who am I\n", "unknown@invalid"),
    ],
)
def test_a_mail_without_from_is_kept_under_a_name_that_joins_nothing(headers, value, read_mail):
    message = read_mail(f"{headers}\nhello")
    assert message.sender[0].value == value
    assert message.is_claimed
