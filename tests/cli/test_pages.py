"""What reports may link to: only what the runner says, and only in the form that GitHub gives it."""

from __future__ import annotations

import pytest

from scanner.cli.pages import Pages, pages

# https://docs.github.com/en/actions/reference/workflows-and-actions/variables#default-environment-variables
TOLD = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octocat/Hello-World",
    "GITHUB_SHA": "ffac537e6cbbf934b08745a378932722df287a53",
    "GITHUB_RUN_ID": "1658821493",
}


def test_a_workflow_tells_all() -> None:
    page = "https://github.com/octocat/Hello-World"
    assert pages(TOLD) == Pages(page, "ffac537e6cbbf934b08745a378932722df287a53", f"{page}/actions/runs/1658821493")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GITHUB_SERVER_URL", "", Pages()),
        ("GITHUB_SERVER_URL", "javascript:alert(1)", Pages()),
        ("GITHUB_SERVER_URL", "https://github.com/)x", Pages()),
        ("GITHUB_REPOSITORY", "octocat", Pages()),
        ("GITHUB_REPOSITORY", "octocat/x)(y", Pages()),
    ],
)
def test_what_is_no_address_is_not_linked(name: str, value: str, expected: Pages) -> None:
    assert pages(TOLD | {name: value}) == expected


def test_a_branch_is_no_commit() -> None:
    assert pages(TOLD | {"GITHUB_SHA": "main"}).revision == ""
    assert pages(TOLD | {"GITHUB_RUN_ID": "7/x"}).run == ""
    assert pages({}) == Pages()
