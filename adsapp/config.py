"""Settings: the only file that reads the environment.

A wrong value stops the start with the name of the variable and what it should be (`ConfigError`).
`.env.example` lists every setting; a test compares the two.
"""

import json
import os
import re
import secrets
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adsapp.mail_server import read_sender, read_smtp_url

VERSION = "0.1.0"
_PACKAGE = Path(__file__).resolve().parent
# Where Python finds our packages: the top level of a checkout, or site-packages. Programs of ours are started here.
ROOT = _PACKAGE.parent
# Where templates, static files and migrations are: a wheel carries inside the package what a checkout has beside it.
RESOURCES = _PACKAGE if (_PACKAGE / "templates").is_dir() else ROOT


class ConfigError(Exception):
    """A setting is wrong; the text names the variable and says what it should be."""


class Settings(BaseSettings):
    """All settings of the program; frozen once read."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(
        Path("var"),
        validation_alias="ADSAPP_HOME",
        description="Directory for uploads, the embedded data and generated secrets; machines share it.",
    )
    command: str = Field(
        "adsapp",
        validation_alias="ADSAPP_COMMAND",
        description="What is typed to run a command of ours, for the advice we give; ./run sets it.",
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(5000, ge=1, le=65535, description="Port of the web server.")
    sandbox_port: int = Field(
        5001, ge=1, le=65535, description="Port of the sandbox that stands in for WhatsApp and Resend."
    )
    public_url: str = Field(
        "",
        description="Address people and webhooks use to reach this installation; default http://HOST:PORT.",
    )
    database_url: str = Field("", description="postgresql://… for several machines; empty: SQLite under ADSAPP_HOME.")
    database_owner_url: str = Field(
        "", description="postgresql://… of who owns the tables, for db upgrade alone; empty: DATABASE_URL does it."
    )
    database_engine_url: str = Field(
        "", description="postgresql://… of who works on the jobs of all organizations; empty: DATABASE_URL does it."
    )
    database_backup_url: str = Field(
        "",
        description="postgresql://… of who may read the rows of all, for backup alone; empty: DATABASE_OWNER_URL's.",
    )
    redis_url: str = Field("", description="redis://… or unix://…; goes with DATABASE_URL; empty: queues in SQLite.")
    secret_key: str = Field("", description="Signs sessions; generated under ADSAPP_HOME where empty (embedded only).")
    encryption_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Fernet keys, newest first, comma-separated; generated where empty (embedded only)."
    )
    secure_cookies: bool = Field(
        False, description="true where people reach the console over https and PUBLIC_URL does not say so."
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="Number of reverse proxies in front whose X-Forwarded headers are believed.",
    )
    whatsapp_api_base_url: str = Field(
        "https://graph.facebook.com", description="Where the WhatsApp Cloud API answers."
    )
    whatsapp_api_version: str = Field("v25.0", pattern=r"^v\d+\.\d+$", description="Version of the Cloud API, vNN.N.")
    resend_api_base_url: str = Field("https://api.resend.com", description="Where Resend's API answers.")
    notifications_from: str = Field(
        "", description="Sender of mail to our own users, ADSapp <adsapp@example.com>; goes with one of the next two."
    )
    notifications_resend_key: str = Field(
        "",
        description="Key of a team at Resend that sends such mail; with neither this nor SMTP_URL the log tells of it.",
    )
    smtp_url: str = Field(
        "",
        description="Mail server that sends it: smtp://user:password@host:587 (?starttls=required, auto, never) or smtps://….",
    )
    sandbox_url: str = Field(
        "", description="Address of a sandbox: all messages go there in place of WhatsApp. The demo sets it."
    )
    outgoing_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts, name or name:port, by commas, that addresses given by people may lead to inside a network.",
    )
    import_folders: str = Field(
        "",
        description="Folder with one folder an organization, called as its slug, whose files schedules may import.",
    )
    default_country: str = Field(
        "US",
        pattern=r"^[A-Z]{2}$",
        description="Country of phone numbers without a prefix, where the organization has none of its own.",
    )
    max_upload_mb: int = Field(100, ge=1, description="Largest contact file that is accepted, in megabytes.")
    web_threads: int = Field(8, ge=1, description="Threads of one web process.")
    web_processes: int = Field(1, ge=1, description="Web processes on this machine.")
    workers_bulk_messages: int = Field(5, ge=1, description="Threads that work on bulk-messages, in one process.")
    workers_contact_import: int = Field(2, ge=1, description="Threads that work on contact-import.")
    workers_template_processing: int = Field(10, ge=1, description="Threads that work on template-processing.")
    workers_email_notification: int = Field(10, ge=1, description="Threads that work on email-notification.")
    default_messages_per_second: float = Field(
        12.5, gt=0, description="Pace of a new WhatsApp account, messages a second."
    )
    job_attempts: int = Field(3, ge=1, le=100, description="Attempts of a job whose processor names no other number.")
    retry_seconds: float = Field(1.0, gt=0, description="Wait before the second attempt; doubles each time.")
    lease_seconds: float = Field(15.0, gt=0, description="A job whose worker is silent for so long is taken up again.")
    heartbeat_seconds: float = Field(2.0, gt=0, description="Time between two signs of life of a worker.")
    sweep_seconds: float = Field(
        0.1,
        gt=0,
        description="Time between two looks for due jobs while there are any; at rest a worker looks when it is woken.",
    )
    grace_seconds: float = Field(25.0, ge=0, description="What running jobs get to end after SIGTERM.")
    history_days: int = Field(
        90, ge=1, description="Days for which finished jobs and their history are kept, and an import can be undone."
    )
    webhook_days: int = Field(
        30, ge=8, description="Days for which applied webhooks are kept; WhatsApp may repeat one for 7 days."
    )
    reply_days: int = Field(365, ge=8, description="Days for which what people wrote to a number is kept.")
    upload_days: int = Field(7, ge=1, description="Days after which an upload that nobody began to import is removed.")
    slice_seconds: float = Field(
        5.0, gt=0, description="How long one campaign keeps a sending thread before others get a turn."
    )
    breaker_undelivered: float = Field(
        0.3, ge=0, le=1, description="A campaign pauses itself if more than this share did not arrive; 0: never."
    )
    breaker_opted_out: float = Field(
        0.03, ge=0, le=1, description="A campaign pauses itself if more than this share opted out; 0: never."
    )
    breaker_messages: int = Field(100, ge=1, description="Messages that must have been answered before it does.")
    breaker_minutes: float = Field(10.0, gt=0, description="Minutes in which these are counted, then anew.")
    import_chunk_rows: int = Field(
        3000, ge=1, description="Rows of a contact file that are written in one transaction."
    )
    sign_in_tries: int = Field(
        5, ge=1, description="Wrong passwords after which one has to wait, longer with each further one."
    )
    session_idle_hours: float = Field(
        168.0, gt=0, description="Hours after which who has not used the console is signed out; an open page is no use."
    )
    session_days: float = Field(30.0, gt=0, description="Days after which everybody signs in again.")
    log_level: str = Field(
        "INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: str = Field(
        "text", pattern=r"^(text|json)$", description="text: name=value, for people; json: an object a line."
    )
    metrics_token: str = Field(
        "",
        description="Who reads the figures sends it: Authorization: Bearer …; the web has them at /metrics then.",
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65000,
        description="Port for the figures of the web process; workers take the next ones, one a queue. 0: none.",
    )
    metrics_by_organization: bool = Field(
        False, description="true: figures of jobs are told by organization; each is a series more."
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+\S*)?$",
        description="Where traces go, http://collector:4318 (OTLP over HTTP); empty: nowhere.",
    )
    sentry_dsn: str = Field(
        "",
        pattern=r"^(https?://[^\s/@]+@[^\s/]+/\S+)?$",
        description="Where our own errors are reported, https://key@host/project; empty: nowhere.",
    )
    sentry_environment: str = Field("production", description="What such a report calls this installation.")
    log_progress_items: int = Field(
        10, ge=1, description="Things a job has to get through between two lines of its progress."
    )
    log_progress_seconds: float = Field(
        2.0, ge=0, description="Seconds between two such lines; the later of both counts."
    )

    def __init__(self, **values: Any) -> None:
        # `home` must not become a second name of the variable: HOME is the user's home directory.
        if "home" in values:
            values["ADSAPP_HOME"] = values.pop("home")
        super().__init__(**values)

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("outgoing_allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip(" []").lower() for part in value.split(",") if part.strip(" []"))
        return value

    @field_validator("outgoing_allowed_hosts")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not re.fullmatch(r"[a-z0-9_.-]+(:[0-9]{1,5})?|[0-9a-f:.]+", each):
                raise ValueError(
                    f"should be names of hosts such as hooks.internal or hooks.internal:8443, not {each!r}"
                )
        return value

    @field_validator("database_url", "database_owner_url", "database_engine_url", "database_backup_url")
    @classmethod
    def _is_postgres(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("should start with postgresql:// (leave it empty for SQLite)")
        return value

    @field_validator("notifications_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        if value:
            read_sender(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, value: str) -> str:
        if value:
            read_smtp_url(value)
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("should start with redis://, rediss:// or unix://")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_fernet_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from cryptography.fernet import Fernet

        for position, key in enumerate(value, 1):
            try:
                Fernet(key)
            except ValueError:
                raise ValueError(f"key {position} should be 32 url-safe base64 bytes (a Fernet key)") from None
        return value

    @model_validator(mode="after")
    def _has_one_shape(self) -> Self:
        if bool(self.database_url) != bool(self.redis_url):
            missing, given = ("REDIS_URL", "DATABASE_URL") if self.database_url else ("DATABASE_URL", "REDIS_URL")
            raise ValueError(f"{missing} should be set too, because {given} is (both, or neither)")
        for name in ("database_owner_url", "database_engine_url", "database_backup_url"):
            if getattr(self, name) and not self.database_url:
                raise ValueError(f"DATABASE_URL should be set, because {name.upper()} is")
        if self.distributed and not (self.secret_key and self.encryption_keys):
            raise ValueError(
                "SECRET_KEY and ENCRYPTION_KEYS should be set, because DATABASE_URL is: every machine needs the same"
            )
        return self

    @model_validator(mode="after")
    def _has_one_way_for_mail(self) -> Self:
        if self.smtp_url and self.notifications_resend_key:
            raise ValueError("SMTP_URL or NOTIFICATIONS_RESEND_KEY should be set, not both: which is to send?")
        if (self.smtp_url or self.notifications_resend_key) and not self.notifications_from:
            given = "SMTP_URL" if self.smtp_url else "NOTIFICATIONS_RESEND_KEY"
            raise ValueError(f"NOTIFICATIONS_FROM should be set, because {given} is: mail needs a sender")
        return self

    @model_validator(mode="after")
    def _has_what_it_tells_with(self) -> Self:
        needed = {"opentelemetry": self.otel_exporter_otlp_endpoint, "sentry_sdk": self.sentry_dsn}
        missing = [package for package, given in needed.items() if given and find_spec(package) is None]
        if missing:
            name = "OTEL_EXPORTER_OTLP_ENDPOINT" if "opentelemetry" in missing else "SENTRY_DSN"
            raise ValueError(f"{name} should be empty, or its packages installed: pip install 'adsapp[observe]'")
        return self

    @property
    def distributed(self) -> bool:
        """True on PostgreSQL and Redis, False on SQLite alone."""
        return bool(self.database_url)

    @property
    def sqlalchemy_url(self) -> str:
        """The address of the database as SQLAlchemy wants it."""
        if not self.database_url:
            return f"sqlite:///{self.home.resolve() / 'adsapp.db'}"
        return _for_psycopg(self.database_url)

    @property
    def owner_url(self) -> str:
        """The address of the database for migrations."""
        return _for_psycopg(self.database_owner_url) if self.database_owner_url else self.sqlalchemy_url

    @property
    def backup_url(self) -> str:
        """The address of the database for backups."""
        return _for_psycopg(self.database_backup_url) if self.database_backup_url else self.owner_url

    @property
    def engine_url(self) -> str:
        """The address of the database for the job engine."""
        return _for_psycopg(self.database_engine_url) if self.database_engine_url else self.sqlalchemy_url

    @property
    def base_url(self) -> str:
        """The console's address, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def has_secure_cookies(self) -> bool:
        """True if browsers are to send our cookies over https only."""
        return self.secure_cookies or self.base_url.startswith("https://")

    @cached_property
    def secrets(self) -> "Secrets":
        """The keys in use: those given, else those kept under ADSAPP_HOME."""
        if self.secret_key and self.encryption_keys:
            return Secrets(self.secret_key, self.encryption_keys)
        kept = _kept_secrets(self.home)
        return Secrets(self.secret_key or kept.secret_key, self.encryption_keys or kept.encryption_keys)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Settings from the environment; raises ConfigError that names the variable."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise ConfigError("; ".join(_explain(cls, item) for item in error.errors())) from None


class Secrets:
    """The session key and the encryption keys; never printed."""

    def __init__(self, secret_key: str, encryption_keys: tuple[str, ...]) -> None:
        self.secret_key = secret_key
        self.encryption_keys = encryption_keys


def _for_psycopg(url: str) -> str:
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def env_name(field: str) -> str:
    """The environment variable of a setting."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field.upper()


def _explain(settings: type[Settings], item: Any) -> str:
    text = str(item["msg"]).removeprefix("Value error, ")
    if not item["loc"]:
        return text
    field = str(item["loc"][0])
    name = field if field.isupper() else env_name(field)
    return f"{name} is wrong: {text}"


def _kept_secrets(home: Path) -> Secrets:
    """Secrets of an embedded installation, made at the first start, readable by the owner only."""
    from cryptography.fernet import Fernet

    home.mkdir(parents=True, exist_ok=True)
    path = home / "secrets.json"
    fresh = {"secret_key": secrets.token_urlsafe(48), "encryption_keys": [Fernet.generate_key().decode()]}
    temporary = home / f".secrets-{os.getpid()}-{secrets.token_hex(4)}"
    # Readable by its owner only, from the start; O_EXCL, so that nobody can have it open already.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(fresh, file)
        os.link(temporary, path)  # the first process wins; the others read what it wrote
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    kept = json.loads(path.read_text())
    return Secrets(kept["secret_key"], tuple(kept["encryption_keys"]))
