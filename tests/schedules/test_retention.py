"""What was made of each time is kept as long as the history, and no longer."""

from datetime import timedelta

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.schedules import retention
from adsapp.schedules.models import FireState, ScheduleFire
from tests.schedules.scene import Times


def test_old_fires_go_and_what_still_waits_stays(times: Times) -> None:
    schedule_id, now = times.add(), utcnow()
    with db.organization_context(times.app, times.organization_id):
        for days, state in ((100, FireState.STARTED), (99, FireState.REPLACING), (1, FireState.SKIPPED)):
            fire = ScheduleFire(organization_id=times.organization_id, schedule_id=schedule_id, state=state)
            fire.fire_at = fire.made_at = now - timedelta(days=days)
            db.session.add(fire)
        db.session.commit()
        assert retention.forget_fires(now - timedelta(days=90), 10) == 1
        assert retention.forget_fires(now - timedelta(days=90), 10) == 0
        db.session.commit()
    assert [fire.state for fire in times.fires(schedule_id)] == [FireState.REPLACING, FireState.SKIPPED]
