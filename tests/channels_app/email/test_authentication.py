"""Only the configured host's word counts, and only about the domain in From."""

from __future__ import annotations

import pytest

from channels_app.adapters.email.desk import Desk

FROM = "From: Ada <ada@customer.example>\n"


def mail(*results: str, sender: str = FROM) -> str:
    lines = "".join(f"Authentication-Results: {result}\n" for result in results)
    return f"{lines}Received: from x by y\n{sender}To: support@shop.example\n\nhello"


HOST = "mx.shop.example; "


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ("dmarc=pass header.from=customer.example", "pass"),
        ("dmarc=pass (p=REJECT sp=NONE) header.from=customer.example", "pass"),
        ("dmarc=fail header.from=customer.example", "fail"),
        ("dkim=pass header.d=customer.example; dmarc=fail header.from=customer.example", "fail"),
        ("dmarc=none header.from=customer.example; dkim=pass header.d=customer.example", "pass"),
        ("dkim=pass header.d=customer.example", "pass"),
        ("dkim=pass header.i=@mail.customer.example", "pass"),
        ("dkim=pass header.d=stranger.example", "none"),
        ("dkim=pass header.d=notcustomer.example", "none"),
        ("dkim=pass header.d=example", "none"),
        ("spf=pass smtp.mailfrom=ada@customer.example", "pass"),
        ("spf=pass smtp.mailfrom=bounce@stranger.example", "none"),
        ("spf=fail smtp.mailfrom=ada@customer.example", "fail"),
        ("spf=softfail smtp.mailfrom=ada@customer.example", "none"),
        (
            "spf=fail smtp.mailfrom=ada@customer.example; dkim=pass header.d=customer.example",
            "pass",
        ),
        ("dkim=fail header.d=customer.example", "fail"),
        ("dkim=fail header.d=customer.example; spf=pass smtp.mailfrom=customer.example", "pass"),
        ("dkim=fail header.d=customer.example; spf=pass smtp.mailfrom=a@customer.example", "pass"),
        ("dkim=temperror header.d=customer.example", "none"),
        ("none", "none"),
        ("", "none"),
        ("dmarc=pass header.from=stranger.example", "none"),
        ("dkim/1=PASS header.d=CUSTOMER.example", "pass"),
    ],
)
def test_the_hosts_findings_become_one_verdict(results, verdict, read_mail):
    assert read_mail(mail(HOST + results)).authentication == verdict


def test_separate_headers_of_the_host_count_together(read_mail):
    both = (
        HOST + "spf=none smtp.mailfrom=x@y.example",
        HOST + "dkim=pass header.d=customer.example",
    )
    assert read_mail(mail(*both)).authentication == "pass"


def test_another_hosts_word_does_not_count(read_mail):
    assert read_mail(mail("mx.stranger.example; dmarc=pass")).authentication == "none"


def test_without_a_trusted_host_nothing_counts(read_mail):
    unchecked = Desk("support@shop.example")
    assert read_mail(mail(HOST + "dmarc=pass"), desk=unchecked).authentication == "none"
    assert read_mail(mail("; dmarc=pass"), desk=unchecked).authentication == "none"


def test_what_the_sender_wrote_below_the_last_hop_does_not_count(read_mail):
    real = HOST + "dmarc=fail header.from=customer.example"
    forged = f"Authentication-Results: {HOST}dmarc=pass header.from=customer.example\n"
    assert read_mail(mail(real, sender=forged + FROM)).authentication == "fail"


def test_the_hosts_first_word_wins(read_mail):
    assert read_mail(mail(HOST + "dmarc=fail", HOST + "dmarc=pass")).authentication == "fail"


def test_a_verdict_in_a_comment_is_none(read_mail):
    assert read_mail(mail(HOST + "(dmarc=pass) spf=none")).authentication == "none"


@pytest.mark.parametrize(
    "sender",
    [
        "From: ada@customer.example\nFrom: eve@stranger.example\n",
        "From: ada@customer.example, eve@stranger.example\n",
    ],
)
def test_two_senders_are_never_believed(sender, read_mail):
    results = HOST + "dmarc=pass header.from=customer.example"
    assert read_mail(mail(results, sender=sender)).authentication == "fail"


def test_the_trusted_name_is_compared_in_any_case_and_with_a_version(read_mail):
    assert read_mail(mail("MX.Shop.Example 1; dmarc=pass")).authentication == "pass"
