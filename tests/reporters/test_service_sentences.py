"""What changed for a service, in the words of people."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from scanner.comparison.services import effect
from scanner.model.comparison import Coefficient, Interval, ServicePair
from scanner.model.service import Criticality
from scanner.reporters.comparison import told

ONE, TWO, MORE = Interval(1, 1), Interval(2, 2), Interval(None, None)


def sentences(base: Interval, head: Interval, level: str = "zone", **fields: Any) -> list[str]:
    each = Coefficient(level, base, head, effect(base, head))
    pair = ServicePair("withdrawals", "withdrawals", "service", Criticality.HIGH, (each,))
    return list(told(replace(pair, **fields)))


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [
        (TWO, ONE, "withdrawals: one zone now stops it; before it took two"),
        (MORE, TWO, "withdrawals: two zones now stop it; before no three did"),
        (MORE, ONE, "withdrawals: one zone now stops it; before no three did"),
        (ONE, TWO, "withdrawals: it now takes two zones to stop it; before one did"),
        (ONE, MORE, "withdrawals: no three zones stop it any more; before one did"),
        (Interval(2, 3), ONE, "withdrawals: one zone now stops it; before it took two or three"),
        (Interval(2, None), ONE, "withdrawals: one zone now stops it; before it took two to more than three"),
        (TWO, Interval(1, 2), "withdrawals: one zone may now stop it; before it took two"),
    ],
)
def test_how_many_it_takes(base: Interval, head: Interval, expected: str) -> None:
    assert sentences(base, head) == [expected]


@pytest.mark.parametrize(("base", "head"), [(ONE, ONE), (Interval(1, 2), TWO), (Interval(1, 2), Interval(1, 2))])
def test_what_did_not_change_for_sure_is_not_said(base: Interval, head: Interval) -> None:
    assert sentences(base, head) == []


def test_the_one_that_it_is_is_named() -> None:
    stops = (("zone:aws/eu-central-1a",), ("region:aws/eu-central-1",))
    assert sentences(TWO, ONE, stops=stops) == [
        "withdrawals: one zone now stops it (zone:aws/eu-central-1a); before it took two"
    ]
    either = (("zone:aws/a",), ("zone:aws/b",))
    assert sentences(TWO, ONE, stops=either) == ["withdrawals: one zone now stops it; before it took two"]


def test_other_levels_and_custody() -> None:
    assert sentences(TWO, ONE, level="edge") == ["withdrawals: one edge service now stops it; before it took two"]
    assert sentences(ONE, TWO, level="owner") == [
        "withdrawals: it now takes two owners of endpoints to stop it; before one did"
    ]
    assert sentences(TWO, ONE, level="custodian", kind="custody") == [
        "withdrawals: one custodian now locks it; before it took two"
    ]


def test_a_service_is_called_as_it_is_now() -> None:
    each = Coefficient("zone", TWO, ONE, effect(TWO, ONE))
    pair = ServicePair("withdrawals", "payouts", "service", Criticality.HIGH, (each,))
    assert list(told(pair)) == ["payouts: one zone now stops it; before it took two"]
