"""AWS on the loopback interface, by moto, with faults on request and a record of everything that was asked.

Used by the tests of live accounts and by ``benchmarks/live.py``.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/")
_XML: Final = "<?xml version='1.0'?><{0}><Error><Code>{1}</Code><Message>{2}</Message></Error></{0}>"
NOT_THERE: Final = "NotImplementedByMoto"

Start = Callable[..., Any]


@dataclass(frozen=True)
class Request:
    """One request: the key that signed it, the service's signing name, and what it asks as its protocol says it."""

    key: str
    region: str
    service: str
    method: str
    path: str
    action: str


@dataclass(frozen=True)
class Fault:
    """An answer in moto's place: to calls of an operation (empty: of all), each ``times`` times, or always."""

    status: int
    code: str
    operation: str = ""
    times: int = 1_000_000
    key: str = ""


@dataclass
class Faulty:
    """A WSGI application in front of moto's."""

    inner: Any
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: dict[Fault, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    throttle_every: int = 0
    """Every so many requests one is told to come again."""

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer with a fault, else as moto does; what moto does not know is an error that nobody tries again."""
        request = _request(environ)
        with self.lock:
            self.requests.append(request)
            fault = next((each for each in self.faults if self._strikes(each, request)), None)
            if fault is None and self.throttle_every and len(self.requests) % self.throttle_every == 0:
                fault = Fault(400, "ThrottlingException")
        if fault is not None:
            return _error(request, environ, start, fault.status, fault.code)
        said: list[Any] = []

        def remember(status: str, headers: Any, exc_info: Any = None) -> Any:
            said[:] = [status, headers, exc_info]
            return lambda _data: None

        try:
            body = b"".join(self.inner(environ, remember))
        except Exception:  # noqa: BLE001 - moto raises for what it does not implement
            return _error(request, environ, start, 400, NOT_THERE)
        if said[0].startswith("5") or (said[0].startswith("404") and b"<!doctype html" in body[:40].lower()):
            return _error(request, environ, start, 400, NOT_THERE)
        start(said[0], said[1])
        return [body]

    def _strikes(self, fault: Fault, request: Request) -> bool:
        if fault.key and fault.key != request.key:
            return False
        if fault.operation and fault.operation != (request.action or f"{request.method} {request.path}"):
            return False
        self.counts[fault] = self.counts.get(fault, 0) + 1
        return self.counts[fault] <= fault.times


def _request(environ: dict[str, Any]) -> Request:
    size = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(size) if size else b""
    environ["wsgi.input"] = io.BytesIO(body)
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    path, target = environ.get("PATH_INFO", ""), environ.get("HTTP_X_AMZ_TARGET", "")
    action = target.rpartition(".")[2]
    if not action and "/operation/" in path:
        action = path.rpartition("/operation/")[2]
    if not action and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode()).get("Action", [""])[0]
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    key, region, service = scope.groups() if scope else ("", "", "")
    return Request(key, region, service, environ["REQUEST_METHOD"], f"{path}{query}" if not action else path, action)


def _error(request: Request, environ: dict[str, Any], start: Start, status: int, code: str) -> list[bytes]:
    """An error as the protocol of the request writes it."""
    told = "by the test"
    json_like = environ.get("HTTP_X_AMZ_TARGET") or "json" in environ.get("CONTENT_TYPE", "")
    headers = [("x-amzn-ErrorType", code)]
    if environ.get("HTTP_SMITHY_PROTOCOL"):
        headers.append(("smithy-protocol", "rpc-v2-cbor"))
        body, kind = _cbor({"__type": code, "message": told}), "application/cbor"
    elif request.service == "s3":
        body, kind = f"<Error><Code>{code}</Code><Message>{told}</Message></Error>".encode(), "application/xml"
    elif request.service == "ec2":
        error = f"<Errors><Error><Code>{code}</Code><Message>{told}</Message></Error></Errors>"
        body, kind = f"<Response>{error}<RequestID>0</RequestID></Response>".encode(), "text/xml"
    elif json_like or (not request.action and request.service not in ("route53", "cloudfront")):
        body, kind = json.dumps({"__type": code, "message": told}).encode(), "application/x-amz-json-1.1"
    else:
        body, kind = _XML.format("ErrorResponse", code, told).encode(), "text/xml"
    start(f"{status} Error", [*headers, ("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _cbor(data: dict[str, str]) -> bytes:
    """A small map of texts in CBOR (https://www.rfc-editor.org/rfc/rfc8949#section-3)."""

    def text(value: str) -> bytes:
        raw = value.encode()
        return (bytes([0x60 + len(raw)]) if len(raw) < 24 else bytes([0x78, len(raw)])) + raw

    return bytes([0xA0 + len(data)]) + b"".join(text(k) + text(v) for k, v in data.items())


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        """Say nothing: a test's output is the test's."""


@contextmanager
def serving() -> Iterator[tuple[str, Faulty]]:
    """The server's address and the application, until the block ends."""
    application = Faulty(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", application
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
