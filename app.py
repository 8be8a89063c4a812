"""`python -m adsapp.server app:app` serves a checkout.

An installation has no `app.py`, so the application is made in the package.
"""

from adsapp.wsgi import app

__all__ = ["app"]
