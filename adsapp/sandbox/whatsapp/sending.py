"""Accepts or refuses a message and plans what follows from it. Knows no HTTP; nothing here awaits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adsapp.sandbox.state import Account, Message, Sandbox, Shown
from adsapp.sandbox.whatsapp import payloads
from adsapp.sandbox.whatsapp.delivery import Update
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.faults import Fault
from adsapp.sandbox.whatsapp.ids import is_in_us, other_wa_id, owner_of, user_id_of
from adsapp.sandbox.whatsapp.journeys import Step, journey, out_of_order
from adsapp.sandbox.whatsapp.magic import Magic, magic_for
from adsapp.sandbox.whatsapp.media import TYPES
from adsapp.sandbox.whatsapp.templates import Template
from adsapp.sandbox.whatsapp.validation import Request, check, recipient_of
from adsapp.sandbox.whatsapp.webhooks import WebhookEngine


@dataclass(frozen=True, slots=True)
class Verdict:
    """An accepted message and how its answer goes out. delay: seconds. first: the step reported before the answer."""

    message: Message
    typed: str
    message_status: str
    delay: float = 0.0
    hangs: bool = False
    drops: bool = False
    first: Update | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": self.typed, **self._recipient}],
            "messages": [{"id": self.message.wamid, "message_status": self.message_status}],
        }

    @property
    def _recipient(self) -> dict[str, str]:
        return {"user_id": self.message.user_id} if self.message.user_id else {"wa_id": self.message.wa_id}


class Sender:
    def __init__(self, sandbox: Sandbox, engine: WebhookEngine) -> None:
        self._sandbox = sandbox
        self._engine = engine

    @property
    def now(self) -> float:
        """The sandbox's time."""
        return self._sandbox.clock.now()

    def take(self, account: Account, body: object) -> Verdict:
        """Accept a message and plan what follows, or raise the ApiError that refuses it."""
        typed, digits = recipient_of(body, account.digits, account.config.country_code)
        assert isinstance(body, Mapping)
        magic = self._magic(account, digits)
        fault = self._sandbox.faults.strike(account.config.phone_number_id, digits)
        if fault is not None and fault.code and not fault.later:
            raise ApiError(fault.code, "Injected fault", http=fault.http, retry_after=fault.retry_after)
        request = check(body, typed, digits, account.catalog)
        late = self._header_file(account, request)
        now = self._sandbox.clock.now()
        if request.is_free_form and not account.is_open_for(digits, now):
            raise ApiError(131047, "More than 24 hours have passed since the recipient last replied")
        self._take_room(account, digits, now)
        return self._accept(account, request, replace(magic, fail=late) if late else magic, fault, now)

    def _header_file(self, account: Account, request: Request) -> int:
        """The code of what is only found out when the file is fetched, else 0. Raises ApiError for one that it has
        not."""
        content = header_file(request)
        if content is None or request.template is None:
            return 0
        return self._sandbox.shelf.check_header(account.config.phone_number_id, content, request.template.header_format)

    def _magic(self, account: Account, digits: str) -> Magic:
        if not self._sandbox.config.magic:
            return Magic("")
        magic = magic_for(digits)
        if magic.refuse:
            account.magic_seen[digits] += 1
            if magic.times is None or account.magic_seen[digits] <= magic.times:
                raise ApiError(magic.refuse, f"Recipient ending in {digits[-4:]}: {magic.meaning}")
        return magic

    def _take_room(self, account: Account, digits: str, now: float) -> None:
        if not account.window.has_room(now):
            raise ApiError(130429, f"More than {account.window.limit} messages a second from this number")
        if self._sandbox.config.pair_rate:
            if not account.pairs.has_room(digits, now):
                raise ApiError(131056, "Too many messages to this person in a short time")
            account.pairs.take(digits, now)
        account.window.take(now)

    def _accept(self, account: Account, request: Request, magic: Magic, fault: Fault | None, now: float) -> Verdict:
        message = self._record(account, request, magic, now)
        first = self._plan(account, message, request, magic, fault)
        return Verdict(
            message,
            request.typed,
            "held_for_quality_assessment" if magic.habit == "held" else "accepted",
            delay=fault.delay_ms / 1000 if fault else 0.0,
            hangs=magic.habit == "hang" or bool(fault and fault.hang_after_accept),
            drops=bool(fault and fault.drop_after_accept),
            first=first,
        )

    def _record(self, account: Account, request: Request, magic: Magic, now: float) -> Message:
        digits, template = request.digits, request.template
        message = Message(
            wamid=self._sandbox.wamids.outgoing(digits),
            phone_number_id=account.config.phone_number_id,
            digits=digits,
            wa_id=other_wa_id(digits) if magic.habit == "other_wa_id" else digits,
            callback_data=request.callback_data,
            template=template.key[0] if template else None,
            category=template.category if template else "service",
            accepted_at=now,
            status="held" if magic.habit == "held" else "accepted",
            user_id=request.typed if owner_of(request.typed) else "",
            header=header_file(request),
        )
        account.figures.accepted += 1
        account.last_message[digits] = message
        self._sandbox.messages.append(message)
        self._sandbox.recent.append(Shown(message.phone_number_id, digits, now, message, request))
        return message

    def _plan(
        self, account: Account, message: Message, request: Request, magic: Magic, fault: Fault | None
    ) -> Update | None:
        """Schedule everything that follows; returns the step to report before the answer, if there is one."""
        switches = self._engine.switches
        steps = journey(
            message.digits,
            self._sandbox.config.timing,
            habit=magic.habit,
            fail=self._failure(account, message, magic, fault),
            skip_delivered=switches.skip_delivered,
        )
        if switches.shuffle:
            steps = out_of_order(steps, len(self._sandbox.messages))
        updates = [(step, self._update(account, message, request, step)) for step in steps]
        first = updates.pop(0)[1] if switches.status_before_response else None
        for step, update in updates:
            self._engine.schedule(update, message.accepted_at + step.after)
        return first

    def _failure(self, account: Account, message: Message, magic: Magic, fault: Fault | None) -> int:
        if fault is not None and fault.later:
            return fault.code
        if message.category == "marketing" and message.digits in account.marketing_stopped:
            return 131050
        if message.category == "marketing" and not self._sandbox.config.us_marketing and is_in_us(message.digits):
            return 131049
        return magic.fail

    def _update(self, account: Account, message: Message, request: Request, step: Step) -> Update:
        if step.kind == "status":
            return Update(
                account,
                "statuses",
                message.wamid,
                lambda at: payloads.status(message, step.status, at, step.error, self._recipient(message)),
                happens=lambda: message.become(step.status, step.error),
            )
        hidden = bool(message.user_id)
        if step.kind == "stop_marketing":
            return self.preference(account, message.digits, message.wa_id, "stop", hidden=hidden)
        text, payload = first_quick_reply(request) if step.kind == "tap" else ("STOP", None)
        return self.reply(account, message.digits, message.wa_id, text, payload, message.wamid, hidden=hidden)

    def _recipient(self, message: Message) -> dict[str, str]:
        names, fields = self._engine.switches.names, ("recipient_id", "recipient_user_id")
        return names(
            message.wa_id, message.user_id or user_id_of(message.digits), by=fields, hidden=bool(message.user_id)
        )

    def reply(
        self,
        account: Account,
        digits: str,
        wa_id: str,
        text: str,
        button_payload: str | None = None,
        context: str | None = None,
        *,
        hidden: bool = False,
    ) -> Update:
        """What a customer writes or taps. It opens the 24-hour window. context: the wamid it answers. hidden: their
        number is not told, only their user id."""
        quoted = {"from": account.digits, "id": context} if context else None
        wamid = self._sandbox.wamids.incoming(wa_id)
        names, user_id = self._engine.switches.names, user_id_of(digits)
        return Update(
            account,
            "messages",
            wa_id,
            lambda at: payloads.inbound(
                names(wa_id, user_id, by=("from", "from_user_id"), hidden=hidden),
                wamid,
                at,
                text,
                button_payload,
                quoted,
            ),
            name=f"Customer {digits[-4:]}",
            happens=lambda: self._hear(account, digits, text),
        )

    def preference(self, account: Account, digits: str, wa_id: str, value: str, *, hidden: bool = False) -> Update:
        """A customer's choice in WhatsApp's own settings: `stop` or `resume` marketing."""
        stopped, names = account.marketing_stopped, self._engine.switches.names
        return Update(
            account,
            "user_preferences",
            wa_id,
            lambda at: payloads.preference(
                names(wa_id, user_id_of(digits), by=("wa_id", "user_id"), hidden=hidden), value, at
            ),
            name=f"Customer {digits[-4:]}",
            happens=lambda: stopped.add(digits) if value == "stop" else stopped.discard(digits),
        )

    def moves(self, account: Account, digits: str, new: str, at: float) -> Update:
        """The provider's notice that the customer has another number: no words of theirs, so no window opens."""
        item = payloads.moved(digits, new, self._sandbox.wamids.incoming(digits), at)
        return Update(account, "messages", digits, lambda _: item)

    def event(self, account: Account, field: str, value: dict[str, Any]) -> Update:
        """Something about the account, the number or a template."""
        return Update(account, field, field, lambda _: value)

    def _hear(self, account: Account, digits: str, text: str) -> None:
        now = self._sandbox.clock.now()
        account.last_inbound[digits] = now
        self._sandbox.recent.append(Shown(account.config.phone_number_id, digits, now, reply=text))


def header_file(request: Request) -> Mapping[str, Any] | None:
    """The picture, video or document above a template's text: `{"id"}` or `{"link"}`; None if it has none."""
    kind = request.template.header_format if request.template else ""
    if kind not in TYPES:
        return None
    header = next(each for each in request.body["template"]["components"] if each["type"].lower() == "header")
    content: Mapping[str, Any] = header["parameters"][0][kind]
    return content


def first_quick_reply(request: Request) -> tuple[str, str]:
    """Text and payload of a template's first quick reply; a plain "OK" if it has none."""
    buttons = request.template.buttons if request.template else ()
    for index, button in enumerate(buttons):
        if button["type"] == "QUICK_REPLY":
            return button["text"], payload_of(request, index) or button["text"]
    return "OK", "OK"


def payload_of(request: Request, index: int) -> str | None:
    """The payload the sender gave to a quick reply, if any."""
    template: Template | None = request.template
    if template is None:
        return None
    for component in request.body["template"].get("components") or ():
        if component["type"].lower() == "button" and str(component.get("index")) == str(index):
            parameters = component.get("parameters") or [{}]
            payload = parameters[0].get("payload")
            return None if payload is None else str(payload)
    return None
