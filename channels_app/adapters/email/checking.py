"""Check connection: the settings tried against the servers, in plain words."""

from __future__ import annotations

from channels_app.adapters.email import mailbox, sending
from channels_app.adapters.email.desk import split
from channels_app.adapters.email.mailbox import CannotFetch
from channels_app.errors import SendError
from channels_app.messages import CheckResult
from channels_app.models import Channel

READS = "Incoming mail (IMAP)"
SENDS = "Outgoing mail (SMTP)"


def check(channel: Channel) -> list[CheckResult]:
    """Sign in to both servers; nothing is fetched and nothing is sent."""
    return [_incoming(channel), _outgoing(channel)]


def _incoming(channel: Channel) -> CheckResult:
    if not channel.secrets.get("imap_url"):
        advice = "Nothing to fetch from: have a mail server call manage.py receive_email."
        return CheckResult(READS, ok=True, advice=advice)
    try:
        with mailbox.opened(channel):
            return CheckResult(READS, ok=True)
    except CannotFetch as error:
        advice = f"{error} Check host, port, user and password of the IMAP URL."
        return CheckResult(READS, ok=False, advice=advice)


def _outgoing(channel: Channel) -> CheckResult:
    try:
        server = sending.smtp_server(channel)
        with sending.connected(server, our_host=split(channel.account)[1]) as smtp:
            smtp.noop()
    except SendError as error:
        advice = f"{error.text} Check host, port, user and password of the SMTP URL."
        return CheckResult(SENDS, ok=False, advice=advice)
    return CheckResult(SENDS, ok=True)
