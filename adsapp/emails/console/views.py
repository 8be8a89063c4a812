"""Pages: e-mails."""

from flask import render_template
from flask.typing import ResponseReturnValue

from adsapp.emails.console.blueprint import tabs, views
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission


@views.get("/emails")
@allow(Permission.SEE)
def list_emails() -> ResponseReturnValue:
    """E-mails, newest first."""
    return render_template("email/soon.html", tabs=tabs("E-mails"))


@views.get("/emails/new")
@allow(Permission.SEND)
def new_email() -> ResponseReturnValue:
    """Compose."""
    return render_template("email/soon.html", tabs=tabs("E-mails"))


@views.get("/suppressions")
@allow(Permission.SEE)
def list_suppressions() -> ResponseReturnValue:
    """Suppressions."""
    return render_template("email/soon.html", tabs=tabs("Suppressions"))
