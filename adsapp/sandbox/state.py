"""What the sandbox remembers: business numbers, accepted messages, figures. All in memory, one thread."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import AccountConfig, SandboxConfig
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.faults import FaultRules
from adsapp.sandbox.whatsapp.ids import WamidMaker, digits_of
from adsapp.sandbox.whatsapp.limits import PairRate
from adsapp.sandbox.whatsapp.media import Shelf
from adsapp.sandbox.whatsapp.templates import Catalog, Cupboard
from adsapp.sandbox.whatsapp.validation import Request
from adsapp.sandbox.windows import BusiestSecond, MovingWindow

SHOWN = 50
SERVICE_WINDOW = 24 * 3600.0
_RANKS = {"accepted": 0, "held": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}


@dataclass(slots=True)
class Message:
    """One accepted message: a line of the ledger. Times are in seconds since 1970."""

    wamid: str
    phone_number_id: str
    digits: str
    wa_id: str
    callback_data: str | None
    template: str | None
    category: str
    accepted_at: float
    status: str = "accepted"
    error_code: int = 0
    user_id: str = ""  # it was sent to this id; the number is not known to the sender
    header: Mapping[str, Any] | None = None  # the file above its text: its id or its link

    def become(self, status: str, error_code: int = 0) -> None:
        """Take a new status; a status older than the one the phone has already shown changes nothing."""
        if _RANKS[status] >= _RANKS[self.status]:
            self.status = status
            self.error_code = error_code

    def as_json(self) -> dict[str, Any]:
        line = {
            "to": f"+{self.digits}",
            "wamid": self.wamid,
            "biz_opaque_callback_data": self.callback_data,
            "template": self.template,
            "accepted_at": round(self.accepted_at, 6),
            "phone_number_id": self.phone_number_id,
            "status": self.status,
        }
        return line if self.header is None else {**line, "header": dict(self.header)}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the sandbox's page needs to show a recent message: our request, or the text of a reply."""

    phone_number_id: str
    digits: str
    at: float
    message: Message | None = None
    request: Request | None = None
    reply: str = ""


@dataclass(slots=True)
class Figures:
    """Counters of one business number since they were last reset."""

    accepted: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    arrivals: BusiestSecond = field(default_factory=BusiestSecond)
    in_flight: int = 0
    in_flight_max: int = 0

    def arrive(self, now: float) -> None:
        self.arrivals.see(now)
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)

    def leave(self) -> None:
        self.in_flight = max(0, self.in_flight - 1)

    def as_json(self) -> dict[str, Any]:
        return {
            "accepted": self.accepted,
            "refused_by_code": {str(code): count for code, count in sorted(self.refused.items())},
            "most_in_one_second": self.arrivals.most,
            "in_flight_max": self.in_flight_max,
        }


class Account:
    """One business number and what it has done. `config` may be replaced while it runs."""

    def __init__(self, config: AccountConfig, catalog: Catalog) -> None:
        self.config = config
        self.catalog = catalog
        self.window = MovingWindow(config.throughput)
        self.figures = Figures()
        self.forget()

    def forget(self) -> None:
        """Forget all conversations; the throughput window stays, so that a reset cannot be used to get around it."""
        self.pairs = PairRate()
        self.last_inbound: dict[str, float] = {}
        self.last_message: dict[str, Message] = {}
        self.marketing_stopped: set[str] = set()
        self.magic_seen: Counter[str] = Counter()

    @property
    def digits(self) -> str:
        """The business number itself."""
        return digits_of(self.config.display_phone_number) or ""

    def replace(self, config: AccountConfig) -> None:
        self.config = config
        self.window.limit = config.throughput

    def is_open_for(self, digits: str, now: float) -> bool:
        """Whether this person wrote in the last 24 hours."""
        last = self.last_inbound.get(digits)
        return last is not None and now - last < SERVICE_WINDOW


class Sandbox:
    """The whole state. Nothing here awaits, so nothing can happen between a check and its effect."""

    def __init__(self, config: SandboxConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        seed = config.seed if config.seed is not None else int(self.clock.now() * 1000)
        self.wamids = WamidMaker(seed)
        self.faults = FaultRules()
        self.shelf = Shelf(self.clock.now)
        self._cupboard = Cupboard(config.keep)
        self.accounts: dict[str, Account] = {}
        self.catalogs: dict[str, Catalog] = {}
        self.messages: list[Message] = []
        self.recent: deque[Shown] = deque(maxlen=SHOWN)
        self.strangers: Counter[int] = Counter()
        for account in config.accounts:
            self.put_account(account)

    def put_account(self, config: AccountConfig) -> Account:
        """Add a business number, or replace the settings of a known one."""
        account = self.accounts.get(config.phone_number_id)
        catalog = self.catalogs.get(config.waba_id) or self._cupboard.catalog(config.waba_id)
        self.catalogs[config.waba_id] = catalog
        if account is None:
            account = self.accounts[config.phone_number_id] = Account(config, catalog)
        account.catalog = catalog
        account.replace(config)
        return account

    def account_for(self, phone_number_id: str, token: str | None) -> Account:
        """The number this token may use; ApiError 190 for a bad token, 100/33 for an unknown or foreign number."""
        self.check_token(token)
        account = self.accounts.get(phone_number_id)
        if account is None:
            raise unknown_object(phone_number_id)
        if account.config.token != token:
            raise invalid_token()
        return account

    def check_token(self, token: str | None) -> None:
        if not token or not any(account.config.token == token for account in self.accounts.values()):
            raise invalid_token()

    def catalog_for(self, waba_id: str, token: str | None) -> Catalog:
        self.check_token(token)
        owners = [item.config for item in self.accounts.values() if item.config.waba_id == waba_id]
        if not any(owner.token == token for owner in owners):
            raise invalid_token() if owners else unknown_object(waba_id)
        return self.catalogs[waba_id]

    def empty_ledger(self) -> None:
        """Forget the accepted messages and reset all figures."""
        self.messages.clear()
        self.recent.clear()
        self.strangers.clear()
        for account in self.accounts.values():
            account.figures = Figures(in_flight=account.figures.in_flight)

    def reset(self) -> None:
        """Back to the state after the start, except for time, accounts and wamids, which never go back."""
        self.empty_ledger()
        self.faults.clear()
        self.shelf.forget()
        for account in self.accounts.values():
            account.forget()
        for catalog in self.catalogs.values():
            catalog.restore()


def invalid_token() -> ApiError:
    return ApiError(190, message="Invalid OAuth access token - Cannot parse access token")


def unknown_object(object_id: str) -> ApiError:
    message = (
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation"
    )
    return ApiError(100, subcode=33, message=message)
