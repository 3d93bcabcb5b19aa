"""Files that somebody wrote wrongly, or against us: every value may have any type, and nothing of ours may fail.

The seeds are the rules' own examples, so that every fact and rule is asked about broken input of its kind.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from scanner.config import Config
from scanner.model.problem import ProblemKind
from scanner.model.report import Report
from scanner.pipeline import scan
from scanner.rules.load import load_rules

ROUNDS: Final = int(os.environ.get("RISKSCAN_HOSTILE_ROUNDS", "2"))
"""How often all examples are broken; more to search longer."""
SEED: Final = int(os.environ.get("RISKSCAN_HOSTILE_SEED", "1"))
TOGETHER: Final = 40
"""How many broken examples are scanned as one."""

JUNK: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 3, 10**30, -(10**300), 1.5, float("inf"), float("-inf"), ".nan", "1e999"),
    *(
        "",
        " ",
        "two",
        "x",
        "*",
        "\n",
        "a\nb",
        "\x1b[31mred",
        "`#|*_[x](y)`",
        "é",
        "\u202e",
        "9" * 60,
        "0x",
        "50%",
        "-5%",
    ),
    *(
        "{{ .Values.x }}",
        "${X",
        "$(",
        "${a:-${b}}",
        "[",
        "{",
        '{"a":',
        "{}",
        "://",
        "http://[",
        "a://b:c@d:e/f?g",
        "@:/",
    ),
    *([], [[]], [None, 3], ["x", "x"], [{}], [{"name": []}], {}, {"A": "b"}, {"": None}, {"1": 2}, {"name": {}}),
    *({"a.b[0]": [1]}, {"matchLabels": []}, {"key": 1, "operator": [], "values": 3}, {"a": {"a": {"a": {"a": {}}}}}),
)


@cache
def examples(dialect: str) -> tuple[Any, ...]:
    """The documents of the rules' examples in a dialect, one entry an example."""
    codes = {e.code: None for r in load_rules().rules.values() for e in r.examples if e.dialect == dialect}
    return tuple(tuple(yaml.safe_load_all(code)) for code in codes)


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in nested data: what holds it, and its key or number there."""
    stack = [data]
    while stack:
        held = stack.pop()
        keys = list(held) if isinstance(held, dict) else list(range(len(held))) if isinstance(held, list) else []
        yield from ((held, key) for key in keys)
        stack.extend(held[key] for key in keys)


def broken(documents: Sequence[Any], dice: random.Random) -> list[Any]:
    """The documents with one to four values replaced, wrapped, taken away, repeated or exchanged."""
    found = deepcopy(list(documents))
    for _ in range(dice.choice((1, 1, 2, 4))):
        spots = list(places(found))
        if not spots:
            break
        held, key = dice.choice(spots)
        match dice.randrange(10):
            case 0:
                del held[key]
            case 1:
                held[key] = [held[key]]
            case 2:
                held[key] = {"x": held[key]}
            case 3:
                other, where = dice.choice(spots)
                if isinstance(other, list) or where in other:
                    held[key] = deepcopy(other[where]) if isinstance(other, dict) or where < len(other) else None
            case 4 if isinstance(held, list):
                held.append(deepcopy(held[key]))
            case _:
                held[key] = deepcopy(dice.choice(JUNK))
    return found


def text_of(documents: Sequence[Any]) -> str:
    """Documents as YAML that keeps what plain JSON cannot say."""
    texts = (json.dumps(each, default=str) for each in documents)
    return "\n---\n".join(text.replace("-Infinity", "-1e999").replace("Infinity", "1e999") for text in texts) + "\n"


def manifests(folder: Path, number: int, dice: random.Random, seed: Sequence[Any]) -> None:
    """A broken example as manifests, as what an overlay changes, or as the output of a chart."""
    text = text_of(broken(seed, dice))
    way = dice.randrange(6)
    home = folder / f"n{number}"
    (home / "templates").mkdir(parents=True)
    if way > 1:
        (home / "all.yaml").write_text(text)
    elif way == 1:
        patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"replicas": 2}}
        whole: dict[str, object] = {
            "resources": ["all.yaml"],
            "namespace": "n",
            "namePrefix": "p-",
            "commonLabels": {"a": "b"},
        }
        whole |= {"images": [{"name": "nginx", "newTag": "1"}], "replicas": [{"name": "x", "count": 3}]}
        whole |= {"patches": [{"patch": json.dumps(patch), "target": {"kind": "Deployment"}}]}
        whole |= {"configMapGenerator": [{"name": "c", "literals": ["a=b"]}], "patchesJson6902": [], "vars": []}
        (home / "all.yaml").write_text(text)
        (home / "kustomization.yaml").write_text(text_of(broken([whole], dice)))
    else:
        chart = {"apiVersion": "v2", "name": "c", "version": "1.0.0", "dependencies": [{"name": "d", "version": "1"}]}
        (home / "Chart.yaml").write_text(text_of(broken([chart], dice)))
        (home / "values.yaml").write_text(text_of(broken([{"x": 1, "image": {"tag": "a"}}], dice)))
        (home / "templates" / "all.yaml").write_text(text)


def projects(folder: Path, number: int, dice: random.Random, seed: Sequence[Any]) -> None:
    """A broken example as a Compose project."""
    home = folder / f"n{number}"
    home.mkdir(parents=True)
    (home / "compose.yaml").write_text(text_of(broken(seed, dice)))


CASES: Final = [
    pytest.param(dialect, write, turn, id=f"{dialect}-{turn}")
    for turn in range(ROUNDS)
    for dialect, write in (("kubernetes", manifests), ("compose", projects))
]


@pytest.mark.parametrize(("dialect", "write", "turn"), CASES)
def test_no_value_makes_anything_crash(
    dialect: str, write: Callable[[Path, int, random.Random, Sequence[Any]], None], turn: int, tmp_path: Path
) -> None:
    dice = random.Random(SEED * 1000 + turn)  # noqa: S311  # the same every time, so that a failure can be repeated
    seeds = examples(dialect)
    for start in range(0, len(seeds), TOGETHER):
        folder = tmp_path / str(start)
        for number, seed in enumerate(seeds[start : start + TOGETHER]):
            write(folder, number, dice, seed)
        report = scan([folder], Config())
        crashed = [
            (problem.span, problem.message) for problem in report.problems if problem.kind is ProblemKind.CRASHED
        ]
        assert not crashed, crashed


DEPLOYMENT: Final = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
CHART: Final = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
BOMB: Final = "x: {a0: &a0 [x,x,x,x,x,x,x,x,x]" + "".join(
    f", a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 7)
)
LIMITED: Final = {
    "aliases": BOMB + "}\n",
    "nesting": "x: " + "[" * 10_000 + "]" * 10_000 + "\n",
    "too many values": "x: [" + "1," * 200_000 + "1]\n",
}


@pytest.mark.parametrize("text", LIMITED.values(), ids=LIMITED.keys())
def test_what_a_file_may_cost_is_limited_in_every_format(text: str, report_of: Callable[..., Report]) -> None:
    files = {
        "manifests/a.yaml": DEPLOYMENT + text,
        "project/compose.yaml": "services:\n  a:\n    image: b\n" + text,
        "overlay/kustomization.yaml": "resources: []\n" + text,
        "chart/Chart.yaml": CHART + text,
    }
    report = report_of(files)
    limited = {problem.span.file for problem in report.problems if problem.kind is ProblemKind.LIMIT}
    assert limited == set(files)


def test_documents_around_one_with_too_many_values_are_read(report_of: Callable[..., Report]) -> None:
    one, other = (f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n" for name in "xy")
    report = report_of({"a.yaml": f"{one}---\n{DEPLOYMENT}{LIMITED['too many values']}---\n{other}"})
    assert [resource.id for resource in report.resources] == ["default/ConfigMap/x", "default/ConfigMap/y"]
    assert [(problem.kind, problem.span.line) for problem in report.problems] == [(ProblemKind.LIMIT, 4)]


def test_a_byte_order_mark_hides_nothing(report_of: Callable[..., Report]) -> None:
    report = report_of({"a.yaml": b"\xef\xbb\xbf" + DEPLOYMENT.encode()})
    assert [resource.id for resource in report.resources] == ["default/Deployment/a"]
