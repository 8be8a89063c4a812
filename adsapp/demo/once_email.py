"""The e-mail of `adsapp demo --once`: one to everybody that was imported, and what the sandbox says of it."""

import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from adsapp.demo.http import Api, wait_until

STEP_SECONDS: Final = 120.0
LIVES_ON: Final = frozenset({"delivered", "opened", "clicked", "complained"})  # of what the sandbox says of one
TEXT: Final = {
    "subject": "Welcome, {{first_name}}",
    "html": "<p>Hello {{first_name}}, fresh bread leaves the oven at seven.</p>"
    '<p><a href="{{unsubscribe_url}}">Unsubscribe</a></p>',
    "variables": {"first_name": {"field": "first_name", "fallback": "there"}},
}
Bar = Callable[[str, int, int], None]  # what, done, total
Figure = tuple[str, Any, Any]  # what, what it should be, what it is


def run(api: Api, sandbox_url: str, import_id: str, bar: Bar) -> list[Figure]:
    """Send it, wait for the reports, compare. Raises ApiError if a step fails."""
    asked = {"name": "Welcome by e-mail", **TEXT, "audience": {"import_id": import_id}}
    email_id = api.post("/api/jobs/send-email", asked)["email"]["id"]

    def reported() -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        email, ledger = api.get(f"/api/emails/{email_id}")["email"], _ledger(sandbox_url)
        counts = email["counts"]["by_status"]
        bar("E-mails", len(ledger), email["audience_size"] or 0)
        is_told = email["status"] == "completed" and _came_back(counts) == _expected(ledger)
        return (email, ledger) if is_told else None

    email, ledger = wait_until(reported, STEP_SECONDS, "the reports of the e-mail")
    return _compare(api, email, ledger)


def _ledger(sandbox_url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox_url}/_sandbox/emails/ledger", timeout=30) as answer:  # noqa: S310
        lines: list[dict[str, Any]] = json.loads(answer.read())["emails"]
        return lines


def _came_back(counts: dict[str, int]) -> tuple[int, int, int]:
    """Delivered whatever came after, bounced for good, complained: as we have it."""
    delivered = sum(counts[name] for name in LIVES_ON)
    return delivered, counts["bounced"], counts["complained"]


def _expected(ledger: Iterable[dict[str, Any]]) -> tuple[int, int, int]:
    """The same as the sandbox has it, once it has sent all of it."""
    ended = Counter(line["last_event"] for line in ledger if not _bounces_softly(line["to"][0]))
    delivered = sum(ended[name] for name in LIVES_ON)
    return delivered, ended["bounced"], ended["complained"]


def _bounces_softly(address: str) -> bool:
    """A full mailbox: the sandbox says of it what it says of one that does not exist, and tells us which it is."""
    return address.startswith("soft")


def _compare(api: Api, email: dict[str, Any], ledger: list[dict[str, Any]]) -> list[Figure]:
    counts, sent_to = email["counts"], Counter(line["to"][0] for line in ledger)
    by_status = counts["by_status"]
    delivered, bounced, complained = _expected(ledger)
    suppressed = api.get("/api/suppressions?limit=500")["suppressions"]
    return [
        ("e-mails in the sandbox's ledger", email["audience_size"] - by_status["skipped"], len(ledger)),
        ("addresses in it more than once", 0, sum(count > 1 for count in sent_to.values())),
        ("e-mails accepted", len(ledger), counts["accepted_total"]),
        ("e-mails delivered", delivered, counts["delivered_total"]),
        ("e-mails bounced", bounced, by_status["bounced"]),
        ("e-mails complained about", complained, by_status["complained"]),
        ("addresses suppressed", bounced + complained, len(suppressed)),
        ("e-mails uncertain", 0, by_status["uncertain"]),
    ]
