"""How fast a number may send, however many processes send by it.

    admission = pacer.admit("whatsapp:106540352242922", Report(sender, held=12, answered={}, wanted=3, rate=80.0))

is asked just before requests are written, with one answer for all that wait in a process. Two things are kept for a
number, by one count for the whole installation: even distances between requests (`spacing`), and what may have arrived
in the last second, on its way or answered (`last_second`), which leaves no second with more than the limit whichever
process, network or server stalls. Nothing is given out ahead of time, so a process that is stopped takes along only
what it has on its way: for ten seconds the limit is under-used by so much, never exceeded. `RedisPacer` serves any
number of machines, `SqlitePacer` all processes of one.

The rate itself is the account's (`Account.messages_per_second`, set in `whatsapp.service`), below the cap of its
organization (`outbound.caps`).
"""

from adsapp.integrations.pacing.last_second import Report
from adsapp.integrations.pacing.pacer import Admission, Pacer
from adsapp.integrations.pacing.redis import RedisPacer
from adsapp.integrations.pacing.sqlite import SqlitePacer

__all__ = ["Admission", "Pacer", "RedisPacer", "Report", "SqlitePacer"]
