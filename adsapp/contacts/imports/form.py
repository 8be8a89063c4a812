"""The form of an import: what each column of the file becomes, and the options."""

import re
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import ValidationError

from adsapp.contacts.forms import split_tags
from adsapp.contacts.imports import country
from adsapp.contacts.imports.queries import last_like
from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.home import Proposal
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE, Mapping
from adsapp.contacts.imports.reading.signature import carried
from adsapp.contacts.imports.reading_form import ReadingForm
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.service import proposed
from adsapp.contacts.models import Import
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.attributes import typed_key
from adsapp.core.errors import Invalid
from adsapp.core.web.parsing import invalid


def _chosen(sent: Dict[str, str], index: int) -> str | None:
    """What a column becomes; an attribute may have been given a name of its own beside it."""
    target, name = (sent.get(f"{field}-{index}", "").strip() for field in ("column", "key"))
    if target.startswith(ATTRIBUTE) and name:
        return ATTRIBUTE + (typed_key(name) or name)
    return target or None


def _proposal(batch: Import, header: Sequence[str], targets: Sequence[str | None], own: str) -> Proposal:
    mapping = Mapping(tuple(header), tuple(targets))
    return country.proposal_of(Inspection.from_json(batch.inspection), mapping, own)


def _read_as(batch: Import) -> ReadingForm:
    return ReadingForm.of(Inspection.from_json(batch.inspection))


@dataclass
class ImportForm:
    """The chosen columns and options of an import, and what is wrong with them."""

    header: tuple[str, ...]
    targets: list[str | None]
    default_country: str
    proposal: Proposal
    on_duplicate: str = OnDuplicate.UPDATE.value
    tags: str = ""
    reading: ReadingForm = field(default_factory=ReadingForm)
    like: Import | None = None  # the last import of a file with these columns
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: Import, own: str) -> "ImportForm":
        """The form as it was tried, as the last file with these columns was imported, or else as it is found."""
        if batch.options:  # it has some once it was tried
            tried = Mapping.stored(batch.mapping, batch.inspection["header"])
            return cls._filled(batch, own, tried, batch.options, last_like(batch))
        return cls.as_before(batch, own)

    @classmethod
    def found(cls, batch: Import, own: str) -> "ImportForm":
        """The form with the columns and the country that are likely. `own` is the organization's country; none is
        chosen if two fit."""
        return cls._filled(batch, own, proposed(batch), {}, last_like(batch))

    @classmethod
    def as_before(cls, batch: Import, own: str) -> "ImportForm":
        """The form as the last file with these columns was imported; as it is found if there was none."""
        like = last_like(batch)
        if like is None:
            return cls._filled(batch, own, proposed(batch), {}, None)
        before = Mapping.stored(like.mapping, like.inspection["header"])
        form = cls._filled(batch, own, carried(before, batch.inspection["header"]), like.options, like)
        if not form.proposal.allows(form.default_country):  # these numbers are from elsewhere
            form.default_country = form.proposal.likely
        return form

    @classmethod
    def _filled(
        cls, batch: Import, own: str, mapping: Mapping, options: Dict[str, Any], like: Import | None
    ) -> "ImportForm":
        proposal = _proposal(batch, mapping.header, mapping.targets, own)
        country, tags = options.get("default_country", proposal.likely), ", ".join(options.get("tags", ()))
        policy, targets = options.get("on_duplicate", OnDuplicate.UPDATE.value), list(mapping.targets)
        return cls(mapping.header, targets, country, proposal, policy, tags, _read_as(batch), like)

    @classmethod
    def typed(cls, batch: Import, sent: Dict[str, str], own: str) -> "ImportForm":
        """The form filled with what was sent; afresh if it was asked to be as found, or as before."""
        if (afresh := {"found": cls.found, "before": cls.as_before}.get(sent.get("columns_as", ""))) is not None:
            return afresh(batch, own)
        header = tuple(batch.inspection["header"])
        targets = [_chosen(sent, index) for index in range(len(header))]
        chosen = sent.get("use_country") or sent.get("default_country", "")
        policy, tags = sent.get("on_duplicate", OnDuplicate.UPDATE.value), sent.get("tags", "")
        proposal, reading = _proposal(batch, header, targets, own), _read_as(batch).typed(sent)
        return cls(header, targets, chosen, proposal, policy, tags, reading, last_like(batch))

    @property
    def is_as_before(self) -> bool:
        """True if the columns become what they became in the last file like it."""
        if self.like is None:
            return False
        before = Mapping.stored(self.like.mapping, self.like.inspection["header"])
        return self.mapping == carried(before, self.header)

    @property
    def mapping(self) -> Mapping:
        """The chosen columns, not checked yet."""
        return Mapping(self.header, tuple(self.targets))

    @property
    def country(self) -> str | None:
        """The chosen default country; None if it was left blank."""
        return self.default_country or None

    def reads_as(self, batch: Import) -> bool:
        """True if the upload is read as it was before; else it has to be read again, and has other columns."""
        return self.reading == _read_as(batch)

    def changed(self, batch: Import) -> str:
        """The field by which the upload would be read in another way."""
        before, now = asdict(_read_as(batch)), asdict(self.reading)
        return next((name for name in now if now[name] != before[name]), "sheet")

    @property
    def must_choose_country(self) -> bool:
        """True while several countries fit and none was chosen."""
        return self.proposal.is_open and not self.default_country

    def check(self) -> bool:
        """Look for mistakes and keep their messages in `errors`, by field. True if there are none."""
        self.errors = self._column_errors()
        if self.must_choose_country:
            self.errors["default_country"] = country.CHOOSE
        self._options()
        return not self.errors

    def options(self) -> ImportOptions:
        """The chosen options; raises Invalid if they are wrong."""
        options = self._options()
        if options is None:
            raise Invalid("The options of the import are wrong")
        return options

    def _options(self) -> ImportOptions | None:
        chosen: dict[str, Any] = {"default_country": self.default_country, "on_duplicate": self.on_duplicate}
        try:
            return ImportOptions(**chosen, tags=split_tags(self.tags))
        except ValidationError as error:
            self.errors |= {re.split(r"[.\[]", name)[0]: text for name, text in invalid(error).field_messages.items()}
            return None

    def _column_errors(self) -> dict[str, str]:
        errors: dict[str, str] = {}
        for problem in self.mapping.validate():
            if not problem.columns:  # the header as a whole
                errors["columns"] = problem.message
            for index in problem.columns:
                errors.setdefault(f"column-{index}", problem.message)
        return errors
