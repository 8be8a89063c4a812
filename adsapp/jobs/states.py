"""Queues, priorities and the states of a job."""

from enum import IntEnum, StrEnum

from adsapp.core.errors import Invalid, NotFound


class Queue(StrEnum):
    """The four queues."""

    BULK_MESSAGES = "bulk-messages"
    CONTACT_IMPORT = "contact-import"
    TEMPLATE_PROCESSING = "template-processing"
    EMAIL_NOTIFICATION = "email-notification"


TIMEOUT_SECONDS = {
    Queue.BULK_MESSAGES: 600,
    Queue.CONTACT_IMPORT: 1800,
    Queue.TEMPLATE_PROCESSING: 180,
    Queue.EMAIL_NOTIFICATION: 60,
}


class Priority(IntEnum):
    """Lower goes first: a person waits for it, it has a time of its own, no hurry, background."""

    CRITICAL = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


class State(StrEnum):
    """The states of a job."""

    DELAYED = "delayed"  # a time, a retry or somebody's decision is awaited
    WAITING = "waiting"  # may start as soon as a worker is free
    ACTIVE = "active"  # a worker holds its lease
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class On(StrEnum):
    """How a needed job must end for the one that waits for it."""

    SUCCESS = "success"
    FAILURE = "failure"  # failed or cancelled
    ALWAYS = "always"


class Measure(StrEnum):
    """A time of a job whose spread is counted."""

    WAIT = "wait"  # from when it was due to its first begin
    RUN = "run"  # from there to its end


FINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
PENDING = frozenset({State.DELAYED, State.WAITING})


def get_queue(name: str) -> Queue:
    """The queue of this name; raises Invalid that lists the four."""
    try:
        return Queue(name)
    except ValueError:
        known = ", ".join(queue.value for queue in Queue)
        raise Invalid.field("queue", f"There is no queue {name}; there are {known}") from None


def get_priority(value: int) -> Priority:
    """The priority of this number; raises Invalid out of range."""
    try:
        return Priority(value)
    except ValueError:
        raise Invalid.field("priority", f"should be 1 (critical) to 4 (low), not {value}") from None


def queue_of(name: str) -> Queue:
    """The queue in a URL; NotFound for any other name."""
    try:
        return get_queue(name)
    except Invalid as error:
        raise NotFound(error.detail) from None
