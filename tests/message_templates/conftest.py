"""Fixtures of sending, for tests of what is sent of a template."""

from __future__ import annotations

from tests.campaigns.conftest import live, rehearsal, sandbox_url  # noqa: F401  # fixtures
