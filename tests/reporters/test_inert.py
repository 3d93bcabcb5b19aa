"""JSON is the same text whether the fast writer can make it or not."""

import json

import pytest

from scanner.reporters.inert import json_text


@pytest.mark.parametrize(
    "value",
    [
        {"empty": [], "none": {}, "nested": [[], [{}], [1, 2.5, 1e-7, 10**30, None, True]]},
        {"é": 'quote " slash / back \\ line \n tab \t'},
        ["half of a pair \ud800", {"more": 1}],
        [float("inf"), {"more": 1}],
    ],
)
def test_json_is_indented_as_by_the_standard_library(value: object) -> None:
    wanted = json.dumps(value, ensure_ascii=False, indent=2).replace("\ud800", "\\ud800")
    assert json_text(value, indent=2) == wanted + "\n"
