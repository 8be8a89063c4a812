"""How long and how large a request may be before anybody looks at it."""

from dataclasses import dataclass

BLOCK = 1 << 16
UNASKED = 1 << 16  # bytes of a body that are read before the application was asked whether it wants it


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes. An honest client on a bad line keeps all of them."""

    head_seconds: float = 30.0  # from the first byte to the last of the headers; also how long a connection may idle
    line_bytes: int = 8190  # the request's first line
    header_bytes: int = 16380  # one header
    headers: int = 100
    body_seconds: float = 30.0  # a body may always take so long,
    body_bytes_per_second: int = 4096  # and longer if this much of it comes
    answer_seconds: float = 60.0  # for 64 KB of an answer to leave
    read_on_bytes: int = 2_000_000_000  # of a refused body: a browser shows an answer only once it has sent everything
    stop_seconds: float = 10.0  # that requests get to end after SIGTERM

    def body_deadline(self, began: float, received: int) -> float:
        """When a body of which so much has come is given up."""
        return began + self.body_seconds + received / self.body_bytes_per_second
