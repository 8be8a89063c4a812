"""Contacts, tags and consent, as other features use them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from adsapp.contacts import opt_outs, queries, service, tags
from adsapp.contacts.merge import ContactFields, merge
from adsapp.contacts.models import Contact, OptEvent, OptSource
from adsapp.contacts.schemas import ContactIn, OnDuplicate
from adsapp.core import db
from adsapp.core.db.rows import STAGED_FROM, insert_new, insert_rows, update_rows
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import new_id
from adsapp.organizations.auditing import NOBODY, By

inside = pytest.mark.usefixtures("inside")


@inside
def test_a_number_is_found_in_every_form_the_provider_may_write() -> None:
    contact = service.create_contact(ContactIn(phone="+55 11 96123-4567", name="Bia"), by=NOBODY)
    other = service.create_contact(ContactIn(phone="+12025550181"), by=NOBODY)
    other.wa_id = "12025550999"
    db.session.commit()
    for wa_id in ("5511961234567", "551161234567"):
        assert queries.find_by_number(wa_id) == contact
    assert queries.find_by_number("12025550999") == other
    assert queries.find_by_number("12025550181") == other
    assert queries.find_by_number("447911123456") is None
    assert queries.contact_count() == 2


@inside
def test_the_first_opt_out_stands() -> None:
    contact = service.create_contact(ContactIn(phone="+12025550181"), by=NOBODY)
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert opt_outs.opt_out(contact, OptSource.KEYWORD, "STOP", at=first, by=NOBODY)
    assert not opt_outs.opt_out(contact, OptSource.PROVIDER, "131050", by=NOBODY)
    assert (contact.opted_out_at, contact.opt_out_source) == (first, "keyword")
    assert opt_outs.opt_in(contact, OptSource.HAND, "asked for it", by=By("Alice"))
    assert not opt_outs.opt_in(contact, OptSource.HAND, by=NOBODY)
    assert contact.opted_out_at is None
    events = db.session.scalars(select(OptEvent).order_by(OptEvent.id)).all()
    assert [(event.opted_out, event.source, event.by) for event in events] == [
        (True, OptSource.KEYWORD, ""),
        (False, OptSource.HAND, "Alice"),
    ]


@inside
def test_many_opt_out_at_once() -> None:
    made = [service.create_contact(ContactIn(phone=f"+120255501{n:02d}"), by=NOBODY) for n in range(5)]
    opt_outs.opt_out(made[0], OptSource.HAND, by=NOBODY)
    news = opt_outs.opt_out_many([contact.id for contact in made], OptSource.IMPORT)
    assert set(news) == {contact.id for contact in made[1:]}


@inside
def test_a_number_that_is_known_or_none_is_refused() -> None:
    data = ContactIn(phone="+12025550181", name="Jo Test")
    service.create_contact(data, by=NOBODY)
    with pytest.raises(Conflict, match="contact already"):
        service.create_contact(data, by=NOBODY)
    with pytest.raises(Invalid, match="too short"):
        service.create_contact(ContactIn(phone="12"), "US", by=NOBODY)


@inside
def test_tags_are_one_however_they_are_written() -> None:
    first = tags.ensure_tags(["VIP", "Café"])
    assert tags.ensure_tags(["vip", "cafe", "new"]) == {**first, "new": tags.ensure_tags(["New"])["new"]}
    assert [tag.name for tag in queries.tags()] == ["Café", "VIP", "new"]


ODD_TEXTS = ("", "\\N", "a\tb\nc\\", "\"+0\", 'x'", "Zoë\u2028ñ", "{1,2}")


@pytest.mark.parametrize("count", [10, 2 * STAGED_FROM + 10])
@inside
def test_many_rows_are_written_and_changed_as_one_by_one(count: int) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    blank = dict.fromkeys(("first_name", "last_name", "email", "language", "country"), "")
    rows = [
        {
            **blank,
            "id": new_id(),
            "phone": f"+{n}",
            "person_key": f"+{n}",
            "name": ODD_TEXTS[n % len(ODD_TEXTS)],
            "attributes": {"n": n, "text": ODD_TEXTS[n % len(ODD_TEXTS)]},
        }
        for n in range(count)
    ]
    insert_rows(Contact, rows[: count // 2], {"created_at": now, "updated_at": now})
    insert_new(Contact, [row | {"created_at": now, "updated_at": now} for row in rows])
    changed = rows[: count // 2]
    update_rows(Contact, [{"id": row["id"], "name": f'"{row["phone"]}"', "attributes": {}} for row in changed])
    update_rows(Contact, [])
    found = db.session.scalars(select(Contact).order_by(Contact.id)).all()
    as_given = rows[count // 2 :]
    assert [contact.name for contact in found] == [f'"+{n}"' for n in range(count // 2)] + [r["name"] for r in as_given]
    assert [contact.attributes for contact in found] == [{}] * (count // 2) + [row["attributes"] for row in as_given]
    assert {contact.created_at for contact in found} == {now}
    assert queries.contact_count() == count


words = st.sampled_from(["", "Ana", "Ben Roe", "x"])
fields = st.builds(
    ContactFields,
    words,
    words,
    words,
    words,
    words,
    words,
    words,
    st.dictionaries(st.sampled_from("ab"), st.sampled_from(["", "1", "2"])),
)


def given_values(incoming: ContactFields) -> Mapping[str, object]:
    """What is not blank. First and last name go with the whole name, which may be of fewer parts; how an address was
    typed goes with it."""
    flat = {**incoming._asdict(), **incoming.attributes}
    for name in ("attributes", "first_name", "last_name", "email_typed"):
        flat.pop(name)
    return {name: value for name, value in flat.items() if value}


@given(fields, fields, st.sampled_from(OnDuplicate))
def test_a_blank_never_wipes_what_is_there(known: ContactFields, incoming: ContactFields, policy: OnDuplicate) -> None:
    after = merge(known, incoming, policy, whole_names=False)
    assert set(given_values(known)) <= set(given_values(after))
    if policy is OnDuplicate.SKIP:
        assert after == known
    if policy is OnDuplicate.FILL_EMPTY:
        assert all(given_values(after)[name] == value for name, value in given_values(known).items())
