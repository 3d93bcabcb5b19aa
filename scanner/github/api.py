"""Calls to GitHub's REST API that are repeated where that helps, and that hand the token to nobody else.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from msgspec import Struct

from scanner.version import VERSION

TIMEOUT: Final = 20.0
"""Seconds for a connection, and for each piece of an answer."""
ATTEMPTS: Final = 4
MAX_WAIT: Final = 120.0
"""Seconds that one run waits altogether: a runner is paid by the minute."""
MAX_REDIRECTS: Final = 3
MAX_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of one answer: a hundred comments of 65,536 characters, escaped, are smaller."""
PAGE: Final = 100
MAX_PAGES: Final = 50

_SECONDARY: Final = 60.0
"""What GitHub asks to wait when it does not say how long."""
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_MOVED: Final = frozenset({301, 302, 307, 308})


class Refused(Exception):
    """GitHub's answer that it will not do that: its status and words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"GitHub answers {status}: {words}")
        self.status = status


class Unreachable(Exception):
    """No answer, or none of use, after all attempts that were worth it."""


class Wrong(Exception):
    """An address or token that cannot be used at all."""


class Answer(Struct, frozen=True):
    """Status, headers with lower-case names, and body of one answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Api:
    """One server and one token. ``sleep`` and ``now`` are the clock; ``waited`` counts the seconds slept."""

    base: str
    token: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    waited: float = 0.0

    def __post_init__(self) -> None:
        self.base = self.base.rstrip("/")
        parts = urlsplit(self.base)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not secure or not parts.hostname or parts.username or parts.query or parts.fragment:
            raise Wrong("the address of the API must begin with https://")
        if not _TOKEN.fullmatch(self.token):
            raise Wrong("the token holds characters that no token has")

    def call(self, method: str, path: str, data: object = None, *, again: bool = True) -> Any:
        """The decoded answer. ``again``: the call does no harm when GitHub did it without our hearing of it.

        Raises :class:`Refused` and :class:`Unreachable`.
        """
        return self._decoded(self._asked(method, f"{self.base}{path}", data, again))

    def pages(self, path: str) -> Iterator[Any]:
        """The entries of a list, asked for by the hundred, of at most :data:`MAX_PAGES` pages."""
        for number in range(1, MAX_PAGES + 1):
            found = self.call("GET", f"{path}?per_page={PAGE}&page={number}")
            if not isinstance(found, list):
                raise Unreachable("GitHub's answer is not a list")
            yield from (each for each in found if isinstance(each, dict))
            if len(found) < PAGE:
                return

    def login(self) -> str:
        """Whose token this is. GraphQL tells it to the tokens of workflows too, ``GET /user`` does not."""
        root = self.base.removesuffix("/v3")
        question = {"query": "query { viewer { login } }"}
        answer = self._decoded(self._asked("POST", f"{root}/graphql", question, again=True))
        try:
            name = answer["data"]["viewer"]["login"]
        except (KeyError, TypeError):
            raise Unreachable("GitHub does not say whose token this is") from None
        return str(name)

    def _asked(self, method: str, url: str, data: object, again: bool) -> Answer:
        """One answer, after as many attempts as are worth it. What was refused for its rate was not done."""
        for attempt in range(1, ATTEMPTS + 1):
            pause = 2.0 ** (attempt - 1)
            try:
                answer = self._follow(method, url, data)
            except (OSError, HTTPException) as error:
                if again and _passing(error) and self._rest(attempt, pause):
                    continue
                raise Unreachable(f"no answer from GitHub: {self._safe(str(error))}") from None
            limit = self._limit(answer)
            wanted = pause if limit is None else limit
            if (limit is None and (answer.status < 500 or not again)) or not self._rest(attempt, wanted):
                return answer
        raise AssertionError("the last attempt rests no more")

    def _follow(self, method: str, url: str, data: object) -> Answer:
        """One exchange. A redirect is repeated as it is, and only to the server that the token is for."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._exchange(method, url, data)
            if answer.status not in _MOVED:
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if not _same_server(self.base, target):
                raise URLError("the server sends us to another one, which is not to see the token")
            url = target
        raise URLError("too many redirects")

    def _exchange(self, method: str, url: str, data: object) -> Answer:
        request = Request(url, method=method, data=None if data is None else json.dumps(data).encode())  # noqa: S310 - https, checked
        request.add_header("Accept", "application/vnd.github+json")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", f"riskscan/{VERSION}")
        request.add_header("X-GitHub-Api-Version", "2022-11-28")
        # Unredirected: urllib itself would hand it on.
        request.add_unredirected_header("Authorization", f"Bearer {self.token}")
        try:
            with build_opener(_Stay).open(request, timeout=TIMEOUT) as response:
                return _answer(response.status, response.headers, response)
        except HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error)

    def _limit(self, answer: Answer) -> float | None:
        """The seconds to wait for a rate limit; ``None`` where it is none."""
        if answer.status not in (403, 429):
            return None
        if (after := answer.headers.get("retry-after", "")).isdecimal():
            return float(after)
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
            return max(1.0, float(reset) - self.now())
        return _SECONDARY if answer.status == 429 or b"secondary rate limit" in answer.body else None

    def _rest(self, attempt: int, seconds: float) -> bool:
        """Wait before another attempt, if there may be one."""
        if attempt >= ATTEMPTS or self.waited + seconds > MAX_WAIT:
            return False
        self.waited += seconds
        self.sleep(seconds)
        return True

    def _decoded(self, answer: Answer) -> Any:
        limited = self._limit(answer) is not None
        if answer.status >= 500 or limited:
            raise Unreachable("GitHub allows no more calls for now" if limited else f"GitHub answers {answer.status}")
        try:
            data = json.loads(answer.body) if answer.body else None
        except ValueError:
            data = None
        if answer.status >= 300:
            words = data.get("message") if isinstance(data, dict) else None
            raise Refused(answer.status, self._safe(str(words or "no reason")))
        return data

    def _safe(self, text: str) -> str:
        return text.replace(self.token, "***")


class _Stay(HTTPRedirectHandler):
    """Follows nothing: :meth:`Api._follow` decides."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        del req, fp, code, msg, headers, newurl
        return None


def _answer(status: int, headers: Message, body: IO[bytes]) -> Answer:
    data = body.read(MAX_ANSWER + 1)
    if len(data) > MAX_ANSWER:
        raise URLError("the answer is too large")
    return Answer(status, {name.lower(): value for name, value in headers.items()}, data)


def _same_server(base: str, target: str) -> bool:
    one, other = urlsplit(base), urlsplit(target)
    return (one.scheme, one.hostname, one.port) == (other.scheme, other.hostname, other.port)


def _passing(error: Exception) -> bool:
    """Whether another attempt may end better: a certificate does not become valid."""
    return not isinstance(getattr(error, "reason", error), (ssl.SSLError, str))
