"""A stand-in for the WhatsApp Cloud API and for Resend (`resend/`): a separate process that speaks their HTTP.

It imports nothing else of this project. Run it with `python -m adsapp.sandbox --config FILE`;
embed it with `create_sandbox(config)`, or `running.running_sandbox(config)` in a test.

It reproduces WhatsApp's order of checks and its error envelopes, its messages a second (never more accepted in any
moving second), the pair rate, the 24-hour window, and signed, batched status webhooks that are sent again if they fail.
Nothing is random: a hash of the number decides who reads messages.

Some recipients behave oddly on purpose, chosen by the last four digits of their number (off with
`"magic": false`); people in a demo or a benchmark need numbers with other endings:

    0026 131026 after acceptance      0049 131049 after acceptance      0050 131050 after acceptance
    0047 refused with 131047          0190 refused with 190             0056 131056 once, then accepted
    0429 130429 twice, then accepted  0500 131000 once, then accepted   9001 held, then released
    9002 held, then 132015            9003 accepted, answer never comes 9004 read without delivered
    9005 delivered after failed       9006 replies "STOP"               9007 taps the first quick reply
    9008 stops marketing              9009 wa_id differs from the number
"""

from adsapp.sandbox.config import AccountConfig, ConfigError, SandboxConfig, TeamConfig
from adsapp.sandbox.server import create_sandbox

__all__ = ["AccountConfig", "ConfigError", "SandboxConfig", "TeamConfig", "create_sandbox"]
