"""Programs in processes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from scanner.parsers.child import Child, ChildError, Limits

ECHO = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked == "end":
        os._exit(1)
    if asked == "sleep":
        time.sleep(60)
    if asked == "swallow":
        held = bytearray(512 << 20)
    print(json.dumps([sys.argv[1:], asked, os.getpid(), sorted(os.environ)]), flush=True)
"""
MEBIBYTE = 1 << 20


@pytest.fixture
def child(tmp_path: Path) -> Child:
    program = tmp_path / "echo.py"
    program.write_text(ECHO, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return Child(program, ["argument"], {**kept, "ONLY": "this"}, Limits(1.0, 256 * MEBIBYTE))


def test_one_process_answers_all_requests(child: Child) -> None:
    first, second = child.ask({"n": 1}), child.ask("é\n")
    child.close()
    assert first[:2] == [["argument"], {"n": 1}]
    assert second[1] == "é\n"
    assert first[2] == second[2] != os.getpid()
    assert "ONLY" in first[3]
    assert "HOME" not in first[3]


@pytest.mark.parametrize(("asked", "late"), [("end", False), ("sleep", True)])
def test_without_an_answer_the_next_request_gets_a_new_process(child: Child, asked: str, late: bool) -> None:
    before = child.ask("a")
    with pytest.raises(ChildError) as caught:
        child.ask(asked)
    assert caught.value.late is late
    after = child.ask("b")
    child.close()
    assert after[1] == "b"
    assert after[2] != before[2]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of another process")
def test_memory_is_limited(child: Child) -> None:
    with pytest.raises(ChildError) as caught:
        child.ask("swallow")
    assert caught.value.late is False
    child.close()


def test_what_is_started_early_answers_later(child: Child) -> None:
    started = child.start()
    answer = child.ask("a")
    child.close()
    assert answer[2] == started.process.pid
    assert started.process.poll() is not None
