"""The door webhooks come in by: verified over the raw bytes, stored, answered; a job applies them."""

import hashlib
import uuid
from datetime import timedelta

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.core.errors import Forbidden, NotFound, Unauthenticated
from adsapp.core.ids import parse_id
from adsapp.core.web.limits import takes
from adsapp.integrations import queries as accounts
from adsapp.integrations.channels import PROVIDERS, channel_of
from adsapp.integrations.models import Account, WebhookDelivery
from adsapp.jobs import enqueue_for_what_came_in
from adsapp.organizations.access import public
from adsapp.outbound.figures import WEBHOOKS, WHATSAPP

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")

LARGEST_BODY = 3 * 1024 * 1024
# Deliveries come in bursts: one job applies those of a moment together. Reports are for people to look at, so half a
# second costs nobody anything, and a campaign of an hour makes thousands of jobs fewer.
GATHER = timedelta(seconds=0.5)


@webhooks.get("/<provider>/<account_id>")
@public
def verify(provider: str, account_id: str) -> ResponseReturnValue:
    """The provider's handshake when the address is entered there."""
    answer = channel_of(_account(provider, account_id)).handshake(request.args)
    if answer is None:
        raise Forbidden("The verify token does not fit; save the same one here, under Settings → WhatsApp, and at Meta")
    return Response(answer, mimetype="text/plain")


@webhooks.post("/<provider>/<account_id>")
@takes(LARGEST_BODY)
@public
def receive(provider: str, account_id: str) -> ResponseReturnValue:
    """Store a delivery; the same bytes again change nothing. 401 for a wrong signature: nothing is stored."""
    raw = request.get_data(cache=False)
    with db.read_only():
        account = _account(provider, account_id)
        known, channel = account.id, channel_of(account)
    if not channel.is_genuine(raw, request.headers.get):
        raise Unauthenticated("The signature does not fit the body; nothing was stored", code="wrong_signature")
    _store(known, raw)
    db.session.commit()
    enqueue_for_what_came_in(
        "apply-webhooks", {"account_id": str(known)}, f"webhooks:{known}", within=GATHER, subject=f"account:{known}"
    )
    return Response(status=200)


def _account(provider: str, account_id: str) -> Account:
    wanted = parse_id(account_id) if provider in PROVIDERS else None
    organization_id = accounts.organization_of(wanted) if wanted else None
    if wanted is None or organization_id is None:
        raise NotFound("There is no such account")
    db.bind_organization(organization_id)
    return accounts.get_account(wanted)


def _store(account_id: uuid.UUID, raw: bytes) -> None:
    digest = hashlib.sha256(raw).hexdigest()
    row = {"account_id": account_id, "digest": digest, "body": raw, "received_at": utcnow()}
    insert_new(WebhookDelivery, [row])
    WEBHOOKS.add(channel=WHATSAPP)
