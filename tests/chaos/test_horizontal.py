"""Many machines: whichever of them is killed, frozen or cut off, nobody gets two messages and nobody is lost.

A short run; `./run bench horizontal` makes many long ones.
"""

from pathlib import Path

import pytest
from flask import Flask

from tests.chaos.horizontal import Blow, Size, run

SHORT = Size(people=120, per_second=25, blows=len(Blow), span=4.0, patience=120.0)


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_nothing_is_lost_and_nothing_twice_whichever_machine_is_cut_off(app: Flask, tmp_path: Path) -> None:
    report = run(app, tmp_path, seed=1, size=SHORT)
    assert not report.violations, "\n".join(report.violations)
    assert report.people == SHORT.people * SHORT.organizations == report.delivered + report.uncertain
    assert set(report.blows) == set(Blow)
    assert report.most_in_one_second <= SHORT.per_second
