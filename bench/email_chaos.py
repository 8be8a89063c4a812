"""Long chaos of e-mails: one e-mail a seed, on both shapes, while workers are killed, frozen and told to go, the broker
forgets, the database restarts (PostgreSQL), answers are lost and reports come twice and out of order.

Ends with exit code 1 if anybody got two or none, or if our ledger says otherwise than the sandbox's.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from adsapp import create_app
from adsapp.core import db
from tests.cast import add_organization
from tests.chaos.ground import Ground
from tests.emails.on_the_air import mail_on_the_air
from tests.emails.storm import PEOPLE, Storm
from tests.installation import Installation
from tests.live import running_sandbox

SHAPES = ("embedded", "distributed")


def main() -> None:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=25, help="how many on each shape, from 1 on")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--blows", type=int, default=12)
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    arguments = parser.parse_args()
    shapes = SHAPES if arguments.shape == "both" else (arguments.shape,)
    seeds = [arguments.seed] if arguments.seed is not None else range(1, arguments.seeds + 1)
    runs = wrong = 0
    began = time.monotonic()
    for shape in shapes:
        ground = Ground(shape)
        ground.start()
        try:
            for seed in seeds:
                runs += 1
                wrong += not _holds(ground, seed, arguments.blows)
        finally:
            ground.stop()
    figures = {"bench": "email_chaos", "runs": runs, "people": runs * PEOPLE, "violations": wrong}
    print("\n" + json.dumps({**figures, "seconds": round(time.monotonic() - began, 1)}))
    sys.exit(bool(wrong))


def _holds(ground: Ground, seed: int, blows: int) -> bool:
    began = time.monotonic()
    try:
        _run(ground, seed, blows)
    except AssertionError as violation:
        print(f"{ground.shape} seed {seed}: VIOLATED: {violation}", flush=True)
        print(f"again: ./run bench email_chaos --shape {ground.shape} --blows {blows} --seed {seed}", flush=True)
        return False
    print(f"{ground.shape} seed {seed}: each of {PEOPLE} once ({time.monotonic() - began:.1f} s)", flush=True)
    return True


def _run(ground: Ground, seed: int, blows: int) -> None:
    more: Callable[[], None] | None = ground.crash_database if ground.is_distributed else None
    with ground.place() as place, tempfile.TemporaryDirectory() as folder:
        app = create_app(place.settings)
        owner = add_organization(app, "chaos")
        with (
            running_sandbox(Path(folder) / "sandbox.json") as url,
            mail_on_the_air(app, owner, url) as mail,
        ):
            processes = Installation(app.config["SETTINGS"])
            try:
                storm = Storm(mail, processes, seed)
                storm.judge(storm.blow(blows, more))
            finally:
                processes.stop()
        with app.app_context():
            db.db.engine.dispose()


if __name__ == "__main__":
    main()
