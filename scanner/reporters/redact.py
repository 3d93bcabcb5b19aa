"""Secrets are taken out of a report before any format sees it.

Replaced are texts: messages, reasons, values, places, failure domains and source lines. Names (paths, addresses, rule
codes) stay, since they are what the files call things and a report without them points nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from scanner.model.assessment import Attested, ComplianceReport
from scanner.model.comparison import Comparison, Lone, Shift, Side, Turn
from scanner.model.finding import Finding
from scanner.model.outage import Effect, OutageReport, Outages, Scenario, ServiceOutage, ServiceRisk, Step
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.score import Score
from scanner.model.service import CutSet
from scanner.model.span import Span
from scanner.model.value import Unknown, Value

MASK: Final = "(sensitive)"
"""What stands in place of a secret."""

_WHOLE_WORD_BELOW: Final = 4
"""Shorter secrets are replaced as whole words only: a secret ``1`` must not tear every number apart."""

_NAME = r"""[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|private_?key|api_?key|access_?key|credential)[\w.-]*"""
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_ASSIGNMENT = re.compile(rf"""(["']?\b{_NAME}["']?\s*)([:=])(\s*)(.+)""", re.IGNORECASE)
_WORD = re.compile(r"\S+(?<![,:;.])")
_PLACE = re.compile(r"[^\s(),;]+?(?=(?::\d+){0,2}[:.]?(?:[\s(),;]|$))")
"""A word, or a file without the line and column behind it."""
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"?')

Clean = Callable[[str], str]


def redacted(report: Report) -> Report:
    """The same report without the secrets that the scan met."""
    clean = cleaner(report.secrets)
    names = _names(report)
    if report.since is not None:
        both = replace(report.since, secrets=report.since.secrets | report.secrets)
        report = replace(report, since=redacted_comparison(both))
    of_findings = _Cleaning(report.secrets, names)
    findings = tuple(map(of_findings.finding, report.findings))
    if clean is None:
        return replace(report, findings=findings)
    return replace(
        report,
        findings=findings,
        problems=tuple(replace(p, message=clean(p.message), span=_span(p.span, clean)) for p in report.problems),
        resources=tuple(_resource(resource, clean) for resource in report.resources),
        services=tuple(_service(service, clean) for service in report.services),
        changes=tuple(
            replace(c, reason=clean(c.reason), attributes=tuple(map(clean, c.attributes)), span=_span(c.span, clean))
            for c in report.changes
        ),
        score=_score(report.score, clean),
        sources=_Sources(report.sources, clean),
        outages=report.outages and _outages(report.outages, clean),
    )


class _Sources(Mapping[str, tuple[str, ...]]):
    """The lines of files without secrets, cleaned where somebody asks: reports show few of them."""

    def __init__(self, sources: Mapping[str, tuple[str, ...]], clean: Clean) -> None:
        self._sources, self._clean = sources, clean
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, file: str) -> tuple[str, ...]:
        if file not in self._known:
            self._known[file] = tuple(map(self._clean, self._sources[file]))
        return self._known[file]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _outages(outages: Outages, clean: Clean) -> Outages:
    def cleaned(effects: Iterable[Effect]) -> tuple[Effect, ...]:
        return tuple(replace(effect, scenario=_scenario(effect.scenario, clean)) for effect in effects)

    return replace(outages, single=cleaned(outages.single), incidents=cleaned(outages.incidents))


def _names(report: Report) -> frozenset[str]:
    """What texts call things: ids, roots and files."""
    found = {*report.sources}
    for resource in report.resources:
        found |= {resource.id, resource.declaration.root, resource.span.file}
    return frozenset(found)


def _service(service: ServiceRisk, clean: Clean) -> ServiceRisk:
    cuts = service.cuts
    return replace(
        service,
        risk_groups=tuple(
            replace(
                group,
                domains=_domains(group.domains, clean),
                paths=tuple(_path(path, group.domains, clean) for path in group.paths),
            )
            for group in service.risk_groups
        ),
        cuts=replace(cuts, low=_cuts(cuts.low, clean), high=_cuts(cuts.high, clean)),
        gatekeepers=_domains(service.gatekeepers, clean),
        attestations=tuple(map(clean, service.attestations)),
    )


def _domain(name: str, clean: Clean) -> str:
    """A failure domain's id. Accounts, regions and zones in it are values, not names that the files gave to things."""
    level, colon, body = name.partition(":")
    return f"{level}{colon}{clean(body)}"


def _domains(names: Iterable[str], clean: Clean) -> tuple[str, ...]:
    return tuple(_domain(name, clean) for name in names)


def _cuts(cuts: Iterable[CutSet], clean: Clean) -> tuple[CutSet, ...]:
    return tuple(CutSet(_domains(cut.domains, clean)) for cut in cuts)


def _path(path: Iterable[Step], domains: Collection[str], clean: Clean) -> tuple[Step, ...]:
    return tuple(
        replace(step, name=_domain(step.name, clean) if step.name in domains else step.name, text=clean(step.text))
        for step in path
    )


def _score(score: Score, clean: Clean) -> Score:
    policy = score.policy
    missed = (replace(m, cuts=tuple(_domains(cut, clean) for cut in m.cuts)) for m in (policy.missed if policy else ()))
    return replace(
        score,
        contributions=tuple(replace(part, cut=_domains(part.cut, clean)) for part in score.contributions),
        domains=tuple(replace(part, domain=_domain(part.domain, clean)) for part in score.domains),
        policy=policy and replace(policy, missed=tuple(missed)),
    )


def redacted_outages(report: OutageReport) -> OutageReport:
    """The same for the answers of a simulation."""
    clean = cleaner(report.secrets)
    if clean is None:
        return report
    return replace(
        report,
        scenarios=tuple(_scenario(scenario, clean) for scenario in report.scenarios),
        problems=tuple(replace(p, message=clean(p.message), span=_span(p.span, clean)) for p in report.problems),
    )


def _scenario(scenario: Scenario, clean: Clean) -> Scenario:
    named = scenario.id
    for name in scenario.down:
        named = named.replace(name, _domain(name, clean))
    return replace(
        scenario,
        id=named,
        down=_domains(scenario.down, clean),
        unused=_domains(scenario.unused, clean),
        notes=tuple(map(clean, scenario.notes)),
        services=tuple(_outage(outage, clean) for outage in scenario.services),
    )


def _outage(outage: ServiceOutage, clean: Clean) -> ServiceOutage:
    reached = {outage.path[-1].name} if outage.path else set[str]()
    return replace(
        outage,
        condition=clean(outage.condition),
        because=tuple(replace(cause, domain=_domain(cause.domain, clean)) for cause in outage.because),
        path=_path(outage.path, reached, clean),
        remedies=tuple(map(clean, outage.remedies)),
    )


def redacted_assessments(report: ComplianceReport) -> ComplianceReport:
    """The same for what a scan says about controls. Its claims were made of a redacted report; this does the rest."""
    clean = cleaner(report.secrets)
    if clean is None:
        return report
    return replace(
        report,
        problems=tuple(replace(p, message=clean(p.message), span=_span(p.span, clean)) for p in report.problems),
        assessments=tuple(
            replace(
                each,
                attestations=_attested(each.attestations, clean),
                controls=tuple(replace(c, attestations=_attested(c.attestations, clean)) for c in each.controls),
            )
            for each in report.assessments
        ),
    )


def _attested(found: Iterable[Attested], clean: Clean) -> tuple[Attested, ...]:
    return tuple(replace(a, claim=clean(a.claim), holder=clean(a.holder), reference=clean(a.reference)) for a in found)


def redacted_comparison(report: Comparison) -> Comparison:
    """The same for two estates side by side."""
    report = _turned(report)
    clean = cleaner(report.secrets)
    if clean is None:
        return report
    return replace(
        report,
        matches=tuple(
            replace(
                match,
                evidence=clean(match.evidence),
                differences=tuple(
                    replace(d, base=clean(d.base), head=clean(d.head), reason=clean(d.reason))
                    for d in match.differences
                ),
                shifts=_shifts(match.shifts, clean),
            )
            for match in report.matches
        ),
        ambiguous=tuple(replace(group, evidence=clean(group.evidence)) for group in report.ambiguous),
        only_base=_lone(report.only_base, clean),
        only_head=_lone(report.only_head, clean),
        estate=_shifts(report.estate, clean),
        services=tuple(
            replace(
                service,
                stops=tuple(_domains(names, clean) for names in service.stops),
                spares=tuple(_domains(names, clean) for names in service.spares),
            )
            for service in report.services
        ),
        base=_side(report.base, clean),
        head=_side(report.head, clean),
    )


def _turned(report: Comparison) -> Comparison:
    """What is new, fixed or lasting, without the secrets of either side."""
    cleaning = _Cleaning(report.secrets, frozenset({*report.base.sources, *report.head.sources}))
    clean = cleaning.clean or str
    return replace(
        report,
        new=tuple(_turn(turn, cleaning, clean) for turn in report.new),
        fixed=tuple(_turn(turn, cleaning, clean) for turn in report.fixed),
        lasting=tuple(map(cleaning.finding, report.lasting)),
        weakened=tuple(replace(w, message=clean(w.message), span=_span(w.span, clean)) for w in report.weakened),
    )


def _turn(turn: Turn, cleaning: _Cleaning, clean: Clean) -> Turn:
    causes = tuple(replace(c, text=clean(c.text), span=_span(c.span, clean)) for c in turn.causes)
    return replace(turn, finding=cleaning.finding(turn.finding), causes=causes)


def _shifts(shifts: Iterable[Shift], clean: Clean) -> tuple[Shift, ...]:
    return tuple(replace(s, message=clean(s.message), reason=clean(s.reason)) for s in shifts)


def _lone(found: Iterable[Lone], clean: Clean) -> tuple[Lone, ...]:
    return tuple(
        replace(
            each,
            note=clean(each.note),
            failing=tuple(replace(finding, message=clean(finding.message)) for finding in each.failing),
        )
        for each in found
    )


def _side(side: Side, clean: Clean) -> Side:
    return replace(side, problems=tuple(replace(p, message=clean(p.message)) for p in side.problems))


def cleaner(secrets: Iterable[str], names: Collection[str] = ()) -> Clean | None:
    """A function that replaces every secret in a text, longest first; ``None`` when there are none.

    What is a part of a name among ``names``, a word of its own in the text, stays: the name of a database may be kept
    in a Secret, and is that of its workload too.
    """
    patterns = [
        re.escape(secret) if len(secret) >= _WHOLE_WORD_BELOW else rf"(?<!\w){re.escape(secret)}(?!\w)"
        for secret in sorted(filter(None, secrets), key=lambda secret: (-len(secret), secret))
    ]
    if not patterns:
        return None
    pattern = re.compile("|".join(patterns))

    def clean(text: str) -> str:
        if pattern.search(text) is None:
            return text
        words = (word for kind in (_WORD, _PLACE) for word in kind.finditer(text)) if names else ()
        kept = [word.span() for word in words if word.group() in names]
        return pattern.sub(lambda found: found.group() if _lies_in(found, kept) else MASK, text)

    return clean


def _lies_in(found: re.Match[str], spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= found.start() and found.end() <= end for start, end in spans)


class _Cleaning:
    """Takes secrets out of findings; ``clean`` is for what all findings hide."""

    def __init__(self, secrets: frozenset[str], names: Collection[str]) -> None:
        self.secrets, self.names = secrets, names
        self.clean = cleaner(secrets, names)

    def finding(self, finding: Finding) -> Finding:
        """A value under a name such as ``password`` is a secret even if nothing marked it."""
        own = {value for name, value in finding.values.items() if _SECRET_NAME.fullmatch(name)} - self.secrets
        clean = cleaner({*self.secrets, *own}, self.names) if own else self.clean
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
