"""A connection to a channel's mailbox by IMAP."""

from __future__ import annotations

import imaplib
from collections.abc import Generator
from contextlib import contextmanager, suppress

import imap_tools
from imap_tools.errors import (
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)

from channels_app.adapters.email import servers
from channels_app.adapters.email.servers import MailServer
from channels_app.models import Channel

TIMEOUT = 30.0
Trouble = (imaplib.IMAP4.error, OSError, UnexpectedCommandStatusError)


class CannotFetch(Exception):
    """The mailbox can't be read now; the text says why, in plain words."""


@contextmanager
def opened(channel: Channel) -> Generator[imap_tools.BaseMailBox]:
    """The channel's mailbox, signed in and selected. Raises CannotFetch when that fails or the
    connection breaks in the block."""
    server = imap_server(channel)
    try:
        box = _connect(server)
    except Trouble as error:
        raise CannotFetch(
            f"The mail server could not be reached: {servers.trouble(error)}"
        ) from error
    try:
        _enter(box, server)
        yield box
    except Trouble as error:
        raise CannotFetch(f"The mailbox could not be read: {servers.trouble(error)}") from error
    finally:
        with suppress(*Trouble):  # a connection that broke can't be closed politely
            box.logout()


def imap_server(channel: Channel) -> MailServer:
    """The channel's way in. Raises CannotFetch when it has none."""
    url = channel.secrets.get("imap_url", "")
    if not url:
        raise CannotFetch("This channel has no IMAP server to fetch from.")
    return servers.parse(url, protocol="imap")


def _connect(server: MailServer) -> imap_tools.BaseMailBox:
    if server.is_tls:
        return imap_tools.MailBox(
            server.host, server.port, timeout=TIMEOUT, ssl_context=servers.tls_context()
        )
    if server.wants_starttls:
        return imap_tools.MailBoxStartTls(
            server.host, server.port, timeout=TIMEOUT, ssl_context=servers.tls_context()
        )
    return imap_tools.MailBoxUnencrypted(server.host, server.port, timeout=TIMEOUT)


def _enter(box: imap_tools.BaseMailBox, server: MailServer) -> None:
    try:
        is_plain = server.user.isascii() and server.password.isascii()
        (box.login if is_plain else box.login_utf8)(server.user, server.password, None)
    except MailboxLoginError as error:
        raise CannotFetch("The mail server refused user and password.") from error
    try:
        box.folder.set(server.mailbox)
    except MailboxFolderSelectError as error:
        raise CannotFetch(f"There is no mailbox “{server.mailbox}”.") from error
