"""Every environment variable the desk reads, checked once at the start.

`X` may also be given as `X_FILE`: the path of a file that holds the value.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import environ
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent
HOSTNAME = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)")


class WrongSetting(SystemExit):
    """Stops the start with one line: the variable's name and the form it accepts."""

    def __init__(self, name: str, accepted: str) -> None:
        super().__init__(f"{name}: expected {accepted}")


@dataclass(frozen=True)
class Env:
    """The desk's settings as given from outside, parsed and checked."""

    host: str
    port: int
    data_dir: Path
    database: dict[str, Any]
    redis_url: str
    redis_prefix: str
    public_url: str
    allowed_hosts: list[str]
    secret_key: str = field(repr=False)
    field_encryption_keys: list[str] = field(repr=False)
    debug: bool
    demo: str
    mailer: dict[str, Any] = field(repr=False)
    mail_from: str
    trusted_proxies: list[str]
    log_format: str
    outbound_allow_hosts: list[str]


def read(environment: Mapping[str, str] = os.environ) -> Env:
    """The settings of this process. Makes DATA_DIR and its keys when they are missing.

    Raises WrongSetting for the first value that is not of the accepted form.
    """
    given = _Given(environment)
    data_dir = given.parse("DATA_DIR", _writable_folder, "a folder this user can write", "var")
    host = given.parse("HOST", _host, "a host name or an IP address", "127.0.0.1")
    port = given.parse("PORT", _port, "a port number from 1 to 65535", "8000")
    public_url = given.parse(
        "PUBLIC_URL",
        _origin,
        "an address like https://desk.example without a path",
        f"http://{_in_url('localhost' if _is_loopback(host) else host)}:{port}",
    )
    return Env(
        host=host,
        port=port,
        data_dir=data_dir,
        database=given.parse(
            "DATABASE_URL",
            _database,
            "postgres://user:password@host:port/name or sqlite:///path",
            f"sqlite:///{data_dir}/parley.sqlite3",
        ),
        redis_url=given.parse(
            "REDIS_URL",
            _redis,
            "redis://[:password@]host:port/number, rediss://… or unix:///path",
            f"unix://{data_dir}/valkey.sock",
        ),
        redis_prefix=given.parse("REDIS_PREFIX", _word, "letters, digits, - and _", "parley"),
        public_url=public_url,
        allowed_hosts=given.parse(
            "ALLOWED_HOSTS", _hosts, "host names separated by commas", _default_hosts(public_url)
        ),
        secret_key=given.parse(
            "SECRET_KEY",
            _secret_key,
            "at least 32 characters",
            lambda: _kept(data_dir / "secret_key", lambda: secrets.token_urlsafe(48)),
        ),
        field_encryption_keys=given.parse(
            "FIELD_ENCRYPTION_KEYS",
            _fernet_keys,
            "url-safe base64 keys of 32 bytes, separated by commas",
            lambda: _kept(
                data_dir / "field_encryption_keys", lambda: Fernet.generate_key().decode()
            ),
        ),
        debug=given.parse("DEBUG", _flag, "0 or 1", "0"),
        demo=given.parse("DEMO", _demo, "0 or 1", "0"),
        mailer=given.parse(
            "MAIL_URL",
            _mailer,
            "smtp://user:password@host:port, smtps://… or file:///folder",
            f"file://{data_dir}/mail",
        ),
        mail_from=given.parse(
            "MAIL_FROM",
            _mail_from,
            "an address like desk@example.com or Name <desk@example.com>",
            f"Parley <desk@{urlsplit(public_url).hostname}>",
        ),
        trusted_proxies=given.parse(
            "TRUSTED_PROXIES", _networks, "IP addresses or networks separated by commas", ""
        ),
        log_format=given.parse("LOG_FORMAT", _log_format, "text or json", "text"),
        outbound_allow_hosts=given.parse(
            "OUTBOUND_ALLOW_HOSTS", _host_ports, "host or host:port, separated by commas", ""
        ),
    )


class _Given:
    """The environment with X_FILE resolved."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def parse[T](
        self,
        name: str,
        parser: Callable[[str], T],
        accepted: str,
        default: str | Callable[[], str],
    ) -> T:
        raw = self._raw(name)
        if raw is None or (raw == "" and default != ""):
            raw = default() if callable(default) else default
        try:
            return parser(raw)
        except (ValueError, OSError, environ.ImproperlyConfigured) as error:
            raise WrongSetting(name, accepted) from error

    def _raw(self, name: str) -> str | None:
        path = self.environment.get(f"{name}_FILE")
        if path is None:
            return self.environment.get(name)
        if name in self.environment:
            raise WrongSetting(f"{name} and {name}_FILE", "only one of the two")
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting(f"{name}_FILE", "the path of a readable text file") from error


def _writable_folder(raw: str) -> Path:
    folder = (ROOT / raw).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(folder)
    return folder


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The key in this file, made once; two processes that start together end with the same one."""
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            draft.unlink()
    return path.read_text().strip()


def _host(raw: str) -> str:
    try:
        return str(ipaddress.ip_address(raw.strip("[]")))
    except ValueError:
        return _hostname(raw)


def _hostname(raw: str) -> str:
    if not HOSTNAME.fullmatch(raw):
        raise ValueError(raw)
    return raw.lower()


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(raw: str) -> int:
    port = int(raw)
    if not 1 <= port <= 65535:
        raise ValueError(raw)
    return port


def _origin(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(raw)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(raw)
    _host(parts.hostname)
    port = parts.port
    default = {"http": 80, "https": 443}[parts.scheme]
    tail = "" if port in (None, default) else f":{port}"
    return f"{parts.scheme}://{_in_url(parts.hostname)}{tail}"


def _default_hosts(public_url: str) -> str:
    names = dict.fromkeys([str(urlsplit(public_url).hostname), "localhost", "127.0.0.1", "::1"])
    return ",".join(_in_url(name) for name in names)


def _split(raw: str) -> list[str]:
    return [item.strip() for item in raw.split(",") if item.strip()]


def _hosts(raw: str) -> list[str]:
    hosts = _split(raw)
    for host in hosts:
        if host != "*":
            _host(host.removeprefix("."))
    return hosts


def _host_ports(raw: str) -> list[str]:
    for item in _split(raw):
        parts = urlsplit(f"//{item}")
        _host(parts.hostname or "")
        if parts.path or parts.port == 0:
            raise ValueError(item)
    return [item.lower() for item in _split(raw)]


def _networks(raw: str) -> list[str]:
    return [str(ipaddress.ip_network(item)) for item in _split(raw)]


def _database(raw: str) -> dict[str, Any]:
    scheme = urlsplit(raw).scheme
    if scheme not in ("postgres", "postgresql", "sqlite"):
        raise ValueError(scheme)
    parsed: dict[str, Any] = environ.Env.db_url_config(raw)
    if not parsed["NAME"]:
        raise ValueError("no database name")
    return parsed


def _redis(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        parts.port  # noqa: B018  (raises ValueError for a port that is none)
        return raw
    if parts.scheme == "unix" and parts.path:
        return raw
    raise ValueError(parts.scheme)


def _word(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", raw):
        raise ValueError(raw)
    return raw


def _secret_key(raw: str) -> str:
    if len(raw) < 32:
        raise ValueError("too short")
    return raw


def _fernet_keys(raw: str) -> list[str]:
    keys = _split(raw)
    for key in keys:
        Fernet(key)
    if not keys:
        raise ValueError("no key")
    return keys


def _flag(raw: str) -> bool:
    words = {"0": False, "1": True, "false": False, "true": True}
    if raw.lower() not in words:
        raise ValueError(raw)
    return words[raw.lower()]


def _demo(raw: str) -> str:
    """`loopback` is what bin/run passes on when nobody chose: demo pages for this machine only."""
    if raw not in ("0", "1", "loopback"):
        raise ValueError(raw)
    return raw


def _mailer(raw: str) -> dict[str, Any]:
    url = urlsplit(raw)
    if url.scheme == "file" and url.path:
        return {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": url.path},
        }
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise ValueError(url.scheme)
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _smtp(url)}


def _smtp(url: SplitResult) -> dict[str, Any]:
    """smtps:// speaks TLS from the first byte; smtp:// asks for STARTTLS except on this machine."""
    is_tls = url.scheme == "smtps"
    is_local = _is_loopback(str(url.hostname))
    return {
        "host": url.hostname,
        "port": url.port or (465 if is_tls else 25 if is_local else 587),
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "use_ssl": is_tls,
        "use_tls": not is_tls and not is_local,
        "timeout": 20,
    }


def _mail_from(raw: str) -> str:
    if not re.fullmatch(r"[^<>@\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+", raw):
        raise ValueError(raw)
    return raw


def _log_format(raw: str) -> str:
    if raw not in ("text", "json"):
        raise ValueError(raw)
    return raw
