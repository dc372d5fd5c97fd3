from __future__ import annotations

import pytest

from channels_app.adapters.sms.form import TwilioForm
from channels_app.models import Channel
from tests.channels_app.sms.conftest import NUMBER

GOOD = {"account_sid": "AC" + "a1" * 16, "auth_token": "secret", "number": NUMBER}


def form(**changes: str) -> TwilioForm:
    return TwilioForm.from_settings({**GOOD, **changes})


def problems(**changes: str) -> list[str]:
    return form(**changes).problems


def test_the_least_that_is_needed_is_enough():
    channel = Channel()
    filled = form()
    assert filled.is_valid(), filled.problems
    filled.apply(channel)
    assert channel.account == NUMBER
    assert channel.secrets == {"auth_token": "secret"}
    assert channel.settings == {
        "provider": "twilio",
        "account_sid": GOOD["account_sid"],
        "messaging_service_sid": "",
        "default_region": "",
        "allowed_countries": [],
        "daily_limit_per_number": 200,
        "daily_limit_per_prefix": 2000,
        "daily_limit": 20_000,
        "keyword_replies": "provider",
        "api_base": "https://api.twilio.com",
    }


def test_everything_there_is_can_be_set():
    filled = form(
        provider="twilio",
        messaging_service_sid="MG" + "b2" * 16,
        signing_keys="k1:s1, k2:s2",
        default_region="us",
        allowed_countries="us, CA,de",
        daily_limit_per_number="5",
        daily_limit_per_prefix="",
        daily_limit="0",
        keyword_replies="parley",
        api_base="http://127.0.0.1:8111/",
    )
    assert filled.is_valid(), filled.problems
    assert filled.secrets == {"auth_token": "secret", "signing_keys": "k1:s1,k2:s2"}
    assert filled.settings == {
        "provider": "twilio",
        "account_sid": GOOD["account_sid"],
        "messaging_service_sid": "MG" + "b2" * 16,
        "default_region": "US",
        "allowed_countries": ["CA", "DE", "US"],
        "daily_limit_per_number": 5,
        "daily_limit_per_prefix": None,
        "daily_limit": 0,
        "keyword_replies": "parley",
        "api_base": "http://127.0.0.1:8111",
    }


@pytest.mark.parametrize(
    ("entered", "region", "account"),
    [
        ("+1 (415) 555-0123", "", "+14155550123"),
        ("415 555 0123", "US", "+14155550123"),
        ("0171 1234567", "de", "+491711234567"),
        ("12345", "", "12345"),
        ("ACME Shop", "", "ACME Shop"),
    ],
)
def test_the_number_is_kept_as_twilio_reports_it(entered, region, account):
    filled = form(number=entered, default_region=region)
    assert filled.is_valid(), filled.problems
    assert filled.account == account


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", "pigeon"),
        ("account_sid", ""),
        ("account_sid", "SK" + "a1" * 16),
        ("account_sid", "AC123"),
        ("account_sid", "AC" + "a1" * 16 + "\nX"),
        ("auth_token", ""),
        ("auth_token", "two words"),
        ("auth_token", ","),
        ("number", ""),
        ("number", "0171 1234567"),
        ("number", "A name that is too long"),
        ("messaging_service_sid", "AC" + "a1" * 16),
        ("signing_keys", "only-a-secret"),
        ("signing_keys", "k1:s1,:s2"),
        ("default_region", "Germany"),
        ("allowed_countries", "US, Narnia"),
        ("daily_limit_per_number", "-1"),
        ("daily_limit_per_prefix", "many"),
        ("daily_limit", "1.5"),
        ("keyword_replies", "nobody"),
        ("api_base", "ftp://127.0.0.1/"),
        ("api_base", "no address"),
        ("api_base", "https://no-such-host.invalid"),
    ],
)
def test_a_wrong_setting_names_itself(name, value):
    found = problems(**{name: value})
    assert len(found) == 1, found
    assert found[0].startswith(f"{name}: ")


def test_an_unknown_setting_names_itself():
    assert problems(acount_sid="x")[0].startswith("unknown setting acount_sid; known: provider, ")


def test_an_api_address_in_a_private_network_must_be_allowed(settings):
    settings.OUTBOUND_ALLOW_HOSTS = []
    (problem,) = problems(api_base="http://127.0.0.1:8111")
    assert problem.startswith("api_base: ")
    assert "OUTBOUND_ALLOW_HOSTS" in problem


def test_credentials_are_not_sent_over_plain_http_in_public(settings):
    settings.OUTBOUND_ALLOW_HOSTS = []
    (problem,) = problems(api_base="http://8.8.8.8")
    assert problem == "api_base: Only https: keeps the credentials secret on the way."


def test_two_auth_tokens_may_be_live():
    filled = form(auth_token=" new , old ")
    assert filled.is_valid(), filled.problems
    assert filled.secrets["auth_token"] == "new,old"


def test_what_was_saved_is_shown_again_without_its_secrets():
    channel = Channel()
    filled = form(allowed_countries="US,CA", signing_keys="k1:s1")
    assert filled.is_valid(), filled.problems
    filled.apply(channel)
    page = TwilioForm(channel=channel).as_p()
    assert 'value="CA, US"' in page
    assert f'value="{NUMBER}"' in page
    assert "k1:s1" not in page
    assert 'value="secret"' not in page


def test_every_field_says_where_its_value_stands():
    for name, field in TwilioForm.base_fields.items():
        assert str(field.label), name
        assert str(field.help_text).endswith("."), name
