"""Scores worked out by hand, the reasoning beside the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from msgspec.structs import replace

from scanner.model.finding import Axis
from scanner.model.score import MissedTarget, Score, ScoreAxis, Stage
from scanner.model.service import Criticality, CutSet, Level, ServiceCuts, Targets
from scanner.scoring import score
from scanner.scoring.weights import Weights, weights


def cuts(*sets: str) -> tuple[CutSet, ...]:
    return tuple(CutSet(tuple(sorted(each.split()))) for each in sets)


def service(name: str, criticality: Criticality, *sets: str) -> ServiceCuts:
    return ServiceCuts(name, "service", criticality, cuts(*sets), cuts(*sets))


def axes(found: Score) -> Mapping[str, float]:
    return {axis.axis.value: axis.low for axis in found.axes if axis.low < 100}


# -- the example of the model's first description ----------------------------------------------------------------------
#
# A (weight 4) in one region, B (2) in two regions, C (1) at two providers; A and B share one key. Axes: provider 0.3,
# region 0.3, key 0.2, any 0.2; severities 4, 2 and 3. The key is a custodian here, which is the axis with nothing else on
# it, and nothing stands for the resources of no service. The numbers are those of the description, from another program.

REFERENCE: Weights = replace(
    weights(),
    axes=dict.fromkeys(ScoreAxis, Fraction(0))
    | {
        ScoreAxis.PROVIDER: Fraction("0.3"),
        ScoreAxis.REGION: Fraction("0.3"),
        ScoreAxis.CUSTODY: Fraction("0.2"),
        ScoreAxis.ANY: Fraction("0.2"),
    },
    tiers={Criticality.CRITICAL: Fraction(4), Criticality.HIGH: Fraction(2), Criticality.MEDIUM: Fraction(1)},
    everything_else=Fraction(0),
)
A = service("A", Criticality.CRITICAL, "provider:aws", "region:aws/apne1", "custodian:key")
B = service("B", Criticality.HIGH, "provider:aws", "custodian:key", "region:aws/apne1 region:aws/apne3")
C = service("C", Criticality.MEDIUM, "provider:aws provider:google", "region:aws/apne1 provider:google")
A_TWO = replace(B, name="A", criticality=Criticality.CRITICAL)


def without_key(each: ServiceCuts) -> ServiceCuts:
    left = tuple(cut for cut in each.low if cut.domains != ("custodian:key",))
    return replace(each, low=left, high=left)


def test_the_reference_example() -> None:
    found = score([A, B, C], (), (), numbers=REFERENCE)
    assert found.low == 31.3
    assert axes(found) == {"provider": 27.7, "region": 51.7, "custody": 35.7}
    assert found.stage is Stage.R0
    assert sum((c.points for c in found.contributions), Fraction(0)) == found.lost
    assert round(float(found.lost), 1) == 68.7
    by_axis = {(c.cut, c.service, c.axis): round(float(c.points), 1) for c in found.contributions}
    top = list(by_axis.items())[:2]
    assert top == [
        ((("provider:aws",), "A", ScoreAxis.PROVIDER), 29.2),
        ((("provider:aws",), "B", ScoreAxis.PROVIDER), 14.6),
    ]
    assert by_axis[("region:aws/apne1",), "A", ScoreAxis.REGION] == 6.0


def test_the_reference_example_mended_once_and_twice() -> None:
    once = score([A_TWO, B, C], (), (), numbers=REFERENCE)
    assert (once.low, axes(once)["region"], once.stage) == (35.0, 75.1, Stage.R1)
    twice = score([without_key(A_TWO), without_key(B), C], (), (), numbers=REFERENCE)
    assert (twice.low, "custody" in axes(twice), twice.stage) == (41.9, False, Stage.R1)


# -- one service with the weights of the model -------------------------------------------------------------------------
#
# Weight 8 of W = 9. Exposures, N being the summed severity: zone m=2 N=1: 0.15 + 0.35/4 = 0.2375; region m=1 N=2: 0.7;
# provider N=4: 0.5 + 0.5*4/7 = 0.7857; account and edge N=3: 0.75; any m=1 N=12: 0.5 + 0.5*12/15 = 0.9.
# Mean: 0.15*0.2375 + 0.15*0.7 + 0.1*0.7857 + 0.1*0.75 + 0.1*0.75 + 0.15*0.9 = 0.5042; the weakest axis is provider.
# 8/9 * (0.5*0.5042 + 0.5*0.7857) = 0.5733.

WITHDRAWALS = service(
    "withdrawals",
    Criticality.CRITICAL,
    "region:aws/ap-northeast-1",
    "provider:aws",
    "account:aws/1",
    "edge:cloudflare",
    "zone:aws/ap-northeast-1a zone:aws/ap-northeast-1c",
)


def test_one_service() -> None:
    found = score([WITHDRAWALS], (), ())
    assert (found.low, found.high, found.grade, found.stage, found.confidence) == (42.7, 42.7, "F", Stage.R0, 1.0)
    # Each axis has 100 points less 8/9 of its exposure.
    assert axes(found) == {"zone": 78.9, "region": 37.8, "provider": 30.2, "account": 33.3, "edge": 33.3}
    assert found.together.low == 20.0
    assert {axis.axis: axis.stopped for axis in found.axes if axis.stopped} == dict.fromkeys(
        [Axis.REGION, Axis.PROVIDER, Axis.ACCOUNT, Axis.EDGE], 1
    )


def test_its_contributions() -> None:
    found = score([WITHDRAWALS], (), ())
    first = found.contributions[0]
    # The exposure of the provider axis counts with its weight in the mean, and whole as the weakest.
    assert (first.service, first.cut, first.axis) == ("withdrawals", ("provider:aws",), ScoreAxis.PROVIDER)
    assert first.points == 100 * Fraction(8, 9) * Fraction(11, 14) * Fraction(55, 100)
    # Without it the weakest axes are account and edge with 0.75, and any has N=8: 0.5 + 0.5*8/11 = 0.8636. The mean is
    # 0.15*0.2375 + 0.15*0.7 + 0.1*0.75 + 0.1*0.75 + 0.15*0.8636 = 0.4202.
    mean = Fraction("0.15") * Fraction("0.2375") + Fraction("0.15") * Fraction("0.7") + Fraction("0.15")
    mean += Fraction("0.15") * Fraction(19, 22)
    assert first.gain_if_fixed == found.lost - 100 * Fraction(8, 9) * (mean + Fraction("0.75")) / 2
    # Each zone pays half of what the pair costs: 100 * 8/9 * 0.2375 * 0.5*0.15.
    shares = {each.domain: each.points for each in found.domains}
    half = 100 * Fraction(8, 9) * Fraction("0.2375") * Fraction("0.075") / 2
    assert shares["zone:aws/ap-northeast-1a"] == shares["zone:aws/ap-northeast-1c"] == half
    assert sum(shares.values()) == found.lost


@pytest.mark.parametrize(
    ("targets", "low", "missed"),
    [
        # Only the region counts: 8/9 * 0.7 * (0.5*0.15 + 0.5) = 0.3578.
        ({Level.REGION: 2}, 64.2, [(Level.REGION, 2, 1, ("region:aws/ap-northeast-1",))]),
        # Two zones were asked for and it takes two.
        ({Level.ZONE: 2}, 100.0, []),
        # Three were: 8/9 * 0.2375 * (0.5*0.15 + 0.5) = 0.1214.
        ({Level.ZONE: 3}, 87.9, [(Level.ZONE, 3, 2, ("zone:aws/ap-northeast-1a", "zone:aws/ap-northeast-1c"))]),
        # No set of up to three custodians stops it, and 0 asks for nothing.
        ({Level.CUSTODIAN: 4, Level.PROVIDER: 0}, 100.0, []),
    ],
)
def test_targets(targets: dict[Level, int], low: float, missed: list[tuple[Level, int, int, tuple[str, ...]]]) -> None:
    found = score([WITHDRAWALS], (), (), {Criticality.CRITICAL: targets})
    assert found.policy is not None
    assert found.policy.low == found.policy.high == low
    assert found.policy.missed == tuple(
        MissedTarget("withdrawals", level, wanted, size, (cut,), certain=True) for level, wanted, size, cut in missed
    )
    assert found.low == 42.7


@pytest.mark.parametrize("targets", [{}, {Criticality.CRITICAL: {}}, {Criticality.CRITICAL: {Level.ZONE: 0}}])
def test_without_targets_there_is_no_policy(targets: Targets) -> None:
    assert score([WITHDRAWALS], (), (), targets).policy is None


def test_a_target_that_only_unknowns_miss() -> None:
    unsure = replace(WITHDRAWALS, low=cuts("zone:aws/a", "zone:aws/c"), high=cuts("zone:aws/a zone:aws/c"))
    found = score([unsure], (), (), {Criticality.CRITICAL: {Level.ZONE: 2}})
    assert found.policy is not None
    (missed,) = found.policy.missed
    assert (missed.found, missed.certain, len(missed.cuts)) == (1, False, 2)
    assert found.policy.low < found.policy.high == 100
    assert (found.stage, found.stage_high) == (Stage.R0, Stage.R2)


@pytest.mark.parametrize(
    ("sets", "stage"),
    [
        (["zone:aws/a"], Stage.R0),
        (["region:aws/r"], Stage.R0),
        (["cluster:prod"], Stage.R0),
        (["provider:aws", "region:aws/r region:aws/s"], Stage.R1),
        (["account:aws/1"], Stage.R1),
        (["custodian:fireblocks"], Stage.R1),
        (["service:aws/route53"], Stage.R1),
        (["owner:Consensys"], Stage.R1),
        (["provider:aws provider:google"], Stage.R2),
        (["zone:aws/a zone:aws/c"], Stage.R2),
        (["provider:aws region:google/r"], Stage.R3),  # two domains, but of two axes
        (["zone:aws/a zone:aws/c zone:aws/d"], Stage.R3),
        ([], Stage.R3),
    ],
)
def test_stages(sets: list[str], stage: Stage) -> None:
    assert score([service("a", Criticality.LOW, *sets)], (), ()).stage is stage
    robust = service("b", Criticality.CRITICAL)
    assert score([service("a", Criticality.LOW, *sets), robust], (), ()).stage is stage


def test_without_services_there_is_no_stage() -> None:
    assert score((), (), ()).stage is None


def test_one_account_caps_a_critical_service_alone() -> None:
    # An account of its own for one of many services costs few points, but the grade says that it is there.
    others = [service(f"s{n}", Criticality.CRITICAL) for n in range(99)]
    for criticality, grade in ((Criticality.CRITICAL, "C"), (Criticality.HIGH, "A")):
        assert score([service("a", criticality, "account:aws/1"), *others], (), ()).grade == grade


def test_a_long_list_is_cut_and_the_rest_told() -> None:
    pairs = [f"zone:aws/{a} zone:aws/{b}" for a in range(30) for b in range(a)]
    found = score([service("a", Criticality.HIGH, *pairs)], (), ())
    # 435 pairs, each on the axes zone and any.
    assert (len(found.contributions), found.others.number) == (200, 670)
    assert sum((c.points for c in found.contributions), found.others.points) == found.lost
    assert found.others.points > 0
    assert [c.gain_if_fixed is not None for c in found.contributions].count(True) == 20


def test_a_list_that_was_cut_short_never_turns_the_interval_around() -> None:
    odd = replace(WITHDRAWALS, low=cuts("provider:aws"), high=cuts("provider:aws", "region:aws/r"))
    found = score([odd], (), ())
    assert found.low <= found.high
    assert all(axis.low <= axis.high for axis in found.axes)
