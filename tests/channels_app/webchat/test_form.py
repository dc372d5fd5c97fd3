from __future__ import annotations

from typing import Any

import pytest

from channels_app.adapters.webchat.form import WebchatForm
from channels_app.models import Channel

pytestmark = pytest.mark.django_db

SECRET = "0123456789abcdef0123456789abcdef"


def problems(**settings: Any) -> list[str]:
    return WebchatForm.from_settings(settings).problems


def test_nothing_needs_to_be_set():
    form = WebchatForm.from_settings({})
    channel = Channel(kind="webchat", name="Chat")
    assert form.is_valid(), form.problems
    form.apply(channel)
    assert channel.account == channel.key
    assert channel.settings["identity"] == "off"
    assert channel.settings["allowed_origins"] == []
    assert channel.secrets == {}


def test_two_chats_may_be_active_at_once():
    for name in ("One", "Two"):
        form = WebchatForm.from_settings({})
        channel = Channel(kind="webchat", name=name)
        assert form.is_valid()
        form.apply(channel)
        channel.full_clean()
        channel.save()
    assert Channel.objects.filter(is_active=True).count() == 2


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("https://shop.example", ["https://shop.example"]),
        ("https://Shop.example/, http://localhost:8001", ["https://shop.example", "http://localhost:8001"]),
        ("https://*.shop.example\nhttps://*.shop.example", ["https://*.shop.example"]),
        ("http://[::1]:8000", ["http://[::1]:8000"]),
    ],
)  # fmt: skip
def test_websites_are_kept_as_a_list(entered: str, kept: list[str]):
    form = WebchatForm.from_settings({"allowed_origins": entered})
    assert form.is_valid(), form.problems
    assert form.settings["allowed_origins"] == kept


@pytest.mark.parametrize(
    "entered",
    [
        "shop.example",
        "https://shop.example/path",
        "https://shop.example; script-src *",
        "https://*",
        "*",
        "'unsafe-inline'",
        "ftp://shop.example",
        "https://user@shop.example",
        "https://shop.example:0",
    ],
)
def test_what_is_no_origin_gets_into_no_policy(entered: str):
    assert problems(allowed_origins=entered)[0].startswith("allowed_origins: ")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"identity": "optional"}, "identity_secret: Signed identity needs a secret."),
        (
            {"identity": "required", "identity_secret": "short"},
            "identity_secret: At least 32 characters.",
        ),
        ({"brand_colour": "red"}, "brand_colour: A colour as #3451b2."),
        ({"brand_colour": "#12345;"}, "brand_colour: A colour as #3451b2."),
        (
            {"mail_channel": "no@where.example"},
            "mail_channel: There is no active mail channel no@where.example.",
        ),
    ],
)
def test_what_can_t_work_is_named(settings: dict[str, str], problem: str):
    assert problems(**settings) == [problem]


def test_the_secret_is_stored_apart_and_never_shown():
    form = WebchatForm.from_settings({"identity": "required", "identity_secret": SECRET})
    channel = Channel(kind="webchat", name="Chat")
    assert form.is_valid()
    form.apply(channel)
    assert (channel.secrets, "identity_secret" in channel.settings) == (
        {"identity_secret": SECRET},
        False,
    )
    assert SECRET not in WebchatForm(channel=channel).as_p()


def test_a_secret_that_is_needed_can_t_be_forgotten():
    channel = Channel(kind="webchat", name="Chat", secrets={"identity_secret": SECRET})
    shown = WebchatForm.from_settings({}).data
    form = WebchatForm(shown | {"identity": "required", "identity_secret": "-"}, channel=channel)
    assert form.problems == ["identity_secret: Signed identity needs a secret."]
    form = WebchatForm(shown | {"identity": "required", "identity_secret": ""}, channel=channel)
    assert form.is_valid(), form.problems
