"""A mail leaves by SMTP, step by step, so that we know what a lost connection means."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from functools import partial

from channels_app.adapters.email import servers
from channels_app.adapters.email.composing import compose, mailable, message_id_of
from channels_app.adapters.email.desk import split
from channels_app.adapters.email.servers import MailServer
from channels_app.errors import SendError
from channels_app.messages import OutboundMessage, Receipt
from channels_app.models import Channel

TIMEOUT = 30.0
TOO_LARGE = 552
Reply = tuple[int, bytes]


def send(channel: Channel, message: OutboundMessage) -> Receipt:
    """Hand one mail to the channel's SMTP server. Raises SendError.

    All recipients or none: an address the server refuses is named and nobody gets the mail.
    """
    server = smtp_server(channel)
    recipients = [mailable(address) for address in (message.to, *message.cc)]
    sender = mailable(channel.account)
    mail = compose(message, account=channel.account).as_bytes()
    with connected(server, our_host=split(sender)[1]) as smtp:
        _address(smtp, sender, recipients, size=len(mail))
        _hand_over(smtp, mail)
    return Receipt(external_id=message_id_of(message, account=channel.account))


def smtp_server(channel: Channel) -> MailServer:
    """The channel's way out. Raises SendError when it has none."""
    url = channel.secrets.get("smtp_url", "")
    if not url:
        raise SendError(
            "This channel has no SMTP server to send by.", permanent=True, channel_is_broken=True
        )
    return servers.parse(url, protocol="smtp")


@contextmanager
def connected(server: MailServer, *, our_host: str) -> Generator[smtplib.SMTP]:
    """A connection that is signed in. Raises SendError when it fails, here or in the block."""
    try:
        smtp = _connect(server, our_host)
    except OSError as error:  # smtplib's own errors are OSErrors
        raise _not_connected(error) from error
    try:
        yield smtp
    except OSError as error:
        raise SendError(
            f"The connection to the mail server broke: {servers.trouble(error)}"
        ) from error
    finally:
        with suppress(OSError):  # whether the mail went out is known by now
            smtp.quit()
        smtp.close()


def _connect(server: MailServer, our_host: str) -> smtplib.SMTP:
    make = (
        partial(smtplib.SMTP_SSL, context=servers.tls_context()) if server.is_tls else smtplib.SMTP
    )
    smtp = make(server.host, server.port, local_hostname=our_host, timeout=TIMEOUT)
    try:
        if server.wants_starttls:
            smtp.starttls(context=servers.tls_context())
        smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _not_connected(error: OSError) -> SendError:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        refused = _refusal(
            (error.smtp_code, _bytes(error.smtp_error)), "The mail server refused the sign-in"
        )
        refused.channel_is_broken = refused.permanent
        return refused
    if isinstance(error, smtplib.SMTPNotSupportedError):
        text = f"The mail server does not offer what is needed to sign in: {servers.trouble(error)}"
        return SendError(text, permanent=True, channel_is_broken=True)
    return SendError(
        f"The mail server could not be reached: {servers.trouble(error)}",
        channel_is_broken=isinstance(error, ssl.SSLError),
    )


def _address(smtp: smtplib.SMTP, sender: str, recipients: Sequence[str], *, size: int) -> None:
    reply = smtp.mail(sender, _mail_options(smtp, [sender, *recipients], size))
    if reply[0] != 250:
        refused = _refusal(reply, "The mail server refused our address as sender")
        refused.channel_is_broken = refused.permanent and reply[0] != TOO_LARGE
        raise refused
    for recipient in recipients:
        reply = smtp.rcpt(recipient)
        if reply[0] not in (250, 251):
            refused = _refusal(reply, f"{recipient} was refused")
            refused.undeliverable = recipient == recipients[0] and refused.code.startswith("5.1.")
            raise refused


def _mail_options(smtp: smtplib.SMTP, addresses: Sequence[str], size: int) -> list[str]:
    options = [f"SIZE={size}"] if smtp.has_extn("size") else []
    if all(address.isascii() for address in addresses):
        return options
    if not smtp.has_extn("smtputf8"):
        text = "The mail server can't send to addresses with letters outside of ASCII."
        raise SendError(text, permanent=True, undeliverable=True)
    # smtplib encodes a command's address as ASCII unless told so.
    smtp.command_encoding = "utf-8"
    return [*options, "SMTPUTF8"]


def _hand_over(smtp: smtplib.SMTP, mail: bytes) -> None:
    """DATA. Until the closing dot the server can't have taken the mail; after it, only the
    server's answer tells."""
    reply = smtp.docmd("DATA")
    if reply[0] != 354:
        raise _refusal(reply, "The mail was refused")
    smtp.send((b"\n" + mail).replace(b"\n.", b"\n..")[1:])
    try:
        smtp.send(b".\r\n" if mail.endswith(b"\r\n") else b"\r\n.\r\n")
        reply = smtp.getreply()
    except OSError as error:
        text = "The mail server did not say whether it took the mail."
        raise SendError(text, ambiguous=True) from error
    if reply[0] != 250:
        raise _refusal(reply, "The mail was refused")


def _refusal(reply: Reply, what: str) -> SendError:
    """4xx: try again later. 5xx: never. `code` is the enhanced status where there is one."""
    said = reply[1].decode("utf-8", "replace")
    first = said.split(None, 1)[0] if said.split() else ""
    is_enhanced = first.count(".") == 2 and first.replace(".", "").isdigit()
    shown = " ".join(said.split())[:300]
    return SendError(
        f"{what}: {reply[0]} {shown}",
        code=first if is_enhanced else str(reply[0]),
        permanent=reply[0] >= 500,
    )


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()
