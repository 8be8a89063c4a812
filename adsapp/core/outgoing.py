"""Requests to addresses that people give us: a webhook's, a file's. They must not become a way into our own network.

A name is looked up once, each address that it has is judged, and the connection goes to one of those that were judged:
a second answer of the name server changes nothing. The request still names the host, and so does the encryption. A
redirect is a new address, judged like the first. One clock runs over the whole request, so that an answer that drips in
ends when the time is over, and a larger one than was asked for ends at its size.

What the operator allows by name (OUTGOING_ALLOWED_HOSTS) may be anywhere.
"""

import http.client
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import IO, Any, Final, Self, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from adsapp.config import VERSION, Settings

PORTS: Final = {"http": 80, "https": 443}
FIRST_FREE_PORT: Final = 1024  # below it are mail, name and file servers
LONGEST: Final = 2_000  # characters of an address
BLOCK: Final = 64 * 1024
KEEPS_METHOD: Final = frozenset({307, 308})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
OWN_HEADERS: Final = frozenset({"authorization", "cookie"})  # for the host they were given for, and no other
# Where a packet to such an address ends is not the internet at large: this machine, its network, a group of machines,
# or an IPv4 address in another dress, by which one of the former could be meant.
CLOSED: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # a cloud's own services, at an address that looks like any other
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
OPEN_V6: Final = ipaddress.ip_network("2000::/3")  # nothing else of IPv6 is given out
ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})  # the middle of an IPv6 address that carries an IPv4 one
_NUMBER: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_ODD: Final = re.compile(r"[\x00-\x20\x7f-\xa0\\]")

Resolve = Callable[[str, int], Sequence[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutgoingError(Exception):
    """A request that was not made or not answered, in words for people; `is_permanent` if another try ends the same."""

    def __init__(self, code: str, message: str, *, is_permanent: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_permanent = is_permanent


@dataclass(frozen=True)
class Target:
    """An address, read: `host` as it is asked for, in ASCII."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


@dataclass(frozen=True)
class Limits:
    """What one request may take: seconds in all, bytes of an answer, redirects. `is_cut`: of a larger answer the first
    bytes are enough."""

    seconds: float = 10.0
    most_bytes: int = 64 * 1024
    redirects: int = 3
    is_cut: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back; a larger body than was asked for is an error, unless the limits let it be cut."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes
    url: str  # after redirects


def read_target(url: str) -> Target:
    """The address a person gave. Raises OutgoingError that says what is wrong with it; no name is looked up."""
    if len(url) > LONGEST or _ODD.search(url):
        raise _refused("The address has spaces or signs that no address has, or is longer than 2,000 characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("This is no address of the web") from None
    if parts.scheme not in PORTS:
        raise _refused("An address begins with https:// or http://")
    if "@" in parts.netloc:
        raise _refused("The address has a user or a password in it; that is not taken")
    if port == 0:
        raise _refused("The address has the port 0, which there is not")
    host = _read_host(parts.hostname or "")
    return Target(url, parts.scheme, host, port or PORTS[parts.scheme], _path(parts))


def _path(parts: SplitResult) -> str:
    """What is asked for, with nothing but ASCII in it."""
    query = f"?{parts.query}" if parts.query else ""
    return quote(f"{parts.path or '/'}{query}", safe="/?&=%:@!$'()*+,;~-._[]")


def _read_host(host: str) -> str:
    """The host as it is looked up. A number is written as four of them, and in no other way."""
    if ":" in host:
        return _read_v6(host)
    host = host.removesuffix(".")
    try:
        plain = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise _refused("The host's name cannot be written as a domain") from None
    if not re.fullmatch(r"[a-z0-9_.-]+", plain) or ".." in plain or plain.startswith("."):
        raise _refused("The address names no host")
    if _NUMBER.fullmatch(plain.rpartition(".")[2]):
        return _read_v4(plain)
    return plain


def _read_v4(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise _refused("The host is a number that is written in an unusual way") from None


def _read_v6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise _refused("The host is no IPv6 address") from None
    if address.scope_id is not None:
        raise _refused("The address names a network card of this machine")
    return str(address)


def is_open(address: Address) -> bool:
    """True if what answers there is on the internet, for everybody."""
    if any(address in network for network in CLOSED if network.version == address.version):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in OPEN_V6 and (int(address) >> 32) & 0xFFFFFFFF not in ISATAP


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows of a name; OSError if there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True)
class _Request:
    """What is asked. `into` takes the body of a good answer, however large; None: it is read into memory."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None = None
    into: IO[bytes] | None = None


class _Clock:
    """The time of one request, redirects and all."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self._end = seconds, time.monotonic() + seconds

    def left(self) -> float:
        rest = self._end - time.monotonic()
        if rest <= 0:
            raise TimeoutError
        return rest


class _Reader(io.RawIOBase):
    """Reads a socket until the time is over, however little comes at once."""

    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._socket.settimeout(self._clock.left())
        return self._socket.recv_into(into)


class _Timed:
    """A connected socket, as far as `http.client` asks anything of it."""

    def __init__(self, connected: socket.socket, clock: _Clock) -> None:
        self._socket, self._clock = connected, clock

    def sendall(self, data: bytes) -> None:
        self._socket.settimeout(self._clock.left())
        self._socket.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._socket, self._clock))

    def close(self) -> None:
        """Nothing: the answer is still to be read. Who connected closes it."""


@cache
def known_authorities() -> ssl.SSLContext:
    """Whom the machine trusts to say who is who; reading them takes 20 ms."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Caller:
    """Makes such requests. `allowed` are hosts (`name` or `name:port`) that may be anywhere."""

    allowed: Collection[str] = ()
    limits: Limits = Limits()
    resolve: Resolve = look_up
    trust: ssl.SSLContext = field(default_factory=known_authorities)

    @classmethod
    def of(cls, settings: Settings, limits: Limits | None = None) -> Self:
        """As the operator has set it."""
        return cls(settings.outgoing_allowed_hosts, limits or Limits())

    def check(self, url: str) -> Target:
        """The address, if a request could be made to it. Raises OutgoingError; no name is looked up."""
        target = read_target(url)
        if self.is_allowed(target):
            return target
        if target.port < FIRST_FREE_PORT and target.port not in PORTS.values():
            raise _refused(f"Port {target.port} belongs to something else than web pages")
        if _is_number(target.host) and not is_open(ipaddress.ip_address(target.host)):
            raise _closed(target.host)
        return target

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request and what came back, after redirects. Raises OutgoingError."""
        return self._ask(url, _Request(method, headers or {}, body))

    def fetch(self, url: str, into: IO[bytes], *, headers: Mapping[str, str] | None = None) -> Answer:
        """A file: what comes with a 200 is written into `into` while it comes, and the answer's body is empty then.
        Raises OutgoingError, also for a file that ends before its end."""
        return self._ask(url, _Request("GET", headers or {}, into=into))

    def _ask(self, url: str, request: _Request) -> Answer:
        clock = _Clock(self.limits.seconds)
        request = replace(request, headers={"User-Agent": f"adsapp/{VERSION}", **request.headers})
        target = self.check(url)
        for _ in range(self.limits.redirects + 1):
            answer = self._once(target, request, clock)
            if answer.status not in REDIRECTS or not answer.headers.get("location"):
                return answer
            following = self._redirected(target, answer, request.method)
            if following.host != target.host:
                kept = {name: value for name, value in request.headers.items() if name.lower() not in OWN_HEADERS}
                request = replace(request, headers=kept)
            target = following
        raise _refused(f"It redirects more than {self.limits.redirects} times", code="too_many_redirects")

    def _redirected(self, target: Target, answer: Answer, method: str) -> Target:
        """Where it leads, judged before anything is sent there. What was posted is posted again or not at all."""
        following = self.check(urljoin(target.url, answer.headers["location"]))
        if target.scheme == "https" and following.scheme == "http":
            raise _refused("It redirects from an encrypted address to one that is not")
        if method not in ("GET", "HEAD") and answer.status not in KEEPS_METHOD:
            raise _refused(
                f"It answers {answer.status} and redirects; give the address that takes it", code="redirected"
            )
        return following

    def _once(self, target: Target, request: _Request, clock: _Clock) -> Answer:
        try:
            connected = self._connect(target, clock)
        except TimeoutError:
            raise _too_slow(clock) from None
        try:
            return self._exchange(connected, target, request, clock)
        except TimeoutError:
            raise _too_slow(clock) from None
        except (http.client.HTTPException, OSError, ValueError) as error:
            what = f"{target.host} did not answer as a web server does ({type(error).__name__})"
            raise OutgoingError("no_answer", what, is_permanent=False) from None
        finally:
            connected.close()

    def _exchange(self, connected: socket.socket, target: Target, request: _Request, clock: _Clock) -> Answer:
        plain = http.client.HTTPConnection(target.host, target.port)
        plain.sock = cast(Any, _Timed(connected, clock))
        own = {"Host": _host_header(target), "Connection": "close"}
        plain.request(request.method, target.path, request.body, {**own, **request.headers})
        with plain.getresponse() as answer:
            told = {name.lower(): value for name, value in answer.getheaders()}
            if request.into is not None and answer.status == 200:
                self._write(answer, request.into, target)
                return Answer(answer.status, told, b"", target.url)
            content = answer.read(self.limits.most_bytes + (not self.limits.is_cut))
        if len(content) > self.limits.most_bytes:
            raise self._too_large(target)
        return Answer(answer.status, told, content, target.url)

    def _write(self, answer: http.client.HTTPResponse, into: IO[bytes], target: Target) -> None:
        whole, size = answer.length, 0
        while block := answer.read(BLOCK):
            size += len(block)
            if size > self.limits.most_bytes:
                raise self._too_large(target)
            _keep(block, into)
        if whole is not None and size != whole:  # a connection that is lost looks like the end of the file
            message = f"{target.host} sent {size:,} of {whole:,} bytes, and then nothing more"
            raise OutgoingError("cut_off", message, is_permanent=False)

    def _too_large(self, target: Target) -> OutgoingError:
        message = f"{target.host} answered with more than {self.limits.most_bytes:,} bytes"
        return OutgoingError("too_large", message, is_permanent=True)

    def _connect(self, target: Target, clock: _Clock) -> socket.socket:
        """A connection to one of the addresses that were judged, encrypted if that is asked for."""
        why: OSError | None = None
        for address in self._addresses(target, clock):
            try:
                opened = socket.create_connection((address, target.port), timeout=clock.left())
            except TimeoutError:
                raise
            except OSError as error:
                why = error
                continue
            return self._encrypted(opened, target, clock) if target.scheme == "https" else opened
        message = f"{target.host} cannot be reached: {getattr(why, 'strerror', None) or why}"
        raise OutgoingError("unreachable", message, is_permanent=False)

    def _encrypted(self, opened: socket.socket, target: Target, clock: _Clock) -> socket.socket:
        try:
            opened.settimeout(clock.left())
            return self.trust.wrap_socket(opened, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            opened.close()
            message = f"The certificate of {target.host} does not hold: {error.verify_message}"
            raise OutgoingError("certificate", message, is_permanent=False) from None
        except TimeoutError:
            opened.close()
            raise
        except OSError as error:
            opened.close()
            message = f"{target.host} makes no encrypted connection ({type(error).__name__})"
            raise OutgoingError("no_tls", message, is_permanent=False) from None

    def _addresses(self, target: Target, clock: _Clock) -> Sequence[str]:
        """The addresses of the host, all judged: one that is closed refuses them all."""
        found = [target.host] if _is_number(target.host) else self._looked_up(target, clock)
        if not self.is_allowed(target):
            for each in found:
                if not is_open(ipaddress.ip_address(each)):
                    raise _closed(target.host)
        return found

    def _looked_up(self, target: Target, clock: _Clock) -> Sequence[str]:
        """The system's own look-up knows no limit of time, so another thread waits for it."""
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self.resolve(target.host, target.port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=work, name="look-up", daemon=True).start()
        try:
            found = answers.get(timeout=clock.left())
        except (queue.Empty, TimeoutError):
            raise _too_slow(clock) from None
        if isinstance(found, Exception) or not found:
            raise OutgoingError("no_such_name", f"There is no host called {target.host}", is_permanent=False)
        return found

    def is_allowed(self, target: Target) -> bool:
        """True if the operator has allowed this host by name."""
        return target.host in self.allowed or f"{target.host}:{target.port}" in self.allowed


def _keep(block: bytes, into: IO[bytes]) -> None:
    try:
        into.write(block)
    except OSError as error:  # of our disk, not of theirs
        message = f"The file cannot be stored here: {error.strerror or error}"
        raise OutgoingError("not_stored", message, is_permanent=False) from None


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if PORTS[target.scheme] == target.port else f"{host}:{target.port}"


def _is_number(host: str) -> bool:
    return ":" in host or bool(_NUMBER.fullmatch(host.rpartition(".")[2]))


def _refused(message: str, code: str = "address_refused") -> OutgoingError:
    return OutgoingError(code, message, is_permanent=True)


def _closed(host: str) -> OutgoingError:
    return _refused(
        f"{host} is not on the open internet: it leads into this machine or a private network. "
        "Whoever runs ADSapp can allow it by name (OUTGOING_ALLOWED_HOSTS)"
    )


def _too_slow(clock: _Clock) -> OutgoingError:
    return OutgoingError("too_slow", f"There was no whole answer within {clock.seconds:g} seconds", is_permanent=False)
