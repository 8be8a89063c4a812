"""An e-mail as what a job works on; light, because every process imports it."""

from adsapp.jobs.registry import Subject, SubjectWords

EMAIL = Subject(
    "email",
    plural="e-mails",
    page="/emails/{}",
    link="Open the e-mail",
    keeps_jobs=True,
    words=SubjectWords(
        if_retried="An e-mail goes to nobody again who got it.",
        if_cancelled="an e-mail is over once it is cancelled",
        if_one_cancelled="It cannot be retried: the e-mail ends with it, and who has not been sent to is left out.",
        if_resumed="e-mails among them go out",
        if_nothing_fits="A cancelled e-mail is over.",
    ),
)
