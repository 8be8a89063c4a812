"""What is asked before jobs, queues or workers are changed: the words, the fields, and the way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from adsapp.core.web.confirmation import Choice, Confirmation, Crumb, Field, Line, Shown, reason_field
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import Job, Worker
from adsapp.jobs.queries import workers
from adsapp.jobs.queries.limits import limits_of
from adsapp.jobs.registry import SubjectWords, kinds_of, subjects
from adsapp.jobs.registry import kind as kind_of
from adsapp.jobs.states import Priority, Queue, State

PRIORITY_CHOICES = (
    (Priority.CRITICAL, "Critical", "a person waits for it"),
    (Priority.HIGH, "High", "before usual work"),
    (Priority.NORMAL, "Normal", "usual work"),
    (Priority.LOW, "Low", "when nothing else waits"),
)
PAUSE_LENGTHS = (
    ("", "Until somebody resumes it"),
    ("0.25", "15 minutes"),
    ("1", "1 hour"),
    ("4", "4 hours"),
    ("12", "12 hours"),
    ("24", "1 day"),
    ("168", "1 week"),
)
LIMIT_FIELDS = (
    ("at_once", "Jobs at once", "They run at the same time."),
    ("per_minute", "Jobs a minute", "They are begun in any 60 seconds."),
    ("waiting", "Jobs waiting", "More are refused, with the reason."),
)
Texts = Mapping[str, str]
NOTHING: Texts = {}


# --- one job ----------------------------------------------------------------------------------------------------


def cancel_job(job: Job) -> Confirmation:
    """Stop it, or ask the worker to."""
    if job.state == State.ACTIVE:
        what = (
            "The worker is asked to stop and does so at its next safe place, within seconds. It may end before that; "
            "then it is completed. What is done by then stays done."
        )
    else:
        what = "It has not begun its next attempt, so it is cancelled at once."
    kind = kind_of(job.processor)
    if not kind.final_if_cancelled:
        then = "You can retry it later; it goes on where it stood."
    else:
        then = kind.subject.words.if_one_cancelled if kind.subject else "It cannot be retried."
    return Confirmation(
        name="cancel-job",
        title="Cancel this job?",
        window=f"Cancel {job.title}",
        lines=(Line(job.title, "strong"), Line(f"{what} {then}", "muted")),
        fields=(reason_field("Others see it on this page; it stays in the activity."),),
        action=url_for("jobs.cancel", job_id=job.id),
        choices=(Choice("Cancel the job", "danger", "x"),),
        leave="Keep it",
        back=_page_of(job),
        crumbs=_crumbs(job, "Cancel"),
    )


def run_job(job: Job, people: int | None) -> Confirmation:
    """Begin it before its time; `people` get a message then (None: it messages nobody)."""
    text = "Run it now" if people is None else f"Run it now: {_people(people)}"
    return Confirmation(
        name="run-job",
        title="Run this job now?" if people is None else f"Message {_people(people)} now?",
        window=f"Run {job.title} now",
        lines=(Line(job.title, "strong"), *_messages(people), Line("It begins at once, not at its time.", "muted")),
        action=url_for("jobs.run_now", job_id=job.id),
        choices=(Choice(text, icon="player-play"),),
        leave="Let it wait",
        back=_page_of(job),
        crumbs=_crumbs(job, "Run now"),
        shown=Shown.now(1, people),
    )


def retry_job(job: Job, granted: str, people: int | None) -> Confirmation:
    """Begin it again; likewise."""
    text = "Retry it" if people is None else f"Retry it: {_people(people)}"
    subject = kind_of(job.processor).subject
    added = subject.words.if_retried if subject else ""
    again = f"It begins again at once with {granted} and goes on where it stood. {added}".rstrip()
    return Confirmation(
        name="retry-job",
        title="Retry this job?" if people is None else f"Message {_people(people)} now?",
        window=f"Retry {job.title}",
        lines=(Line(job.title, "strong"), *_messages(people), Line(again, "muted")),
        action=url_for("jobs.retry", job_id=job.id),
        choices=(Choice(text, icon="rotate-clockwise"),),
        leave="Leave it",
        back=_page_of(job),
        crumbs=_crumbs(job, "Retry"),
        shown=Shown.now(1, people),
    )


def _people(count: int) -> str:
    return plural(count, "person", "people")


def _messages(people: int | None) -> Sequence[Line]:
    """That people get a message, and how many."""
    if people is None:
        return ()
    gets = "gets" if people == 1 else "get"
    return (
        Line(f"{_people(people)} {gets} the message as soon as it begins. Nobody who already got it gets it again."),
    )


def prioritize_job(job: Job) -> Confirmation:
    """Another place in the queue."""
    note = (
        "It counts from the next time that a worker looks for work; what runs now goes on. "
        "Low work is never starved: the longer it waits, the sooner it is taken."
    )
    return Confirmation(
        name="priority-job",
        title="Change the priority",
        window=f"Priority of {job.title}",
        lines=(Line(job.title, "strong"), Line(note, "muted")),
        fields=(Field("Priority", "priority", "choice", job.priority, PRIORITY_CHOICES),),
        action=url_for("jobs.set_priority", job_id=job.id),
        choices=(Choice("Change the priority", icon="adjustments"),),
        leave="Leave it",
        back=_page_of(job),
        crumbs=_crumbs(job, "Priority"),
    )


def _page_of(job: Job) -> str:
    return url_for("jobs.show_job", job_id=job.id)


def _crumbs(job: Job, last: str) -> Sequence[Crumb]:
    return (("Jobs", url_for("jobs.list_jobs")), (job.title, _page_of(job)), (last, None))


# --- a queue ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stopped:
    """The kinds of job that stop with a queue, and those that go on, by their titles."""

    kinds: Sequence[str]
    goes_on: Sequence[str]


def pause_queue(queue: Queue, back: str, typed: Texts = NOTHING, errors: Texts = NOTHING) -> Confirmation:
    """Pause a queue, or one kind of job in it; `back` is where the button stood."""
    kinds, name = kinds_of(queue), queue.value
    what = Field(
        "What",
        "processor",
        "select",
        typed.get("processor", ""),
        [("", "The whole queue"), *kinds.items()],
        error=errors.get("processor"),
        id=f"processor-{name}",
    )
    why = Field(
        "Why",
        "reason",
        value=typed.get("reason", ""),
        error=errors.get("reason"),
        id=f"reason-{name}",
        help="Needed: others see it beside the queue; it stays in the activity.",
        more={"required": True, "maxlength": 200},
    )
    length = Field(
        "How long", "hours", "select", typed.get("hours", ""), PAUSE_LENGTHS, error=errors.get("hours"),
        id=f"hours-{name}",
    )  # fmt: skip
    note = (
        "No job of this queue begins until the pause ends. What runs now goes on to its end, nothing is lost, "
        "and other organizations notice nothing."
    )
    return Confirmation(
        name=f"pause-{name}",
        title=f"Pause {QUEUE_TITLES[queue]}?",
        window=f"Pause {QUEUE_TITLES[queue]}",
        lines=(Line(note, "muted"),),
        body="queues/_stopped.html",
        about=Stopped(tuple(kinds.values()), tuple(kinds_of(queue, ignoring_pause=True).values())),
        fields=((what,) if kinds else ()) + (why, length),
        action=url_for("jobs.pause", name=name),
        choices=(Choice("Pause", icon="player-pause"),),
        leave="Leave it running",
        back=back,
        sent_along=(("back", back),),
        crumbs=_queue_crumbs(queue, "Pause"),
    )


def resume_queue(queue: Queue, kind: str, held: int, people: int | None, back: str) -> Confirmation:
    """Asked before jobs that a pause holds back begin, and message so many people (None: nobody)."""
    begin = f"{plural(held, 'job')} that {'waits' if held == 1 else 'wait'} will begin at once"
    sends = "".join(f": {clause}" for clause in added(lambda words: words.if_resumed, queue))
    waiting = url_for("jobs.list_jobs", queue=queue.value, state=State.WAITING.value)
    what = kind_of(kind).quoted_title if kind else QUEUE_TITLES[queue]
    return Confirmation(
        name="resume",
        title=f"Resume {what}?",
        window=f"Resume {what}",
        lines=(Line(f"{begin}{sends}."), *messages_of_all(people), Line("Look at what waits", url=waiting)),
        action=url_for("jobs.resume", name=queue.value),
        choices=(Choice("Resume", icon="player-play"),),
        leave="Leave it paused",
        back=back,
        sent_along=(("processor", kind), ("back", back)),
        shown=Shown.now(held, people),
        crumbs=_queue_crumbs(queue, "Resume"),
    )


def messages_of_all(people: int | None) -> Sequence[Line]:
    """That several jobs message people, and how many in all."""
    if people is None:
        return ()
    return (Line(f"{_people(people)} {'is' if people == 1 else 'are'} sent a message then.", "strong"),)


def added(pick: Callable[[SubjectWords], str], queue: Queue | None = None) -> list[str]:
    """What subjects add to a question, if they have something to add."""
    return [text for subject in subjects(queue).values() if (text := pick(subject.words))]


def limit_queue(queue: Queue, typed: Texts = NOTHING, errors: Texts = NOTHING) -> Confirmation:
    """What the organization allows itself of a queue."""
    now = limits_of(queue)
    fields = [_limit_field(name, label, help, now[name], typed, errors) for name, label, help in LIMIT_FIELDS]
    note = "What this organization allows itself of the queue. Empty is no limit. What runs now goes on."
    return Confirmation(
        name=f"limits-{queue.value}",
        title=f"Limits of {QUEUE_TITLES[queue]}",
        lines=(Line(note, "muted"),),
        fields=fields,
        action=url_for("jobs.set_limits", name=queue.value),
        choices=(Choice("Set the limits", icon="gauge"),),
        leave="Leave them",
        back=url_for("jobs.show_queue", name=queue.value),
        crumbs=_queue_crumbs(queue, "Limits"),
    )


def _limit_field(name: str, label: str, help: str, now: int | None, typed: Texts, errors: Texts) -> Field:
    words = "no limit" if now is None else f"{now:,}"
    return Field(
        label,
        name,
        value=typed.get(name, "" if now is None else str(now)),
        error=errors.get(name),
        id=f"limit-{name}",
        help=f"Now {words}. {help}",
        more={"inputmode": "numeric", "placeholder": "no limit"},
    )


def _queue_crumbs(queue: Queue, last: str) -> Sequence[Crumb]:
    here = url_for("jobs.show_queue", name=queue.value)
    return (("Home", url_for("dashboard.home")), (QUEUE_TITLES[queue], here), (last, None))


# --- a worker ---------------------------------------------------------------------------------------------------


def drain_worker(worker: Worker) -> Confirmation:
    """Ask it to end after its jobs."""
    name, back = workers.name_of(worker), url_for("workers.list_workers")
    note = (
        "It begins no job any more, ends those that it runs, and then ends itself. Nothing is lost and nothing runs "
        "twice; what waits is taken by the other workers of its queues. This cannot be taken back: a worker that is "
        "to go on must be started anew."
    )
    return Confirmation(
        name="drain",
        title=f"Drain {name}?",
        window=f"Drain {name}",
        lines=(Line(note),),
        action=url_for("workers.drain", worker_id=worker.id),
        choices=(Choice("Drain it", "danger", "player-stop"),),
        leave="Leave it running",
        back=back,
        crumbs=(("Workers", back), (name, None)),
    )
