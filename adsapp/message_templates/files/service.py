"""Files for headers: kept, given to the provider when they are needed there, deleted.

The provider forgets an uploaded file after a while, and an id is good for one number only: so the file stays here and
is uploaded again before it is sent, if its last upload is too old.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final

from sqlalchemy import select, update

from adsapp.core import context, db, files
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.core.web.limits import MB
from adsapp.integrations import queries as accounts
from adsapp.integrations.base import Channel
from adsapp.integrations.channels import channel_of, media_lasts, media_rules
from adsapp.integrations.errors import ProviderError
from adsapp.integrations.media import FileToSend
from adsapp.integrations.values import is_link
from adsapp.message_templates.components import TemplateView, is_media
from adsapp.message_templates.files import kinds, links, queries
from adsapp.message_templates.files.values import PREFIX, file_id_of, why_none
from adsapp.message_templates.models import HeaderFile
from adsapp.message_templates.placeholders import Constant, Source, SourceError
from adsapp.organizations.auditing import By

IN_TIME: Final = timedelta(days=1)  # before its end an upload is made anew, so that none ends under way
FOLDER: Final = "headers"
LONGEST_NAME: Final = 200


class FileGone(Exception):
    """A message's file was deleted here, in words."""


def keep(stream: IO[bytes], name: str, by: By, kind: str = "") -> HeaderFile:
    """Keep a file; one with the same bytes is kept once. `kind`: what it must be.

    Raises Invalid (field `file`) for what the provider does not take, Conflict if no account is connected.
    """
    rules = media_rules(accounts.get_default_account())
    file_id, called = new_id(), " ".join(name.replace("\\", "/").rpartition("/")[2].split())[:LONGEST_NAME] or "file"
    most = min(max(rule.most_bytes for rule in rules.values()), context.settings().max_upload_mb * MB)
    try:
        written = files.write(stream, path_of(file_id), most)
    except files.TooMuch:
        raise Invalid.field("file", f"“{called}” is larger than {kinds.in_mb(most)}; nothing was kept") from None
    try:
        return _kept(file_id, called, written, kind, by)
    except BaseException:
        path_of(file_id).unlink(missing_ok=True)
        raise


def _kept(file_id: uuid.UUID, name: str, written: files.Written, kind: str, by: By) -> HeaderFile:
    rules, path = media_rules(accounts.get_default_account()), path_of(file_id)
    with path.open("rb") as file:
        content_type = kinds.sniff(file.read(kinds.HEAD), name)
    if told := kinds.why_not(content_type, written.size, kind, rules):
        raise Invalid.field("file", f"“{name}” {told}")
    known = db.session.scalars(select(HeaderFile).where(HeaderFile.sha256 == written.sha256)).first()
    if known is not None:
        path.replace(path_of(known.id))  # the same bytes; it is there again if somebody removed it from the disk
        return known
    kept = HeaderFile(
        organization_id=db.require_organization_id(),
        id=file_id,
        kind=kinds.kind_of(content_type, rules),
        name=name,
        content_type=content_type,
        size_bytes=written.size,
        sha256=written.sha256,
        created_by=by.name,
    )
    db.session.add(kept)
    db.session.flush()
    by.audit("keep file", f"file:{kept.id}", title=name)
    return kept


def delete(kept: HeaderFile, by: By) -> None:
    """Delete it here. The provider forgets its copy by itself; campaigns that still have to send it pause."""
    path = path_of(kept.id)
    by.audit("delete file", f"file:{kept.id}", title=kept.name)
    db.session.delete(kept)
    db.session.flush()
    db.after_commit(lambda: path.unlink(missing_ok=True))


def path_of_kept(kept: HeaderFile) -> Path:
    """The same for one that is in the database; raises NotFound if somebody removed it from the disk."""
    path = path_of(kept.id)
    if not path.exists():
        raise NotFound(f"The file “{kept.name}” is not on this machine's disk any more; upload it again")
    return path


def path_of(file_id: uuid.UUID) -> Path:
    """Where the bound organization's file is on this machine: beside its imports, so that a backup has it."""
    return context.settings().home / "uploads" / str(db.require_organization_id()) / FOLDER / str(file_id)


# --- at the provider --------------------------------------------------------------------------------------------------


def sample(file_id: uuid.UUID) -> str:
    """The handle of a file as the sample of a template: uploaded once. Commits, and waits.

    Raises Invalid (field `header_sample`) for a type that is no sample, Conflict if the provider does not take it.
    """
    kept, account = queries.get_file(file_id), accounts.get_default_account()
    if kept.content_type not in media_rules(account)[kept.kind].sample_types:
        told = f"WhatsApp reviews no {kept.content_type} as a sample; the messages themselves may carry one"
        raise Invalid.field("header_sample", told)
    if kept.sample_handle and kept.account_id in (None, account.id):
        return kept.sample_handle
    channel, file = channel_of(account), _to_send(kept)
    db.session.rollback()  # nothing is held while the provider is asked
    try:
        handle = channel.upload_sample(file)
    except ProviderError as error:
        raise Conflict(f"WhatsApp did not take the sample. {error.error.told_at_last}") from None
    db.session.execute(update(HeaderFile).where(HeaderFile.id == file_id).values(sample_handle=handle))
    db.session.commit()  # it is there, whatever becomes of the template
    return handle


def forget_sample(file_id: uuid.UUID) -> None:
    """Upload it anew the next time it is wanted. Commits."""
    db.session.execute(update(HeaderFile).where(HeaderFile.id == file_id).values(sample_handle=""))
    db.session.commit()


def ids_at_provider(
    file_ids: Iterable[uuid.UUID], account_id: uuid.UUID, channel: Channel
) -> dict[str, tuple[str, str]]:
    """For each file, as a variable's value names it: the id by which it can be sent now, and its name. What was not
    uploaded lately is uploaded now. Commits, and waits.

    Raises FileGone, and ProviderError if the provider does not take it.
    """
    found: dict[str, tuple[str, str]] = {}
    for file_id in file_ids:
        kept = queries.find_file(file_id)
        if kept is None or not path_of(file_id).exists():
            raise FileGone("The file above its message was deleted. Choose another one for a new campaign.")
        name, provider_id = kept.name, kept.provider_id
        if not _can_be_sent(kept, account_id):
            file = _to_send(kept)
            db.session.rollback()  # nothing is held while the provider is asked
            provider_id = channel.upload_media(file)
            _note_upload(file_id, account_id, provider_id, utcnow())
            db.session.commit()
        found[f"{PREFIX}{file_id}"] = (provider_id, name)
    db.session.rollback()
    return found


def forget_uploads(file_ids: Iterable[uuid.UUID]) -> None:
    """They are uploaded anew when they are sent next: what the provider has may be gone."""
    ids = list(file_ids)
    if ids:
        db.session.execute(update(HeaderFile).where(HeaderFile.id.in_(ids)).values(provider_id="", uploaded_at=None))


def _can_be_sent(kept: HeaderFile, account_id: uuid.UUID) -> bool:
    lasts = media_lasts(accounts.get_account(account_id)) - IN_TIME
    is_fresh = kept.uploaded_at is not None and kept.uploaded_at > utcnow() - lasts
    return bool(kept.provider_id) and kept.account_id == account_id and is_fresh


def _note_upload(file_id: uuid.UUID, account_id: uuid.UUID, provider_id: str, at: datetime) -> None:
    values = {"account_id": account_id, "provider_id": provider_id, "uploaded_at": at}
    db.session.execute(update(HeaderFile).where(HeaderFile.id == file_id).values(**values))


def _to_send(kept: HeaderFile) -> FileToSend:
    return FileToSend(path_of(kept.id), kept.name, kept.content_type, kept.size_bytes)


# --- before it is sent ------------------------------------------------------------------------------------------------


def look_at_links(variables: Mapping[str, object]) -> None:
    """Look at the addresses among the values of a header, so that `wrong_sources` knows. Ends the transaction."""
    wanted = list(_links(variables))
    account = accounts.find_default_account() if wanted else None
    if account is None:
        return
    rules = media_rules(account)
    db.session.rollback()  # nothing is held while others are asked
    links.look(wanted, rules)


def _links(variables: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    for given, entry in variables.items():
        part, _, kind = given.partition(".")
        kind = kind.upper()
        if not is_media(f"{part.lower()}.{kind}") or not isinstance(entry, Mapping):
            continue
        texts = [entry.get("value"), entry.get("fallback")]
        yield from ((kind, text.strip()) for text in texts if isinstance(text, str) and is_link(text.strip()))


def wrong_sources(view: TemplateView, sources: Mapping[str, Source]) -> list[SourceError]:
    """What can be known to be wrong with the pictures, videos and documents of a message."""
    found = []
    for key, source in sources.items():
        if is_media(key):
            texts = [source.text] if isinstance(source, Constant) else _stand_ins(source)
            found += [SourceError(key, told) for text in texts if (told := _why_not(key, text))]
    return found


def _stand_ins(source: Source) -> list[str]:
    assert not isinstance(source, Constant)
    return [text for text in (source.fallback, *(each.value for each in source.defaults)) if text]


def _why_not(key: str, text: str) -> str:
    kind = key.removeprefix("header.")
    if told := why_none(text):
        return told
    if is_link(text.strip()):
        return links.known(kind, text.strip()) or ""
    if (file_id := file_id_of(text)) is None:
        return ""
    kept = queries.find_file(file_id)
    if kept is None:
        return "this file was deleted; choose another one"
    return "" if kept.kind == kind else f"“{kept.name}” is a {kinds.CALLED[kept.kind]}, not a {kinds.CALLED[kind]}"


def files_in(variables: Mapping[str, object]) -> list[uuid.UUID]:
    """The kept files that the values of a message name."""
    texts = [
        text
        for key, entry in variables.items()
        if is_media(key) and isinstance(entry, Mapping)
        for text in (entry.get("value"), entry.get("fallback"), *_texts(entry.get("defaults")))
        if isinstance(text, str)
    ]
    return list(dict.fromkeys(found for text in texts if (found := file_id_of(text)) is not None))


def _texts(defaults: object) -> list[object]:
    entries = defaults if isinstance(defaults, list | tuple) else ()
    return [entry.get("value") for entry in entries if isinstance(entry, Mapping)]
