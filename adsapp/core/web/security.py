"""CSRF, cookies, and the headers that keep a browser from doing what a page did not mean."""

from ipaddress import ip_address
from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from adsapp.config import Settings

csrf = CSRFProtect()

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def init_security(app: Flask, settings: Settings) -> None:
    """Attach CSRF checks (called by the guard), headers and trusted proxies."""
    csrf.init_app(app)
    app.after_request(_add_headers)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def flask_config(settings: Settings) -> dict[str, Any]:
    """Flask's own settings."""
    return {
        "SECRET_KEY": settings.secrets.secret_key,
        "SESSION_COOKIE_NAME": cookie_name("adsapp", settings),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.has_secure_cookies,
        "WTF_CSRF_CHECK_DEFAULT": False,  # the guard checks, so that bearer tokens need none
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_SSL_STRICT": settings.has_secure_cookies,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
    }


def client_address() -> str:
    """Where the request comes from; empty if a proxy in front says something that is no address."""
    try:
        return str(ip_address(request.remote_addr or ""))
    except ValueError:
        return ""


def cookie_name(name: str, settings: Settings) -> str:
    """A cookie's name. Over https it begins with `__Host-`: browsers then take it from this very host alone, never
    from another one of its domain or without encryption (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if settings.has_secure_cookies else name


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Cache-Control", "no-store")  # static files have said otherwise
    return response
