"""Unfolds SAM templates with ``aws-sam-translator``, one after another: a program of its own, run by :mod:`sam`.

It is started as ``python -I`` with the search path as its argument, and imports nothing of ours. Each line of its input
is a request, each line of its output the answer, both JSON. A value that knows its place is ``[number of the place,
value]``; a mapping, list or text without one has ``null`` there; what stands alone is a number, a boolean or null.
"""

from __future__ import annotations

import json
import logging
import sys
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

_SDK = ("boto3", "boto3.session", "botocore", "botocore.client", "botocore.config", "botocore.exceptions")
_VALIDATOR = ("jsonschema", "jsonschema.exceptions")


def main() -> None:
    """Answer requests until there are none."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no answer
    sys.path[:] = json.loads(sys.argv[1])
    without(*_SDK, *_VALIDATOR)
    logging.disable(logging.CRITICAL)
    translator()
    for request in sys.stdin:
        print(json.dumps(answer(json.loads(request)), default=str), file=answers, flush=True)


class _NothingError(Exception):
    """Stands for everything in the modules left out: it can be named, caught and made, and does nothing."""


def without(*modules: str) -> None:
    """Put empty modules in the place of some that the translator imports, which is half of the time to load it.

    With the SDK it would look things up in AWS: so it cannot, whatever a template says. With the validator it would
    check the policy templates that it brings along.
    """
    for name in modules:
        module = ModuleType(name)
        module.__path__ = []
        module.__getattr__ = lambda _name: _NothingError  # type: ignore[method-assign]
        sys.modules[name] = module


@dataclass
class _Session:
    """All that the translator asks of a session."""

    region_name: str


@cache
def translator() -> Any:
    """The translator's module, which from now on keeps its policy templates: it reads them anew each time."""
    from samtranslator.translator import translator as module

    made = getattr(module, "make_policy_template_for_function_plugin", None)
    if made is not None:
        module.make_policy_template_for_function_plugin = cache(made)
    return module


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The translation of a request's sections, or why there is none."""
    from samtranslator.parser.parser import Parser
    from samtranslator.plugins.application.serverless_app_plugin import ServerlessAppPlugin

    source, values = _marked(request["sections"]), request["values"]
    try:
        offline = ServerlessAppPlugin(sar_client=object(), parameters=values)
        found = translator().Translator(None, Parser(), [offline], _Session(request["region"]))
        return {"made": _encoded(found.translate(source, values, get_managed_policy_map=dict))}
    except Exception as error:  # noqa: BLE001 — a foreign program over foreign input fails in ways of its own
        return {"error": _reason(error)}


def _reason(error: BaseException) -> str:
    causes = getattr(error, "causes", None) or [error]
    texts = (getattr(cause, "message", None) or str(cause) or type(cause).__name__ for cause in causes)
    return "; ".join(" ".join(str(text).split())[:300] for text in texts)


class _Text(str):
    """A text that knows its place."""

    __slots__ = ("place",)
    place: int | None

    def __deepcopy__(self, _memo: Any) -> _Text:
        return self


class _Mapping(dict[str, Any]):
    """A mapping that knows its place, which copies of it share: the translator copies a lot."""

    place: int | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> _Mapping:
        made = memo[id(self)] = _Mapping()
        made.update((name, deepcopy(value, memo)) for name, value in self.items())
        made.place = self.place
        return made


class _Items(list[Any]):
    """A list that knows its place, which copies of it share."""

    place: int | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> _Items:
        made = memo[id(self)] = _Items()
        made.extend(deepcopy(value, memo) for value in self)
        made.place = self.place
        return made


def _marked(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    number, held = value
    made: Any
    if isinstance(held, dict):
        made = _Mapping({name: _marked(item) for name, item in held.items()})
    elif isinstance(held, list):
        made = _Items(_marked(item) for item in held)
    else:
        made = _Text(held)
    made.place = number
    return made


def _encoded(value: Any) -> Any:
    place = getattr(value, "place", None)
    if isinstance(value, dict):
        return [place, {str(name): _encoded(item) for name, item in value.items()}]
    if isinstance(value, (list, tuple)):
        return [place, [_encoded(item) for item in value]]
    return [place, value] if isinstance(value, str) else value


if __name__ == "__main__":
    main()
