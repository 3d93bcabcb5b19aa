"""Serverless Framework files, as far as their resources and their provider's region are plain.

What the framework makes of functions and events is not worked out. Variables are filled in where the file itself
decides them: ``self``, and defaults of ``opt``, ``env``, ``param`` and ``sls:stage``
(https://www.serverless.com/framework/docs/guides/variables).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value
from scanner.parsers.cloudformation.limits import MAX_VARIABLES
from scanner.parsers.cloudformation.reading import Reading, Template, root_of, template_of
from scanner.parsers.cloudformation.text import as_text, concatenated
from scanner.parsers.positioned_yaml import Document

NAME: Final = re.compile(r"serverless(?:[-.][\w-]+)?\.(?:ya?ml|json)")
_VARIABLE: Final = re.compile(r"\$\{((?:self|opt|env|param|sls|file|ssm|cf|s3|aws|terraform)[:(.][^${}]*)\}")
_SOURCES: Final = ("self:", "opt:", "env:", "param:", "sls:")
_MAP: Final = "tag:yaml.org,2002:map"
_DEFAULT_REGION: Final = "us-east-1"
"""https://www.serverless.com/framework/docs/providers/aws/guide/serverless.yml"""
_DEFAULT_STAGE: Final = "dev"


@dataclass(frozen=True, slots=True)
class Variables:
    """Fills in the variables of one file."""

    data: dict[str, Any]
    file: str

    def filled(self, text: str, span: Span) -> Value:
        """A text with its variables filled in, innermost first."""
        for _ in range(MAX_VARIABLES):
            match = _VARIABLE.search(text)
            if match is None:
                return text
            value = self._value(match[1], span)
            if match.span() == (0, len(text)):
                return value if not isinstance(value, str) else self._again(value, text, span)
            inner = as_text(value)
            if isinstance(inner, Unknown):
                rest = self.filled(text[match.end() :], span)
                return concatenated([text[: match.start()], inner, rest])
            text = text[: match.start()] + inner + text[match.end() :]
        return Unknown("variables lead to each other without end", span)

    def _again(self, value: str, text: str, span: Span) -> Value:
        return Unknown(f"{text} leads to itself", span) if text in value else self._once(value, span)

    def _once(self, value: str, span: Span) -> Value:
        match = _VARIABLE.search(value)
        if match is None:
            return value
        reason = f"${{{match[1]}}} is filled in when it is deployed"
        return self.filled(value, span) if match[1] not in self._seen(value) else Unknown(reason, span)

    def _seen(self, value: str) -> frozenset[str]:
        """Variables whose value holds themselves."""
        return frozenset(m[1] for m in _VARIABLE.finditer(value) if m[0] in str(self._own(m[1].split(",")[0].strip())))

    def _value(self, written: str, span: Span) -> Value:
        for source in (part.strip() for part in written.split(",")):
            if source[:1] in ("'", '"'):
                return source.strip("'\"")
            if source == "sls:stage":
                return _DEFAULT_STAGE
            found = self._own(source)
            if found is not None and not isinstance(found, (dict, list)):
                return found
            if not source.startswith(_SOURCES):
                break
        ref = Ref(f"{self.file}#var.{written}")
        return Unknown(f"${{{written}}} is filled in when it is deployed", span, ref, (ref,))

    def _own(self, source: str) -> Any:
        """What the file itself holds at a path."""
        if not source.startswith("self:"):
            return None
        found: Any = self.data
        for step in source.removeprefix("self:").split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found


def is_service(name: str, data: Any) -> bool:
    """Whether data is a Serverless Framework service for AWS."""
    if not isinstance(data, dict) or NAME.fullmatch(name) is None or "provider" not in data:
        return False
    provider = data["provider"]
    return provider == "aws" or (isinstance(provider, dict) and provider.get("name", "aws") == "aws")


def template(document: Document, path: str, reading: Reading) -> Template | None:
    """The plain resources of a service; ``None`` when there are none."""
    name = reading.name_of(path)
    entries = {key.value: (key, value) for key, value in root_of(document).value if key.id == "scalar"}
    if "functions" in entries:
        message = "functions of the Serverless Framework are not worked out; `serverless package` writes their template"
        reading.report(document.places["functions"], ProblemKind.UNSUPPORTED, message)
        reading.partly.add(name)
    written = entries.get("resources")
    if written is None:
        return None
    parts = written[1].value if written[1].id == "sequence" else [written[1]]
    for part in parts:
        if part.id != "mapping":
            span = Span(name, part.start_mark.line + 1, part.start_mark.column + 1)
            reading.report(span, ProblemKind.UNRESOLVED, "resources of another file are read by themselves, if at all")
            reading.partly.add(name)
    return template_of(path, name, _laid_together([part for part in parts if part.id == "mapping"], written))


def region(variables: Variables, document: Document, told: str | None) -> str | Unknown:
    """Where the service is deployed: as it says, else as the user tells, else where the framework does by itself."""
    provider = variables.data.get("provider")
    written = provider.get("region") if isinstance(provider, dict) else None
    if written is None:
        return told or _DEFAULT_REGION
    span = document.places.get("provider.region", document.span)
    value = variables.filled(str(written), span)
    if isinstance(value, Unknown) and told:
        return told
    return value if isinstance(value, (str, Unknown)) else str(value)


def _laid_together(parts: list[Any], written: tuple[Any, Any]) -> Any:
    """Mappings as one; the sections of each as those of one template."""
    import yaml

    sections: dict[str, tuple[Any, list[Any]]] = {}
    for part in parts:
        for key, value in part.value:
            if key.id == "scalar" and value.id == "mapping":
                sections.setdefault(key.value, (key, []))[1].extend(value.value)
    start, end = written[0].start_mark, written[1].end_mark
    pairs = [(key, yaml.MappingNode(_MAP, found, start, end)) for key, found in sections.values()]
    return yaml.MappingNode(_MAP, pairs, start, end)
