"""Templates are submitted, changed and deleted at the provider; here stands what it then has.

The provider is asked between two transactions: first all that can be known here is checked, then nothing is held while
it answers, then its answer is kept. If no answer comes, a sync finds out what became of it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.integrations import queries as accounts
from adsapp.integrations.base import TemplateText
from adsapp.integrations.channels import channel_of
from adsapp.integrations.errors import ProviderError
from adsapp.message_templates import history
from adsapp.message_templates import service as templates
from adsapp.message_templates.availability import why_not_edited
from adsapp.message_templates.components import MEDIA_FORMATS
from adsapp.message_templates.files import queries as files
from adsapp.message_templates.files import service as header_files
from adsapp.message_templates.files.kinds import CALLED
from adsapp.message_templates.files.values import file_id_of
from adsapp.message_templates.history import Was
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.queries import find_template
from adsapp.message_templates.studio.draft import TemplateDraft
from adsapp.message_templates.studio.rules import Fault, judge
from adsapp.organizations.auditing import By


class ChangedMeanwhile(Conflict):
    """Somebody else has changed the template since it was opened."""


class NotAnswered(Conflict):
    """The provider did not take it for now: it cannot be reached, or asks to wait."""


def submit(draft: TemplateDraft, by: By) -> MessageTemplate:
    """Submit a new template for review; it is pending until the provider has looked at it.

    Raises Invalid with each fault at its place, the provider's among them; Conflict if no account may be used.
    """
    account = accounts.get_default_account()
    accounts.refuse_refused(account)
    _refuse(judge(draft))
    if find_template(account.id, draft.name, draft.language) is not None:
        told = f"There is a template {draft.name} in {language_name(draft.language)} already; take another name"
        raise Invalid.field("name", told)
    account_id, channel = account.id, channel_of(account)
    ready = _with_sample(draft)
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        made = channel.create_template(_text(ready))
    except ProviderError as error:
        _told(error, draft)
    account = accounts.get_account(account_id)
    template = templates.add(account, made)
    template.sample_file_id = file_id_of(draft.header_sample)
    by.audit("submit template", f"template:{template.id}", title=template.name, language=template.language)
    return template


def change(template: MessageTemplate, draft: TemplateDraft, seen: str, by: By) -> MessageTemplate:
    """Submit another text or category of a template. `seen`: its `fingerprint` when somebody began to edit.

    Raises as `submit` does, ChangedMeanwhile if it is another one by now, Conflict if it cannot be edited now.
    """
    if why_not := why_not_edited(template):
        raise Conflict(why_not)
    if fingerprint(template) != seen:
        told = f"Somebody changed “{template.name}” while you edited it. Look at theirs, then submit yours again"
        raise ChangedMeanwhile(told, code="changed_meanwhile")
    _refuse(judge(draft))
    template_id, provider_id = template.id, template.provider_id
    channel = channel_of(accounts.get_account(template.account_id))
    ready = _with_sample(draft)
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        channel.edit_template(provider_id, _text(ready))
    except ProviderError as error:
        _told(error, draft)
    changed = db.session.get_one(MessageTemplate, template_id)
    was = Was.of(changed)
    changed.components, changed.category = ready.components, draft.category
    changed.sample_file_id = file_id_of(draft.header_sample)
    changed.parameter_format = draft.parameter_format
    changed.status, changed.status_reason, changed.synced_at = "PENDING", None, utcnow()
    history.note(changed, was, history.HERE)
    by.audit("change template", f"template:{changed.id}", title=changed.name, language=changed.language)
    return changed


def delete(template: MessageTemplate, by: By) -> None:
    """Delete it at the provider in this language. Its name can be used again after 30 days. Raises Conflict."""
    template_id, name, provider_id = template.id, template.name, template.provider_id
    language, channel = template.language, channel_of(accounts.get_account(template.account_id))
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        channel.delete_template(name, provider_id)
    except ProviderError as error:
        raise NotAnswered(f"WhatsApp did not delete it. {error.error.told_at_last}") from None
    by.audit("delete template", f"template:{template_id}", title=name, language=language)
    db.session.delete(db.session.get_one(MessageTemplate, template_id))
    db.session.flush()


def fingerprint(template: MessageTemplate) -> str:
    """The same as long as nobody has changed its text or category."""
    parts = [
        {**part, "example": {**part["example"], "header_handle": []}} if _has_sample(part) else part
        for part in template.components
    ]
    text = json.dumps([template.category, parts], sort_keys=True, ensure_ascii=True)
    return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()


def _has_sample(part: object) -> bool:
    """Its address is another one each time the provider is asked."""
    example = part.get("example") if isinstance(part, dict) else None
    return isinstance(example, dict) and "header_handle" in example


def _with_sample(draft: TemplateDraft) -> TemplateDraft:
    """With the provider's handle of what its reviewers see above it; uploaded now if it was not before. Ends the
    transaction. Raises Invalid at `header_sample`."""
    file_id = file_id_of(draft.header_sample)
    if draft.header_format not in MEDIA_FORMATS:
        return replace(draft, header_sample="")
    kept = files.find_file(file_id) if file_id else None
    if kept is None:
        raise Invalid.field("header_sample", "This file is not kept here any more; upload it again")
    if kept.kind != draft.header_format:
        called = CALLED[draft.header_format]
        raise Invalid.field("header_sample", f"“{kept.name}” is no {called}; upload one, or choose another header")
    return replace(draft, header_sample=header_files.sample(kept.id))


def _text(draft: TemplateDraft) -> TemplateText:
    return TemplateText(draft.name, draft.language, draft.category, draft.parameter_format, draft.components)


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        fields = [FieldError(fault.place, f"{fault.message}. {fault.advice}", fault.code) for fault in faults]
        raise Invalid("; ".join(fault.message for fault in faults[:10]), fields=fields)


def _told(error: ProviderError, draft: TemplateDraft) -> NoReturn:
    """What the provider said, at its place; if it said nothing of the template, as what it is. It may have forgotten
    the sample above it: that is uploaded anew the next time."""
    said = error.error
    if sample := file_id_of(draft.header_sample):
        header_files.forget_sample(sample)
    if said.code == "100":
        told = f"WhatsApp did not take it: {said.message.rpartition(': ')[2] or said.message}"
        raise Invalid.field(said.part or "body", told) from None
    raise NotAnswered(f"WhatsApp did not take it. {said.told_at_last}") from None
