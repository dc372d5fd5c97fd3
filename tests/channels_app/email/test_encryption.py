"""Encrypted sessions with real mail servers, and what is said of a certificate that is no good."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channels_app.adapters.email import checking, fetching, servers
from channels_app.errors import SendError
from channels_app.messages import CheckResult
from channels_app.models import Channel
from tests.channels_app.email.certificates import Certificate, certificate
from tests.channels_app.email.mail_servers import ACCOUNT, Dovecot, dovecot
from tests.channels_app.email.smtp_servers import Sink, only_grace, sink
from tests.channels_app.email.test_sending import message

pytestmark = pytest.mark.django_db
HELLO = b"From: ada@customer.example\r\nSubject: 1\r\n\r\nhello\r\n"


@pytest.fixture(autouse=True)
def _anywhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine itself nothing would have to be encrypted."""
    monkeypatch.setattr(servers, "_is_this_machine", lambda host: False)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("ours"))


@pytest.fixture
def trusted(ours: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """This machine trusts our certificate, as it does those of public servers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.chain))
    return ours


@pytest.fixture(scope="module")
def running(ours: Certificate) -> Iterator[Dovecot]:
    with dovecot(certificate=ours) as server:
        yield server


def tls(one: Certificate) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(one.chain, one.key)
    return context


def smtps(one: Certificate) -> dict[str, object]:
    return {"ssl_context": tls(one), "auth_require_tls": False}


def starttls(one: Certificate) -> dict[str, object]:
    return {"tls_context": tls(one), "require_starttls": True}


def inbox_of(server: Dovecot, scheme: str) -> Channel:
    urls = {"imaps": server.secure_url, "imap": server.url}
    secrets = {"imap_url": urls[scheme]}
    return Channel.objects.create(kind="email", name="Mail", account=ACCOUNT, secrets=secrets)


def outbox_to(server: Sink, scheme: str) -> Channel:
    url = f"{scheme}://grace:secret@127.0.0.1:{server.port}"
    return Channel(kind="email", account=ACCOUNT, secrets={"smtp_url": url})


def incoming(channel: Channel) -> CheckResult:
    return checking.check(channel)[0]


def outgoing(channel: Channel) -> CheckResult:
    return checking.check(channel)[1]


@pytest.mark.oracle_mail
@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_mail_is_fetched_over_tls_and_by_starttls(
    running: Dovecot, trusted: Certificate, scheme: str
) -> None:
    channel = inbox_of(running, scheme)
    assert incoming(channel).ok
    fetching.fetch(channel, store=lambda _: None)
    running.deliver(HELLO)
    got: list[fetching.RawMail] = []
    fetching.fetch(channel, store=got.append)
    assert [one.raw.endswith(b"hello\r\n") for one in got] == [True]
    assert running.sign_ins
    assert all("TLS" in line for line in running.sign_ins)


@pytest.mark.oracle_mail
@pytest.mark.parametrize("scheme", ["imaps", "imap"])
@pytest.mark.parametrize("delay", [0.0, 0.5], ids=["as waiting begins", "later"])
def test_the_server_tells_of_new_mail_over_an_encrypted_line(
    running: Dovecot,
    trusted: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    delay: float,
) -> None:
    channel = inbox_of(running, scheme)
    fetching.fetch(channel, store=lambda _: None)

    def deliver() -> None:
        timer = threading.Timer(delay, running.deliver, [HELLO])
        timer.start()
        timer.join(0 if delay else None)

    monkeypatch.setattr(fetching, "close_old_connections", deliver)
    assert fetching.idle(channel, threading.Event(), timeout=20)


@pytest.mark.oracle_mail
@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_a_mailbox_behind_a_certificate_nobody_vouches_for_is_not_opened(
    running: Dovecot, scheme: str
) -> None:
    before = len(running.sign_ins)
    result = incoming(inbox_of(running, scheme))
    assert not result.ok
    assert "its certificate is not trusted (self-signed certificate)" in result.advice
    assert len(running.sign_ins) == before


@pytest.mark.parametrize(("scheme", "speaks"), [("smtps", smtps), ("smtp", starttls)])
def test_mail_is_sent_over_tls_and_by_starttls(
    trusted: Certificate, scheme: str, speaks: Callable[[Certificate], dict[str, object]]
) -> None:
    with sink(authenticator=only_grace, auth_required=True, **speaks(trusted)) as server:
        channel = outbox_to(server, scheme)
        assert outgoing(channel).ok
        channel.adapter.send(message())
    assert [mail.rcpt_tos for mail in server.mails] == [["ada@customer.example"]]


@pytest.mark.parametrize(("scheme", "speaks"), [("smtps", smtps), ("smtp", starttls)])
@pytest.mark.parametrize(
    ("makes", "words"),
    [
        ({}, r"its certificate is not trusted \(self-signed certificate\)"),
        ({"host": "127.0.0.2"}, r"its certificate is not trusted \(IP address mismatch"),
        ({"days": 1}, r"its certificate is not trusted \(certificate has expired\)"),
    ],
)
def test_no_password_and_no_mail_goes_to_a_server_with_a_bad_certificate(
    scheme: str,
    speaks: Callable[[Certificate], dict[str, object]],
    makes: dict[str, object],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = certificate(tmp_path, **makes)
    if makes:
        monkeypatch.setenv("SSL_CERT_FILE", str(bad.chain))
    tries: list[object] = []

    def note(*seen: object) -> None:
        tries.append(seen)

    with sink(authenticator=note, **speaks(bad)) as server:
        channel = outbox_to(server, scheme)
        with pytest.raises(SendError, match=words) as refused:
            channel.adapter.send(message())
        assert not outgoing(channel).ok
    assert not refused.value.permanent  # a certificate is renewed in hours
    assert refused.value.channel_is_broken
    assert not server.mails
    assert not tries


@pytest.mark.parametrize("scheme", ["smtps", "imaps"])
def test_a_port_that_speaks_no_tls_is_named(scheme: str) -> None:
    with sink() as server:
        channel = Channel(kind="email", account=ACCOUNT)
        url = f"{scheme}://grace:secret@127.0.0.1:{server.port}"
        channel.secrets = {f"{scheme[:-1]}_url": url}
        results = {"smtps": outgoing, "imaps": incoming}[scheme](channel)
    assert not results.ok
    assert "this port does not speak TLS" in results.advice


def test_a_server_without_starttls_gets_no_password() -> None:
    with sink(authenticator=only_grace, auth_require_tls=False) as server:
        result = outgoing(outbox_to(server, "smtp"))
    assert not result.ok
    assert "STARTTLS" in result.advice
