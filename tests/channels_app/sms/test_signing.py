from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels_app.adapters.sms.signing import sign, verify
from channels_app.errors import InvalidSignature
from channels_app.messages import WebhookRequest
from tests.channels_app.sms.conftest import webhook

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+12349013030"),
    ("Digits", "1234"),
    ("From", "+12349013030"),
    ("To", "+18005551212"),
]
SHA1 = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
SHA256 = "Rmm4Vzj+Ky7JGoWXMCsZDZuHDszLr9xvdbvitrDr4/M="
SETTINGS = "x-twilio-webhooks-signature-settings"
BY_KEY = ((SETTINGS, "key=k1,algorithm=HMAC_SHA256"),)


def check(request: WebhookRequest, *, tokens=(TOKEN,), keys=(("k1", TOKEN),)) -> None:
    verify(request, auth_tokens=tokens, shared_keys=keys)


def refused(request: WebhookRequest, **secrets) -> str:
    with pytest.raises(InvalidSignature) as error:
        check(request, **secrets)
    return str(error.value)


def test_twilios_own_example_has_the_published_signatures():
    assert sign(URL, FIELDS, secret=TOKEN) == SHA1
    assert sign(URL, FIELDS, secret=TOKEN, algorithm="sha256") == SHA256


def test_a_call_signed_with_the_auth_token_is_trusted():
    check(webhook(urlencode(FIELDS), url=URL, signature=SHA1))


def test_a_call_signed_with_a_shared_key_is_trusted():
    check(webhook(urlencode(FIELDS), url=URL, signature=SHA256, headers=BY_KEY))


def test_any_of_several_live_secrets_is_trusted():
    request = webhook(urlencode(FIELDS), url=URL, signature=SHA1)
    check(request, tokens=("new", TOKEN))
    by_key = webhook(urlencode(FIELDS), url=URL, signature=SHA256, headers=BY_KEY)
    check(by_key, keys=(("k1", "other"), ("k0", "x"), ("k1", TOKEN)))


def test_a_missing_signature_is_refused():
    assert "no single" in refused(webhook(urlencode(FIELDS), url=URL))


def test_an_empty_signature_is_refused():
    assert "no single" in refused(webhook(urlencode(FIELDS), url=URL, signature=""))


def test_a_signature_sent_twice_is_refused():
    twice = (("x-twilio-signature", SHA1),)
    assert "no single" in refused(
        webhook(urlencode(FIELDS), url=URL, signature=SHA1, headers=twice)
    )


@pytest.mark.parametrize("signature", ["x", "é", SHA1[:-1], SHA1.lower(), SHA256])
def test_a_wrong_signature_is_refused(signature):
    assert "does not match" in refused(webhook(urlencode(FIELDS), url=URL, signature=signature))


@pytest.mark.parametrize(
    "settings",
    ["", "key=k1", "key=k1,algorithm=HMAC_SHA1", "key=k1,algorithm=none", "algorithm=hmac_sha256"],
)
def test_another_algorithm_is_refused(settings):
    for signature in (SHA1, SHA256):
        request = webhook(
            urlencode(FIELDS), url=URL, signature=signature, headers=((SETTINGS, settings),)
        )
        assert "algorithm" in refused(request)


def test_algorithm_settings_sent_twice_are_refused():
    request = webhook(urlencode(FIELDS), url=URL, signature=SHA256, headers=BY_KEY * 2)
    assert "algorithm" in refused(request)


def test_an_unknown_key_is_refused():
    request = webhook(urlencode(FIELDS), url=URL, signature=SHA256, headers=BY_KEY)
    assert "does not match" in refused(request, keys=(("k2", TOKEN),))


def test_an_empty_secret_signs_nothing():
    empty = sign(URL, FIELDS, secret="")
    refused(webhook(urlencode(FIELDS), url=URL, signature=empty), tokens=("",))
    by_key = webhook(
        urlencode(FIELDS),
        url=URL,
        signature=sign(URL, FIELDS, secret="", algorithm="sha256"),
        headers=BY_KEY,
    )
    refused(by_key, keys=(("k1", ""),))


def test_the_auth_token_does_not_pass_as_a_shared_key():
    request = webhook(urlencode(FIELDS), url=URL, signature=SHA256, headers=BY_KEY)
    refused(request, keys=())


@pytest.mark.parametrize(
    ("called", "signed"),
    [
        ("https://desk.example/webhooks/k/", "https://desk.example:443/webhooks/k/"),
        ("https://desk.example:8443/webhooks/k/", "https://desk.example/webhooks/k/"),
        ("http://desk.example/webhooks/k/", "http://desk.example:80/webhooks/k/"),
        ("https://desk.example/webhooks/k/?", "https://desk.example/webhooks/k/?"),
        ("https://[2001:db8::1]/webhooks/k/", "https://[2001:db8::1]:443/webhooks/k/"),
        ("https://[2001:db8::1]:8443/webhooks/k/", "https://[2001:db8::1]/webhooks/k/"),
    ],
)
def test_the_address_is_tried_with_and_without_its_port(called, signed):
    check(webhook(urlencode(FIELDS), url=called, signature=sign(signed, FIELDS, secret=TOKEN)))


@pytest.mark.parametrize(
    "other",
    ["https://mycompany.com/myapp.php?foo=1&bar=3", "https://evil.example/myapp.php?foo=1&bar=2"],
)
def test_another_address_is_refused(other):
    refused(webhook(urlencode(FIELDS), url=other, signature=SHA1))


def test_a_changed_added_or_removed_parameter_is_refused():
    for fields in ([*FIELDS[:-1], ("To", "+1")], [*FIELDS, ("X", "")], FIELDS[:-1]):
        refused(webhook(urlencode(fields), url=URL, signature=SHA1))


def test_spaces_around_a_text_are_part_of_what_is_signed():
    fields = [("Body", "  stop \n"), ("From", "+1")]
    check(webhook(urlencode(fields), url=URL, signature=sign(URL, fields, secret=TOKEN)))
    trimmed = sign(URL, [("Body", "stop"), ("From", "+1")], secret=TOKEN)
    refused(webhook(urlencode(fields), url=URL, signature=trimmed))


def test_a_body_that_is_no_form_is_signed_by_its_digest():
    body = '{"a": 1}'
    url = f"https://desk.example/webhooks/k/?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(url, {})
    check(webhook(body, url=url, signature=signature, content_type="application/json"))
    refused(webhook(body + " ", url=url, signature=signature, content_type="application/json"))


def test_a_body_that_nothing_covers_is_refused():
    url = "https://desk.example/webhooks/k/"
    signature = sign(url, [], secret=TOKEN)
    for content_type in ("application/json", None, "text/plain", "multipart/form-data"):
        request = webhook("From=%2B1", url=url, signature=signature, content_type=content_type)
        assert "not covered" in refused(request)


def test_a_content_type_sent_twice_hides_no_parameters():
    url = "https://desk.example/webhooks/k/"
    request = webhook(
        "From=%2B1",
        url=url,
        signature=sign(url, [], secret=TOKEN),
        headers=(("content-type", "text/plain"),),
    )
    assert "not covered" in refused(request)


def test_too_many_parameters_are_refused_not_counted():
    many = "&".join(f"p{n}=1" for n in range(2000))
    assert "too many" in refused(webhook(many, url=URL, signature=SHA1))
    query = webhook("{}", url=f"{URL}&{many}", signature=SHA1, content_type="application/json")
    assert "too many" in refused(query)


@given(st.lists(st.tuples(st.text(), st.text())), st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_what_twilios_library_signs_is_trusted(fields, algorithm):
    class Many(dict):
        def getlist(self, name):
            return [value for key, value in fields if key == name]

    signature = RequestValidator(TOKEN).compute_signature(URL, Many(fields), algorithm)
    headers = BY_KEY if algorithm == "HMAC_SHA256" else ()
    check(webhook(urlencode(fields), url=URL, signature=signature, headers=headers))


@given(st.binary(max_size=200), st.binary(max_size=100), st.text(max_size=60))
def test_no_bytes_break_the_check(body, settings, signature):
    refused(
        webhook(
            body, url=URL, signature=signature, headers=((SETTINGS, settings.decode("latin-1")),)
        )
    )
    refused(webhook(body, url=URL, signature=signature))
