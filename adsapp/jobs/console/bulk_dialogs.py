"""What is asked before many jobs are changed: those that are ticked, or all that match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adsapp.core.web.confirmation import Choice, Confirmation, Field, Line, Shown, reason_field
from adsapp.core.web.urls import url_for
from adsapp.jobs.bulk.target import BulkAction, MatchCount
from adsapp.jobs.console.dialogs import added, messages_of_all
from adsapp.jobs.labels import ACTION_WORDS, PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.models import Job
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import Priority

ALL_ENDED = "All of these jobs have ended."
NOTHING_FITS: Mapping[BulkAction, str] = {
    BulkAction.RETRY: "None of these jobs has failed or was cancelled so that you could retry it.",
    BulkAction.CANCEL: ALL_ENDED,
    BulkAction.PRIORITIZE: ALL_ENDED,
    BulkAction.CLEAN: "None of these jobs has ended.",
}


def nothing_fits(verb: BulkAction) -> str:
    """Why nothing can be done to these jobs."""
    more = added(lambda words: words.if_nothing_fits) if verb is BulkAction.RETRY else ()
    return " ".join([NOTHING_FITS[verb], *more])


def _meaning(verb: BulkAction, means: str) -> str:
    """What the action does, and what it does to what the jobs work on."""
    if verb == BulkAction.RETRY:
        return " ".join([means, *added(lambda words: words.if_retried)])
    if verb == BulkAction.CANCEL:
        return "; ".join([means.removesuffix("."), *added(lambda words: words.if_cancelled)]) + "."
    return means


@dataclass(frozen=True, slots=True)
class ChosenJobs:
    """The ticked jobs that the action fits, and those that stay as they are; `people` would get a message (None: the
    action messages nobody)."""

    fitting: Sequence[Job]
    left_out: Sequence[Job]
    people: int | None = None


@dataclass(frozen=True, slots=True)
class MatchingJobs:
    """All jobs that match: the filter in words, and how far they were counted."""

    facts: Sequence[tuple[str, str]]
    matching: MatchCount
    people: int | None = None


def act_on_ticked(
    verb: BulkAction, chosen: ChosenJobs, list_query: Mapping[str, str], activity: str | None
) -> Confirmation:
    """Ticked jobs, changed at once. `list_query` leads back to the list; `activity` to the activity, for those who may
    see it."""
    sent = (("scope", "ticked"), *list_query.items(), *(("job", job.id) for job in chosen.fitting))
    return _act(verb, MatchCount(len(chosen.fitting)), "", "jobs/_chosen.html", chosen, sent, list_query, activity)


def act_on_all(
    verb: BulkAction,
    filters: JobFilters,
    matching: MatchCount,
    people: int | None,
    list_query: Mapping[str, str],
    activity: str | None,
) -> Confirmation:
    """All jobs that match, changed by an operation with its own page."""
    state = f"{filters.state.value} " if filters.state else ""
    about = MatchingJobs(_facts(verb, filters), matching, people)
    sent = (("scope", "all"), *filters.as_query().items())
    return _act(verb, matching, state, "jobs/_matching.html", about, sent, list_query, activity)


def _act(
    verb: BulkAction,
    matching: MatchCount,
    state: str,
    body: str,
    about: ChosenJobs | MatchingJobs,
    sent: Sequence[tuple[str, object]],
    list_query: Mapping[str, str],
    activity: str | None,
) -> Confirmation:
    words, is_one = ACTION_WORDS[verb], matching.count == 1 and not matching.more
    question = f"{words.ask} {matching} {state}{'job' if is_one else 'jobs'}"
    priorities = [(str(priority.value), PRIORITY_WORDS[priority]) for priority in Priority]
    priority = Field("New priority", "priority", "select", "2", priorities)
    back = url_for("jobs.list_jobs", **list_query)
    return Confirmation(
        name="act",
        title=f"Nothing to {words.crumb.lower()}" if matching.is_none else f"{question}?",
        window=question,
        lines=(Line(_meaning(verb, words.means)), *messages_of_all(about.people)),
        body=body,
        about=about,
        fields=((priority,) if verb == BulkAction.PRIORITIZE else ()) + (reason_field(_seen_by(is_one, activity)),),
        action=url_for("jobs.act"),
        choices=(Choice(question, "danger" if verb == BulkAction.CANCEL else "primary", words.icon),),
        leave="Leave them",
        back=back,
        sent_along=(("verb", verb.value), *sent),
        crumbs=(("Jobs", back), (words.crumb, None)),
        why_not=nothing_fits(verb) if matching.is_none else "",
        shown=Shown.now(matching, about.people),
    )


def _seen_by(is_one: bool, activity: str | None) -> Markup:
    link = Markup('<a href="{}">activity</a>').format(activity) if activity else Markup("activity")
    page = "the job" if is_one else "each job"
    return Markup("Others see it on the page of {}, and owners and admins in the {}.").format(page, link)


def _facts(verb: BulkAction, filters: JobFilters) -> Sequence[tuple[str, str]]:
    any_state = "failed or cancelled" if verb == BulkAction.RETRY else "not ended"
    return (
        ("Which", "all that match and have not ended" if verb == BulkAction.PRIORITIZE else "all that match now"),
        ("State", filters.state.value if filters.state else any_state),
        ("Queue", QUEUE_TITLES[filters.queue] if filters.queue else "all"),
        ("Words in the title", filters.search or "any"),
    )
