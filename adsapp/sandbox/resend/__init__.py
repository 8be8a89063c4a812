"""A stand-in for Resend's API, with what a client has to cope with: limits, quotas, idempotency, webhooks.

Base URL: `http://host:port/resend`. What the provider documents is done as documented; where its documents are
silent, the choice is named where it is made. A team has a key, domains, a list of suppressed addresses and webhooks.
All recipients of one e-mail share its fate: that of the first of them who behaves oddly (`magic.py`).
"""
