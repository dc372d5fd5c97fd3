from __future__ import annotations

import pytest

from channels_app.adapters.whatsapp.form import WhatsAppForm
from channels_app.models import Channel
from tests.channels_app.whatsapp.conftest import NUMBER_ID, WABA

GOOD = {
    "phone_number_id": NUMBER_ID,
    "waba_id": WABA,
    "access_token": "EAAB",
    "app_secret": "secret",
    "verify_token": "word",
}


def form(**changes: str) -> WhatsAppForm:
    return WhatsAppForm.from_settings({**GOOD, **changes})


def test_the_settings_of_the_documentation_are_enough():
    channel, filled = Channel(), form()
    assert filled.is_valid(), filled.problems
    filled.apply(channel)
    assert channel.account == NUMBER_ID
    assert channel.secrets == {
        "access_token": "EAAB",
        "app_secret": "secret",
        "verify_token": "word",
    }
    assert channel.settings == {
        "waba_id": WABA,
        "portfolio_id": "",
        "graph_version": "v26.0",
        "api_base": "https://graph.facebook.com",
    }


def test_two_app_secrets_live_side_by_side_during_a_change():
    filled = form(app_secret=" new , old ")
    assert filled.is_valid(), filled.problems
    assert filled.secrets["app_secret"] == "new,old"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone_number_id", "+1 555 078 3881"),
        ("phone_number_id", ""),
        ("waba_id", "my account"),
        ("access_token", "two words"),
        ("app_secret", "two words"),
        ("app_secret", ","),
        ("verify_token", "two words"),
        ("portfolio_id", "x"),
        ("graph_version", "26"),
        ("api_base", "http://graph.facebook.com"),
        ("api_base", "https://127.0.0.1"),
        ("api_base", "nonsense"),
    ],
)
def test_a_wrong_setting_is_named(settings, name, value):
    settings.OUTBOUND_ALLOW_HOSTS = []
    assert any(problem.startswith(f"{name}:") for problem in form(**{name: value}).problems)


def test_every_field_says_where_its_value_stands():
    assert all(field.help_text for field in WhatsAppForm.base_fields.values())
