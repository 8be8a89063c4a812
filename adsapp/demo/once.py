"""`adsapp demo --once`: the main job from file to delivered message and e-mail, through the API, and its counts
compared.

It ends well only if contacts, accepted messages, delivered and failed statuses and the sandbox's ledger all agree. The
sandbox lets the messages to a few people of the sample fail, because every real campaign has such people.
"""

import json
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.demo import once_email
from adsapp.demo.http import Api, wait_until

SAMPLE = Path(__file__).with_name("contacts.csv")
STEP_SECONDS = 120.0
# How the sandbox ends messages to numbers with these last digits (adsapp/sandbox/__init__.py).
FAIL_AFTERWARDS = {"0026": "131026", "0049": "131049", "0050": "131050"}

Bar = Callable[[str, int, int], None]  # what, done, total


@dataclass(frozen=True)
class Check:
    """One figure and what it should be."""

    what: str
    expected: Any
    found: Any

    @property
    def holds(self) -> bool:
        return bool(self.expected == self.found)


def run(api: Api, sandbox_url: str, bar: Bar) -> list[Check]:
    """Import the sample, send the campaign and an e-mail, wait for what is reported, compare. Raises ApiError if a step
    fails."""
    imported = _import_sample(api, bar)
    campaign = _send(api, imported["id"], bar)
    compared = _compare(api, imported, campaign, _ledger(sandbox_url))
    return [*compared, *(Check(*figure) for figure in once_email.run(api, sandbox_url, imported["id"], bar))]


def _import_sample(api: Api, bar: Bar) -> dict[str, Any]:
    answer = api.upload("/api/jobs/import-contacts", SAMPLE.name, SAMPLE.read_bytes(), {})
    job = _follow(api, answer["job"]["id"], "Importing", bar)
    if job["state"] != "completed":
        raise RuntimeError(f"the import ended {job['state']}: {job['error']}")
    result: dict[str, Any] = api.get(f"/api/imports/{answer['import']['id']}")
    return result


def _follow(api: Api, job_id: str, what: str, bar: Bar) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(f"/api/jobs/{job_id}")
        bar(what, job["progress"]["done"], job["progress"]["total"] or 0)
        return job if job["state"] in ("completed", "failed", "cancelled") else None

    return wait_until(look, STEP_SECONDS, what.lower())


def _send(api: Api, import_id: str, bar: Bar) -> dict[str, Any]:
    wait_until(lambda: _has_template(api), STEP_SECONDS, "the sync of the templates")
    answer = api.post(
        "/api/jobs/bulk-message",
        {
            "name": "Welcome",
            "template": {"name": "welcome", "language": "en_US"},
            "variables": {"1": {"field": "first_name", "fallback": "there"}},
            "audience": {"import_id": import_id},
        },
    )
    campaign_id = answer["campaign"]["id"]
    _follow(api, answer["job"]["id"], "Sending", bar)

    def delivered() -> dict[str, Any] | None:
        campaign = _campaign(api, campaign_id)
        ended = campaign["counts"]["delivered_total"] + campaign["counts"]["by_status"]["failed"]
        bar("Delivered", ended, campaign["audience_size"])
        return campaign if ended == campaign["audience_size"] else None

    return wait_until(delivered, STEP_SECONDS, "the delivery")


def _has_template(api: Api) -> bool:
    templates = api.get("/api/templates")["templates"]
    return any(template["name"] == "welcome" for template in templates)


def _campaign(api: Api, campaign_id: str) -> dict[str, Any]:
    answer = api.get(f"/api/campaigns/{campaign_id}?limit=1")
    return {**answer["campaign"], "failures": answer["failures"]}


def _ledger(sandbox_url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{sandbox_url}/_sandbox/ledger", timeout=30) as answer:  # noqa: S310
        messages: list[dict[str, Any]] = json.loads(answer.read())["messages"]
        return messages


def _compare(api: Api, imported: dict[str, Any], campaign: dict[str, Any], ledger: list[dict[str, Any]]) -> list[Check]:
    phones = set(_phones(api))
    sent_to = Counter(message["to"] for message in ledger)
    rows = sum(imported[name] for name in ("created", "updated", "unchanged", "duplicate", "rejected"))
    failing = Counter(FAIL_AFTERWARDS[phone[-4:]] for phone in phones if phone[-4:] in FAIL_AFTERWARDS)
    failed = {failure["code"]: failure["count"] for failure in campaign["failures"]}
    return [
        Check("rows of the file accounted for", imported["rows_read"], rows),
        Check("contacts", imported["created"], len(phones)),
        Check("people of the campaign", len(phones), campaign["audience_size"]),
        Check("messages in the sandbox's ledger", len(phones), len(ledger)),
        Check("people in the ledger more than once", 0, sum(count > 1 for count in sent_to.values())),
        Check("contacts missing in the ledger", 0, len(phones - set(sent_to))),
        Check("delivered", len(phones) - failing.total(), campaign["counts"]["delivered_total"]),
        *(Check(f"failed with {code}", failing[code], failed.get(code, 0)) for code in sorted({*failing, *failed})),
    ]


def _phones(api: Api) -> list[str]:
    found: list[str] = []
    path = "/api/contacts?limit=200"
    while path:
        page = api.get(path)
        found += [contact["phone"] for contact in page["contacts"]]
        path = f"/api/contacts?limit=200&cursor={page['next']}" if page.get("next") else ""
    return found
