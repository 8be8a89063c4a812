"""Making, editing and deleting templates, and what becomes of them: on the sandbox's clock, told by webhooks."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adsapp.sandbox.state import Account, Sandbox, unknown_object
from adsapp.sandbox.whatsapp import review
from adsapp.sandbox.whatsapp.delivery import Update
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.review import Verdict
from adsapp.sandbox.whatsapp.templates import Catalog, Template
from adsapp.sandbox.whatsapp.webhooks import WebhookEngine

HOUR, DAY = 3600.0, 86_400.0
MOST_AN_HOUR = 100
EDITS_A_DAY, EDITS_A_MONTH = 1, 10
RESERVED = 30 * DAY  # a deleted name cannot be used again for so long
PAUSES = (3 * HOUR, 6 * HOUR)  # the third time it is disabled
EDITABLE = ("APPROVED", "REJECTED", "PAUSED")
STATUS, QUALITY, CATEGORY = (
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
)


class Desk:
    """Templates of all business accounts. `holds`: nobody reviews; verdicts come by hand."""

    def __init__(self, sandbox: Sandbox, engine: WebhookEngine) -> None:
        self._sandbox = sandbox
        self._engine = engine
        self.forget()
        for waba_id, catalog in sandbox.catalogs.items():
            for template in catalog.templates:
                if template.status == "PENDING":  # the sandbox ended before its review did
                    self._review_later(waba_id, template.raw)

    def forget(self) -> None:
        """All but the templates themselves."""
        self.holds = False
        self._next_id = 1 + max([2_000_000_000_000_000, *self._ids_in_use()])
        self._made: dict[str, deque[float]] = defaultdict(deque)
        self._edits: dict[str, deque[float]] = defaultdict(deque)
        self._deleted: dict[tuple[str, str], float] = {}
        self._pauses: dict[str, int] = defaultdict(int)
        self._turns: dict[str, int] = defaultdict(int)  # what was planned before the last change is void

    def _ids_in_use(self) -> Iterator[int]:
        for catalog in self._sandbox.catalogs.values():
            yield from (int(template.raw["id"]) for template in catalog.templates)

    # --- what clients do ----------------------------------------------------------------------------------------------

    def create(self, waba_id: str, token: str | None, entry: Mapping[str, Any]) -> dict[str, Any]:
        """A new template; it is reviewed after a while. Raises ApiError."""
        catalog, now = self._sandbox.catalog_for(waba_id, token), self._sandbox.clock.now()
        review.check(entry)
        self._sandbox.shelf.check_samples(entry["components"])
        name, language = str(entry["name"]), str(entry["language"])
        if catalog.find(name, language) is not None:
            raise review.refused(f"There is already {language} content for the template {name}", review.EXISTS)
        if now < self._deleted.get((waba_id, name), 0.0):
            raise review.refused(f"The template {name} was deleted; its name can be used again after 30 days", 2388023)
        _spend(self._made[waba_id], now, ((HOUR, MOST_AN_HOUR, 80008),))
        raw = {
            "id": str(self._next_id),
            "name": name,
            "language": language,
            "status": "PENDING",
            "category": str(entry["category"]),
            "parameter_format": str(entry.get("parameter_format") or "POSITIONAL").upper(),
            "quality_score": {"score": "UNKNOWN"},
            "rejected_reason": "NONE",
            "components": entry["components"],
        }
        self._next_id += 1
        catalog.put(Template(raw))
        self._review_later(waba_id, raw)
        return {name: raw[name] for name in ("id", "status", "category")}

    def edit(self, template_id: str, token: str | None, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Other components, or another category for one that is not approved. Raises ApiError."""
        waba_id, template = self._find(template_id, token)
        raw, now = template.raw, self._sandbox.clock.now()
        if raw["status"] not in EDITABLE:
            raise review.refused(f"A template that is {raw['status']} cannot be edited", review.STATUS)
        components = changes.get("components", raw["components"])
        category = str(changes.get("category", raw["category"]))
        if raw["status"] == "APPROVED" and category != raw["category"]:
            raise review.refused("The category of an approved template cannot be changed", review.STATUS)
        review.check({**raw, "components": components, "category": category})
        self._sandbox.shelf.check_samples(components)
        if raw["status"] == "APPROVED":
            limits = ((DAY, EDITS_A_DAY, 100), (30 * DAY, EDITS_A_MONTH, 100))
            _spend(self._edits[template_id], now, limits)
        changed = {**raw, "components": components, "category": category, "status": "PENDING"}
        self._sandbox.catalogs[waba_id].put(Template({**changed, "rejected_reason": "NONE"}))
        self._review_later(waba_id, changed)
        return {"success": True}

    def delete(self, waba_id: str, token: str | None, name: str, template_id: str | None) -> dict[str, Any]:
        """All languages of a name, or the one of this id. Raises ApiError if there is none."""
        catalog = self._sandbox.catalog_for(waba_id, token)
        gone = [each for each in catalog.named(name) if template_id in (None, "", each.raw["id"])]
        if not gone:
            raise ApiError(100, f"There is no message template {name}", subcode=2593002)
        for template in gone:
            catalog.remove(template)
            self._turns[template.raw["id"]] += 1
        self._deleted[waba_id, name] = self._sandbox.clock.now() + RESERVED
        return {"success": True}

    def _find(self, template_id: str, token: str | None) -> tuple[str, Template]:
        self._sandbox.check_token(token)
        for account in self._sandbox.accounts.values():
            template = account.catalog.by_id(template_id)
            if template is not None and account.config.token == token:
                return account.config.waba_id, template
        raise unknown_object(template_id)

    # --- what becomes of it -------------------------------------------------------------------------------------------

    def _review_later(self, waba_id: str, raw: Mapping[str, Any]) -> None:
        template_id = str(raw["id"])
        self._turns[template_id] += 1
        if not self.holds:
            self._later(self._sandbox.config.timing.review, template_id, lambda: self._reviewed(waba_id, template_id))

    def _later(self, seconds: float, template_id: str, act: Callable[[], None]) -> None:
        turn = self._turns[template_id]

        def happens() -> None:
            if self._turns[template_id] == turn:
                act()

        account = next(iter(self._sandbox.accounts.values()))
        update = Update(account, "", template_id, lambda _: {}, happens=happens)
        self._engine.schedule(update, self._sandbox.clock.now() + seconds)

    def _reviewed(self, waba_id: str, template_id: str) -> None:
        template = self._sandbox.catalogs[waba_id].by_id(template_id)
        if template is not None:
            self.decide(waba_id, template, review.judge(template.raw))

    def decide(self, waba_id: str, template: Template, verdict: Verdict) -> None:
        """The review's end: by its rules, or by hand."""
        if verdict.category and verdict.category != template.raw["category"]:
            template = self.recategorize(waba_id, template, verdict.category)
        changed = self._put(waba_id, template, status=verdict.event, rejected_reason=verdict.reason)
        self._tell(waba_id, changed, STATUS, {"event": verdict.event, "reason": verdict.reason})

    def recategorize(self, waba_id: str, template: Template, category: str) -> Template:
        """It is of another category from now on."""
        before = template.raw["category"]
        changed = self._put(waba_id, template, category=category)
        self._tell(waba_id, changed, CATEGORY, {"previous_category": before, "new_category": category})
        return changed

    def rate(self, waba_id: str, template: Template, quality: str) -> None:
        """People take it well or badly: GREEN, YELLOW, RED. Red pauses an approved one, the third time for good."""
        before = str((template.raw.get("quality_score") or {}).get("score") or "UNKNOWN")
        changed = self._put(waba_id, template, quality_score={"score": quality})
        told = {"previous_quality_score": before, "new_quality_score": quality}
        self._tell(waba_id, changed, QUALITY, told)
        if quality == "RED" and changed.status == "APPROVED":
            self.pause(waba_id, changed)

    def pause(self, waba_id: str, template: Template) -> None:
        """For three hours, then six, then for good."""
        template_id = str(template.raw["id"])
        nth = self._pauses[template_id]
        self._pauses[template_id] += 1
        if nth >= len(PAUSES):
            changed = self._put(waba_id, template, status="DISABLED")
            self._tell(waba_id, changed, STATUS, {"event": "DISABLED", "other_info": {"title": "DISABLED"}})
            return
        changed = self._put(waba_id, template, status="PAUSED")
        title = ("FIRST_PAUSE", "SECOND_PAUSE")[nth]
        self._tell(waba_id, changed, STATUS, {"event": "PAUSED", "other_info": {"title": title}})
        self._turns[template_id] += 1
        self._later(PAUSES[nth], template_id, lambda: self._unpaused(waba_id, template_id))

    def _unpaused(self, waba_id: str, template_id: str) -> None:
        template = self._sandbox.catalogs[waba_id].by_id(template_id)
        if template is not None:
            changed = self._put(waba_id, template, status="APPROVED")
            self._tell(waba_id, changed, STATUS, {"event": "REINSTATED"})

    def _put(self, waba_id: str, template: Template, **changes: Any) -> Template:
        changed = Template({**template.raw, **changes})
        self._sandbox.catalogs[waba_id].put(changed)
        return changed

    def _tell(self, waba_id: str, template: Template, part: str, told: Mapping[str, Any]) -> None:
        value = {
            "message_template_id": int(template.raw["id"]),
            "message_template_name": template.raw["name"],
            "message_template_language": template.raw["language"],
            **told,
        }
        account = self._listening(waba_id)
        if account is not None:
            self._engine.tell_soon(Update(account, part, f"template:{template.raw['id']}", lambda _: value))

    def _listening(self, waba_id: str) -> Account | None:
        mine = [each for each in self._sandbox.accounts.values() if each.config.waba_id == waba_id]
        return next((each for each in mine if each.config.webhook_url), mine[0] if mine else None)

    # --- by hand ------------------------------------------------------------------------------------------------------

    def by_hand(self, waba_id: str, template: Template, said: Mapping[str, Any]) -> None:
        """What a person lets happen: `verdict` (approve, reject, pause, disable), `reason`, `category`, `quality`."""
        catalog: Catalog = self._sandbox.catalogs[waba_id]
        self._turns[str(template.raw["id"])] += 1
        if said.get("category"):
            template = self.recategorize(waba_id, template, str(said["category"]))
        verdict = said.get("verdict")
        if verdict == "approve":
            self.decide(waba_id, template, Verdict("APPROVED"))
        elif verdict == "reject":
            self.decide(waba_id, template, Verdict("REJECTED", str(said.get("reason") or "INVALID_FORMAT")))
        elif verdict == "pause":
            self.pause(waba_id, template)
        elif verdict == "disable":
            self.decide(waba_id, template, Verdict("DISABLED"))
        if said.get("quality"):
            found = catalog.by_id(str(template.raw["id"]))
            assert found is not None
            self.rate(waba_id, found, str(said["quality"]))


def _spend(times: deque[float], now: float, limits: tuple[tuple[float, int, int], ...]) -> None:
    """Note one more, unless a moving window is full: then raise ApiError with its code."""
    for seconds, most, code in limits:
        if sum(now - at < seconds for at in times) >= most:
            told = f"This was done {most} times in {seconds / HOUR:g} hours already"
            raise ApiError(code, told, subcode=None if code != 100 else review.STATUS)
    times.append(now)
