"""A wrong setting stops the start with its name and what it should be; secrets of one machine are made once."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from adsapp.config import ConfigError, Settings

KEY = "a" * 43 + "="  # any 32 bytes will do


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("PORT", "http", "PORT"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("DATABASE_URL", "mysql://x", "should start with postgresql://"),
        ("REDIS_URL", "localhost:6379", "should start with redis://"),
        ("ENCRYPTION_KEYS", f"{KEY},short", "key 2 should be 32 url-safe base64 bytes"),
        ("WHATSAPP_API_VERSION", "25", "WHATSAPP_API_VERSION"),
        ("LEASE_SECONDS", "0", "LEASE_SECONDS"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "String should match"),
        ("SENTRY_DSN", "https://sentry.example/7", "String should match"),
        ("OUTGOING_ALLOWED_HOSTS", "https://hooks.internal/", "should be names of hosts such as hooks.internal"),
    ],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as error:
        Settings.load()
    assert says in str(error.value)


def test_traces_without_their_packages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adsapp.config.find_spec", lambda name: None)
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example/7")
    with pytest.raises(ConfigError, match=r"SENTRY_DSN should be empty, .*adsapp\[observe\]"):
        Settings.load()


def test_one_address_without_the_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/adsapp")
    with pytest.raises(ConfigError, match="REDIS_URL should be set too"):
        Settings.load()


def test_several_machines_need_the_same_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/adsapp")
    monkeypatch.setenv("REDIS_URL", "redis://localhost")
    with pytest.raises(ConfigError, match="SECRET_KEY and ENCRYPTION_KEYS"):
        Settings.load()


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert Settings.load().port == 5000


def test_keys_are_read_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Fernet.generate_key().decode()
    monkeypatch.setenv("ENCRYPTION_KEYS", f"{KEY}, {other}")
    assert Settings.load().encryption_keys == (KEY, other)


def test_hosts_that_are_allowed_are_read_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTGOING_ALLOWED_HOSTS", "Hooks.Internal:8443, chat.internal,[::1]")
    assert Settings.load().outgoing_allowed_hosts == ("hooks.internal:8443", "chat.internal", "::1")


def test_secrets_of_one_machine_are_made_once_and_kept_private(tmp_path: Path) -> None:
    first = Settings(home=tmp_path).secrets
    second = Settings(home=tmp_path).secrets
    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob(".secrets-*")) == []


def test_secrets_are_private_from_the_moment_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "chmod", lambda *_: None)  # to mend it afterwards would be too late
    before = os.umask(0)
    try:
        assert Settings(home=tmp_path).secrets.secret_key
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_the_user_s_own_home_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.load().home == Path("var")
    monkeypatch.setenv("ADSAPP_HOME", str(tmp_path / "data"))
    assert Settings.load().home == tmp_path / "data"


def test_the_database_lies_under_home(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).sqlalchemy_url == f"sqlite:///{tmp_path / 'adsapp.db'}"
