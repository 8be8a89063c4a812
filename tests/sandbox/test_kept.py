"""Templates that were made outlast the sandbox's process, as those of the provider do."""

from pathlib import Path

from adsapp.sandbox import SandboxConfig
from adsapp.sandbox.running import running_sandbox
from tests.waiting import wait_for

from .support import WABA, Client, account
from .test_studio import make, status


def test_a_template_is_there_after_a_restart_and_its_review_goes_on(tmp_path: Path) -> None:
    config = SandboxConfig(accounts=(account(),), fast=True, keep=tmp_path / "made.json")
    with running_sandbox(config) as running:
        client = Client(running.url)
        client.call("POST", "/_sandbox/templates", {"hold_reviews": True})
        first = make(client)
        assert first.status == 200, first.text
        assert status(client) == "PENDING"
        client.call("DELETE", f"/v25.0/{WABA}/message_templates?name=welcome")
    with running_sandbox(config) as running:
        client = Client(running.url)
        wait_for(lambda: status(client) == "APPROVED", what="its review")
        assert status(client, "welcome") == ""
        assert make(client, name="another").json["id"] != first.json["id"]
        client.call("POST", "/_sandbox/reset", {})
    with running_sandbox(config) as running:
        assert (status(Client(running.url)), status(Client(running.url), "welcome")) == ("", "APPROVED")
