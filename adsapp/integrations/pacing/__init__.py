"""How fast a number may send, however many processes send by it. Two things keep it to its rate:

    reservation = pacer.reserve("whatsapp:106540352242922", count=50, rate=80.0, horizon=1.0)
    for delay in reservation.delays():   # seconds after `reservation.now`; the caller sleeps by its own clock
        …

gives out evenly spaced slots in batches, ahead of time: one round trip for many. And just before requests are written

    admitted = pacer.admit("whatsapp:106540352242922", Report(sender, held=12, answered={}, wanted=3, limit=80))

counts what may have arrived in the last second, on its way or answered, and admits no more than the limit has room for:
slots alone would be exceeded by whoever is stopped between a slot and its request. A process that dies wastes its slots
and for ten seconds what it had on its way: the limit is under-used for a while, never exceeded. `RedisPacer` serves any
number of machines, `SqlitePacer` all processes of one.
"""

from adsapp.integrations.pacing.arithmetic import Reservation
from adsapp.integrations.pacing.last_second import Report
from adsapp.integrations.pacing.pacer import Pacer, slow_down_for
from adsapp.integrations.pacing.redis import RedisPacer
from adsapp.integrations.pacing.sqlite import SqlitePacer

__all__ = ["Pacer", "RedisPacer", "Report", "Reservation", "SqlitePacer", "slow_down_for"]
