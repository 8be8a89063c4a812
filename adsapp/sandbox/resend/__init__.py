"""A stand-in for Resend's API, with what a client has to cope with: limits, quotas, idempotency, webhooks.

Base URL: `http://host:port/resend`. What the provider documents is done as documented; where its documents are
silent, the choice is named where it is made. A team has a key, domains, a list of suppressed addresses and webhooks.
All recipients of one e-mail share its fate: that of the first of them who behaves oddly (`magic.py`).

Steered at `/_sandbox/emails/…` (`console/email_control.py`): `ledger` (what was accepted), `stats`, `teams`, `settings`
(another key, limit or quota), `domains`, `faults`, `webhooks` (how they misbehave), `readers` (be one), `magic`; clock
and reset are those of the whole sandbox. A fault is `{"name": "rate_limit_exceeded", "times": 3}`, or one of
`delay_ms`, `hang_after_accept`, `drop_after_accept`, `drop_before_accept`; with `"accept_first": true` the error comes
although the e-mails were accepted; `"match": {"to": address, "on": "send" | "single" | "batch" | "all"}`.
"""
