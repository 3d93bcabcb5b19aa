"""A GitHub of our own on loopback: comments, reviews, limits, permissions and faults, as its documentation tells them.

https://docs.github.com/en/rest/issues/comments and https://docs.github.com/en/rest/pulls/reviews
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scanner.github.api import Api

TOKEN = "ghs_0123456789abcdefABCDEF"
BOT = "github-actions[bot]"
MAX_BODY = 65_536


@dataclass
class Fault:
    """What the next calls of a method and path get instead of an answer; ``status`` 0 hangs up."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "fault"}'
    times: int = 1
    after: bool = False  # the call is done all the same


@dataclass
class GitHub:
    """The state of the server, and what was asked of it."""

    login: str = BOT
    may_write: bool = True
    comments: list[dict[str, Any]] = field(default_factory=list)
    review_comments: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    address: str = ""

    def add(self, body: str, login: str = BOT) -> dict[str, Any]:
        """A comment that is there already."""
        number = len(self.comments) + 1
        made = {
            "id": number,
            "body": body,
            "user": {"login": login},
            "html_url": f"https://github.com/o/r/pull/7#issuecomment-{number}",
        }
        self.comments.append(made)
        return made

    def fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == method and re.fullmatch(fault.path, path):
                fault.times -= 1
                return fault
        return None


class Handler(BaseHTTPRequestHandler):
    github: GitHub

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def do_PATCH(self) -> None:
        self.answer("PATCH")

    def answer(self, method: str) -> None:
        data = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
        path = urlsplit(self.path).path
        self.github.calls.append((method, self.path))
        self.github.tokens.add(self.headers.get("Authorization", ""))
        fault = self.github.fault(method, path)
        if fault is not None and not fault.after:
            self.fail(fault)
            return
        status, body = self.route(method, path, data)
        if fault is not None:
            self.fail(fault)
            return
        self.send(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def fail(self, fault: Fault) -> None:
        if fault.status:
            self.send(fault.status, fault.body, fault.headers)
        else:
            self.close_connection = True
            self.connection.close()

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def route(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        github = self.github
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if path == "/graphql":
            return 200, {"data": {"viewer": {"login": github.login}}}
        if method != "GET" and not github.may_write:
            return 403, {"message": "Resource not accessible by integration"}
        match method, path:
            case "GET", "/repos/o/r/issues/7/comments":
                return 200, self.page(github.comments)
            case "GET", "/repos/o/r/pulls/7":
                return 200, {"head": {"sha": "c" * 40}}
            case "GET", "/repos/o/r/pulls/7/files":
                return 200, [{k: v for k, v in file.items() if k != "shown"} for file in self.page(github.files)]
            case "GET", "/repos/o/r/pulls/7/comments":
                return 200, self.page(github.review_comments)
            case "POST", "/repos/o/r/issues/7/comments":
                return self.written(data, lambda: github.add(data["body"], github.login))
            case "PATCH", _ if found := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path):
                own = next((each for each in github.comments if each["id"] == int(found[1])), None)
                return self.written(data, lambda: self.edited(own, data)) if own else (404, {"message": "Not Found"})
            case "POST", "/repos/o/r/pulls/7/reviews":
                return self.reviewed(data)
        return 404, {"message": "Not Found"}

    def page(self, entries: list[Any]) -> list[Any]:
        asked = parse_qs(urlsplit(self.path).query)
        size, number = int(asked.get("per_page", ["30"])[0]), int(asked.get("page", ["1"])[0])
        assert size <= 100
        return entries[(number - 1) * size : number * size]

    def edited(self, own: dict[str, Any], data: Any) -> dict[str, Any]:
        own.update(data)
        return own

    def written(self, data: Any, do: Any) -> tuple[int, Any]:
        if len(data["body"]) > MAX_BODY:
            return 422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"}
        return 201, do()

    def reviewed(self, data: Any) -> tuple[int, Any]:
        """GitHub refuses the whole review for one line that the diff does not show."""
        shown = {file["filename"]: file["shown"] for file in self.github.files}
        for comment in data["comments"]:
            if comment["side"] != "RIGHT" or comment["line"] not in shown.get(comment["path"], ()):
                return 422, {"message": "Unprocessable Entity: Line could not be resolved"}
        self.github.reviews.append(data)
        self.github.review_comments += [{**each, "user": {"login": self.github.login}} for each in data["comments"]]
        return 200, {"id": 1}


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    state = GitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"github": state}))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    time: float = 1_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(github: GitHub, clock: Clock) -> Api:
    return Api(github.address, TOKEN, clock.sleep, clock.now)


@pytest.fixture
def fault() -> type[Fault]:
    return Fault
