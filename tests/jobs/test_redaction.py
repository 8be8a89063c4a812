"""What is shown of a job's data."""

from hypothesis import given
from hypothesis import strategies as st

from adsapp.jobs.redaction import DEEPEST, HIDDEN, LONGEST, MOST_ENTRIES, NOT_YOURS, redact

plain = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
payloads = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=20
)


def test_secrets_are_hidden_however_they_are_called() -> None:
    secrets = {"token": 1, "App_Secret": 2, "PASSWORD": 3, "authorization": 4, "apiKey": 5, "credentials": {"a": 6}}
    assert set(redact(secrets, whole=True).values()) == {HIDDEN}
    assert redact({"inner": [{"token": "x"}]}, whole=True) == {"inner": [{"token": HIDDEN}]}


def test_long_values_and_long_lists_are_cut_and_say_so() -> None:
    assert redact("x" * (LONGEST + 1), whole=True) == "201 characters, not shown"
    assert redact(list(range(MOST_ENTRIES + 5)), whole=True)[-1] == "5 more, not shown"


def test_whoever_only_looks_sees_names_and_no_values() -> None:
    assert redact({"to": "+15550100001", "list": [1]}, whole=False) == {"to": NOT_YOURS, "list": NOT_YOURS}


def test_what_is_too_deep_is_hidden() -> None:
    value: object = "bottom"
    for _ in range(DEEPEST + 2):
        value = {"a": value}
    assert "bottom" not in str(redact(value, whole=True))


@given(payloads)
def test_any_payload_can_be_redacted(payload: object) -> None:
    redact(payload, whole=True)
    redact(payload, whole=False)
