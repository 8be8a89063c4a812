"""The demo, whose passwords are printed, answers its own machine unless somebody says otherwise."""

import pytest

from adsapp.cli.demo import refuse_network
from tests.cli.conftest import Command


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "demo.example"])
def test_it_refuses_other_machines_and_names_the_way(command: Command, host: str) -> None:
    refused = command({"HOST": host}, ("demo", "--once"))
    assert refused.returncode == 2
    assert f"HOST={host} lets other machines reach the demo" in refused.stderr
    assert "adsapp demo --on-network" in refused.stderr


@pytest.mark.parametrize("host, is_meant", [("127.0.0.1", False), ("::1", False), ("localhost", False), ("::", True)])
def test_it_answers_its_own_machine_and_others_if_that_is_meant(host: str, is_meant: bool) -> None:
    refuse_network(host, is_meant)
