"""What a template has come to: a part of its page, and a page of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask.typing import ResponseReturnValue

from adsapp.campaigns import reasons
from adsapp.campaigns.console.views import views
from adsapp.campaigns.queries.by_template import Results, results_of
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.pages import PartedPage, render_asked
from adsapp.core.web.urls import url_for
from adsapp.message_templates import queries as templates
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission


@dataclass(frozen=True, slots=True)
class ResultsPage(PartedPage):
    """Periods side by side, and why messages of the longest one failed."""

    template: ClassVar[str] = "campaigns/template_results.html"
    fragment: ClassVar[str] = "campaigns/_template_results.html"

    name: str
    back: str
    periods: Sequence[Results]

    @property
    def is_used(self) -> bool:
        """True if some campaign used it."""
        return any(each.campaigns for each in self.periods)

    @property
    def rows(self) -> Sequence[tuple[str, Sequence[tuple[int, str]]]]:
        """A figure in words, and for each period its count and share."""
        figures = ("delivered", "read", "replied", "opted_out", "failed")
        counted = [("Campaigns", [(each.campaigns, "") for each in self.periods])]
        counted.append(("Sent", [(each.sent, "") for each in self.periods]))
        for name in figures:
            counts = [getattr(each, name) for each in self.periods]
            shares = [each.share(count) for each, count in zip(self.periods, counts, strict=True)]
            counted.append((name.replace("_", " ").capitalize(), list(zip(counts, shares, strict=True))))
        return counted

    @property
    def why_failed(self) -> Sequence[tuple[str, int]]:
        """Of the longest period, the most frequent first."""
        return [(reasons.explain(code).title, count) for code, count in self.periods[-1].failed_by_code]


@views.get("/templates/<template_id>/results")
@allow(Permission.SEE)
def template_results(template_id: str) -> ResponseReturnValue:
    """Sent, delivered, read, replied, opted out and failed, over 7, 30 and 90 days."""
    wanted = parse_id(template_id)
    if wanted is None:
        raise NotFound("There is no such template")
    template = templates.get_template_by_id(wanted)
    back = url_for("message_templates.show_template", template_id=template.id)
    page = ResultsPage(template.name, back, results_of(template.name, template.language))
    return render_asked(page)
