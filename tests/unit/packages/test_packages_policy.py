"""The operator's rules as they are written in the environment."""

from __future__ import annotations

import pytest
from cellblock_sandbox.errors import SettingInvalid
from cellblock_sandbox.image.packages.policy import Policy
from packaging.specifiers import SpecifierSet


def test_nothing_set_allows_everything():
    assert Policy.from_environment({}) == Policy()


def test_words_are_separated_by_commas_or_white_space():
    policy = Policy.from_environment(
        {
            "CELLBLOCK_PACKAGES_ALLOW": "Humanize, typing_extensions\n attrs",
            "CELLBLOCK_PACKAGES_DENY": "left.pad",
            "CELLBLOCK_PACKAGES_PINS": "humanize==4.9, attrs>=22,<26  Typing_Extensions ~= 4.0".replace(" ~= ", "~="),
            "CELLBLOCK_OFFLINE": "yes",
            "CELLBLOCK_INDEXES": "http://127.0.0.1:1/simple,https://mirror/simple/",
        }
    )
    assert policy.allow == {"humanize", "typing-extensions", "attrs"}
    assert policy.deny == {"left-pad"}
    assert policy.pins == {
        "humanize": SpecifierSet("==4.9"),
        "attrs": SpecifierSet(">=22,<26"),
        "typing-extensions": SpecifierSet("~=4.0"),
    }
    assert policy.offline
    assert policy.indexes == ("http://127.0.0.1:1/simple/", "https://mirror/simple/")


def test_the_process_is_asked_by_default(monkeypatch):
    monkeypatch.setenv("CELLBLOCK_PACKAGES_DENY", "attrs")
    assert Policy.from_environment().deny == {"attrs"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELLBLOCK_PACKAGES_ALLOW", "humanize==4"),
        ("CELLBLOCK_PACKAGES_DENY", "../etc"),
        ("CELLBLOCK_PACKAGES_PINS", "humanize"),
        ("CELLBLOCK_PACKAGES_PINS", "humanize=4"),
        ("CELLBLOCK_PACKAGES_PINS", "humanize[x]==4"),
        ("CELLBLOCK_PACKAGES_PINS", "humanize@http://127.0.0.1/x"),
        ("CELLBLOCK_OFFLINE", "maybe"),
        ("CELLBLOCK_INDEXES", "ftp://host/"),
        ("CELLBLOCK_INDEXES", "host/simple"),
    ],
)
def test_nonsense_is_refused_by_the_name_of_the_setting(name, value):
    with pytest.raises(SettingInvalid, match=name) as caught:
        Policy.from_environment({name: value})
    assert caught.value.name == name
