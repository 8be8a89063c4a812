"""Processes that are held to a share of a core, as machines of that size would be: by a group of the kernel's for each.

Needs root, or a group that one may make groups in.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path("/sys/fs/cgroup")
PERIOD: Final = 20_000  # microseconds: a short one, so that a share is spread over each second


@contextlib.contextmanager
def held_to(share: float, pids: Sequence[int]) -> Iterator[None]:
    """Each of these processes gets so much of a core, and no more, until the block is left. 0: as much as there is."""
    groups: list[Path] = []
    try:
        for pid in pids if share else ():
            groups.append(_group(pid, share))
        yield
    finally:
        for group in groups:
            _leave(group)


def _group(pid: int, share: float) -> Path:
    is_second = (HERE / "cgroup.controllers").exists()
    group = (HERE if is_second else HERE / "cpu") / f"adsapp-bench-{pid}"
    try:
        group.mkdir()
        quota = int(share * PERIOD)
        if is_second:
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise SystemExit(f"{group} cannot be made: {error.strerror}. Run it as root, or without --share.") from None
    return group


def _leave(group: Path) -> None:
    for pid in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            (group.parent / "cgroup.procs").write_text(pid)
    with contextlib.suppress(OSError):
        group.rmdir()
