"""One call: all pages of its answer without what is secret, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from botocore.parsers import ResponseParserError
from msgspec import Struct

from scanner.parsers.aws_live.actions import actions_of
from scanner.parsers.aws_live.pace import THROTTLED
from scanner.parsers.aws_live.redaction import cleaned
from scanner.parsers.aws_live.specification import Lasting

TOKENS: Final = ("NextToken", "nextToken", "NextMarker", "Marker", "position")
"""Names under which operations without a paginator of the SDK's give and take the place of the next page."""

_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
    }
)
_DENIED_TOO: Final = frozenset({"Client.UnauthorizedOperation", "NotAuthorized", "UnauthorizedException", "Forbidden"})
_NOT_ENABLED: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"})
_NOT_USED: Final = frozenset({"OptInRequired", "SubscriptionRequiredException"})


class Failure(Exception):
    """Why a call gave no answer. ``absent`` when it only says that there is nothing."""

    def __init__(self, service: str, operation: str, code: str, *, absent: bool = False) -> None:
        super().__init__(f"{service} {operation}: {code}")
        self.service, self.operation, self.code, self.absent = service, operation, code, absent

    @property
    def reason(self) -> str:
        """The clause for a report. Of what AWS says only the code is repeated: the text may name anything."""
        action = " and ".join(actions_of(self.service, self.operation))
        if self.code in _DENIED or self.code in _DENIED_TOO:
            return f"denied; the permission {action} is missing"
        if self.code in THROTTLED:
            return f"throttled until the attempts ran out ({action})"
        if self.code in _NOT_ENABLED:
            return f"refused: the credentials do not count there ({self.code}, {action})"
        return f"failed with {self.code} ({action})"


class Question(Struct, frozen=True):
    """A call to make: ``token`` and ``last`` say how it goes on where the SDK does not know."""

    service: str
    operation: str
    arguments: Mapping[str, Any] = {}
    absent: tuple[str, ...] = ()
    token: tuple[str, str] | None = None
    last: Lasting | None = None
    items: str = ""


def pages(client: Any, question: Question) -> Iterator[Any]:
    """The pages of an answer, without what is secret. Raises :class:`Failure` at the first page that fails."""
    operation = question.operation
    model = client.meta.service_model.operation_model(operation)
    found = _paged(client, question, model)
    while True:
        try:
            page = next(found, None)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "Unknown"))
            raise Failure(question.service, operation, code, absent=_is_absent(code, question)) from None
        except EndpointConnectionError:
            raise Failure(question.service, operation, "EndpointConnectionError") from None
        except (BotoCoreError, ResponseParserError) as error:
            raise Failure(question.service, operation, type(error).__name__) from None
        if page is None:
            return
        yield cleaned(page, model.output_shape)


def _is_absent(code: str, question: Question) -> bool:
    return code in question.absent or code in _NOT_USED


def _paged(client: Any, question: Question, model: Any) -> Iterator[Any]:
    method = xform_name(question.operation)
    arguments = dict(question.arguments)
    if client.can_paginate(method):
        yield from client.get_paginator(method).paginate(**arguments)
        return
    tokens = question.token or _token(model)
    while True:
        page = getattr(client, method)(**arguments)
        yield page
        following = _following(page, question, tokens)
        if following is None or following.items() <= arguments.items():
            return
        arguments |= following


def _token(model: Any) -> tuple[str, str] | None:
    given = model.output_shape.members if model.output_shape else {}
    taken = model.input_shape.members if model.input_shape else {}
    return next(((name, name) for name in TOKENS if name in given and name in taken), None)


def _following(page: Mapping[str, Any], question: Question, tokens: tuple[str, str] | None) -> dict[str, Any] | None:
    """The arguments that bring the next page, if there is one."""
    if question.last is not None:
        names = jmespath.search(question.items, page) or []
        return {question.last.argument: names[-1]} if page.get(question.last.more) and names else None
    token = page.get(tokens[0]) if tokens else None
    return {tokens[1]: token} if tokens and token else None
