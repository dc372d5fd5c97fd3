"""Files that lie, that are gone, and that are just files."""

from __future__ import annotations

import pytest

from channels_app.adapters.whatsapp import media as media_module
from channels_app.adapters.whatsapp.media import fetch_media, reference
from channels_app.errors import SendError
from channels_app.pretend.meta_book import Media


@pytest.fixture(autouse=True)
def _may_call_here(settings):
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]


@pytest.fixture
def stored(meta) -> Media:
    return meta.book.store(b"a picture", content_type="image/jpeg")


def told(stored: Media, **more: str) -> str:
    return reference(stored.media_id, **({"sha256": stored.digest} | more))


def test_a_file_comes_in_two_steps(account, stored):
    assert fetch_media(account, told(stored)) == b"a picture"


@pytest.mark.parametrize("digest", ["hex", "without padding", "none"])
def test_its_digest_counts_in_every_form(account, stored, digest):
    forms = {"hex": stored.sha256, "without padding": stored.digest.rstrip("="), "none": ""}
    assert fetch_media(account, told(stored, sha256=forms[digest])) == b"a picture"


def test_an_address_that_has_expired_is_asked_for_anew(account, meta, stored):
    meta.address_lifetime = -1.0
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored))
    assert not error.value.permanent
    meta.address_lifetime = 300.0
    assert fetch_media(account, told(stored)) == b"a picture"


def test_bytes_that_are_not_the_announced_ones_are_refused_and_asked_for_again(
    account, meta, stored
):
    meta.media_lies = {"content": b"something else"}
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored))
    assert (error.value.code, error.value.permanent) == ("sha256", False)


def test_where_the_event_told_no_digest_the_one_beside_the_address_counts(account, meta, stored):
    meta.media_lies = {"content": b"something else"}
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored, sha256=""))
    assert error.value.code == "sha256"


@pytest.mark.parametrize("digest", ["x", "not base64 at all!", "=" * 9, "é"])
def test_a_digest_that_is_none_fits_nothing(account, stored, digest):
    with pytest.raises(SendError):
        fetch_media(account, told(stored, sha256=digest))


def test_a_file_that_says_it_is_too_large_is_not_fetched(account, meta, stored):
    meta.media_lies = {"answer": {"file_size": str(10**12)}}
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored))
    assert error.value.permanent


def test_a_file_that_is_larger_than_it_says_is_cut_off(account, meta, stored, monkeypatch):
    monkeypatch.setattr(media_module, "MAX_BYTES", 1000)
    meta.media_lies = {"answer": {"file_size": "9"}, "content": b"x" * 5000}
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored))
    assert error.value.permanent


def test_a_file_whose_seven_days_are_over_is_gone(account, meta, stored):
    meta.book.forget_media(stored.media_id)
    with pytest.raises(SendError) as error:
        fetch_media(account, told(stored))
    assert error.value.permanent


def test_a_token_that_is_refused_may_be_put_right(account, stored):
    other = account.__class__(account.phone_number_id, "1", "wrong", "v26.0", account.api_base)
    with pytest.raises(SendError) as error:
        fetch_media(other, told(stored))
    assert not error.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "whatsapp-media:../messages?sha256=",
        "whatsapp-media:1/2?sha256=",
        "whatsapp-media:",
        "file:///etc/passwd",
    ],
)
def test_what_names_no_file_of_theirs_is_never_called(account, url):
    with pytest.raises(SendError) as error:
        fetch_media(account, url)
    assert error.value.permanent


@pytest.mark.parametrize(
    "answer",
    [{"url": "http://169.254.169.254/latest/"}, {"url": "file:///etc/passwd"}, {"url": ""}],
)
def test_an_answer_that_points_into_our_network_leads_nowhere(account, meta, stored, answer):
    meta.media_lies = {"answer": answer}
    with pytest.raises(SendError):
        fetch_media(account, told(stored))


@pytest.mark.parametrize("answer", [{"url": None}, {"file_size": "many"}, {"file_size": None}])
def test_an_answer_that_makes_no_sense_is_asked_for_again(account, meta, stored, answer):
    meta.media_lies = {"answer": answer}
    if answer == {"file_size": None}:
        assert fetch_media(account, told(stored)) == b"a picture"
        return
    with pytest.raises(SendError):
        fetch_media(account, told(stored))
