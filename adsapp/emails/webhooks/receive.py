"""The door by which reports of e-mails come in: verified over the raw bytes, stored, answered; a job applies them."""

from datetime import timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.core.errors import NotFound, Unauthenticated
from adsapp.core.ids import parse_id
from adsapp.core.web.limits import MB, takes
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.models import EmailAccount, EmailWebhook
from adsapp.jobs import enqueue_for_what_came_in
from adsapp.organizations.access import public
from adsapp.outbound.figures import EMAIL, WEBHOOKS

webhooks = Blueprint("email_webhooks", __name__, url_prefix="/webhooks")

GATHER = timedelta(seconds=0.5)  # one job applies what came in a moment


@webhooks.post("/resend/<account_id>")
@takes(MB)
@public
def receive(account_id: str) -> ResponseReturnValue:
    """Store a delivery; the same one again changes nothing. 401 for a wrong signature: nothing is stored."""
    raw = request.get_data(cache=False)
    with db.read_only():
        account = _account(account_id)
        known, channel = account.id, email_channel_of(account)
    delivery_id, why_not = channel.read_delivery(raw, request.headers.get, utcnow())
    if why_not:
        raise Unauthenticated(f"{why_not}; nothing was stored", code="wrong_signature")
    row = {"account_id": known, "delivery_id": delivery_id[:200], "body": raw, "received_at": utcnow()}
    insert_new(EmailWebhook, [row])
    WEBHOOKS.add(channel=EMAIL)
    db.session.commit()
    enqueue_for_what_came_in(
        "apply-email-webhooks", {"account_id": str(known)}, f"email-webhooks:{known}", within=GATHER
    )
    return Response(status=200)


def _account(account_id: str) -> EmailAccount:
    wanted = parse_id(account_id)
    organization_id = accounts.organization_of(wanted) if wanted else None
    if wanted is None or organization_id is None:
        raise NotFound("There is no such account")
    db.bind_organization(organization_id)
    return accounts.get_email_account(wanted)
