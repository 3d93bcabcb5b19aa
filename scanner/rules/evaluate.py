"""Rules over a graph → findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fnmatch import fnmatchcase
from string import Formatter

from msgspec.structs import replace

from scanner.facts import FACTS
from scanner.graph.graph import Graph
from scanner.model.finding import Axis, Finding, Outcome, Related, Severity
from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, Placement, Resource
from scanner.model.rule import ESTATE
from scanner.model.span import Span
from scanner.model.value import ABSENT, Unknown, Value
from scanner.rules.condition import Inquiry, Verdict, judge
from scanner.rules.rule import Rule, RuleSet

_NOT_JUDGED = frozenset({"data", "module"})
"""What is only looked up, and calls of modules: what these declare is judged."""

LISTED = 4
"""How many items of a list a message names."""

ANY = "any"
"""Stands for every kind of resource."""


def evaluate(
    rules: RuleSet, graph: Graph, severities: Mapping[str, Severity], disabled: frozenset[str]
) -> tuple[tuple[Finding, ...], tuple[Problem, ...]]:
    """Every rule's answer for every resource that it applies to, sorted; rules that crash become problems."""
    findings: list[Finding] = []
    problems: list[Problem] = []
    subjects: dict[str, tuple[Resource, ...]] = {**graph.by_kind}
    if graph.resources:
        subjects[ESTATE] = (estate(graph),)
    subjects[ANY] = tuple(r for r in graph.resources.values() if r.declaration.mode != "module")
    for rule in rules.rules.values():
        if rule.info.code in disabled:
            continue
        severity = severities.get(rule.info.code, rule.info.severity)
        for resource in _subjects(rule, subjects, _only(rule, graph)):
            try:
                finding = ask(rule, resource, graph)
            except Exception as error:  # noqa: BLE001  # a fact that crashes must not take the scan down: it becomes a problem
                message = f"{rule.info.code} could not be evaluated for {resource.id}: {type(error).__name__}: {error}"
                problems.append(Problem(resource.span, ProblemKind.CRASHED, message))
                finding = _finding(rule, resource, Outcome.ERROR, resource.span, message)
            if finding is not None:
                findings.append(finding if severity is finding.severity else replace(finding, severity=severity))
    return tuple(sorted(findings, key=order)), tuple(problems)


def order(finding: Finding) -> tuple[int, int, str, int, int, str, str]:
    """The order of reports: worst first, then by axis and place."""
    axis = list(Axis).index(finding.axis)
    span = finding.span
    return -finding.severity, axis, span.file, span.line, span.column, finding.rule, finding.resource


def estate(graph: Graph) -> Resource:
    """The pseudo-resource for questions about everything together, placed at the first resource that runs or stores."""
    first = min(
        graph.resources.values(),
        key=lambda r: (r.declaration.mode != "managed", r.kind == "other", r.span.file, r.span.line, r.id),
    )
    declaration = Declaration("estate", ESTATE, ESTATE, first.platform, first.span, {}, root=first.declaration.root)
    return Resource(declaration, ESTATE, {}, {}, Placement(""))


def _only(rule: Rule, graph: Graph) -> AbstractSet[str] | None:
    """The resources to which alone a rule can apply, where its one fact tells them; ``None`` where nothing does."""
    (name, tests), *_ = rule.fails_when.items()
    fact = FACTS.get(name)
    if rule.when is not None or fact is None or fact.only is None or fact.kinds or "exists" in tests:
        return None
    return graph.once(fact.only)


def _subjects(
    rule: Rule, subjects: Mapping[str, tuple[Resource, ...]], only: AbstractSet[str] | None
) -> Iterator[Resource]:
    for kind in rule.kinds:
        for resource in subjects.get(kind, ()):
            if only is not None and resource.id not in only:
                continue
            if resource.declaration.mode not in _NOT_JUDGED and is_of_type(rule, resource):
                yield resource


def is_of_type(rule: Rule, resource: Resource) -> bool:
    """Whether a rule that is limited to some native types covers a resource's."""
    return not rule.types or any(fnmatchcase(resource.type, pattern) for pattern in rule.types)


def ask(rule: Rule, resource: Resource, graph: Graph) -> Finding | None:
    """The rule's answer for one resource; ``None`` when the question does not apply."""
    inquiry = Inquiry(resource, graph)
    applies: Verdict = True if rule.when is None else judge(rule.when, inquiry)
    if applies is None or applies is False:
        return None
    verdict = judge(rule.fails_when, inquiry)
    if verdict is None:
        return None
    if verdict is False:
        return _finding(rule, resource, Outcome.PASS, mark(rule, inquiry), rule.info.title, inquiry)
    undecided = applies if isinstance(applies, Unknown) else verdict if isinstance(verdict, Unknown) else None
    if undecided is not None:
        return _undecided(rule, inquiry, undecided)
    return _finding(rule, resource, Outcome.FAIL, mark(rule, inquiry), render(rule.message, inquiry), inquiry)


def _undecided(rule: Rule, inquiry: Inquiry, unknown: Unknown) -> Finding:
    where = f" ({unknown.origin})" if unknown.origin else ""
    message = f"not decided: {unknown.reason}{where}"
    found = _finding(rule, inquiry.resource, Outcome.UNKNOWN, mark(rule, inquiry), message, inquiry)
    related = found.related
    if unknown.origin is not None and unknown.origin != found.span:
        related = (*related, Related(unknown.origin, unknown.reason))
    return replace(found, reason=unknown.reason, related=related)


def _finding(
    rule: Rule, resource: Resource, outcome: Outcome, span: Span, message: str, inquiry: Inquiry | None = None
) -> Finding:
    info = rule.info
    return Finding(
        rule=info.code,
        slug=info.slug,
        axis=info.axis,
        severity=info.severity,
        outcome=outcome,
        resource=resource.id,
        span=span,
        message=message,
        why=info.why,
        attribute=_marked_path(rule, resource),
        confidence=_confidence(rule, resource),
        related=tuple(inquiry.related) if inquiry else (),
    )


def _confidence(rule: Rule, resource: Resource) -> str:
    if isinstance(resource.declaration.exists, Unknown) or rule.info.precision == "low":
        return "low" if rule.info.precision in ("low", "medium") else "medium"
    return "medium" if rule.info.precision == "medium" else "high"


def _marked_path(rule: Rule, resource: Resource) -> str:
    for name in rule.mark:
        declaration, path = resource.place_of(name)
        if path and declaration.span_of(path) != declaration.span:
            return path
    return resource.place_of(rule.mark[0])[1] if rule.mark else ""


def mark(rule: Rule, inquiry: Inquiry) -> Span:
    """The place to underline: the first marked name that is written, else the resource's first line."""
    if inquiry.mark is not None:
        return inquiry.mark
    for name in rule.mark:
        declaration, path = inquiry.resource.place_of(name)
        span = declaration.span_of(path) if path else declaration.span
        if span != declaration.span:
            return span
    return inquiry.resource.span


def render(template: str, inquiry: Inquiry) -> str:
    """Fill a message's ``{names}`` with the resource's id, name and the values of facts and properties."""
    return "".join(
        literal + (_shown(name, inquiry) if name else "") for literal, name, _, _ in Formatter().parse(template)
    )


def _shown(name: str, inquiry: Inquiry) -> str:
    match name:
        case "id":
            return inquiry.resource.id
        case "name":
            return inquiry.resource.declaration.name
        case "type":
            return inquiry.resource.type
        case "file":
            return inquiry.resource.span.file
        case _:
            return show(inquiry.value(name))


def show(value: Value) -> str:
    """A value for people: lists as words, unknown zones counted, nothing longer than a line."""
    if isinstance(value, Unknown):
        return "unknown"
    if value is ABSENT or value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    if isinstance(value, (list, tuple)):
        known = [show(item) for item in value if not isinstance(item, Unknown)]
        unknown = sum(1 for item in value if isinstance(item, Unknown))
        words = known + ([f"{unknown} not known by name"] if unknown else [])
        more = len(words) - LISTED
        return ", ".join(words[:LISTED]) + (f" and {more} more" if more > 0 else "") or "none"
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."


def names_in(template: str) -> Iterable[str]:
    """The names that a message uses beside ``id``, ``name``, ``type`` and ``file``."""
    for _, name, _, _ in Formatter().parse(template):
        if name and name not in ("id", "name", "type", "file"):
            yield name
