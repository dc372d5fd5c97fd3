from __future__ import annotations

import time

import pytest
from django.core.cache import cache

from inbox.pictures import of_address, remote
from tests.channels_app.wire import ok, wire
from tests.inbox.pictures.drawing import drawn, opened

TYPED = "Content-Type: image/png\r\n"


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings) -> None:
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1"]
    cache.clear()


def test_a_remote_picture_comes_redrawn_and_tells_nobody_who_looks() -> None:
    with wire(ok(drawn(), headers=TYPED)) as server:
        picture = opened(of_address(f"{server.url}/logo.png?who=ada"))
    assert (picture.format, picture.size) == ("WEBP", (640, 480))
    asked = server.seen[0].lower()
    assert b"cookie" not in asked
    assert b"referer" not in asked


def test_it_is_asked_for_once_an_hour() -> None:
    with wire(ok(drawn(), headers=TYPED)) as server:
        assert of_address(server.url) == of_address(server.url)
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"<script>alert(1)</script>", headers=TYPED),
        ok(b"<svg xmlns='http://www.w3.org/2000/svg'/>", headers="Content-Type: image/svg+xml\r\n"),
        ok(drawn(), status="404 Not Found", headers=TYPED),
        ok(b""),
    ],
)
def test_anything_else_is_not_passed_on(answer: bytes) -> None:
    with wire(answer) as server:
        assert of_address(server.url) is None


def test_more_than_five_megabytes_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remote.MAX_BYTES == 5_000_000
    monkeypatch.setattr(remote, "MAX_BYTES", 100)
    with wire(ok(drawn())) as server:
        assert of_address(server.url) is None


def test_a_slow_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert remote.SECONDS == 10
    monkeypatch.setattr(remote, "SECONDS", 0.3)
    with wire(lambda _connection: time.sleep(3)) as server:
        started = time.monotonic()
        assert of_address(server.url) is None
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://",
        "https:",
    ],
)
def test_our_own_network_is_never_asked(settings, address: str) -> None:
    settings.OUTBOUND_ALLOW_HOSTS = []
    with wire(ok(drawn())) as server:
        assert of_address(address.format(port=server.port)) is None
        assert server.connections == 0


def test_a_redirect_into_our_own_network_is_not_followed() -> None:
    with wire(ok(drawn())) as inner:
        to = f"Location: http://localhost:{inner.port}/\r\n"
        with wire(ok(status="302 Found", headers=to)) as outer:
            assert of_address(outer.url) is None
        assert inner.connections == 0
