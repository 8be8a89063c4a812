"""A kind of job is declared once, and what is not known here has a harmless answer to every question."""

import pytest

from adsapp.jobs.registry import Lazy, Unknown, kind, lazy, subjects


def test_a_kind_that_is_not_known_here_goes_by_its_name_and_has_nothing_special() -> None:
    unknown = kind("from-tomorrow")
    assert isinstance(unknown, Unknown)
    assert (unknown.title, unknown.quoted_title) == ("from-tomorrow", "from-tomorrow")
    assert {unknown.internal, unknown.ignores_pause, unknown.demo_only} == {False}
    assert unknown.final_if_cancelled == ""
    assert (unknown.subject, unknown.items, unknown.on_cancel) == (None, None, None)


def test_a_known_kind_is_quoted_inside_a_sentence() -> None:
    assert kind("demo").quoted_title == "“A demo job”"


def test_what_a_job_works_on_comes_from_its_kind() -> None:
    campaign = kind("bulk-message").subject
    assert campaign is not None
    assert subjects()[campaign.key] is campaign
    assert (campaign.of("7"), campaign.path("7")) == ("campaign:7", "/campaigns/7")


def test_a_hook_is_imported_only_when_it_is_called() -> None:
    hook = lazy("nowhere.at.all:function")
    assert hook == Lazy("nowhere.at.all", "function")
    with pytest.raises(ModuleNotFoundError):
        hook()


def test_a_hook_is_called_with_what_it_is_given() -> None:
    assert lazy("operator:add")(2, 3) == 5
