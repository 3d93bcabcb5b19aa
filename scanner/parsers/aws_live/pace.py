"""How fast one client asks: as it likes, until AWS asks it to slow down.

AWS recommends the SDK's *standard* retries, with their growing waits and their limited number of further attempts; the
*adaptive* ones "assume that the client works against a single resource" and hold back all calls of a client after one
refusal (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). Theirs begin from what the client
has measured, which is nothing for a client that has just been made: it then asks once in two seconds. So retries here
are standard, and beside them each client keeps a pace of its own that begins where AWS says that buckets are filled
again. It is cut at a refusal and grows with every second without one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

THROTTLED: Final = frozenset(
    {
        *("Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "RequestThrottled"),
        *("RequestThrottledException", "SlowDown", "BandwidthLimitExceeded", "PriorRequestNotComplete"),
        *("TooManyRequestsException", "LimitExceededException", "ProvisionedThroughputExceededException"),
        *("EC2ThrottledException", "TransactionInProgressException"),
    }
)
"""Codes with which AWS asks to slow down, as the SDK knows them."""

KNOWN: Final = 20.0
"""Calls a second that a bucket for describing calls is filled with again
(https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html)."""

SLOWEST, FASTEST, GROWTH, SHARE, TOGETHER = 1.0, 100.0, 10.0, 0.7, 0.5
"""Calls a second at least; how many are as good as no limit; how many more after each second; what a refusal leaves of
them, as of the SDK's; and within how many seconds refusals are one, for the calls were under way together."""


@dataclass(slots=True)
class Pace:
    """The pace of one client. May be used by all threads."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rate: float | None = None
    """Calls a second; none while AWS has not complained."""
    _free: float = 0.0
    _refused: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def follow(self, client: Any) -> Any:
        """Have a client of the SDK keep this pace, and return it."""
        client.meta.events.register("before-send", self.sending)
        client.meta.events.register("needs-retry", self.answered)
        return client

    def sending(self, **_: Any) -> None:
        """Wait for the next free place, before each attempt."""
        with self._lock:
            if self.rate is None:
                return
            place = max(self.now(), self._free)
            self._free = place + 1 / self.rate
            wait = place - self.now()
        if wait > 0:
            self.sleep(wait)

    def answered(self, response: Any = None, **_: Any) -> None:
        """Slow down after a refusal, and quicken after anything else."""
        error = response[1].get("Error", {}) if response is not None else {}
        with self._lock:
            if isinstance(error, dict) and error.get("Code") in THROTTLED:
                self._slow_down()
            elif self.rate is not None:
                self.rate += GROWTH / self.rate
                if self.rate >= FASTEST:
                    self.rate = None

    def _slow_down(self) -> None:
        if self.now() - self._refused < TOGETHER:
            return
        self._refused = self.now()
        self.rate = max(SLOWEST, (KNOWN if self.rate is None else self.rate) * SHARE)
