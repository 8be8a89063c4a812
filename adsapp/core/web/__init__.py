"""Helpers for pages and the API: HTMX, templates, errors, security headers, limits."""
