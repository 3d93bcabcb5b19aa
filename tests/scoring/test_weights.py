"""The numbers of the model, and the orders among them that its laws rest on."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import yaml

from scanner.model.finding import Axis, Severity
from scanner.model.score import ScoreAxis
from scanner.scoring.weights import FILE, weights


def test_the_file_is_yaml_too() -> None:
    data = yaml.safe_load(FILE.read_text())
    assert data["model"] == weights().model
    assert {axis: Fraction(str(share)) for axis, share in data["axes"].items()} == weights().axes
    assert json.loads(json.dumps(data)) == data


def test_every_number_is_explained() -> None:
    lines = FILE.read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if line.startswith('  "') and not line.startswith('  "model"')]
    bare = [lines[number] for number in keys if not lines[number - 1].lstrip().startswith("#")]
    # The second and third list share the comment above the first, as do the two numbers about lists.
    assert [line.split('"')[1] for line in bare] == ["capped_kinds", "cdn_services", "key_services", "gains"]


def test_the_axes_are_those_of_the_rules_and_any() -> None:
    assert [axis.value for axis in ScoreAxis] == [*(axis.value for axis in Axis), "any"]
    assert sum(weights().axes.values()) == 1


def test_a_larger_cut_or_a_milder_failure_never_exposes_more() -> None:
    bands = weights().bands
    assert sorted(bands) == [1, 2, 3]
    assert all(bands[larger][1] <= bands[smaller][0] for smaller, larger in pairwise(sorted(bands)))
    rule_bands = weights().rule_bands
    assert all(rule_bands[worse][0] >= rule_bands[milder][1] for milder, worse in pairwise(sorted(Severity)))
    assert all(0 <= bottom <= top <= 1 for bottom, top in [*bands.values(), *rule_bands.values()])


def test_signs_and_orders() -> None:
    numbers = weights()
    assert min(numbers.severities.values()) > 0
    assert numbers.other_severity > 0
    assert numbers.half_way > 0
    assert numbers.rule_half_way > 0
    assert numbers.everything_else > 0
    assert list(numbers.tiers.values()) == sorted(numbers.tiers.values(), reverse=True)
    assert list(numbers.grades.values()) == sorted(numbers.grades.values(), reverse=True)
    assert 0 < numbers.weakest < 1
