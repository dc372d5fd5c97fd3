from __future__ import annotations

import pytest

from channels_app.adapters import adapter_class
from channels_app.adapters.email.desk import Desk
from channels_app.adapters.email.form import EmailForm
from channels_app.adapters.email.servers import MailServer, parse
from channels_app.models import Channel

WHOLE = {
    "address": "Support@Shop.example",
    "imap_url": "imaps://support%40shop.example:p%3Aw@imap.shop.example/Support",
    "smtp_url": "smtp://support:secret@smtp.shop.example",
    "trusted_authserv_id": "MX.shop.example;",
    "form_senders": "Forms@shop.example, www@shop.example",
}


def applied(**settings: str) -> Channel:
    form = EmailForm.from_settings(settings)
    assert form.is_valid(), form.problems
    channel = Channel(kind="email", name="Support mail")
    form.apply(channel)
    return channel


def problems(**settings: str) -> list[str]:
    return EmailForm.from_settings({"address": "support@shop.example"} | settings).problems


def test_settings_and_secrets_are_kept_apart():
    channel = applied(**WHOLE)
    assert channel.account == "support@shop.example"
    assert channel.settings == {
        "trusted_authserv_id": "mx.shop.example",
        "form_senders": ["forms@shop.example", "www@shop.example"],
    }
    assert channel.secrets == {name: WHOLE[name] for name in ("imap_url", "smtp_url")}


def test_an_address_alone_is_enough():
    channel = applied(address="support@shop.example")
    assert channel.secrets == {}
    assert channel.settings == {"trusted_authserv_id": "", "form_senders": []}


def test_readers_are_told_what_the_settings_say():
    adapter = applied(**WHOLE).adapter
    assert adapter.desk == Desk(
        "support@shop.example",
        frozenset({"forms@shop.example", "www@shop.example"}),
        "mx.shop.example",
    )


def test_stored_secrets_are_never_shown_and_kept_when_left_blank():
    channel = applied(**WHOLE)
    form = EmailForm(channel=channel)
    assert "secret" not in form.as_p()
    assert "p%3Aw" not in form.as_p()
    assert "forms@shop.example, www@shop.example" in form.as_p()
    again = EmailForm({"address": "help@shop.example"}, channel=channel)
    assert again.is_valid(), again.problems
    again.apply(channel)
    assert channel.secrets["smtp_url"] == WHOLE["smtp_url"]
    assert channel.account == "help@shop.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "support"),
        ("address", "a@b.example, c@d.example"),
        ("address", "a@b.example\nBcc: x@y.example"),
        ("imap_url", "imap.shop.example"),
        ("imap_url", "smtp://x:y@shop.example"),
        ("imap_url", "imap://x:y@"),
        ("imap_url", "imap://x:y@shop.example:port"),
        ("imap_url", "imap://x:y@shop.example:99999"),
        ("imap_url", "imap://x:pass word@shop.example"),
        ("imap_url", "imap://x:p#w@shop.example"),
        ("imap_url", "imap://x:y@shop.example?tls=maybe"),
        ("imap_url", "imap://x:y@shop.example/" + "a" * 200),
        ("smtp_url", "https://shop.example"),
        ("smtp_url", "smtps://"),
        ("trusted_authserv_id", "two hosts"),
        ("form_senders", "forms@shop.example, nobody"),
        ("form_sender", "a@b.example"),
    ],
)
def test_a_wrong_value_names_its_field(name, value):
    found = problems(**{name: value})
    assert len(found) == 1
    assert name in found[0]


def test_no_message_repeats_a_password():
    for name in ("imap_url", "smtp_url"):
        assert "hunter2" not in str(problems(**{name: "ftp://x:hunter2@shop.example"}))
    assert "hunter2" not in repr(parse("smtp://x:hunter2@shop.example", protocol="smtp"))


def test_every_field_says_where_to_find_its_value():
    for name, field in EmailForm.base_fields.items():
        assert len(str(field.help_text)) > 40, name


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("imaps://u:p@h.example", MailServer("h.example", 993, "u", "p", True, False)),
        ("imap://u:p@h.example", MailServer("h.example", 143, "u", "p", False, True)),
        ("imap://u:p@127.0.0.1:1143", MailServer("127.0.0.1", 1143, "u", "p", False, False)),
        ("imap://u:p@localhost", MailServer("localhost", 143, "u", "p", False, False)),
        ("imap://u:p@[::1]:99/A%2FB", MailServer("::1", 99, "u", "p", False, False, "A/B")),
        ("imap://u%40h:p%2F%23@h.example", MailServer("h.example", 143, "u@h", "p/#", False, True)),
        ("imap://u@h:p@h.example", MailServer("h.example", 143, "u@h", "p", False, True)),
        ("imap://u:p@mail?tls=none", MailServer("mail", 143, "u", "p", False, False)),
    ],
)
def test_a_url_names_a_server(url, server):
    assert parse(url, protocol="imap") == server


def test_a_password_leaves_this_machine_encrypted_only():
    assert parse("smtp://u:p@h.example", protocol="smtp").wants_starttls
    assert parse("smtps://u:p@h.example", protocol="smtp").is_tls


def test_the_kind_is_in_the_table():
    adapter = adapter_class("email")
    assert (adapter.kind, adapter.identity_kind, adapter.is_chat_like) == ("email", "email", False)
    assert adapter.limits.max_attachment_size == 25 * 1024 * 1024
    assert adapter.limits.carries_html
    assert adapter.settings_form is EmailForm
