"""What people call the parts of the engine: queues, priorities, how an attempt ended."""

from adsapp.jobs.states import Priority, Queue

QUEUE_TITLES = {
    Queue.BULK_MESSAGES: "Bulk messages",
    Queue.CONTACT_IMPORT: "Contact import",
    Queue.TEMPLATE_PROCESSING: "Templates",
    Queue.EMAIL_NOTIFICATION: "E-mail",
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
