"""Running `adsapp …` as a person at a terminal would, in this process: a new one costs seconds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from adsapp.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[[Mapping[str, str], tuple[str, ...]], Done]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command under an environment."""

    def call(environment: Mapping[str, str], arguments: tuple[str, ...]) -> Done:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                main(list(arguments))
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return call
