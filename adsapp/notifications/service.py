"""Telling our users, in the transaction of what they are told of; and what they choose."""

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from adsapp import jobs
from adsapp.core import db
from adsapp.notifications.choices import CHOICES
from adsapp.notifications.letters import Letter
from adsapp.notifications.models import NotificationChoice
from adsapp.notifications.queries import wanted_by
from adsapp.organizations import policy
from adsapp.organizations import queries as organizations
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Membership
from adsapp.organizations.policy import Permission

PROCESSOR = "notify"


def tell(user_id: uuid.UUID, letter: Letter) -> None:
    """Write to a member who wants this kind of letter; not to somebody who has left meanwhile."""
    member = organizations.get_membership(db.require_organization_id(), user_id)
    if member is not None:
        _tell(member, letter)


def tell_administrators(letter: Letter) -> None:
    """Write to those owners and admins who want this kind of letter."""
    for member in organizations.list_members(db.require_organization_id()):
        if policy.allows(member.role, Permission.ADMINISTER):
            _tell(member, letter)


def write_to(address: str, name: str, letter: Letter) -> None:
    """Write to an address, whatever anybody has chosen: what was asked for, or what lets somebody in."""
    _enqueue(address, name, letter.kind, letter.as_json())


def choose(member: Membership, wanted: Collection[str], by: By) -> None:
    """Tell this member of these kinds from now on, and of no other."""
    before = wanted_by(member)
    for each in CHOICES:
        chosen = NotificationChoice(
            organization_id=member.organization_id,
            user_id=member.user_id,
            kind=each.kind,
            wanted=each.kind in wanted,
        )
        db.session.merge(chosen)
    changed = {each.title: each.kind in wanted for each in CHOICES if before[each.kind] != (each.kind in wanted)}
    by.audit("choose notifications", f"member:{member.user_id}", title=member.user.email, told=changed)


def _tell(member: Membership, letter: Letter) -> None:
    if not wanted_by(member)[letter.kind]:
        return
    masked = policy.mask_of(member.role).value(letter.as_json())
    _enqueue(member.user.email, member.user.name, letter.kind, {**masked, "url": letter.link})


def _enqueue(address: str, name: str, kind: str, values: Mapping[str, Any]) -> None:
    jobs.enqueue(PROCESSOR, {"to": address, "name": name, "kind": kind, "values": dict(values)})
