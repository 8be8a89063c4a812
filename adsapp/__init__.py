"""ADSapp: a console for teams that talk to their customers over WhatsApp Business."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Blueprint, Flask

    from adsapp.config import Settings


PRIVATE = 0o077  # what a process of ours makes, files 0600 and folders 0700, is for the user that it runs as

WITH_TABLES = (  # those that others refer to first
    *("organizations", "jobs", "integrations", "notifications", "contacts", "message_templates"),
    *("campaigns", "emails", "schedules", "alerts"),
)


def create_app(settings: "Settings | None" = None) -> "Flask":
    """The web application: everything."""
    from adsapp.config import Settings

    settings = settings or Settings.load()
    app = create_core(settings)
    add_pages(app, settings)
    return app


def load_tables() -> None:
    """Import the models of every feature: for whoever asks of all tables. Other processes load what they use."""
    import importlib

    for feature in WITH_TABLES:
        importlib.import_module(f"adsapp.{feature}.models")


def create_core(settings: "Settings") -> "Flask":
    """What every process needs, web or not: settings, database, broker, providers. Workers run in this alone."""
    # Imported here, so that the sandbox, a program of its own in this package, starts without them.
    from flask import Flask

    from adsapp.config import RESOURCES
    from adsapp.core import db
    from adsapp.core.logs import configure_logs
    from adsapp.integrations import extension as integrations
    from adsapp.jobs import broker as jobs

    configure_logs(settings.log_level, settings.log_format)
    os.umask(PRIVATE)
    app = Flask("adsapp", root_path=str(RESOURCES), template_folder="templates", static_folder="static")
    app.config["SETTINGS"] = settings
    db.init_db(app, settings)
    jobs.init_jobs(app, settings)
    integrations.init_integrations(app, settings)
    return app


def add_pages(app: "Flask", settings: "Settings") -> None:
    """Pages and API, and the checks in front of them."""
    from adsapp import navigation
    from adsapp.core import uses
    from adsapp.core.web import (
        compression,
        freshness,
        htmx,
        incoming,
        leaving,
        limits,
        parameters,
        problems,
        request_lines,
        security,
        statics,
        templating,
        waiting,
    )
    from adsapp.organizations import access
    from adsapp.schedules.uses import said_of_users

    app.config.from_mapping(security.flask_config(settings))
    request_lines.init_request_lines(app)
    compression.init_compression(app)
    freshness.init_freshness(app)
    waiting.init_waiting(app, settings)
    access.init_access(app)
    limits.init_limits(app, settings)
    app.before_request(access.check_form_token)
    parameters.init_parameters(app)
    security.init_security(app, settings)
    htmx.init_htmx(app)
    statics.init_statics(app)
    app.request_class = incoming.Incoming  # which is HTMX's too
    templating.init_templating(app)
    leaving.init_leaving(app)
    navigation.init_navigation(app)
    problems.init_problems(app)
    uses.init_uses(app, said_of_users)
    for blueprint in blueprints():
        app.register_blueprint(blueprint)


def blueprints() -> "list[Blueprint]":
    """Every page and API of every feature."""
    from adsapp.activity import api as activity_api
    from adsapp.activity import views as activity
    from adsapp.alerts import api as alerts_api
    from adsapp.alerts.console import views as alerts
    from adsapp.campaigns import api as campaigns_api
    from adsapp.campaigns import console as campaigns
    from adsapp.campaigns.webhooks import receive
    from adsapp.contacts import api as contacts_api
    from adsapp.contacts import views as contacts
    from adsapp.contacts.imports import api as _imports_api  # noqa: F401  # they add to the blueprints of contacts
    from adsapp.contacts.imports import views as _imports  # noqa: F401
    from adsapp.dashboard import health
    from adsapp.dashboard import views as dashboard
    from adsapp.emails import api as emails_api
    from adsapp.emails import console as emails
    from adsapp.emails import unsubscribe_views
    from adsapp.emails.suppressions import api as suppressions_api
    from adsapp.emails.templates import api as email_templates_api
    from adsapp.emails.webhooks import receive as email_reports
    from adsapp.integrations import pages as integrations
    from adsapp.jobs import api as jobs_api
    from adsapp.jobs import console as jobs
    from adsapp.jobs.console import worker_page as workers
    from adsapp.message_templates import views as message_templates
    from adsapp.message_templates.files import api as files_api
    from adsapp.message_templates.files import views as _files  # noqa: F401  # likewise
    from adsapp.message_templates.studio import api as studio_api
    from adsapp.message_templates.studio import views as _studio  # noqa: F401  # it adds to the blueprint of templates
    from adsapp.notifications import views as notifications
    from adsapp.organizations import api as organizations_api
    from adsapp.organizations import console as organizations
    from adsapp.organizations import sign_in
    from adsapp.renderings import api as renderings_api
    from adsapp.renderings import views as renderings
    from adsapp.schedules import api as schedules_api
    from adsapp.schedules import console as schedules

    return [
        sign_in.views,
        health.views,
        dashboard.views,
        jobs.views,
        workers.views,
        jobs_api.api,
        campaigns.views,
        campaigns_api.api,
        receive.webhooks,
        contacts.views,
        contacts_api.api,
        message_templates.views,
        studio_api.api,
        files_api.api,
        renderings.views,
        renderings_api.api,
        notifications.views,
        emails.views,
        emails_api.api,
        suppressions_api.api,
        unsubscribe_views.views,
        email_reports.webhooks,
        email_templates_api.api,
        schedules.views,
        schedules_api.api,
        alerts.views,
        alerts_api.api,
        activity.views,
        activity_api.api,
        *integrations.blueprints,
        *organizations.blueprints,
        organizations_api.api,
    ]
