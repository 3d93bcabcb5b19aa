"""Pods over zones: how many lost zones leave too few, against every way to place them."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from scanner.simulation.pods import _fatal


def spreads(pods: int, zones: int) -> list[tuple[int, ...]]:
    """Every way to place pods over zones with a skew of one at most."""
    return [s for s in product(range(pods + 1), repeat=zones) if sum(s) == pods and max(s) - min(s) <= 1]


@pytest.mark.parametrize("zones", [2, 3, 4])
@pytest.mark.parametrize("pods", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("majority", [False, True])
def test_how_many_zones_are_fatal(pods: int, zones: int, majority: bool) -> None:
    needed = pods // 2 + 1 if majority else 1

    def outcomes(lost: int) -> set[bool]:
        return {
            sum(spread) - sum(spread[i] for i in gone) < needed
            for spread in spreads(pods, zones)
            for gone in combinations(range(zones), lost)
        }

    sure = next(lost for lost in range(1, zones + 1) if outcomes(lost) == {True})
    perhaps = next(lost for lost in range(1, zones + 1) if True in outcomes(lost))
    assert _fatal(pods, needed, zones) == (sure, perhaps)
