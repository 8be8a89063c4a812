"""What people call the parts of the engine: queues, priorities, how an attempt ended, what can be done to jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from adsapp.jobs.states import Priority, Queue

QUEUE_TITLES = {
    Queue.BULK_MESSAGES: "Bulk messages",
    Queue.CONTACT_IMPORT: "Contact import",
    Queue.TEMPLATE_PROCESSING: "Templates",
    Queue.EMAIL_NOTIFICATION: "E-mail",
}

# What the jobs of a queue work on, one by one: what is counted as their items.
QUEUE_ITEMS = {
    Queue.BULK_MESSAGES: "people",
    Queue.CONTACT_IMPORT: "rows",
    Queue.TEMPLATE_PROCESSING: "items",
    Queue.EMAIL_NOTIFICATION: "e-mails",
}

PRIORITY_WORDS = {
    Priority.CRITICAL: "critical",
    Priority.HIGH: "high",
    Priority.NORMAL: "normal",
    Priority.LOW: "low",
}

# Outcome of an attempt: its mark in the timeline, and the word after "Attempt 2".
OUTCOMES = {
    "completed": ("good", "completed"),
    "failed": ("bad", "failed"),
    "retry": ("bad", "failed, tried again"),
    "lost": ("bad", "lost its worker"),
    "released": ("warning", "released, to be taken up elsewhere"),
    "cancelled": ("warning", "stopped, because the job was cancelled"),
}


@dataclass(frozen=True, slots=True)
class ActionWords:
    """What can be done to jobs, in all the words there are for it."""

    title: str  # of the operation: Change priority of 12 jobs
    noted: str  # in the activity, done to many
    noted_one: str = ""  # likewise, done to one
    button: str = ""  # beside ticked rows
    icon: str = ""
    ask: str = ""  # the question begins so: Change the priority of 12 jobs?
    crumb: str = ""
    means: str = ""  # what will happen, before it is done
    done: str = ""  # afterwards: 12 jobs have their new priority
    done_one: str = ""


ACTION_WORDS: Mapping[str, ActionWords] = {
    "retry": ActionWords(
        title="Retry",
        noted="Retried jobs",
        noted_one="Retried a job",
        button="Retry…",
        icon="rotate-clockwise",
        ask="Retry",
        crumb="Retry",
        means="Each begins again with all its attempts and goes on where it stood.",
        done="begin again",
        done_one="begins again",
    ),
    "cancel": ActionWords(
        title="Cancel",
        noted="Cancelled jobs",
        noted_one="Cancelled a job",
        button="Cancel…",
        icon="x",
        ask="Cancel",
        crumb="Cancel",
        means="What waits is cancelled at once; what runs is asked to stop and does so within seconds, unless it ends "
        "before. What is done by then stays done. Jobs that can be retried have a button for it then.",
        done="are cancelled",
        done_one="is cancelled",
    ),
    "prioritize": ActionWords(
        title="Change priority of",
        noted="Changed the priority of jobs",
        noted_one="Changed the priority of a job",
        button="Priority…",
        icon="adjustments",
        ask="Change the priority of",
        crumb="Change the priority",
        means="It counts from the next time that a worker looks for work; what runs now goes on.",
        done="have their new priority",
        done_one="has its new priority",
    ),
    "clean": ActionWords(title="Remove", noted="Removed finished jobs"),
}
