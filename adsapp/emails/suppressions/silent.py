"""Who must get no e-mail, by the key of their address: whoever opted out, and whoever is suppressed."""

from collections.abc import Collection

from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.db.rows import slices
from adsapp.emails import reasons
from adsapp.emails.models import Suppression


def silent_keys(keys: Collection[str]) -> dict[str, str]:
    """Those of these addresses' keys that nothing may be sent to, each with the code of its reason."""
    found: dict[str, str] = {}
    for some in slices(keys):
        listed = select(Suppression.address_key).where(Suppression.address_key.in_(some))
        found |= dict.fromkeys(db.session.scalars(listed), reasons.SUPPRESSED)
        out = select(Contact.email).where(
            Contact.email.in_(some), Contact.email != "", Contact.opted_out_at.is_not(None)
        )
        found |= dict.fromkeys(db.session.scalars(out), reasons.OPTED_OUT)
    return found
