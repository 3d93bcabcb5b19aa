"""The process around the commands: start-up, help, closed pipes, interrupts, defects."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import scanner
from scanner.cli.main import COMMANDS
from scanner.version import VERSION

ROOT = Path(scanner.__file__).parent.parent

# A process whose scan is made up: {scan} is the body of the function.
CHILD = """
import sys, types
from types import SimpleNamespace
module = types.ModuleType("scanner.pipeline")
def scan(paths, config, incidents=None):
    {scan}
module.scan = scan
sys.modules["scanner.pipeline"] = module
import scanner, scanner.cli.scan
scanner.pipeline = module
scanner.cli.scan.load = lambda packs: SimpleNamespace(infos={{}})
from scanner.cli.main import main
main()
"""

BIG_REPORT = """
    from scanner.model.finding import Axis, Finding, Outcome, Severity
    from scanner.model.report import FormatCoverage, Report, Score
    from scanner.model.span import Span
    def finding(n):
        return Finding("R", "r", Axis.ZONE, Severity.HIGH, Outcome.FAIL, f"r{n}", Span("a.tf", n + 1), "x" * 80)
    findings = tuple(map(finding, range(9999)))
    return Report("1", "/", (), (), findings, {}, (), {"terraform": FormatCoverage(1, 1)}, Score(1, 0, 0, "F", ()))
""".strip()


def start(code: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, **options)


@pytest.fixture
def run(riskscan: Callable[..., Any]) -> Callable[..., Any]:
    return riskscan


def test_version(run: Callable[..., Any]) -> None:
    assert run("--version").out == f"riskscan {VERSION}\n"


def test_starting_imports_nothing_heavy() -> None:
    code = "import sys; from scanner.cli.main import run; run(['--version']); print(*sys.modules)"
    loaded = set(subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT).split())
    assert "scanner.cli.main" in loaded
    assert loaded & {"yaml", "jinja2", "boto3", "botocore", "rich", "tree_sitter", "hcl2", "scanner.pipeline"} == set()
    # Only what every command needs: the model, the configuration's names and the exit codes.
    ours = {name for name in loaded if name.startswith("scanner.")}
    assert not any(name.startswith(("scanner.rules", "scanner.parsers", "scanner.reporters.")) for name in ours)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(run: Callable[..., Any], command: str) -> None:
    result = run(*filter(None, [command]), "--help")
    assert result.code == 0
    assert result.out.startswith("Usage: riskscan")
    assert run(*filter(None, [command]), "-h").out == result.out


def test_no_command_shows_help_and_an_unknown_one_is_an_error(run: Callable[..., Any]) -> None:
    assert run().code == 2
    assert run("scann").code == 2
    assert "No such command 'scann'" in run("scann").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(CHILD.format(scan=BIG_REPORT), "scan", stdout=full, stderr=subprocess.PIPE)
        assert process.communicate(timeout=30)[1] == b"error: cannot write the output: No space left on device\n"
    assert process.returncode == 2


def test_a_closed_pipe_makes_no_noise() -> None:
    process = start(CHILD.format(scan=BIG_REPORT), "scan", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    # The verdict stands, though nobody read it.
    assert process.wait(30) == 1


def test_a_pipe_closed_from_the_start_makes_no_noise() -> None:
    read, write = os.pipe()
    os.close(read)
    process = start(CHILD.format(scan=BIG_REPORT), "scan", "--format", "json", stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert process.communicate(timeout=30)[1] == b""
    assert process.returncode == 1


def test_an_interrupt_is_130_without_a_traceback() -> None:
    body = "print('ready', file=sys.stderr, flush=True)\n    import time\n    time.sleep(30)"
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores interrupts
    process = start(CHILD.format(scan=body), "scan", stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heeded)
    assert process.stderr is not None
    assert process.stderr.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_output_is_utf_8_whatever_the_locale_says() -> None:
    report = BIG_REPORT.replace('"x" * 80', '"\u65e5\u672c"').replace("9999", "1")
    process = start(CHILD.format(scan=report), "scan", stdout=subprocess.PIPE)
    assert "\u65e5\u672c" in process.communicate(timeout=30)[0].decode("utf-8")


def test_a_defect_is_neither_clean_nor_a_finding(scan: Any, run: Callable[..., Any]) -> None:
    scan.error = ZeroDivisionError("division by zero")
    result = run("scan")
    assert result.code == 3
    assert result.out == ""
    assert "Traceback" in result.err
    assert result.err.endswith("error: this is a defect of riskscan; the scan did not finish\n")
