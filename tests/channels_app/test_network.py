from __future__ import annotations

import socket

import pytest

from channels_app import network
from channels_app.network import ForbiddenAddress, callable_addresses, is_public


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254"),
        *("172.16.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
        *("239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "fe80::1"),
        *("fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1"),
        *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2001::1", "2001:db8::1", "3fff::1", "100::1"),
    ],
)
def test_addresses_of_networks_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"),
        *("::1", "::ffff:127.0.0.1", "0.0.0.0"),
    ],
)
def test_every_spelling_of_this_machine_is_refused(host, settings):
    settings.OUTBOUND_ALLOW_HOSTS = []
    with pytest.raises(ForbiddenAddress, match="not on the public internet"):
        callable_addresses(host, 80)


@pytest.mark.parametrize(
    ("allowed", "passes"),
    [
        (["localhost"], True),
        (["localhost:8080"], True),
        (["localhost:80"], False),
        (["127.0.0.1"], False),
        ([], False),
    ],
)
def test_a_host_is_allowed_by_the_name_it_is_called_by(allowed, passes, settings):
    settings.OUTBOUND_ALLOW_HOSTS = allowed
    if passes:
        assert callable_addresses("localhost", 8080)
    else:
        with pytest.raises(ForbiddenAddress):
            callable_addresses("localhost", 8080)


def test_an_ipv6_address_is_allowed_in_brackets(settings):
    settings.OUTBOUND_ALLOW_HOSTS = ["[::1]:8080"]
    assert callable_addresses("::1", 8080) == ["::1"]


def test_of_a_name_with_public_and_private_addresses_only_the_public_are_called(
    monkeypatch, settings
):
    settings.OUTBOUND_ALLOW_HOSTS = []
    found = [(0, 0, 0, "", (address, 80)) for address in ("10.0.0.1", "8.8.8.8", "::1", "8.8.8.8")]
    monkeypatch.setattr(network.socket, "getaddrinfo", lambda *_, **__: found)
    assert callable_addresses("both.example", 80) == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "\u2024.", "xn--" + "a" * 70])
def test_a_name_without_an_address_is_an_os_error(host):
    with pytest.raises(OSError):
        callable_addresses(host, 80)


def test_a_name_is_resolved_once_and_the_found_address_is_called(monkeypatch, settings):
    """A second look-up could give another answer."""
    from channels_app import http
    from tests.channels_app.wire import ok, wire

    asked = []
    resolve = socket.getaddrinfo

    def once(host, *more, **options):
        asked.append(host)
        return resolve("127.0.0.1" if host == "desk.example" else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    with wire(ok(b"hello")) as server:
        settings.OUTBOUND_ALLOW_HOSTS = ["desk.example"]
        answer = http.request("GET", f"http://desk.example:{server.port}/")
        assert answer.body == b"hello"
        assert [host for host in asked if not host[0].isdigit()] == ["desk.example"]
        assert f"host: desk.example:{server.port}".encode() in server.seen[0].lower()
