"""Our values against those of cfn-lint, which resolves the same functions (MIT-0, a dependency of the tests alone).

cfn-lint gives every value that a function may have: several where a parameter allows several. What both decide must
agree: ours is one of cfn-lint's, and the only one where there is no choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

cfnlint = pytest.importorskip("cfnlint")

from cfnlint.context import create_context_for_template  # noqa: E402
from cfnlint.decode import decode_str  # noqa: E402
from cfnlint.helpers import is_function  # noqa: E402
from cfnlint.jsonschema import CfnTemplateValidator  # noqa: E402
from cfnlint.template import Template  # noqa: E402
from cfnlint.template.transforms._language_extensions import language_extension  # noqa: E402

from scanner.model.value import is_known  # noqa: E402

REGION = "ap-northeast-1"
FOLDER = Path(__file__).parent / "templates"
TEMPLATES = sorted(FOLDER.glob("*.yaml"))


def functions(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The outermost functions of properties, by path."""
    if is_function(value)[0] is not None:
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from functions(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from functions(item, f"{path}[{index}]")


def theirs(template: Template, value: Any) -> list[Any] | None:
    """What cfn-lint makes of a function; ``None`` when it does not decide it."""
    context = create_context_for_template(template)
    validator = CfnTemplateValidator({}).evolve(cfn=template, context=context.evolve(resolve_pseudo_parameters=True))
    found = []
    for resolved, _, error in validator.resolve_value(value):
        if error is not None or contains_function(resolved):
            return None
        found.append(plain(resolved))
    return found or None


def contains_function(value: Any) -> bool:
    return next(functions(value), None) is not None


def plain(value: Any) -> Any:
    """Values as texts: CloudFormation makes no difference between 5 and "5", true and "true"."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(json.loads(value))  # JSON with and without spaces is the same
    return str(value) if isinstance(value, (int, float, Decimal)) else value


def at(data: Any, path: str) -> Any:
    for step in path.replace("[", ".[").split("."):
        if step.startswith("["):
            data = data[int(step[1:-1])]
        elif step:
            data = data[step]
    return data


def compared(text: str, parse: Any) -> Iterator[tuple[str, Any, list[Any]]]:
    """Path, our value and theirs, of every function that both decide."""
    data, errors = decode_str(text)
    assert errors == []
    template = Template("t.yaml", data, [REGION])
    ours = {d.name: d.attributes for d in parse(text, REGION).declarations}
    for name, resource in data["Resources"].items():
        for path, value in functions(resource.get("Properties", {})) if name in ours else ():
            try:
                mine = at(ours[name], path)
            except (KeyError, IndexError, TypeError):
                continue  # left out by AWS::NoValue, or inside of what is not known
            found = theirs(template, value)
            if found is not None and is_known(mine):
                yield f"{name}.{path}", plain(mine), found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_what_both_decide_agrees(path: Path, parse: Any) -> None:
    found = list(compared(path.read_text(encoding="utf-8"), parse))
    assert len(found) >= 7, f"only {len(found)} functions are compared"
    wrong = [(name, mine, others) for name, mine, others in found if mine not in others]
    assert wrong == []


def test_a_wrong_value_would_be_seen(parse: Any) -> None:
    """The comparison itself can fail: most values have no choice."""
    found = [each for path in TEMPLATES for each in compared(path.read_text(encoding="utf-8"), parse)]
    assert len(found) >= 45
    assert sum(1 for _, _, others in found if len({str(other) for other in others}) == 1) >= 40


# cfn-lint leaves ${Zone} in texts outside of Fn::Sub; by the documentation all instances are replaced (test_loops.py).
LOOPS = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::LanguageExtensions
Parameters:
  Zones: {Type: CommaDelimitedList, Default: "a,b"}
Mappings:
  Sizes:
    small: {cpu: 1}
    large: {cpu: 4}
Resources:
  Fn::ForEach::Outer:
    - Size
    - [small, large]
    - Fn::ForEach::Inner:
        - Zone
        - !Ref Zones
        - "Store${Size}${Zone}":
            Type: AWS::S3::Bucket
            Properties:
              BucketName: !Sub "x-${Size}-${Zone}"
              Named: !Ref Size
              Cpu: !FindInMap [Sizes, !Ref Size, cpu]
  "Fn::ForEach::Ips":
    - Ip
    - ["10.0.0.1", "10.0.0.2"]
    - "Host&{Ip}":
        Type: AWS::SSM::Parameter
        Properties: {Value: !Sub "${Ip}"}
"""


def test_loops_are_unfolded_alike(parse: Any) -> None:
    data, errors = decode_str(LOOPS)
    assert errors == []
    template = Template("t.yaml", data, [REGION])
    _, unfolded = language_extension(template)
    ours = {d.name: d.attributes for d in parse(LOOPS, REGION).declarations}
    assert set(ours) == set(unfolded["Resources"])
    assert len(ours) == 6
    expanded = Template("t.yaml", unfolded, [REGION])
    for name, resource in unfolded["Resources"].items():
        for key, value in resource["Properties"].items():
            resolved = theirs(expanded, value) if contains_function(value) else [plain(value)]
            assert resolved == [plain(ours[name][key])], (name, key)
