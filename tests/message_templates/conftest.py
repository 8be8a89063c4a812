"""Property tests look for wrong answers, not slow ones: a busy machine must not fail them."""

from __future__ import annotations

from hypothesis import settings

from tests.campaigns.conftest import live, rehearsal, sandbox_url  # noqa: F401  # fixtures

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
