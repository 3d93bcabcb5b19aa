"""Threads that share work of which some waits."""

from __future__ import annotations

import threading

import pytest

from scanner.parsers.aws_live.crew import Crew


def test_jobs_that_bring_jobs_are_all_done() -> None:
    crew, done = Crew(size=4, share=2), list[int]()

    def job(n: int) -> None:
        done.append(n)
        if n < 32:
            crew.add("any", lambda: job(2 * n), first=True)
            crew.add("any", lambda: job(2 * n + 1), first=True)

    crew.add("any", lambda: job(1))
    crew.run()
    assert sorted(done) == list(range(1, 64))  # a full binary tree of six levels


def test_one_lane_that_waits_leaves_room_for_the_others() -> None:
    """Six jobs that wait for an event that only another lane's job sets would hold all four threads for ever."""
    crew, event, waited = Crew(size=4, share=3), threading.Event(), list[bool]()
    for _ in range(6):
        crew.add("slow", lambda: waited.append(event.wait(20)))
    crew.add("quick", event.set)
    crew.run()
    assert waited == [True] * 6


def test_what_was_begun_is_finished_first() -> None:
    crew, order = Crew(size=1, share=1), list[str]()

    def begin() -> None:
        order.append("listing of one")
        crew.add("one", lambda: order.append("item of one"), first=True)

    crew.add("one", begin)
    crew.add("two", lambda: order.append("listing of two"))
    crew.run()
    assert order == ["listing of one", "item of one", "listing of two"]


def test_what_a_job_raises_ends_the_work() -> None:
    crew, done = Crew(size=1, share=1), list[str]()

    def fails() -> None:
        raise ValueError("from a job")

    crew.add("one", fails)
    crew.add("one", lambda: done.append("never"))
    with pytest.raises(ValueError, match="from a job"):
        crew.run()
    assert not done
