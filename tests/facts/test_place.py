"""How many zones a resource certainly stands in."""

from __future__ import annotations

import pytest

from scanner.facts.place import bounds_of
from scanner.model.value import Ref, Unknown, Value


def partly(*parts: str) -> Unknown:
    return Unknown("region", parts=tuple(part or Unknown("region", None, Ref("var.region")) for part in parts))


def listed(source: str, path: str) -> Unknown:
    return Unknown("after apply", None, Ref(f"data.aws_availability_zones.{source}", path))


SOME = Unknown("no default")


@pytest.mark.parametrize(
    ("zones", "least", "most"),
    [
        ([], 0, 0),
        (["a"], 1, 1),
        (["a", "c"], 2, 2),
        ([SOME], 1, 1),
        ([SOME, SOME], 1, 2),
        (["a", SOME], 1, 2),
        (["a", "c", SOME], 2, 3),
        ([partly("", "a"), partly("", "c")], 2, 2),
        ([partly("", "a"), partly("", "c"), "eu-west-1c"], 2, 3),
        ([partly("", "a"), "eu-west-1c"], 2, 2),
        ([partly("eu-", ""), "eu-west-1a", "eu-west-1b", "eu-west-1c"], 3, 4),
        ([listed("z", "names[0]"), listed("z", "names[1]"), listed("z", "names[2]")], 3, 3),
        ([listed("z", "names[0]"), listed("y", "names[1]")], 1, 2),  # two listings may list the same zones
        ([listed("z", "names[0]"), listed("z", "zone_ids[0]")], 1, 2),  # one zone has a name and an id
        ([listed("z", "names[0]"), "a"], 1, 2),
    ],
)
def test_bounds(zones: list[Value], least: int, most: int) -> None:
    assert bounds_of(zones) == (least, most)
