"""Accepts or refuses e-mails and plans what follows from them. Knows no HTTP; nothing here awaits."""

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from adsapp.sandbox.resend import payloads
from adsapp.sandbox.resend.addresses import domain_of
from adsapp.sandbox.resend.errors import ApiError
from adsapp.sandbox.resend.journeys import Step, habit_among, journey, out_of_order
from adsapp.sandbox.resend.magic import MAGIC, TEST_DOMAIN, habit_of
from adsapp.sandbox.resend.state import Email, Mailroom, Team, iso
from adsapp.sandbox.resend.suppressions import Suppression
from adsapp.sandbox.resend.validation import MOST_IN_BATCH, Request, check
from adsapp.sandbox.resend.webhooks import Postman

_LINK = re.compile(r"""<a\s[^>]*?href=["'](https?://[^"']+)["']""", re.IGNORECASE)


@dataclass(slots=True)
class Accepted:
    """E-mails that were accepted, and what is wrong with the others. hangs: the answer never comes."""

    emails: list[Email]
    errors: list[dict[str, Any]] = field(default_factory=list)
    hangs: bool = False


class Sender:
    def __init__(self, mailroom: Mailroom, postman: Postman) -> None:
        self._mailroom = mailroom
        self._postman = postman

    def take_one(self, team: Team, body: object, key: str | None) -> Accepted:
        """Accept one e-mail, or raise the ApiError that refuses it."""
        return self._accept(team, [self._checked(team, body, in_batch=False)], key)

    def take_batch(self, team: Team, body: object, key: str | None, *, permissive: bool) -> Accepted:
        """Accept up to 100: all, or raise the ApiError that refuses them; if permissive, those with nothing wrong.

        A sender's domain that is not verified refuses the whole batch either way; the documents leave that open.
        """
        if not isinstance(body, list):
            raise ApiError("validation_error", "The request body must be an array of emails.")
        if not body:
            raise ApiError("missing_required_field", "The array of emails is empty.")
        if len(body) > MOST_IN_BATCH:
            raise ApiError("validation_error", f"The array must not have more than {MOST_IN_BATCH} emails.")
        requests: list[Request] = []
        errors: list[dict[str, Any]] = []
        for index, item in enumerate(body):
            try:
                requests.append(self._checked(team, item, in_batch=True))
            except ApiError as error:
                if not permissive or error.http == 403:
                    raise
                errors.append({"index": index, "message": error.message})
        accepted = self._accept(team, requests, key)
        accepted.errors = errors
        return accepted

    def suppress(self, team: Team, email: str, origin: str, source_id: str | None = None) -> Suppression:
        """Put an address on the team's list and tell of it; one that is on it already stays as it is."""
        now = self._mailroom.clock.now()
        item = Suppression(self._mailroom.new_id(), email, origin, source_id, iso(now))
        if team.suppressions.add(item):
            self._postman.tell(team, payloads.suppression(item, "added", now))
            return item
        return team.suppressions.find(email) or item

    def release(self, team: Team, id_or_email: str) -> Suppression | None:
        """Take an address off the team's list and tell of it."""
        item = team.suppressions.remove(id_or_email)
        if item is not None:
            self._postman.tell(team, payloads.suppression(item, "removed", self._mailroom.clock.now()))
        return item

    def happen(self, email: Email, step: Step, at: float) -> None:
        """Let an event happen to an e-mail, with what follows from it, and tell of it."""
        if step.event == "clicked" and not step.kind:
            step = Step(step.after, step.event, first_link(email.request.html))
        email.become(step.event, at, step.kind)
        self._postman.tell(email.team, payloads.email(email, step.event, at, step.kind))
        if (step.event, step.kind) == ("bounced", "Permanent"):
            self._suppress_those(email, "bounced", "bounce")
        if step.event == "complained":
            self._suppress_those(email, "complained", "complaint")

    def happen_now(self, email: Email, step: Step) -> None:
        self.happen(email, step, self._mailroom.clock.now())

    def send(self, email: Email, now: float) -> None:
        """Send what was accepted or is due: from here on events follow."""
        if email.last_event == "canceled":
            return
        listed = next(filter(None, map(email.team.suppressions.find, email.request.recipients)), None)
        if listed is not None:
            steps = [Step(self._mailroom.config.timing.sent, "suppressed", listed.origin)]
        else:
            steps = self._journey(email)
        for step in steps:
            self._postman.schedule(now + step.after, partial(self.happen, email, step))

    def reschedule(self, email: Email, moment: float) -> None:
        email.scheduled_at = moment
        self._postman.schedule(moment, lambda at: self.send(email, at) if email.scheduled_at == at else None)

    def _checked(self, team: Team, body: object, *, in_batch: bool) -> Request:
        request = check(body, self._mailroom.clock.now(), in_batch=in_batch)
        domain = domain_of(request.from_address)
        if domain == TEST_DOMAIN:
            self._check_test_only(request)
        else:
            team.check_domain(domain)
        if habit_among(request.recipients, magic=self._mailroom.config.magic) == "refused":
            raise ApiError("invalid_parameter", f"Recipient {MAGIC['refused']}.")
        return request

    def _check_test_only(self, request: Request) -> None:
        if any(domain_of(address) != TEST_DOMAIN for address in request.recipients):
            what = "You can only send testing emails to test addresses. To send to others, verify a domain."
            raise ApiError("validation_error", what, http=403)

    def _accept(self, team: Team, requests: list[Request], key: str | None) -> Accepted:
        now, config = self._mailroom.clock.now(), team.config
        team.quota.check(len(requests), config.daily_quota, config.monthly_quota, now)
        team.quota.take(len(requests))
        emails = [self._record(team, request, key, now) for request in requests]
        habits = [habit_among(request.recipients, magic=self._mailroom.config.magic) for request in requests]
        return Accepted(emails, hangs="hang" in habits)

    def _record(self, team: Team, request: Request, key: str | None, now: float) -> Email:
        email = Email(self._mailroom.new_id(), team, request, key, now)
        self._mailroom.emails[email.id] = email
        team.figures.accepted += 1
        team.figures.mails.see(now)
        if request.scheduled_at is None:
            self.send(email, now)
            return email
        self.happen(email, Step(0, "scheduled"), now)
        self.reschedule(email, request.scheduled_at)
        return email

    def _journey(self, email: Email) -> list[Step]:
        config = self._mailroom.config
        habit = habit_among(email.request.recipients, magic=config.magic)
        steps = journey(email.request.recipients[0], habit, config.timing, tracks=email.team.config.tracking)
        if not first_link(email.request.html):
            steps = [step for step in steps if step.event != "clicked"]
        return out_of_order(steps, len(self._mailroom.emails)) if self._postman.switches.shuffle else steps

    def _suppress_those(self, email: Email, habit: str, origin: str) -> None:
        """The recipients who behave so; all of them if none does, and a person let it happen."""
        magic, everybody = self._mailroom.config.magic, email.request.recipients
        for address in [each for each in everybody if habit_of(each, magic=magic) == habit] or everybody:
            self.suppress(email.team, address, origin, email.id)


def links(html: str) -> list[str]:
    """Where the links of an e-mail lead, each once, in their order."""
    return list(dict.fromkeys(target.replace("&amp;", "&") for target in _LINK.findall(html)))


def first_link(html: str) -> str:
    return next(iter(links(html)), "")
