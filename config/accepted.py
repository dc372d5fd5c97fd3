"""The forms an environment variable may take.

Each function returns the parsed value or raises ValueError; its docstring is what the operator is
told then, after "expected".
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import environ
from cryptography.fernet import Fernet

HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,253}(?<!-)")
PORTS = {"http": 80, "https": 443}


def host(raw: str) -> str:
    """a host name or an IP address"""
    bare = raw.removeprefix("[").removesuffix("]")
    if _is_ip(bare):
        return str(ipaddress.ip_address(bare))
    return _checked(raw.lower(), HOSTNAME.fullmatch(raw))


def port(raw: str) -> int:
    """a port number from 1 to 65535"""
    return int(_checked(raw, raw.isdecimal() and 1 <= int(raw) <= 65535))


def origin(raw: str) -> str:
    """an address like https://desk.example, without a path"""
    url = urlsplit(raw)
    is_bare = not (url.path.strip("/") or url.query or url.fragment or "@" in url.netloc)
    _checked(raw, url.scheme in PORTS and url.hostname and is_bare)
    tail = "" if url.port in (None, PORTS[url.scheme]) else f":{url.port}"
    return f"{url.scheme}://{in_url(host(str(url.hostname)))}{tail}"


def hosts(raw: str) -> list[str]:
    """host names separated by commas"""
    names = _split(raw)
    for name in names:
        _checked(name, name == "*" or host(name.removeprefix(".")))
    return names


def host_ports(raw: str) -> list[str]:
    """host or host:port, separated by commas"""
    for item in _split(raw):
        url = urlsplit(f"//{item}")
        _checked(item, not url.path and url.port != 0 and host(url.hostname or ""))
    return [item.lower() for item in _split(raw)]


def networks(raw: str) -> list[str]:
    """IP addresses or networks, separated by commas"""
    return [str(ipaddress.ip_network(item)).removesuffix("/32") for item in _split(raw)]


def database(raw: str) -> dict[str, Any]:
    """postgres://user:password@host:port/name or sqlite:///path"""
    _checked(raw, urlsplit(raw).scheme in ("postgres", "postgresql", "sqlite"))
    parsed: dict[str, Any] = environ.Env.db_url_config(raw)  # type: ignore[no-untyped-call]
    _checked(raw, parsed["NAME"])
    return parsed


def redis(raw: str) -> str:
    """redis://[:password@]host:port/number, rediss://… or unix:///path"""
    url = urlsplit(raw)
    is_tcp = url.scheme in ("redis", "rediss") and url.hostname and url.port != 0
    return _checked(raw, is_tcp or (url.scheme == "unix" and url.path))


def word(raw: str) -> str:
    """up to 40 letters, digits, - and _"""
    return _checked(raw, re.fullmatch(r"[A-Za-z0-9_-]{1,40}", raw))


def password(raw: str) -> str:
    """at least 8 characters"""
    return _checked(raw, len(raw) >= 8)


def secret_key(raw: str) -> str:
    """at least 32 characters"""
    return _checked(raw, len(raw) >= 32)


def fernet_keys(raw: str) -> list[str]:
    """url-safe base64 keys of 32 bytes, separated by commas"""
    keys = _split(raw)
    _checked(raw, keys)
    for key in keys:
        Fernet(key)
    return keys


def flag(raw: str) -> bool:
    """0 or 1"""
    return _checked(raw, raw in ("0", "1")) == "1"


def demo(raw: str) -> str:
    """0 or 1"""
    # "loopback" is what bin/run passes on when nobody chose: demo pages for this machine only.
    return _checked(raw, raw in ("0", "1", "loopback"))


def mailer(raw: str) -> dict[str, Any]:
    """smtp://user:password@host:port, smtps://… or file:///folder"""
    url = urlsplit(raw)
    backend = "django.core.mail.backends"
    if url.scheme == "file" and url.path:
        options = {"file_path": unquote(url.path)}
        return {"BACKEND": f"{backend}.filebased.EmailBackend", "OPTIONS": options}
    _checked(raw, url.scheme in ("smtp", "smtps") and url.hostname)
    return {"BACKEND": f"{backend}.smtp.EmailBackend", "OPTIONS": _smtp(url)}


def mail_from(raw: str) -> str:
    """an address like desk@example.com or Name <desk@example.com>"""
    address = r"[^<>@\s]+@[^<>@\s]+"
    return _checked(raw, re.fullmatch(rf"[^<>@\r\n]*<{address}>|{address}", raw))


def log_format(raw: str) -> str:
    """text or json"""
    return _checked(raw, raw in ("text", "json"))


def url_of(name: str, number: int) -> str:
    """Where a browser on this machine finds a server bound to this host and port."""
    reached = "127.0.0.1" if name in ("0.0.0.0", "::") else name  # noqa: S104 (not a bind)
    return f"http://{in_url(reached)}:{number}"


def same_origins(public_url: str) -> list[str]:
    """The origins under which a browser may have opened this desk."""
    url = urlsplit(public_url)
    if not is_loopback(str(url.hostname)):
        return [public_url]
    tail = f":{url.port}" if url.port else ""
    return [f"{url.scheme}://{name}{tail}" for name in ("127.0.0.1", "localhost", "[::1]")]


def in_url(name: str) -> str:
    """The host as it is written in a URL."""
    return f"[{name}]" if ":" in name else name


def is_loopback(name: str) -> bool:
    """Whether only this machine answers to this host name."""
    return name == "localhost" or (_is_ip(name) and ipaddress.ip_address(name).is_loopback)


def _checked(raw: str, is_right: object) -> str:
    if not is_right:
        raise ValueError
    return raw


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _split(raw: str) -> list[str]:
    return [item.strip() for item in raw.split(",") if item.strip()]


def _smtp(url: SplitResult) -> dict[str, Any]:
    """smtps:// speaks TLS from the first byte; smtp:// asks for STARTTLS except on this machine."""
    is_tls = url.scheme == "smtps"
    is_local = is_loopback(str(url.hostname))
    return {
        "host": url.hostname,
        "port": url.port or (465 if is_tls else 25 if is_local else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_ssl": is_tls,
        "use_tls": not is_tls and not is_local,
        "timeout": 20,
    }
