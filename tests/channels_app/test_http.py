from __future__ import annotations

import datetime
import gzip
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels_app import http
from tests.channels_app.wire import ok, wire


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings):
    settings.OUTBOUND_ALLOW_HOSTS = ["127.0.0.1", "localhost"]


def redirect(to: str, status: str = "302 Found") -> bytes:
    return ok(status=status, headers=f"Location: {to}\r\n")


def test_a_whole_answer_comes_back():
    with wire(ok(b'{"a": 1}', status="201 Created", headers="X-Thing: yes\r\n")) as server:
        answer = http.request("GET", f"{server.url}/x?y=1")
    assert (answer.status, answer.body, answer.json()) == (201, b'{"a": 1}', {"a": 1})
    assert answer.headers["x-thing"] == answer.headers["X-Thing"] == "yes"
    assert server.seen[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")


def test_a_list_in_a_form_repeats_its_key():
    with wire(ok()) as server:
        http.request("POST", server.url, data={"To": "+1 2", "MediaUrl": ["a", "b"]})
    assert server.seen[0].endswith(b"\r\n\r\nTo=%2B1+2&MediaUrl=a&MediaUrl=b")
    assert b"content-type: application/x-www-form-urlencoded" in server.seen[0].lower()


def test_credentials_and_headers_are_sent():
    with wire(ok()) as server:
        http.request("GET", server.url, auth=("me", "secret"), headers={"X-A": "b"})
    assert b"authorization: basic bwu6c2vjcmv0" in server.seen[0].lower()
    assert b"x-a: b" in server.seen[0].lower()


def test_a_second_call_uses_the_same_connection():
    with wire(ok(), ok()) as server:
        http.request("GET", server.url)
        http.request("GET", server.url)
        assert (len(server.seen), server.connections) == (2, 1)


def test_cookies_are_not_kept():
    with wire(ok(headers="Set-Cookie: a=b; Path=/\r\n"), ok()) as server:
        http.request("GET", server.url)
        http.request("GET", server.url)
        assert b"cookie" not in server.seen[1].lower()


def test_an_address_that_is_not_public_is_never_connected_to(settings):
    settings.OUTBOUND_ALLOW_HOSTS = []
    with wire(ok()) as server:
        with pytest.raises(http.ForbiddenAddress):
            http.request("GET", server.url)
        with pytest.raises(http.ForbiddenAddress):
            http.refuse_private(server.url)
        assert server.connections == 0


def test_a_redirect_into_a_private_network_is_refused(settings):
    with (
        wire(ok(b"secret")) as inside,
        wire(redirect(f"http://127.0.0.1:{inside.port}/")) as outside,
    ):
        settings.OUTBOUND_ALLOW_HOSTS = [f"localhost:{outside.port}"]
        with pytest.raises(http.ForbiddenAddress):
            http.request("GET", f"http://localhost:{outside.port}/")
        assert (outside.connections, inside.connections) == (1, 0)


def test_credentials_stay_at_home_when_a_redirect_leaves_the_host():
    with wire(ok(b"file")) as store, wire(redirect(f"{store.url}/f")) as api:
        answer = http.request("GET", f"{api.url}/media", auth=("me", "secret"))
    assert answer.body == b"file"
    assert b"authorization" in api.seen[0].lower()
    assert b"authorization" not in store.seen[0].lower()


def test_the_fourth_redirect_is_one_too_many():
    with wire(*[redirect("/on")] * 3, ok(b"there")) as server:
        assert http.request("GET", server.url).body == b"there"
    with wire(redirect("/on")) as server:
        with pytest.raises(http.Unreachable):
            http.request("GET", server.url)
        assert len(server.seen) == 4


def test_a_redirected_post_is_not_repeated():
    with wire(redirect("/on", status="307 Temporary Redirect")) as server:
        assert http.request("POST", server.url, data={"a": "b"}).status == 307
        assert len(server.seen) == 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://x.example/", "gopher://x/", "http://"])
def test_a_redirect_to_another_scheme_goes_nowhere(to):
    with wire(redirect(to)) as server, pytest.raises(http.Unreachable):
        http.request("GET", server.url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x.example/", "x", "", "http://", "//a"]
)
def test_only_http_addresses_are_called(url):
    with pytest.raises(http.Unreachable) as error:
        http.request("GET", url)
    assert not error.value.sent
    with pytest.raises(http.Unreachable):
        http.refuse_private(url)


def test_an_answer_that_is_too_large_is_not_read_to_its_end():
    sent = []

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            try:
                sent.append(connection.send(b"x" * 65536))
            except OSError:
                return

    with wire(flood) as server, pytest.raises(http.TooLarge):
        http.request("GET", server.url, max_bytes=100_000)
    assert sum(sent) < 20_000_000


def test_an_answer_that_unpacks_to_more_is_not_unpacked():
    bomb = gzip.compress(b"0" * 10_000_000)
    with wire(ok(bomb, headers="Content-Encoding: gzip\r\n")) as server:
        with pytest.raises(http.Unreachable, match="compressed"):
            http.request("GET", server.url)
        assert b"accept-encoding: identity" in server.seen[0].lower()


def test_a_call_that_found_nobody_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}", "http://no-such-host.invalid/"):
        with pytest.raises(http.Unreachable) as error:
            http.request("POST", url, data={"a": "b"})
        assert not error.value.sent


def test_a_call_whose_answer_is_lost_may_have_been_sent():
    def drop(connection: socket.socket) -> None:
        connection.close()

    def half(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    for broken in (drop, half, b"what is this\r\n\r\n"):
        with wire(broken) as server, pytest.raises(http.Unreachable) as error:
            http.request("POST", server.url, data={"a": "b"})
        assert error.value.sent


def test_a_server_that_never_answers_is_left_in_time():
    with wire(lambda _: time.sleep(5)) as server:
        start = time.monotonic()
        with pytest.raises(http.Unreachable) as error:
            http.request("POST", server.url, data={"a": "b"}, seconds=0.3)
        assert error.value.sent
        assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"]
)
def test_a_server_that_answers_byte_by_byte_is_left_in_time(start):
    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(100):
            time.sleep(0.05)
            try:
                connection.sendall(b"x")
            except OSError:
                return

    with wire(drip) as server:
        began = time.monotonic()
        with pytest.raises(http.Unreachable):
            http.request("GET", server.url, seconds=0.4)
        assert time.monotonic() - began < 2


def test_https_names_the_host_it_means_and_checks_the_certificate(tmp_path, monkeypatch):
    names = []
    context = _self_signed(tmp_path, "localhost", names)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65536)
                    secured.sendall(ok(b"secured"))
            except OSError:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    url = f"https://localhost:{listener.getsockname()[1]}/"
    with pytest.raises(http.Unreachable) as error:
        http.request("POST", url, data={"a": "b"})
    assert not error.value.sent
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    http._client.cache_clear()
    try:
        assert http.request("POST", url, data={"a": "b"}).body == b"secured"
    finally:
        http._client.cache_clear()
    assert names == ["localhost", "localhost"]


def test_calls_from_many_threads_do_not_mix():
    with wire(lambda c: c.sendall(ok(b"x", headers="Connection: close\r\n"))) as server:
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(http.request("GET", server.url).body))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [b"x"] * 20


def _self_signed(folder, name, names) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.sni_callback = lambda _socket, asked, _context: names.append(asked)
    return context
