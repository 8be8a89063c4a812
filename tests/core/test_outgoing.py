"""A request to an address that somebody gave reaches the open internet or nothing, and ends in time."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adsapp.core.outgoing import Answer, Caller, Limits, OutgoingError, is_open, read_target

HOSTILE = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://127.0.0.1.:80/",
    "http://127.00.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://10.0.0.7/",
    "http://172.16.9.1/",
    "http://192.168.1.1/admin",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/machine",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "http://[2001:db8::1]/",
    "http://[2606:4700::5efe:a00:1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/latest/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://user:pass@hooks.example.com/",
    "http://hooks.example.com@127.0.0.1/",
    "http://hooks.example.com\\@127.0.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７。０。０。１/",
    "http://loc%61lhost/",
    "http://hooks.example.com:25/",
    "http://hooks.example.com:0/",
    "http://hooks.example.com:99999/",
    "http://hooks.example.com/\r\nHost: other",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "//hooks.example.com/",
    "http:///nowhere",
    "https://",
)


class Server:
    """A web server of this machine that answers as it is told; `asked` is what it was asked."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None], trust: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append((self.command, self.path, dict(self.headers.items()), body))
                answer(self)

            do_GET = do_POST = _answer

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if trust is not None:
            self._server.socket = trust.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.ended = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that end with the test."""
    started: list[Server] = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None], trust: ssl.SSLContext | None = None) -> Server:
        started.append(Server(answer, trust))
        return started[-1]

    yield start
    for server in started:
        server.end()


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


def refused(caller: Caller, url: str, method: str = "GET") -> OutgoingError:
    with pytest.raises(OutgoingError) as error:
        caller.ask(method, url)
    return error.value


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """No connection is made; what was tried."""
    tried: list[object] = []

    def connect(address: object, **_: object) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


@pytest.mark.parametrize("url", HOSTILE)
def test_no_hostile_address_is_connected_to(url: str, no_network: list[object]) -> None:
    assert len(HOSTILE) >= 40
    error = refused(Caller(limits=Limits(seconds=5)), url)
    assert error.code in ("address_refused", "no_such_name")
    assert no_network == []
    assert error.message


@pytest.mark.parametrize("private", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "fe80::1%lo"])
def test_a_name_that_leads_inside_is_refused_also_beside_a_good_address(private: str, no_network: list[object]) -> None:
    for found in ([private], ["93.184.216.34", private]):
        error = refused(Caller(resolve=lambda *_, found=found: found), "https://hooks.example.com/")
        assert error.code == "address_refused"
        assert "hooks.example.com is not on the open internet" in error.message
        assert error.is_permanent
    assert no_network == []


def test_the_second_answer_of_the_name_server_changes_nothing(no_network: list[object]) -> None:
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    error = refused(Caller(resolve=lambda *_: answers.pop(0)), "http://hooks.example.com:8080/")
    assert error.code == "unreachable"
    assert no_network == [("93.184.216.34", 8080)]
    assert answers == [["127.0.0.1"]]


def test_a_domain_in_other_letters_is_asked_for_in_ascii() -> None:
    assert read_target("https://bücher.example/straße?q=ä").host == "xn--bcher-kva.example"
    assert read_target("https://faß.example/").host == "xn--fa-hia.example"
    assert read_target("https://bücher.example/straße?q=ä").path == "/stra%C3%9Fe?q=%C3%A4"
    assert read_target("https://Hooks.Example.com./x").host == "hooks.example.com"


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"])
def test_the_open_internet_is_open(address: str) -> None:
    assert is_open(ip_address(address))


def test_what_the_operator_allows_is_reached_by_its_name(serve: Serve) -> None:
    server = serve(says(200, b"taken"))
    caller = Caller((f"hooks.internal:{server.port}",), resolve=here)
    answer = caller.ask("POST", f"http://hooks.internal:{server.port}/a?b=c", body=b"{}", headers={"X-One": "1"})
    assert (answer.status, answer.body) == (200, b"taken")
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("POST", "/a?b=c", b"{}")
    assert headers["Host"] == f"hooks.internal:{server.port}"
    assert headers["X-One"] == "1"
    assert headers["User-Agent"].startswith("adsapp/")


def test_allowing_one_port_allows_no_other(no_network: list[object]) -> None:
    caller = Caller(("127.0.0.1:8080",))
    assert refused(caller, "http://127.0.0.1:8081/").code == "address_refused"
    assert refused(caller, "http://127.0.0.1:8080/").code == "unreachable"
    assert no_network == [("127.0.0.1", 8080)]


METADATA = (
    "http://[::ffff:169.254.169.254]/",
    "http://169.254.169.254/",
    "http://2852039166/",
    "http://inside.example/",
)


@pytest.mark.parametrize("to", METADATA)
@pytest.mark.parametrize("status, method", [(302, "GET"), (301, "POST"), (307, "POST"), (308, "GET")])
def test_a_chain_of_redirects_does_not_lead_inside(serve: Serve, to: str, status: int, method: str) -> None:
    places: list[str] = []
    server = serve(
        lambda handler: says(status, Location=places[0] if handler.path == "/second" else "/second")(handler)
    )
    places.append(to)
    name = f"hooks.internal:{server.port}"
    path = "/second" if status == 301 else "/first"
    error = refused(Caller((name,), resolve=here), f"http://{name}{path}", method)
    assert error.code == ("redirected" if (status, to) == (301, METADATA[3]) else "address_refused")
    assert [each[1] for each in server.asked] == (["/second"] if status == 301 else ["/first", "/second"])


def test_what_was_posted_is_posted_again_and_keys_stay_with_their_host(serve: Serve) -> None:
    last = serve(says(204))
    first = serve(lambda handler: says(308, Location=f"http://other.internal:{last.port}/new")(handler))
    caller = Caller(("first.internal", "other.internal"), resolve=here)
    url = f"http://first.internal:{first.port}/old"
    answer = caller.ask("POST", url, body=b"{1}", headers={"Authorization": "Bearer x", "X-Adsapp-Signature": "y"})
    assert answer == Answer(204, answer.headers, b"", f"http://other.internal:{last.port}/new")
    method, path, headers, body = last.asked[0]
    assert (method, path, body) == ("POST", "/new", b"{1}")
    assert "Authorization" not in headers
    assert headers["X-Adsapp-Signature"] == "y"


def test_redirects_end(serve: Serve) -> None:
    server = serve(says(302, Location="/"))
    error = refused(Caller(("a.internal",), resolve=here), f"http://a.internal:{server.port}/")
    assert error.code == "too_many_redirects"
    assert len(server.asked) == 4


def test_an_answer_that_drips_ends_when_the_time_is_over(serve: Serve) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        try:
            while not server.ended.wait(0.02):
                handler.wfile.write(b"a")
        except OSError:
            return

    server = serve(drip)
    caller = Caller(("a.internal",), Limits(seconds=0.3), resolve=here)
    error = refused(caller, f"http://a.internal:{server.port}/")
    assert (error.code, error.is_permanent) == ("too_slow", False)
    assert "within 0.3 seconds" in error.message


def test_an_answer_that_comes_after_the_time_is_none(serve: Serve) -> None:
    def late(handler: BaseHTTPRequestHandler) -> None:
        server.ended.wait(30)

    server = serve(late)
    error = refused(Caller(("a.internal",), Limits(seconds=0.2), resolve=here), f"http://a.internal:{server.port}/")
    assert error.code == "too_slow"


def test_a_look_up_that_hangs_ends_when_the_time_is_over() -> None:
    ended = threading.Event()
    caller = Caller(limits=Limits(seconds=0.2), resolve=lambda *_: [str(ended.wait(30))])
    assert refused(caller, "https://hooks.example.com/").code == "too_slow"
    ended.set()


@pytest.mark.parametrize("with_length", [True, False])
def test_an_answer_that_is_too_large_is_none(serve: Serve, with_length: bool) -> None:
    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        if with_length:
            handler.send_header("Content-Length", "5000")
        handler.end_headers()
        handler.wfile.write(b"x" * 5000)

    server = serve(large)
    error = refused(Caller(("a.internal",), Limits(most_bytes=4999), resolve=here), f"http://a.internal:{server.port}/")
    assert error.code == "too_large"


def test_what_is_no_web_server_is_said_to_be_none(serve: Serve) -> None:
    server = serve(lambda handler: handler.wfile.write(b"220 mail ready\r\n") and None)
    assert refused(Caller(("a.internal",), resolve=here), f"http://a.internal:{server.port}/").code == "no_answer"


def test_a_name_that_nobody_knows_is_said() -> None:
    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    error = refused(Caller(resolve=unknown), "https://hooks.example.com/")
    assert (error.code, error.is_permanent) == ("no_such_name", False)


def test_encryption_asks_for_the_name_and_checks_its_certificate(serve: Serve, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "hooks.internal")
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    names: list[str | None] = []
    own.sni_callback = lambda _socket, name, _context: names.append(name)
    server = serve(says(200, b"safe"), own)
    trusting = ssl.create_default_context(cafile=str(certificate))
    caller = Caller(("hooks.internal", "other.internal"), resolve=here, trust=trusting)
    assert caller.ask("GET", f"https://hooks.internal:{server.port}/").body == b"safe"
    assert names == ["hooks.internal"]
    error = refused(caller, f"https://other.internal:{server.port}/")
    assert error.code == "certificate"
    assert (
        refused(Caller(("hooks.internal",), resolve=here), f"https://hooks.internal:{server.port}/").code
        == "certificate"
    )


def test_an_encrypted_address_does_not_lead_to_an_open_one(serve: Serve, tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "hooks.internal")
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(certificate)
    server = serve(says(307, Location="http://hooks.internal/"), own)
    trusting = ssl.create_default_context(cafile=str(certificate))
    error = refused(Caller(("hooks.internal",), resolve=here, trust=trusting), f"https://hooks.internal:{server.port}/")
    assert "to one that is not" in error.message


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return path
