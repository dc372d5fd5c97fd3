"""A mail server as an admin writes it down: `imaps://user:password@host:port/mailbox`."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

PORTS = {"imap": 143, "imaps": 993, "smtp": 587, "smtps": 465}
MAX_MAILBOX = 150
NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


@dataclass(frozen=True, slots=True)
class MailServer:
    """is_tls: encrypted from the first byte. wants_starttls: encrypted before anything secret."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    wants_starttls: bool
    mailbox: str = "INBOX"

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"


def parse(url: str, *, protocol: str) -> MailServer:
    """The server a URL names; protocol is imap or smtp. Raises ValueError in plain words.

    Without TLS in the scheme STARTTLS is required, except on this machine and with `?tls=none`.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in (protocol, f"{protocol}s"):
        raise ValueError(f"must begin with {protocol}:// or {protocol}s://")
    host, port = _place(url)
    is_tls = parts.scheme.endswith("s")
    if parts.query not in ("", "tls=none"):
        raise ValueError("after the ? only tls=none is known")
    return MailServer(
        host=host,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        wants_starttls=not is_tls and parts.query != "tls=none" and not _is_this_machine(host),
        mailbox=_mailbox(parts.path),
    )


def tls_context() -> ssl.SSLContext:
    """Certificates are checked, always."""
    return ssl.create_default_context()


def trouble(error: BaseException) -> str:
    """What went wrong with a connection, in one short line."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
    if isinstance(error, ssl.SSLError) and error.reason in NO_TLS:
        return "this port does not speak TLS"
    return " ".join(str(error).split())[:300] or type(error).__name__


def _place(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url.strip())
    advice = "write user:password@host:port, with @ : / ? # % in user and password as %40 %3A …"
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"has no readable port; {advice}") from error
    if not host or parts.fragment or any(letter.isspace() for letter in url.strip()):
        raise ValueError(f"has no readable host; {advice}")
    return host, port


def _mailbox(path: str) -> str:
    name = unquote(path.strip("/")) or "INBOX"
    if len(name) > MAX_MAILBOX or not name.isprintable():
        raise ValueError(f"the mailbox after the / must be at most {MAX_MAILBOX} letters")
    return name


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
