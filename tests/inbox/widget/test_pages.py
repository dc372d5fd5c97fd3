from __future__ import annotations

import gzip
import json
import re

import pytest
from django.test import Client

from channels_app.models import Channel
from inbox.widget import pages
from tests.inbox.widget.chat import Browser

LANGUAGES = ["en", "de", "es", "fr", "hr", "nb", "pl", "ro"]


def test_the_loader_stays_at_one_address_and_fresh(client: Client):
    answer = client.get("/widget.js", HTTP_ACCEPT_ENCODING="gzip, br")
    assert answer["Content-Type"].startswith("text/javascript")
    assert "max-age=300" in answer["Cache-Control"]
    assert "stale-while-revalidate" in answer["Cache-Control"]
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Vary"] == "Accept-Encoding"
    plain = client.get("/widget.js")
    assert gzip.decompress(answer.content) == plain.content
    assert "Content-Encoding" not in plain
    again = client.get("/widget.js", HTTP_IF_NONE_MATCH=plain["ETag"])
    assert again.status_code == 304


def test_how_the_button_looks_is_told_to_allowed_websites_only(chat: Channel, client: Client):
    path = f"/widget/{chat.key}/config.js"
    told = client.get(path, HTTP_ORIGIN="https://www.shop.example")
    assert told["Access-Control-Allow-Origin"] == "https://www.shop.example"
    assert told["Vary"] == "Origin"
    assert client.get(path, HTTP_ORIGIN="https://evil.example").status_code == 403
    assert client.get("/widget/nothing/config.js").status_code == 404


def test_a_second_website_of_one_site_gets_an_answer_of_its_own(chat: Channel, client: Client):
    path = f"/widget/{chat.key}/config.js"
    first = client.get(path, HTTP_ORIGIN="https://www.shop.example")
    second = client.get(
        path,
        HTTP_ORIGIN="https://shop.example",
        HTTP_IF_NONE_MATCH=first.headers.get("ETag", "*"),
    )
    assert second.status_code == 200
    assert second["Access-Control-Allow-Origin"] == "https://shop.example"


def test_a_name_with_marks_stays_a_name(chat: Channel, client: Client):
    chat.name = '</script><script>alert("1")</script>\u2028'
    chat.settings["greeting"] = "<b>{{ 7*7 }}</b>"
    chat.save()
    told = client.get(f"/widget/{chat.key}/config.js").content.decode()
    looks = json.loads(told.removeprefix("export default ").rstrip(";\n"))
    assert looks["title"] == chat.name
    assert told.isascii()
    page = client.get(f"/widget/{chat.key}/frame").content.decode()
    assert "<b>{{" not in page
    assert "&lt;b&gt;{{ 7*7 }}&lt;/b&gt;" in page
    assert "<script>alert" not in page


def test_only_listed_websites_may_frame_the_chat(chat: Channel, client: Client, settings):
    answer = client.get(f"/widget/{chat.key}/frame")
    parts = answer["Content-Security-Policy"].split("; ")
    policy = {part.split()[0]: part.split()[1:] for part in parts}
    assert {"https://shop.example", "https://*.shop.example", "'self'"} <= set(
        policy["frame-ancestors"]
    )
    assert policy["default-src"] == ["'none'"]
    assert not any("unsafe" in word for words in policy.values() for word in words)
    assert "X-Frame-Options" not in answer
    nonce = re.search(r'<style nonce="([^"]+)"', answer.content.decode())
    assert nonce
    assert f"'nonce-{nonce[1]}'" in policy["style-src"]


def test_with_nothing_listed_only_the_desk_itself_may(make_chat, client: Client, settings):
    policy = client.get(f"/widget/{make_chat().key}/frame")["Content-Security-Policy"]
    listed = re.search(r"frame-ancestors ([^;]*)", policy)
    assert listed
    assert set(listed[1].split()) <= {"'self'", *settings.SOCKET_ORIGINS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chat_speaks_the_visitors_language(chat: Channel, client: Client, language: str):
    page = client.get(f"/widget/{chat.key}/frame?locale={language}-XX").content.decode()
    assert f'<html lang="{language}" dir="ltr"' in page


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("no", "nb"), ("nn-NO", "nb"), ("tlh", "en"), ("../etc", "en"), ("", "en"), ("DE_at", "de")],
)
def test_an_unknown_language_is_answered_in_the_nearest(
    chat: Channel, client: Client, asked: str, spoken: str
):
    page = client.get(f"/widget/{chat.key}/frame", {"locale": asked}).content.decode()
    assert f'<html lang="{spoken}"' in page


def test_the_desk_itself_goes_on_in_english(chat: Channel, client: Client):
    client.get(f"/widget/{chat.key}/frame?locale=de")
    assert 'lang="en"' in client.get("/accounts/login/").content.decode()


def test_the_card_asks_what_the_channel_wants_to_know(make_chat, client: Client):
    chat = make_chat(ask_name="optional", ask_email="required")
    page = client.get(f"/widget/{chat.key}/frame").content.decode()
    assert 'id="ask-name"' in page
    assert re.search(r'id="ask-email"[^>]* required', page)
    assert 'id="ask-phone"' not in page


def test_whoever_is_away_needs_an_address_to_answer_to(make_chat, client: Client):
    chat = make_chat(availability="form")
    page = client.get(f"/widget/{chat.key}/frame").content.decode()
    assert re.search(r'id="ask-email"[^>]* required', page)
    assert "answer by email" in page


def test_the_version_changes_with_the_frames_sources(monkeypatch: pytest.MonkeyPatch):
    before = pages.version()
    pages.version.cache_clear()
    source = pages._source
    monkeypatch.setattr(pages, "_source", lambda name: source(name) + b"/* */")
    assert pages.version() != before
    pages.version.cache_clear()


def test_an_old_frame_hears_that_there_is_a_new_one(ada: Browser):
    ada.begin()
    assert ada.hear().json()["version"] == pages.version()


def test_remarks_and_indentation_don_t_travel():
    assert pages.without_remarks(b'  a();\n  // why\n\n  b("//");\n') == b'a();\nb("//");'
