"""``riskscan comment`` as a program, against a GitHub on loopback: what it writes, says and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
TOKEN = "ghs_0123456789abcdefABCDEF"


@pytest.fixture
def comment(github: Any, tmp_path: Path) -> Run:
    program = Path(sys.executable).with_name("riskscan")

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        scrubbed = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TMPDIR")}
        known = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.address, "GITHUB_REPOSITORY": "o/r", **environment}
        done = subprocess.run(
            [program, "comment", "--number", "7", *arguments],
            env={**scrubbed, **{name: value for name, value in known.items() if value}},
            cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "comment.md"
    file.write_text("<!-- riskscan:scan -->\n## riskscan: 1 new finding\n", encoding="utf-8")
    return file


def test_create_then_update_then_clean(comment: Run, body: Path, github: Any) -> None:
    done = comment("--file", str(body))
    assert (done.returncode, done.stdout) == (0, "comment created 1 https://github.com/o/r/pull/7#issuecomment-1\n")
    body.write_text("<!-- riskscan:scan -->\n## riskscan: 2 new findings\n", encoding="utf-8")
    assert comment("--file", str(body)).stdout.startswith("comment edited 1 ")
    body.write_text(
        "<!-- riskscan:scan -->\n<!-- nothing to tell -->\n## riskscan: no new findings\n", encoding="utf-8"
    )
    assert comment("--file", str(body)).stdout.startswith("comment edited 1 ")
    assert comment("--file", str(body)).stdout.startswith("comment unchanged 1 ")
    assert [each["body"].split("\n")[-2] for each in github.comments] == ["## riskscan: no new findings"]


def test_nothing_to_tell_begins_no_comment(comment: Run, body: Path, github: Any) -> None:
    body.write_text(
        "<!-- riskscan:scan -->\n<!-- nothing to tell -->\n## riskscan: no new findings\n", encoding="utf-8"
    )
    done = comment("--file", str(body))
    assert (done.returncode, done.stdout, github.comments) == (0, "comment none\n", [])


def test_what_is_too_long_is_cut(comment: Run, body: Path, github: Any) -> None:
    body.write_text("<!-- riskscan:scan -->\n" + "* 服务 line\n" * 20_000, encoding="utf-8")
    assert comment("--file", str(body)).returncode == 0
    [written] = github.comments
    assert len(written["body"]) < 65_000
    assert written["body"].endswith("\n\nThe rest is left out to stay within the size limit.\n")


def test_a_body_of_somebody_s_own_gets_the_marker(comment: Run, body: Path, github: Any) -> None:
    body.write_text("own words\n", encoding="utf-8")
    comment("--file", str(body), "--category", "infra/prod")
    assert github.comments[0]["body"] == "<!-- riskscan:infra/prod -->\nown words\n"


def test_two_categories_are_two_comments(comment: Run, body: Path, github: Any) -> None:
    comment("--file", str(body))
    body.write_text("<!-- riskscan:prod -->\nx\n", encoding="utf-8")
    comment("--file", str(body), "--category", "prod")
    assert len(github.comments) == 2


@pytest.mark.parametrize("status", [403, 404])
def test_a_fork_s_token_fails_no_job(comment: Run, body: Path, github: Any, fault: Any, status: int) -> None:
    github.faults.append(fault("POST", "/repos/o/r/issues/7/comments", status, times=99))
    done = comment("--file", str(body), GITHUB_ACTIONS="true")
    assert done.returncode == 0
    assert done.stdout.startswith(f"::notice title=riskscan::nothing was written: GitHub answers {status}: fault (")
    assert done.stdout.count("\n") == 1
    quiet = comment("--file", str(body))
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert quiet.stderr.startswith(f"nothing was written: GitHub answers {status}")


def test_a_server_that_is_down_fails_no_job(comment: Run, body: Path, github: Any, fault: Any) -> None:
    github.faults.append(fault("GET", "/repos/.*", 429, {"Retry-After": "3600"}, times=99))
    done = comment("--file", str(body), GITHUB_ACTIONS="true")
    assert (done.returncode, done.stdout) == (
        0, "::notice title=riskscan::nothing was written: GitHub allows no more calls for now\n"
    )  # fmt: skip


def test_words_of_the_server_are_no_commands(comment: Run, body: Path, github: Any, fault: Any) -> None:
    words = json.dumps({"message": "a\n::error::x %0A::set-output name=x::y \x1b[31m"}).encode()
    github.faults.append(fault("POST", "/repos/.*", 403, body=words, times=99))
    done = comment("--file", str(body), GITHUB_ACTIONS="true")
    assert done.stdout.count("\n") == 1
    assert "%250A" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        ([], {}, "name what to write: --file, --review or both"),
        (["--file", "comment.md", "--repository", "o"], {}, "'o' is not OWNER/NAME"),
        (["--file", "comment.md", "--repository", "../x"], {}, "'../x' is not OWNER/NAME"),
        (["--file", "comment.md", "--number", "0"], {}, "0 is not in the range"),
        (["--file", "comment.md"], {"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        (["--file", "comment.md"], {"GITHUB_TOKEN": "ghp_of somebody"}, "the token holds characters that no token has"),
        (
            ["--file", "comment.md"],
            {"GITHUB_API_URL": "http://192.0.2.1"},
            "the address of the API must begin with https://",
        ),
        (["--file", "comment.md"], {"GITHUB_TOKEN": "ghp_wrong"}, "GitHub answers 401: Bad credentials"),
        (["--file", "comment.md", "--category", "prod"], {}, "is the comment of another category"),
        (["--file", "missing.md"], {}, "does not exist"),
        (["--file", "binary.md"], {}, "cannot be read"),
        (["--review", "comment.md"], {}, "cannot be used"),
    ],
)
def test_mistakes_end_in_2(
    comment: Run, body: Path, github: Any, arguments: list[str], environment: dict[str, str], told: str
) -> None:
    body.with_name("binary.md").write_bytes(b"\xff\xfe")
    done = comment(*arguments, **environment)
    assert done.returncode == 2
    assert told in done.stderr
    assert "ghp_" not in done.stderr
    assert github.comments == []


def test_a_review_beside_the_comment(comment: Run, body: Path, github: Any, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_db_instance" "main" {\n  engine = "postgres"\n  multi_az = false\n}\n'
    )
    program = Path(sys.executable).with_name("riskscan")
    subprocess.run([program, "scan", "--exit-zero", "-q", "-o", "sarif=out.sarif", "main.tf"], cwd=tmp_path, check=True)
    lines = (tmp_path / "main.tf").read_text().splitlines()
    patch = "\n".join(["@@ -0,0 +1,4 @@", *(f"+{line}" for line in lines)])
    github.files.append({"filename": "main.tf", "patch": patch, "shown": {1, 2, 3, 4}})
    done = comment("--file", str(body), "--review", "out.sarif")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["suggestions 1"])
    assert "```suggestion\n  multi_az = true\n```" in github.reviews[0]["comments"][0]["body"]
