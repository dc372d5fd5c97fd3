"""Connections to public addresses only, each made to the very address that was checked.

A name is resolved once and the socket goes to what was found, so a name that changes its mind
between check and call gains nothing. Hosts in OUTBOUND_ALLOW_HOSTS (`host` or `host:port`) are
called whatever their address is.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import httpcore
from django.conf import settings

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")

deadline: ContextVar[float] = ContextVar("deadline")
"""When the current call must be over, on the monotonic clock, in seconds."""


class ForbiddenAddress(Exception):
    """The host's network is not public, and OUTBOUND_ALLOW_HOSTS does not name the host."""


def is_public(address: str) -> bool:
    """Whether anybody on the internet could mean this IP address.

    Private, loopback, link-local, carrier-grade NAT, multicast and reserved networks are not;
    an IPv4 address inside an IPv6 one (mapped, NAT64) counts as what it is. Python's `is_global`
    alone lets multicast, `::127.0.0.1` and NAT64 forms of private addresses pass.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or (
            ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        )
        if inner is None:
            return ip.is_global and ip in GLOBAL_UNICAST and ip not in DOCUMENTATION
        ip = inner
    return ip.is_global and not ip.is_multicast


def callable_addresses(host: str, port: int) -> list[str]:
    """The addresses a call to this host may go to, best first.

    Raises ForbiddenAddress, and OSError when the name has no address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no host name") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if is_named(host, port):
        return addresses
    public = [address for address in addresses if is_public(address)]
    if not public:
        raise ForbiddenAddress(f"{host} is not on the public internet")
    return public


def is_named(host: str, port: int) -> bool:
    """Whether OUTBOUND_ALLOW_HOSTS names this host, or it with this port."""
    named = f"[{host}]" if ":" in host else host
    return not {host, named, f"{named}:{port}"}.isdisjoint(settings.OUTBOUND_ALLOW_HOSTS)


class PublicNetwork(httpcore.NetworkBackend):
    """Opens the sockets of an httpcore pool."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of the host that answers."""
        try:
            addresses = callable_addresses(host, port)
        except OSError as error:
            raise httpcore.ConnectError(
                f"{host} has no address: {error.strerror or error}"
            ) from error
        for position, address in enumerate(addresses[:-1]):
            try:
                return _connect(address, port, share=len(addresses) - position)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _connect(addresses[-1], port)


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait ends at the call's deadline: a server that sends a byte now
    and then can't hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _connect(address: str, port: int, *, share: int = 1) -> httpcore.NetworkStream:
    left = _left(httpcore.ConnectTimeout) / share
    return _Timed(httpcore.SyncBackend().connect_tcp(address, port, left, socket_options=[]))


def _left(timeout: type[httpcore.TimeoutException]) -> float:
    left = deadline.get() - time.monotonic()
    if left <= 0:
        raise timeout("the time for this call is over")
    return left
