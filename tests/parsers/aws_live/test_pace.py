"""The pace of a client, on a clock of our own."""

from __future__ import annotations

from typing import Any

from botocore.retries import standard

from scanner.parsers.aws_live.pace import FASTEST, KNOWN, SHARE, SLOWEST, THROTTLED, Pace

REFUSED: dict[str, Any] = {"Error": {"Code": "ThrottlingException"}}
GIVEN: dict[str, Any] = {}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def paced() -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(clock.now, clock.sleep), clock


def sent(pace: Pace, clock: Clock, calls: int, answer: dict[str, Any] = GIVEN) -> float:
    """How many seconds some calls take, one after the other."""
    begun = clock.time
    for _ in range(calls):
        pace.sending(request=None)
        pace.answered(response=(None, answer), operation=None)
    return clock.time - begun


def test_nobody_waits_before_aws_complains() -> None:
    pace, clock = paced()
    assert sent(pace, clock, 1000) == 0
    assert pace.rate is None


def test_one_refusal_of_a_new_client_leaves_most_of_the_known_rate() -> None:
    pace, clock = paced()
    sent(pace, clock, 1, REFUSED)
    assert pace.rate == KNOWN * SHARE
    assert sent(pace, clock, 10) < 1.0, "ten calls at ten a second and more"


def test_refusals_of_calls_under_way_together_are_one() -> None:
    pace, _ = paced()
    for _n in range(5):
        pace.answered(response=(None, REFUSED))
    assert pace.rate == KNOWN * SHARE


def test_refusals_one_after_the_other_slow_down_to_the_slowest() -> None:
    pace, clock = paced()
    for _n in range(20):
        sent(pace, clock, 1, REFUSED)
        clock.sleep(1)
    assert pace.rate == SLOWEST


def test_the_limit_grows_until_it_is_none() -> None:
    pace, clock = paced()
    sent(pace, clock, 1, REFUSED)
    calls = 0
    while pace.rate is not None:
        assert pace.rate < FASTEST
        sent(pace, clock, 1)
        calls += 1
    assert calls > KNOWN


def test_a_connection_that_broke_is_no_refusal() -> None:
    pace, _ = paced()
    pace.answered(response=None, caught_exception=OSError())
    assert pace.rate is None


def test_the_codes_are_those_that_the_sdk_takes_for_a_refusal() -> None:
    assert set(standard.ThrottledRetryableChecker()._THROTTLED_ERROR_CODES) - THROTTLED == set()
