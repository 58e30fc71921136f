"""The guarded client against servers on loopback: what it sends, where it connects, and when it gives up."""

from __future__ import annotations

import gzip
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.errors import ConfigurationError, FetchError
from connector.infra import network as module
from connector.infra.documents import GuardedDocuments
from connector.ports import Purpose

HOST = "badges.lakeview.example"
PUBLIC = "93.184.216.34"

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield http
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def reply(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def source(http: ThreadingHTTPServer, **options: Any) -> GuardedDocuments:
    return GuardedDocuments(unsafe_loopback_hosts={HOST: ("127.0.0.1", http.server_port)}, **options)


def get(http: ThreadingHTTPServer, path: str = "/did.json", purpose: Purpose = Purpose.KEY) -> Any:
    return source(http).get(f"https://{HOST}{path}", purpose=purpose)


def test_a_request_says_little_and_keeps_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    seen: list[dict[str, str]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(dict(request.headers))
        reply(b"{}", Set_Cookie="id=1")(request)

    with server(answer) as http:
        documents = source(http)
        documents.get(f"https://{HOST}/a", purpose=Purpose.LINK, accept="application/json")
        documents.get(f"https://{HOST}/b", purpose=Purpose.LINK, accept="application/json")
    assert seen[0] == seen[1]
    assert seen[0] == {
        "Host": HOST,
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": "ler-connector",
        "Connection": "close",
    }


def test_an_answer_keeps_the_address_that_was_asked_for() -> None:
    with server(reply(b'{"id": 1}', Content_Type="application/did+json")) as http:
        found = get(http)
    assert (found.url, found.status, found.content) == (f"https://{HOST}/did.json", 200, b'{"id": 1}')
    assert found.content_type == "application/did+json"
    assert abs((datetime.now(UTC) - found.fetched_at).total_seconds()) < 60


def test_compressed_answers_are_opened_and_bombs_are_not() -> None:
    with server(reply(gzip.compress(b"{}"), Content_Encoding="gzip")) as http:
        assert get(http).content == b"{}"
    bomb = reply(gzip.compress(b"0" * 30_000_000), Content_Encoding="gzip")
    with server(bomb) as http, pytest.raises(FetchError) as caught:
        get(http)
    assert caught.value.code == "too_large"


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "999999999999")
        request.end_headers()

    with server(answer) as http, pytest.raises(FetchError) as caught:
        get(http)
    assert caught.value.code == "too_large"


def test_an_endless_body_is_cut_off() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            while True:
                request.wfile.write(b"x" * 65_536)
        except OSError:
            return

    with server(answer) as http, pytest.raises(FetchError) as caught:
        get(http)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_ends_at_the_total_time_however_often_it_drips(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.infra.fetch.TOTAL_SECONDS", 0.6)
    monkeypatch.setattr("connector.infra.fetch.READ_SECONDS", 0.5)

    def answer(request: BaseHTTPRequestHandler) -> None:
        if where == "body":
            request.send_response(200)
            request.end_headers()
        else:
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for number in range(100):
                request.wfile.write(b"x" if where == "body" else b"X-%d: y\r\n" % number)
                time.sleep(0.1)
        except OSError:
            return

    with server(answer) as http, pytest.raises(FetchError) as caught:
        get(http)
    assert caught.value.code == "timeout"


def test_redirects_are_followed_for_links_only_and_only_where_the_guard_lets_them() -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        target = {"/a": "/b", "/c": "https://169.254.169.254/latest", "/d": f"http://{HOST}/b"}.get(request.path)
        reply(b"{}", 302 if target else 200, **({"Location": target} if target else {}))(request)

    with server(answer) as http:
        assert get(http, "/a", Purpose.LINK).url == f"https://{HOST}/b"
        codes = []
        for path, purpose in (("/a", Purpose.KEY), ("/c", Purpose.LINK), ("/d", Purpose.HOSTED_BADGE)):
            with pytest.raises(FetchError) as caught:
                get(http, path, purpose)
            codes.append(caught.value.code)
    assert codes == ["redirect_refused", "private_address", "not_https"]


@pytest.mark.parametrize("raw", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
def test_a_broken_answer_is_no_answer(raw: bytes) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(raw)
        request.close_connection = True

    with server(answer) as http, pytest.raises(FetchError) as caught:
        get(http)
    assert (caught.value.code, caught.value.refused) == ("unreachable", False)


def test_a_host_that_refuses_connections_is_unreachable() -> None:
    with server(reply(b"")) as http:
        port = http.server_port
    documents = GuardedDocuments(unsafe_loopback_hosts={HOST: ("127.0.0.1", port)})
    with pytest.raises(FetchError) as caught:
        documents.get(f"https://{HOST}/", purpose=Purpose.KEY)
    assert caught.value.code == "unreachable"
    assert [(r.outcome, r.status) for r in documents.requests] == [("failed", None)]


# --- where it connects --------------------------------------------------------------------------------------------


class Wire:
    """Stands where the operating system connects: notes the address, and leads to a server on loopback."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, port: int, *, shown: str | None = None) -> None:
        self.dialled: list[tuple[str, int]] = []
        real, wire = httpcore.SyncBackend.connect_tcp, self

        def connect(
            backend: Any, host: str, at: int, timeout: Any = None, local_address: Any = None, socket_options: Any = None
        ) -> Any:
            wire.dialled.append((host, at))
            stream = real(backend, "127.0.0.1", port, timeout)
            original = stream.get_extra_info
            if shown is not None:
                stream.get_extra_info = lambda info: (shown, at) if info == "server_addr" else original(info)  # type: ignore[method-assign]  # a fake address
            return stream

        monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for `name`: what to trust, and the server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return pem, context


def test_it_connects_to_the_address_that_was_checked_and_tls_still_names_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is looked up once, and only what that gave is dialled."""
    bundle, context = certificate(tmp_path, HOST)
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    lookups: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        lookups.append(host)
        return [PUBLIC] if len(lookups) == 1 else ["127.0.0.1"]

    with server(reply(b"{}"), context) as http:
        wire = Wire(monkeypatch, http.server_port, shown=PUBLIC)
        documents = GuardedDocuments(ca_bundle=bundle, resolve=rebinding)
        assert documents.get(f"https://{HOST}/did.json", purpose=Purpose.KEY).content == b"{}"
        with pytest.raises(FetchError) as caught:
            documents.get(f"https://{HOST}/other.json", purpose=Purpose.KEY)
    assert (lookups, wire.dialled, names) == ([HOST, HOST], [(PUBLIC, 443)], [HOST])
    assert caught.value.refused and caught.value.code == "private_address"


def test_a_certificate_for_another_name_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle, context = certificate(tmp_path, "other.example")
    with server(reply(b"{}"), context) as http:
        Wire(monkeypatch, http.server_port, shown=PUBLIC)
        documents = GuardedDocuments(ca_bundle=bundle, resolve=lambda host, port: [PUBLIC])
        with pytest.raises(FetchError) as caught:
            documents.get(f"https://{HOST}/", purpose=Purpose.KEY)
    assert caught.value.code == "unreachable"


def test_the_address_at_the_other_end_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leads there (a hosts file, a redirecting gateway): a private peer is never talked to."""
    asked: list[str] = []
    with server(lambda request: asked.append(request.path)) as http:
        Wire(monkeypatch, http.server_port)
        documents = GuardedDocuments(resolve=lambda host, port: [PUBLIC])
        with pytest.raises(FetchError) as caught:
            documents.get(f"https://{HOST}/", purpose=Purpose.KEY)
    assert caught.value.refused and asked == []


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], [PUBLIC, "::1"], ["fe80::1%eth0"]]
)
def test_a_name_with_a_private_address_is_never_dialled(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch, 9)
    documents = GuardedDocuments(resolve=lambda host, port: addresses)
    with pytest.raises(FetchError) as caught:
        documents.get(f"https://{HOST}/", purpose=Purpose.KEY)
    assert caught.value.refused and wire.dialled == []
    assert [r.outcome for r in documents.requests] == ["refused"]


def test_a_lookup_that_never_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.infra.fetch.CONNECT_SECONDS", 0.2)
    never = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        never.wait(20)
        return []

    with pytest.raises(FetchError) as caught:
        GuardedDocuments(resolve=resolve).get(f"https://{HOST}/", purpose=Purpose.KEY)
    never.set()
    assert caught.value.code == "timeout"


def test_a_name_without_address_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*args: Any, **kwargs: Any) -> Any:
        raise OSError("no such name")

    monkeypatch.setattr(module.socket, "getaddrinfo", nowhere)
    with pytest.raises(FetchError) as caught:
        GuardedDocuments().get(f"https://{HOST}/", purpose=Purpose.KEY)
    assert (caught.value.code, caught.value.refused) == ("dns_failed", False)


# --- corporate networks -------------------------------------------------------------------------------------------


def test_a_proxy_needs_a_list_of_hosts_or_the_operators_word() -> None:
    with pytest.raises(ConfigurationError):
        GuardedDocuments(proxy="http://proxy.example:3128")
    GuardedDocuments(proxy="http://proxy.example:3128", allow_hosts=["issuer.example"])
    GuardedDocuments(proxy="http://proxy.example:3128", proxy_filters=True)


def test_only_listed_hosts_are_asked() -> None:
    documents = GuardedDocuments(allow_hosts=["Issuer.example", "*.trusted.example"], resolve=lambda h, p: ["10.0.0.1"])
    codes = []
    for host in ("issuer.example", "a.trusted.example", "trusted.example", "evil-issuer.example", "a.issuer.example"):
        with pytest.raises(FetchError) as caught:
            documents.get(f"https://{host}/", purpose=Purpose.KEY)
        codes.append(caught.value.code)
    assert codes == ["private_address"] * 2 + ["host_not_allowed"] * 3


def test_behind_a_proxy_the_proxy_is_asked_to_connect_and_numbers_stay_refused() -> None:
    asked: list[tuple[str, str | None]] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append((self.path, self.headers.get("Proxy-Authorization")))
            self.send_error(403)

        def log_message(self, *args: Any) -> None:
            return None

    http = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    proxy = f"http://user:pa%20ss@127.0.0.1:{http.server_port}"
    documents = GuardedDocuments(proxy=proxy, proxy_filters=True)
    try:
        for url, code in ((f"https://{HOST}/", "unreachable"), ("https://10.0.0.1/", "private_address")):
            with pytest.raises(FetchError) as caught:
                documents.get(url, purpose=Purpose.KEY)
            assert caught.value.code == code
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
    assert asked == [(f"{HOST}:443", "Basic dXNlcjpwYSBzcw==")]


def test_a_bundle_of_certificates_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    bad = tmp_path / "bundle.pem"
    bad.write_text("no certificate")
    for path in (bad, tmp_path / "none.pem"):
        with pytest.raises(ConfigurationError):
            GuardedDocuments(ca_bundle=path)


def test_the_door_to_loopback_is_loud_and_leads_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        documents = GuardedDocuments(unsafe_loopback_hosts={HOST: ("127.0.0.1", 9)})
    assert "UNSAFE" in caplog.text and HOST in caplog.text
    for url in ("https://localhost/", "https://127.0.0.1:9/", f"https://{HOST}@127.0.0.1/", f"http://{HOST}/"):
        with pytest.raises(FetchError) as caught:
            documents.get(url, purpose=Purpose.KEY)
        assert caught.value.refused
    with pytest.raises(ConfigurationError):
        GuardedDocuments(unsafe_loopback_hosts={HOST: ("10.0.0.1", 9)})


def test_bytes_behind_the_end_of_a_compressed_body_are_not_gathered() -> None:
    """zlib keeps what stands behind the end of its data: an endless tail would have grown until the deadline."""
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield gzip.compress(b"{}")
        for taken in range(1, 1000):  # noqa: B007
            yield b"\0" * 65_536

    with pytest.raises(FetchError) as caught:
        module.fetch.read_body(chunks(), encoding="gzip", max_bytes=1_000_000)
    assert caught.value.code == "bad_encoding"
    assert taken <= 1


def test_a_site_that_is_down_is_waited_for_once_in_a_session() -> None:
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        request.connection.close()

    url = f"https://{HOST}/did.json"
    with server(answer) as http:
        shared = source(http)
        for session in (shared.session(), shared.session()):
            for _ in range(3):
                with pytest.raises(FetchError) as caught:
                    session.get(url, purpose=Purpose.KEY)
                assert caught.value.code == "unreachable"
            assert [(r.url, r.outcome) for r in session.requests] == [(url, "failed")] * 3
            assert [kept.__traceback__ for kept in (session._failures or {}).values()] == [None], "no half answers"
    assert asked == ["/did.json"] * 2


def test_a_session_has_one_time_for_all_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of records, each with a key on a slow site of its own, would have kept a worker for hours."""
    monkeypatch.setattr(module.fetch, "SESSION_SECONDS", 0.0)
    with server(reply(b"{}")) as http:
        shared = source(http)
        session = shared.session()
        with pytest.raises(FetchError) as caught:
            session.get(f"https://{HOST}/did.json", purpose=Purpose.KEY)
        assert caught.value.code == "session_timeout"
        assert not caught.value.refused, "another run goes on with what is remembered by then"
        assert shared.get(f"https://{HOST}/did.json", purpose=Purpose.KEY).status == 200
        assert shared.session().get(f"https://{HOST}/did.json", purpose=Purpose.KEY).status == 200, "remembered"
