"""Every environment variable the desk reads, checked once at the start.

`X` may also be given as `X_FILE`: the path of a file that holds the value. What stands in `.env`
(or the file ENV_FILE names) counts where the environment itself says nothing.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from environ import Env as EnvFile

from config import accepted

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's own limit is a little above


class WrongSetting(SystemExit):
    """Stops the start with one line: the variable's name and the form it accepts."""

    def __init__(self, name: str, form: str) -> None:
        super().__init__(f"{name}: expected {form}")


@dataclass(frozen=True)
class Env:
    """The desk's settings as given from outside, parsed and checked."""

    host: str
    port: int
    public_url: str
    allowed_hosts: list[str]
    trusted_proxies: list[str]
    outbound_allow_hosts: list[str]
    data_dir: Path
    database: dict[str, Any] = field(repr=False)
    redis_url: str = field(repr=False)
    is_redis_embedded: bool
    redis_prefix: str
    secret_key: str = field(repr=False)
    field_encryption_keys: list[str] = field(repr=False)
    debug: bool
    demo: str
    demo_password: str = field(repr=False)
    mailer: dict[str, Any] = field(repr=False)
    mail_from: str
    log_format: str


def read(environment: Mapping[str, str] | None = None) -> Env:
    """The settings of this process. Makes DATA_DIR and its keys when they are missing.

    Raises WrongSetting for the first value that is not of the accepted form.
    """
    given = _Given(_with_file(os.environ) if environment is None else environment)
    data_dir = given("DATA_DIR", _folder, "var")
    host = given("HOST", accepted.host, "127.0.0.1")
    port = given("PORT", accepted.port, "8000")
    public_url = given("PUBLIC_URL", accepted.origin, accepted.url_of(host, port))
    demo = given("DEMO", accepted.demo, "0")
    return Env(
        host=host,
        port=port,
        public_url=public_url,
        allowed_hosts=given("ALLOWED_HOSTS", accepted.hosts, _hosts_of(public_url)),
        trusted_proxies=given("TRUSTED_PROXIES", accepted.networks, ""),
        outbound_allow_hosts=given("OUTBOUND_ALLOW_HOSTS", accepted.host_ports, ""),
        data_dir=data_dir,
        database=given("DATABASE_URL", accepted.database, f"sqlite:///{data_dir}/parley.sqlite3"),
        redis_url=given("REDIS_URL", accepted.redis, lambda: _embedded_redis(data_dir)),
        is_redis_embedded=not given.has("REDIS_URL"),
        redis_prefix=given("REDIS_PREFIX", accepted.word, "parley"),
        secret_key=given("SECRET_KEY", accepted.secret_key, lambda: _secret_key(data_dir)),
        field_encryption_keys=given(
            "FIELD_ENCRYPTION_KEYS", accepted.fernet_keys, lambda: _encryption_key(data_dir)
        ),
        debug=given("DEBUG", accepted.flag, "0"),
        demo=demo,
        demo_password=_demo_password(given, data_dir) if demo != "0" else "",
        mailer=given("MAIL_URL", accepted.mailer, f"file://{data_dir}/mail"),
        mail_from=given("MAIL_FROM", accepted.mail_from, _mail_from(public_url)),
        log_format=given("LOG_FORMAT", accepted.log_format, "text"),
    )


class _Given:
    """The environment with X_FILE resolved. An empty value counts as none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def __call__[T](
        self, name: str, parse: Callable[[str], T], default: str | Callable[[], str]
    ) -> T:
        raw = self._raw(name) or (default() if callable(default) else default)
        try:
            return parse(raw)
        except (ValueError, OSError, ImproperlyConfigured) as error:
            raise WrongSetting(name, str(parse.__doc__)) from error

    def has(self, name: str) -> bool:
        return bool(self._raw(name))

    def _raw(self, name: str) -> str:
        value, path = self.environment.get(name, ""), self.environment.get(f"{name}_FILE", "")
        if not path:
            return value
        if value:
            raise WrongSetting(f"{name} and {name}_FILE", "only one of the two")
        try:
            return Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting(f"{name}_FILE", "the path of a readable text file") from error


def _with_file(environment: Mapping[str, str]) -> Mapping[str, str]:
    path = Path(environment.get("ENV_FILE") or ROOT / ".env")
    if path.is_file():
        EnvFile.read_env(path)  # leaves alone what is set, and reaches our children too
    return environment


def _folder(raw: str) -> Path:
    """a folder this user can write"""
    folder = (ROOT / raw).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(folder)
    return folder


def _hosts_of(public_url: str) -> str:
    names = dict.fromkeys([str(urlsplit(public_url).hostname), "localhost", "127.0.0.1", "::1"])
    return ",".join(accepted.in_url(name) for name in names)


def _mail_from(public_url: str) -> str:
    return f"Parley <desk@{urlsplit(public_url).hostname}>"


def _embedded_redis(data_dir: Path) -> str:
    return f"unix://{quote(str(_short_folder(data_dir) / 'valkey.sock'))}"


def _short_folder(data_dir: Path) -> Path:
    """DATA_DIR, or where its path is too long for a socket a private folder of a shorter name."""
    if len(os.fsencode(data_dir)) + len("/valkey.sock") <= LONGEST_SOCKET_PATH:
        return data_dir
    name = f"parley-{sha256(os.fsencode(data_dir)).hexdigest()[:16]}"
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise WrongSetting("DATA_DIR", f"a shorter path ({folder} belongs to somebody else)")
    return folder


def _secret_key(data_dir: Path) -> str:
    return _kept(data_dir / "secret_key", lambda: secrets.token_urlsafe(48))


def _encryption_key(data_dir: Path) -> str:
    return _kept(data_dir / "field_encryption_keys", lambda: Fernet.generate_key().decode())


def _demo_password(given: _Given, data_dir: Path) -> str:
    return given(
        "DEMO_PASSWORD",
        accepted.password,
        lambda: _kept(data_dir / "demo_password", lambda: secrets.token_urlsafe(9)),
    )


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The key in this file, made once; two processes that start together end with the same one."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
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
