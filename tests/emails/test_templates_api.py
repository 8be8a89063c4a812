"""E-mail templates for programs: the same verdicts as the pages give."""

from typing import Any

from flask import Flask

from tests.cast import Cast


def test_programs_add_change_find_and_delete_them(app: Flask, cast: Cast) -> None:
    def ask(method: str, path: str, who: str = "alice", **body: Any) -> Any:
        return app.test_client().open(path, method=method, json=body or None, headers=cast.headers(who))

    made = ask("POST", "/api/email-templates", name="Spring", subject="Hello {{offer}}", html="<p>Hi</p>")
    assert made.status_code == 201
    here, template = made.headers["Location"], made.get_json()["email_template"]
    assert template["placeholders"] == ["offer"]
    changes: dict[str, Any] = {"name": "Spring", "subject": "Hi", "text": "Hi", "version": 1}
    assert ask("PUT", here, **changes).get_json()["version"] == 2
    assert ask("PUT", here, **changes).status_code == 409
    assert ask("GET", here).get_json()["text"] == "Hi"
    assert [each["name"] for each in ask("GET", "/api/email-templates?search=SPRING").get_json()["email_templates"]]
    assert ask("GET", "/api/email-templates?search=autumn").get_json()["email_templates"] == []
    refused = ask("POST", "/api/email-templates", name="", subject="", html="")
    assert {field["field"] for field in refused.get_json()["errors"]} == {"name", "subject", "html"}
    assert ask("DELETE", here, "bob").status_code == 403
    assert ask("DELETE", here).status_code == 204
    assert ask("GET", here).status_code == 404
