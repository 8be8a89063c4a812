"""How fast a number may send: evenly spaced slots, given out in batches to any number of processes.

    reservation = pacer.reserve("whatsapp:106540352242922", count=50, rate=80.0, horizon=1.0)
    for delay in reservation.delays():   # seconds after `reservation.now`; the caller sleeps by its own clock
        …

One call costs one round trip for a whole batch. A process that dies wastes the slots it held: the limit is
under-used for a moment, never exceeded. `RedisPacer` serves any number of machines, `SqlitePacer` all
processes of one.
"""

from adsapp.integrations.pacing.arithmetic import Pacer, Reservation
from adsapp.integrations.pacing.redis import RedisPacer
from adsapp.integrations.pacing.sqlite import SqlitePacer

__all__ = ["Pacer", "RedisPacer", "Reservation", "SqlitePacer"]
