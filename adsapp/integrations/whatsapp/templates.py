"""A template as the Cloud API lists it, read as ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adsapp.integrations.base import ProviderTemplate


def read_template(entry: Mapping[str, Any]) -> ProviderTemplate | None:
    """One entry of the list; None if it has no name or language."""
    name, language = str(entry.get("name") or ""), str(entry.get("language") or "")
    if not name or not language:
        return None
    quality, components = entry.get("quality_score"), entry.get("components")
    return ProviderTemplate(
        name=name,
        language=language,
        status=str(entry.get("status") or "PENDING").upper(),
        provider_id=str(entry.get("id") or ""),
        category=str(entry.get("category") or ""),
        status_reason=read_reason(str(entry.get("rejected_reason") or "")),
        quality=str(quality.get("score") or "") if isinstance(quality, Mapping) else "",
        parameter_format=str(entry.get("parameter_format") or "POSITIONAL").upper(),
        components=components if isinstance(components, list) else [],
    )


def read_reason(reason: str) -> str | None:
    """The reason; the provider's NONE is none."""
    return None if reason.upper() in ("", "NONE") else reason
