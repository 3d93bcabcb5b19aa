"""What is asked again, how long, and that the token goes to one server only."""

from __future__ import annotations

import ast
import re
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError

import pytest

import scanner
from scanner.github import api as module
from scanner.github.api import Api, Refused, Unreachable, Wrong

COMMENTS = "/repos/o/r/issues/7/comments"
TOKEN = "ghs_0123456789abcdefABCDEF"


def test_it_says_who_asks_and_for_what(api: Api, github: Any) -> None:
    assert api.login() == "github-actions[bot]"
    assert github.calls == [("POST", "/graphql")]
    assert github.tokens == {f"Bearer {TOKEN}"}


# https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://github.example.com/api/v3", "https://github.example.com/api/graphql"),
        ("https://api.octocorp.ghe.com/", "https://api.octocorp.ghe.com/graphql"),
    ],
)
def test_graphql_lies_where_the_server_has_it(monkeypatch: pytest.MonkeyPatch, base: str, asked: str) -> None:
    seen: list[str] = []

    def follow(_self: Api, method: str, url: str, _data: object) -> module.Answer:
        seen.append(f"{method} {url}")
        return module.Answer(200, {}, b'{"data": {"viewer": {"login": "x"}}}')

    monkeypatch.setattr(Api, "_follow", follow)
    Api(base, TOKEN).login()
    assert seen == [f"POST {asked}"]


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_what_does_no_harm_is_asked_again(api: Api, github: Any, clock: Any, status: int, fault: Any) -> None:
    github.faults.append(fault("GET", COMMENTS, status, times=3))
    assert list(api.pages(COMMENTS)) == []
    assert clock.slept == [1.0, 2.0, 4.0]


def test_four_attempts_are_enough(api: Api, github: Any, fault: Any) -> None:
    github.faults.append(fault("GET", COMMENTS, 502, times=9))
    with pytest.raises(Unreachable, match="502"):
        list(api.pages(COMMENTS))
    assert len(github.calls) == 4


def test_what_may_have_been_done_is_not_done_again(api: Api, github: Any, fault: Any) -> None:
    github.faults.append(fault("POST", COMMENTS, 502, times=9))
    with pytest.raises(Unreachable):
        api.call("POST", COMMENTS, {"body": "x"}, again=False)
    assert len(github.calls) == 1


# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
@pytest.mark.parametrize(
    ("status", "headers", "body", "waits"),
    [
        (403, {"Retry-After": "7"}, b"{}", 7.0),
        (429, {"Retry-After": "7"}, b"{}", 7.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, b"{}", 30.0),
        (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "990"}, b"{}", 1.0),
        (429, {}, b"{}", 60.0),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}', 60.0),
    ],
)
def test_a_rate_limit_is_waited_for(
    api: Api, github: Any, clock: Any, fault: Any, status: int, headers: dict[str, str], body: bytes, waits: float
) -> None:
    github.faults.append(fault("POST", COMMENTS, status, headers, body))
    assert api.call("POST", COMMENTS, {"body": "x"}, again=False)["body"] == "x"
    assert clock.slept == [waits]
    assert len(github.comments) == 1


def test_nobody_waits_for_an_hour(api: Api, github: Any, clock: Any, fault: Any) -> None:
    github.faults.append(
        fault("GET", COMMENTS, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4600"}, times=9)
    )
    with pytest.raises(Unreachable, match="no more calls for now"):
        list(api.pages(COMMENTS))
    assert clock.slept == []


def test_all_waits_of_a_run_together_are_bounded(api: Api, github: Any, clock: Any, fault: Any) -> None:
    github.faults.append(fault("GET", COMMENTS, 429, {"Retry-After": "50"}, times=9))
    with pytest.raises(Unreachable):
        list(api.pages(COMMENTS))
    assert clock.slept == [50.0, 50.0]


def test_a_permission_is_no_rate_limit(api: Api, github: Any, clock: Any) -> None:
    github.may_write = False
    with pytest.raises(Refused, match="GitHub answers 403: Resource not accessible by integration") as refused:
        api.call("POST", COMMENTS, {"body": "x"}, again=False)
    assert (refused.value.status, clock.slept) == (403, [])


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b'{"message": 5}', b"[]", b"", b'{"a": "\xff"}'])
def test_answers_that_make_no_sense_are_told(api: Api, github: Any, fault: Any, body: bytes) -> None:
    github.faults += [fault("GET", COMMENTS, 200, body=body), fault("POST", "/graphql", 200, body=body)]
    if body != b"[]":
        with pytest.raises(Unreachable):
            list(api.pages(COMMENTS))
    with pytest.raises(Unreachable):
        api.login()


class Elsewhere(BaseHTTPRequestHandler):
    seen: list[str | None] = []  # noqa: RUF012 - a test's own server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    do_POST = do_GET  # noqa: N815 - its interface


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("target", ["other", "file:///etc/passwd", "ftp://127.0.0.1/x", ""])
def test_no_other_server_sees_the_token(api: Api, github: Any, fault: Any, status: int, target: str) -> None:
    Elsewhere.seen.clear()
    other = HTTPServer(("127.0.0.1", 0), Elsewhere)
    Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    location = f"http://127.0.0.1:{other.server_address[1]}/" if target == "other" else target
    github.faults.append(fault("GET", COMMENTS, status, {"Location": location} if location else {}, times=99))
    with pytest.raises(Unreachable):
        list(api.pages(COMMENTS))
    other.shutdown()
    other.server_close()
    assert Elsewhere.seen == []


# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
def test_a_renamed_repository_is_followed_and_asked_the_same(api: Api, github: Any, fault: Any) -> None:
    github.faults.append(fault("POST", "/repos/old/r/issues/7/comments", 307, {"Location": COMMENTS}))
    assert api.call("POST", "/repos/old/r/issues/7/comments", {"body": "x"}, again=False)["body"] == "x"


@pytest.mark.parametrize(
    "base",
    [
        "http://api.github.com",
        "ftp://127.0.0.1",
        "api.github.com",
        "https://",
        "",
        "https://u:p@host",
        "file:///x",
        "https://host/?a=b",
    ],
)
def test_only_https_or_loopback(base: str) -> None:
    with pytest.raises(Wrong):
        Api(base, TOKEN)


@pytest.mark.parametrize("token", ["a b", "a\nX-Other: y", "", "é"])
def test_a_token_is_one_word(token: str) -> None:
    with pytest.raises(Wrong) as wrong:
        Api("https://api.github.com", token)
    assert not token or token not in str(wrong.value)


def test_the_token_is_never_told(api: Api, github: Any, fault: Any) -> None:
    github.faults.append(fault("GET", COMMENTS, 400, body=f'{{"message": "bad {TOKEN}"}}'.encode()))
    with pytest.raises(Refused) as refused:
        list(api.pages(COMMENTS))
    assert "bad ***" in str(refused.value)
    assert TOKEN not in repr(api)


def test_certificates_are_checked_and_not_asked_for_twice(monkeypatch: pytest.MonkeyPatch, clock: Any) -> None:
    # What `build_opener` uses: https://docs.python.org/3/library/ssl.html#ssl.create_default_context
    context = ssl._create_default_https_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)

    def refuse(*_: object) -> None:
        raise URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    monkeypatch.setattr(Api, "_exchange", refuse)
    with pytest.raises(Unreachable, match="self-signed"):
        Api("https://api.github.com", TOKEN, clock.sleep, clock.now).login()
    assert clock.slept == []


def test_a_huge_answer_is_not_read_to_its_end(
    api: Api, github: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER", 1_000)
    github.faults.append(fault("GET", COMMENTS, 200, body=b"[" + b" " * 2_000 + b"]"))
    with pytest.raises(Unreachable, match="too large"):
        list(api.pages(COMMENTS))


def test_nothing_else_of_ours_opens_connections() -> None:
    root = Path(scanner.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(
                re.match(r"(urllib\.(request|error)|http\.client|socket|ssl|ftplib|smtplib|asyncio)\b", name)
                for name in names
            ):
                found.add(file.relative_to(root).as_posix())
    assert found == {"github/api.py"}


def test_other_commands_do_not_import_it() -> None:
    code = "import sys; from scanner.cli.main import run; run(['scan', '--help']); print('scanner.github' in sys.modules, 'urllib.request' in sys.modules)"
    out = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "False False"
