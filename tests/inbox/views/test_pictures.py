from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from channels_app import messages
from channels_app.models import Channel
from inbox.models import Agent
from tests.channels_app.wire import ok, wire
from tests.inbox.desk import hear
from tests.inbox.pictures.drawing import attached, drawn, opened

pytestmark = pytest.mark.django_db

INLINE = '<p>See</p><img src="cid:{}" alt="shade">'


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def enclosing(channel: Channel, html: str, *names: str) -> str:
    """Where the original of a mail is, whose pictures have these content ids."""
    files = tuple(
        messages.Attachment("a.png", "image/png", content=drawn(), content_id=name, is_inline=True)
        for name in names
    )
    return f"/messages/{hear(channel, html=html, attachments=files).pk}/original/"


def sources(page: str) -> list[str]:
    return re.findall(r'<img[^>]* src="([^"]*)"', page)


def test_the_timeline_shows_a_thumbnail_that_keeps_its_place(
    post: Channel, as_grace: Client
) -> None:
    file = attached(post, drawn(), name='sha"de.png')
    assert file.message is not None
    page = as_grace.get(f"/t/{file.message.ticket_id}/").content.decode()
    tile = re.search(r'<a class="file__picture".*?</a>', page)
    assert tile is not None
    assert f'href="/attachments/{file.pk}/picture?size=large" target="_blank"' in tile[0]
    assert f'src="/attachments/{file.pk}/picture" alt="sha&quot;de.png"' in tile[0]
    assert 'width="208" height="156" loading="lazy"' in tile[0]
    assert f'href="/attachments/{file.pk}/" download' in page


def test_other_files_have_no_thumbnail(post: Channel, as_grace: Client) -> None:
    file = attached(post, b"<svg/>", name="a.svg", content_type="image/svg+xml")
    assert file.message is not None
    page = as_grace.get(f"/t/{file.message.ticket_id}/").content.decode()
    assert "file__picture" not in page
    assert f'href="/attachments/{file.pk}/" download' in page


@pytest.mark.parametrize(("query", "edge"), [("", 320), ("?size=large", 1600), ("?size=9", 320)])
def test_a_picture_is_shown_redrawn_and_can_do_nothing(
    post: Channel, as_grace: Client, query: str, edge: int
) -> None:
    file = attached(post, drawn("JPEG", (2000, 1000)), content_type="image/jpeg")
    response = as_grace.get(f"/attachments/{file.pk}/picture{query}")
    assert opened(response.content).size == (edge, edge // 2)
    assert response["Content-Type"] == "image/webp"
    assert response["Content-Disposition"] == 'inline; filename="picture.webp"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert "private" in response["Cache-Control"]


def test_a_picture_seen_before_is_not_sent_again(post: Channel, as_grace: Client) -> None:
    address = f"/attachments/{attached(post, drawn()).pk}/picture"
    tag = as_grace.get(address)["ETag"]
    again = as_grace.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)/>", b"<html>", drawn()[:100]])
def test_what_only_says_it_is_a_picture_is_not_shown(
    post: Channel, as_grace: Client, content: bytes
) -> None:
    file = attached(post, content, name="shade.png")
    for query in ("", "?size=large"):
        assert as_grace.get(f"/attachments/{file.pk}/picture{query}").status_code == 404
    assert as_grace.get(f"/attachments/{file.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("written", "content_id"),
    [("a@b", "a@b"), ("a%40b", "a@b"), ("ä b", "ä b"), ("x", "x")],
)
def test_images_of_the_same_mail_are_shown_without_a_cookie(
    post: Channel, as_grace: Client, written: str, content_id: str
) -> None:
    original = as_grace.get(enclosing(post, INLINE.format(written), content_id))
    (source,) = sources(original.content.decode())
    response = Client().get(source)
    assert opened(response.content).size == (640, 480)
    assert response["Content-Type"] == "image/webp"
    assert "no-store" in response["Cache-Control"]
    assert "img-src 'self'" in original["Content-Security-Policy"]


def test_an_image_the_mail_does_not_have_is_left_out(post: Channel, as_grace: Client) -> None:
    enclosing(post, "", "a@b")
    page = as_grace.get(enclosing(post, INLINE.format("a@b"), "other@b")).content.decode()
    assert sources(page) == []
    assert "cid:" not in page


@pytest.mark.parametrize("query", ["", "?images=", "?images=all"])
def test_remote_images_stay_off_until_asked_for(
    post: Channel, as_grace: Client, query: str
) -> None:
    html = '<img src="https://t.example/x.png"><img src="HTTP://t.example/y.png">'
    page = as_grace.get(enclosing(post, html) + query).content.decode()
    assert sources(page) == []
    assert "t.example" not in page


def test_remote_images_come_through_us(settings, post: Channel, as_grace: Client) -> None:
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]
    with wire(ok(drawn())) as server:
        where = enclosing(post, f'<img src="{server.url}/x.png?a=1&amp;b=2">')
        page = as_grace.get(f"{where}?images=remote").content.decode()
        assert server.connections == 0
        (source,) = sources(page)
        assert str(server.port) not in page
        assert opened(Client().get(source).content).size == (640, 480)
        assert server.seen[0].startswith(b"GET /x.png?a=1&b=2 HTTP")


def test_a_remote_image_in_our_own_network_is_not_fetched(
    settings, post: Channel, as_grace: Client
) -> None:
    settings.OUTBOUND_ALLOW_HOSTS = []
    with wire(ok(drawn())) as server:
        where = enclosing(post, f'<img src="{server.url}/x.png">')
        (source,) = sources(as_grace.get(f"{where}?images=remote").content.decode())
        assert Client().get(source).status_code == 404
        assert server.connections == 0


def test_nobody_fetches_through_us_what_we_did_not_sign(as_grace: Client) -> None:
    for token in ("https://t.example/x.png", "W10:1:x", "x"):
        assert as_grace.get(f"/pictures/{token}").status_code == 404
    assert as_grace.get("/pictures/?url=https://t.example/x.png").status_code == 404


def test_too_many_or_too_long_addresses_stay_off(post: Channel, as_grace: Client) -> None:
    many = "".join(f'<img src="https://t.example/{n}">' for n in range(60))
    page = as_grace.get(enclosing(post, many) + "?images=remote").content.decode()
    assert len(sources(page)) == 50
    long = f'<img src="https://t.example/{"x" * 2000}">'
    page = as_grace.get(enclosing(post, long) + "?images=remote").content.decode()
    assert sources(page) == []


@pytest.mark.parametrize(
    ("html", "count"),
    [
        ("<p>Hi</p>", 0),
        ('<img src="cid:a@b">', 0),
        ('<img src="https://t.example/1"><p>x</p><img src="http://t.example/2" alt="2">', 2),
        ('<img alt="a > b" src="https://t.example/1">', 1),
        ('<img alt=" src=&quot;https:" src="cid:x">', 0),
        ('<img><a href="https://t.example/">x</a>', 0),
        ('<img src="https://t.example/1">' * 60, 50),
    ],
)
def test_the_button_says_how_many_are_not_loaded(
    post: Channel, as_grace: Client, html: str, count: int
) -> None:
    message = hear(post, html=html)
    page = as_grace.get(f"/t/{message.ticket_id}/").content.decode()
    assert f'data-remote="{count}"' in page


@pytest.mark.parametrize(
    ("authentication", "words"),
    [
        ("pass", "Confirmed by the sender's domain"),
        ("none", "Not confirmed: nothing says who really sent it"),
        ("fail", "the sender's domain denies it"),
    ],
)
def test_the_details_of_a_mail_say_in_words_who_vouches_for_it(
    post: Channel, as_grace: Client, authentication: str, words: str
) -> None:
    message = hear(post, authentication=authentication)
    page = as_grace.get(f"/t/{message.ticket_id}/").content.decode()
    details = page.partition('<details class="envelope">')[2].partition("</details>")[0]
    assert words in details
    assert "ada@customer.example" in details


def test_who_may_show_a_picture_is_asked_again_each_time(
    post: Channel, as_grace: Client, grace: Agent
) -> None:
    (source,) = sources(as_grace.get(enclosing(post, INLINE.format("a@b"), "a@b")).content.decode())
    assert Client().get(source).status_code == 200
    Agent.objects.filter(pk=grace.pk).update(is_active=False)
    assert Client().get(source).status_code == 404
