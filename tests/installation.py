"""A whole installation in real processes: web, workers, sandbox, over the settings of a test."""

import json
import os
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from adsapp.config import ROOT, Settings
from adsapp.demo import stage
from adsapp.demo.http import Api, wait_until
from adsapp.demo.stage import Number
from adsapp.jobs import Queue
from adsapp.processes.commands import web_command
from tests.conftest import QUICK
from tests.nursery import born

NUMBER = Number(token="sandbox-token", app_secret="sandbox-secret")


@dataclass
class Installation:
    """Processes of one test; `stop` ends them all.

    `told`: further settings of theirs. `log`: where their standard error goes, if not to the test's.
    """

    settings: Settings
    running: list[ForkServerProcess] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    log: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What the processes are told."""
        quick = {name.upper(): str(value) for name, value in QUICK.items()}
        told = stage.environment(self.settings) | {
            name: value for name, value in quick.items() if name not in os.environ
        }
        if self.settings.distributed:
            told |= {
                "DATABASE_URL": self.settings.database_url,
                "REDIS_URL": self.settings.redis_url,
                "SECRET_KEY": self.settings.secret_key,
                "ENCRYPTION_KEYS": ",".join(self.settings.encryption_keys),
            }
        return told | self.told

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`adsapp ARGUMENTS` in a process that has loaded nothing else, to its end."""
        whole = [sys.executable, "-m", "adsapp", *arguments]
        told = os.environ | self.environment
        return subprocess.run(whole, cwd=ROOT, env=told, capture_output=True, text=True, check=False)

    def start_web(self) -> str:
        """Start the web server; its address, once it is ready."""
        _python, _m, module, *arguments = web_command(self.settings)
        self._start(module, arguments)
        wait_until(lambda: Api(self.settings.base_url).get("/readyz"), 60, "the start of the web server")
        return self.settings.base_url

    def start_worker(self, *queues: Queue) -> ForkServerProcess:
        """Start one worker process for these queues (all four by default)."""
        names = [part for queue in queues or tuple(Queue) for part in ("--queue", queue.value)]
        return self._start("adsapp", ["worker", *names])

    def start_sandbox(self, webhook_url: str = "", **options: Any) -> str:
        """Start the sandbox; its address, once it is ready."""
        number = Number(**{**vars(NUMBER), "messages_per_second": options.pop("throughput", 80)})
        usual = {"fast": True, "us_marketing": True}
        config = stage.write_sandbox_config(self.settings, number, webhook_url, **(usual | options))
        self._start("adsapp.sandbox", ["--config", str(config)])
        wait_until(lambda: self.sandbox("/_sandbox/health"), 60, "the start of the sandbox")
        return self.settings.sandbox_url

    def sandbox(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Ask the sandbox's control API."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.settings.sandbox_url + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def ledger(self) -> list[dict[str, Any]]:
        """Every message the sandbox accepted."""
        messages: list[dict[str, Any]] = self.sandbox("/_sandbox/ledger")["messages"]
        return messages

    def kill(self, process: ForkServerProcess) -> None:
        """kill -9, as a lost machine would."""
        process.kill()
        process.join()
        self.running.remove(process)

    def stop(self) -> None:
        """End everything: workers first, so that nobody talks to what is gone."""
        for process in reversed(self.running):
            process.terminate()
        for process in reversed(self.running):
            process.join(20)
            assert process.exitcode is not None, f"{process.pid} does not end"
        self.running.clear()

    def _start(self, module: str, arguments: list[str]) -> ForkServerProcess:
        process = born(module, arguments, os.environ | {"TZ": "UTC"} | self.environment, self.log)
        self.running.append(process)
        return process


def with_ports(settings: Settings) -> Settings:
    """The settings with free ports and the sandbox in place of WhatsApp."""
    ports = {"port": stage.free_port(), "sandbox_port": stage.free_port()}
    return stage.demo_settings(settings.model_copy(update=ports))
