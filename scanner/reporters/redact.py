"""Secrets are taken out of a report before any format sees it.

Replaced are texts: messages, reasons, values, places and source lines. Names (paths, addresses, rule codes) stay,
since they are what the files call things and a report without them points nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from scanner.model.finding import Finding
from scanner.model.outage import OutageReport, ServiceOutage, ServiceRisk
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.span import Span
from scanner.model.value import Unknown, Value

MASK: Final = "(sensitive)"
"""What stands in place of a secret."""

_WHOLE_WORD_BELOW: Final = 4
"""Shorter secrets are replaced as whole words only: a secret ``1`` must not tear every number apart."""

_NAME = r"""[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|private_?key|api_?key|access_?key|credential)[\w.-]*"""
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNMENT = re.compile(rf"""(["']?\b{_NAME}["']?\s*)([:=])(\s*)(.+)""", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"?')

Clean = Callable[[str], str]


def redacted(report: Report) -> Report:
    """The same report without the secrets that the scan met."""
    clean = cleaner(report.secrets)
    findings = tuple(_finding(finding, report.secrets) for finding in report.findings)
    if clean is None:
        return replace(report, findings=findings)
    return replace(
        report,
        findings=findings,
        problems=tuple(replace(p, message=clean(p.message), span=_span(p.span, clean)) for p in report.problems),
        resources=tuple(_resource(resource, clean) for resource in report.resources),
        services=tuple(_service(service, clean) for service in report.services),
        sources={file: tuple(map(clean, lines)) for file, lines in report.sources.items()},
    )


def _service(service: ServiceRisk, clean: Clean) -> ServiceRisk:
    groups = tuple(
        replace(group, paths=tuple(tuple(replace(s, text=clean(s.text)) for s in path) for path in group.paths))
        for group in service.risk_groups
    )
    return replace(service, risk_groups=groups)


def redacted_outages(report: OutageReport) -> OutageReport:
    """The same for the answers of a simulation."""
    clean = cleaner(report.secrets)
    if clean is None:
        return report
    return replace(
        report,
        scenarios=tuple(replace(s, services=tuple(_outage(o, clean) for o in s.services)) for s in report.scenarios),
        problems=tuple(replace(p, message=clean(p.message), span=_span(p.span, clean)) for p in report.problems),
    )


def _outage(outage: ServiceOutage, clean: Clean) -> ServiceOutage:
    return replace(
        outage,
        condition=clean(outage.condition),
        path=tuple(replace(step, text=clean(step.text)) for step in outage.path),
    )


def cleaner(secrets: Iterable[str]) -> Clean | None:
    """A function that replaces every secret in a text, longest first; ``None`` when there are none."""
    patterns = [
        re.escape(secret) if len(secret) >= _WHOLE_WORD_BELOW else rf"(?<!\w){re.escape(secret)}(?!\w)"
        for secret in sorted(filter(None, secrets), key=lambda secret: (-len(secret), secret))
    ]
    if not patterns:
        return None
    pattern = re.compile("|".join(patterns))
    return lambda text: pattern.sub(MASK, text)


def _finding(finding: Finding, secrets: frozenset[str]) -> Finding:
    """A value under a name such as ``password`` is a secret even if nothing marked it."""
    clean = cleaner({*secrets, *(value for name, value in finding.values.items() if _SECRET_NAME.fullmatch(name))})
    if clean is None:
        return finding
    return replace(
        finding,
        message=clean(finding.message),
        why=clean(finding.why),
        reason=clean(finding.reason),
        values={name: clean(value) for name, value in finding.values.items()},
        span=_span(finding.span, clean),
        related=tuple(replace(r, message=clean(r.message), span=_span(r.span, clean)) for r in finding.related),
    )


def _span(span: Span, clean: Clean) -> Span:
    return replace(span, via=clean(span.via), parent=span.parent and _span(span.parent, clean))


def _resource(resource: Resource, clean: Clean) -> Resource:
    place = resource.placement
    zones = place.zones if isinstance(place.zones, Unknown) else tuple(_value(zone, clean) for zone in place.zones)
    placement = replace(
        place,
        account=_value(place.account, clean),
        region=_value(place.region, clean),
        zones=_value(zones, clean) if isinstance(zones, Unknown) else zones,
        cluster=_value(place.cluster, clean),
    )
    return replace(resource, placement=placement)


def _value(value: Value, clean: Clean) -> Value:
    if isinstance(value, Unknown):
        return replace(value, reason=clean(value.reason))
    return clean(value) if isinstance(value, str) else value


def masked_line(line: str) -> str:
    """A source line without the literal that it assigns to a name such as ``password`` or ``private_key``.

    References stay: ``password = var.password`` tells nothing.
    """
    match = _ASSIGNMENT.search(line)
    if match is None:
        return line
    name, sign, space, value = match.groups()
    if sign == "=" or value.lstrip().startswith('"'):
        hidden = _QUOTED.sub(f'"{MASK}"', value)
    else:
        hidden = value if value.lstrip()[:1] in ("{", "[", "!", "$", "&", "*", "|", ">") else MASK
    return f"{line[: match.start()]}{name}{sign}{space}{hidden}"
