"""One machine: a process group with a supervisor that starts its one program again whenever that dies.

`python -m tests.chaos.machine MODULE ARGUMENT…`: the program is `python -m MODULE ARGUMENT…`, forked instead of started
anew, because what is tried here is not how long Python takes to begin.
"""

import contextlib
import ctypes
import os
import runpy
import signal
import sys
import time

from adsapp.jobs.engine import dispatch
from adsapp.processes.supervisor import PR_SET_PDEATHSIG

START_AGAIN_SECONDS = 0.2
DISPATCH_AGAIN_SECONDS = 3  # a lost message is missed sooner than in an installation, or a run would wait for this


def main() -> None:
    """Until SIGTERM, which the program is told, too."""
    with contextlib.suppress(PermissionError):
        os.setpgid(0, 0)
    dispatch.DISPATCH_AGAIN_SECONDS = DISPATCH_AGAIN_SECONDS
    ending: list[int] = []
    child = 0

    def end(number: int, _frame: object) -> None:
        ending.append(number)
        if child:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    while not ending:
        child = _start()
        os.waitpid(child, 0)
        child = 0
        if not ending:
            time.sleep(START_AGAIN_SECONDS)


def _start() -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # the database may be away at its start: it is started again
        print(f"{module} ended: {type(error).__name__}: {error}", file=sys.stderr)
        code = 1
    os._exit(code)


if __name__ == "__main__":
    main()
