"""OSCAL assessment results: what tools of governance, risk and compliance read.

https://pages.nist.gov/OSCAL/reference/latest/assessment-results/json-reference/

A finding of OSCAL is ``satisfied`` or ``not-satisfied``; the latter says that an objective "has not been completely
satisfied, but may be partially satisfied". Files can speak against an objective, never prove it: so a control has a
finding where some evidence is against it, and observations alone otherwise. Nothing is ``satisfied``.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from scanner.model.assessment import (
    Assessment,
    Attested,
    ComplianceReport,
    Control,
    ControlEvidence,
    Direction,
    Evidence,
)
from scanner.model.span import Span
from scanner.reporters import assessment_words as words
from scanner.reporters.inert import in_url, inert, json_text
from scanner.reporters.options import Options

OSCAL_VERSION: Final = "1.1.3"
NAMESPACE: Final = "https://riskscan.invalid/ns/oscal"
"""Of properties that OSCAL does not define. It is a name, not an address."""

NOT_SATISFIED: Final = "not-satisfied"

OPTIONAL: Final[Mapping[str, frozenset[str]]] = {"dora": frozenset({"Art. 6(9)", "Art. 31(9)"})}
"""Controls that ask for nothing: DORA allows several vendors, and lists who is overseen. They have no findings."""

_IDENTITIES: Final = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
_MARKUP: Final = re.compile(r"([\\`*\[\]{<>&#|~^$]|(?<!\w)_|_(?!\w))")
"""What OSCAL's markup would read as something else than text: https://pages.nist.gov/OSCAL/reference/datatypes/"""
_TOKEN: Final = re.compile(r"[^a-z0-9]+")
_NIST: Final = re.compile(r"([A-Z]{2}-\d+)(?:\((\d+)\))?")

Object = dict[str, Any]


def render(report: ComplianceReport, options: Options) -> str:
    """The report as one document, whose times are ``options.timestamp``. The same report gives the same identifiers."""
    results = [_result(report, assessment, options) for assessment in report.assessments]
    body: Object = {
        "metadata": _metadata(report, options),
        "import-ap": {"href": f"#{_identity('plan')}", "remarks": _PLAN},
        "results": results,
        "back-matter": {"resources": _resources(report)},
    }
    document = {"uuid": _identity("document", json_text(body, 0)), **body}
    return json_text({"assessment-results": document}, 2)


_PLAN: Final = (
    "There is no assessment plan: the results come from reading infrastructure files, without a plan that names an"
    " assessor or a sampling. The reference leads to a resource that says so."
)
_TIMES: Final = (
    "Times are the one that was given for this report, since nothing in the files tells when they were read."
)


def _metadata(report: ComplianceReport, options: Options) -> Object:
    names = ", ".join(assessment.framework.name for assessment in report.assessments)
    return {
        "title": _markup(f"Evidence in infrastructure files relevant to {names}"),
        "last-modified": options.timestamp,
        "version": _line(report.tool_version),
        "oscal-version": OSCAL_VERSION,
        "remarks": _TIMES,
    }


def _resources(report: ComplianceReport) -> list[Object]:
    plan = {"uuid": _identity("plan"), "title": "No assessment plan", "description": _PLAN}
    return [
        plan,
        *(
            {
                "uuid": _identity("framework", assessment.framework.id),
                "title": _markup(f"{assessment.framework.name}, {assessment.framework.version}"),
                "rlinks": [{"href": assessment.framework.url}],
            }
            for assessment in report.assessments
        ),
    ]


# -- one framework ---------------------------------------------------------------------------------


def _result(report: ComplianceReport, assessment: Assessment, options: Options) -> Object:
    evidence = {each.number: each for control in assessment.controls for each in control.evidence}
    ordered = [evidence[number] for number in sorted(evidence)]
    uuids = _observation_identities(assessment.framework.id, ordered)
    against = [control for control in assessment.controls if _found(assessment.framework.id, control)]
    result: Object = {
        "uuid": _identity("result", assessment.framework.id),
        "title": _markup(f"Infrastructure files and {assessment.framework.name}"),
        "description": _markup(" ".join([*assessment.summary.scope, *assessment.summary.remaining]) or "No summary."),
        "start": options.timestamp,
        "end": options.timestamp,
        "links": [{"href": f"#{_identity('framework', assessment.framework.id)}", "rel": "reference"}],
        "local-definitions": _definitions(report, ordered),
        "reviewed-controls": _reviewed(assessment),
        "observations": [
            *(_observation(each, uuids[each.number], options) for each in ordered),
            *(_attestation(assessment.framework.id, each, options) for each in _attested(assessment)),
        ],
        "findings": [_finding(assessment.framework.id, control, uuids) for control in against],
        "remarks": _markup(" ".join(assessment.summary.limits) or _LIMIT),
    }
    return {key: value for key, value in result.items() if value}


def _found(framework: str, control: ControlEvidence) -> bool:
    return bool(control.of(Direction.AGAINST)) and control.control.id not in OPTIONAL.get(framework, ())


_LIMIT: Final = "Files show what is declared. They do not prove that a control is satisfied."


def _definitions(report: ComplianceReport, evidence: Iterable[Evidence]) -> Object:
    """The resources and services that observations are about, and the tool that made them."""
    subjects = {name: kind for each in evidence for name, kind in _subjects(each)}
    items = [
        {
            "uuid": _identity(kind, name),
            "description": _markup(f"The {kind} {name} as the files declare it."),
            "props": [_prop("name", name), _prop("kind", kind)],
        }
        for name, kind in sorted(subjects.items())
    ]
    tool = {
        "uuid": _identity("tool"),
        "type": "software",
        "title": "riskscan",
        "description": "Static analysis of infrastructure files.",
        "props": [{"name": "version", "value": _line(report.tool_version)}],
        "status": {"state": "operational"},
    }
    platform = {
        "uuid": _identity("platform"),
        "title": "riskscan",
        "uses-components": [{"component-uuid": tool["uuid"]}],
    }
    assets = {"components": [tool], "assessment-platforms": [platform]}
    return {**({"inventory-items": items} if items else {}), "assessment-assets": assets}


def _subjects(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if evidence.resource:
        yield evidence.resource, "resource"
    yield from ((service, "service") for service in evidence.services)


def _reviewed(assessment: Assessment) -> Object:
    included = [{"control-id": token(assessment.framework.id, each.control)} for each in assessment.controls]
    selection: Object = {"description": "Controls on which infrastructure files bear."}
    return {"control-selections": [{**selection, **({"include-controls": included} if included else {})}]}


def token(framework: str, control: Control) -> str:
    """A control's identifier as a token: NIST's own in NIST's catalog, else one with the framework before it."""
    nist = _NIST.fullmatch(control.id) if framework == "nist-800-53" else None
    if nist is not None:
        return nist[1].lower() + (f".{nist[2]}" if nist[2] else "")
    return f"{framework}_{_TOKEN.sub('-', control.id.lower()).strip('-')}"


# -- observations and findings ---------------------------------------------------------------------


def _observation_identities(framework: str, evidence: Iterable[Evidence]) -> Mapping[int, str]:
    """Evidence → a UUID that holds no line number, so that it lasts while lines move."""
    counted: dict[tuple[str, ...], int] = {}
    found: dict[int, str] = {}
    for each in evidence:
        about = (each.origin, each.rule, each.resource, each.span.file, each.text, *each.services, *each.domains)
        counted[about] = counted.get(about, 0) + 1
        found[each.number] = _identity("observation", framework, *about, str(counted[about]))
    return found


def _observation(evidence: Evidence, identity: str, options: Options) -> Object:
    observation: Object = {
        "uuid": identity,
        "description": _markup(evidence.text),
        "props": list(_evidence_props(evidence)),
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": _identity("tool")}]}],
        "subjects": [
            {"subject-uuid": _identity(kind, name), "type": "inventory-item", "title": _markup(name)}
            for name, kind in _subjects(evidence)
        ],
        "relevant-evidence": list(_relevant(evidence, options)),
        "collected": options.timestamp,
        "remarks": _markup(f"Accepted: {evidence.accepted}") if evidence.accepted else "",
    }
    return {key: value for key, value in observation.items() if value}


def _attested(assessment: Assessment) -> Iterable[Attested]:
    """What somebody vouches for, about the framework or any of its controls, each once."""
    of_controls = (each for control in assessment.controls for each in control.attestations)
    everything = (*assessment.attestations, *of_controls)
    return {_attestation_identity(assessment.framework.id, each): each for each in everything}.values()


def _attestation(framework: str, attested: Attested, options: Options) -> Object:
    """What somebody vouches for is observed in the configuration: whether it is true, no file tells."""
    return {
        "uuid": _attestation_identity(framework, attested),
        "description": _markup(words.attested(attested)),
        "props": [_prop("direction", "attested"), _prop("expired", str(attested.expired).lower())],
        "methods": ["EXAMINE"],
        "types": ["control-objective"],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": _identity("tool")}]}],
        "relevant-evidence": [{"href": _href(attested.span, options), "description": _place(attested.span)}],
        "collected": options.timestamp,
    }


def _attestation_identity(framework: str, attested: Attested) -> str:
    about = (
        attested.control,
        attested.resource,
        attested.holder,
        attested.claim,
        str(attested.until),
        attested.reference,
    )
    return _identity("attestation", framework, *about)


def _evidence_props(evidence: Evidence) -> Iterator[Object]:
    yield _prop("direction", evidence.direction)
    yield _prop("origin", evidence.origin)
    yield _prop("number", f"E{evidence.number}")
    if evidence.rule:
        yield _prop("rule", evidence.rule)
    if evidence.severity is not None:
        yield _prop("severity", evidence.severity.label)
    for domain in evidence.domains:
        yield _prop("failure-domain", domain)


def _relevant(evidence: Evidence, options: Options) -> Iterator[Object]:
    places = [(evidence.span, evidence.text), *((related.span, related.message) for related in evidence.related)]
    for span, text in places:
        yield {"href": _href(span, options), "description": _markup(f"{span.file}:{span.line}: {text}")}


def _href(span: Span, options: Options) -> str:
    """A place as a reference: an address where the repository's is known, else from the repository's root."""
    path = f"{in_url(options.prefix + span.file)}#L{span.line}"
    if options.repository_url and options.revision:
        return f"{options.repository_url}/blob/{options.revision}/{path}"
    return path


def _place(span: Span) -> str:
    return _markup(f"{span.file}:{span.line}")


def _finding(framework: str, evidence: ControlEvidence, uuids: Mapping[int, str]) -> Object:
    control, against = evidence.control, evidence.of(Direction.AGAINST)
    number = f"{len(against)} pieces" if len(against) > 1 else "1 piece"
    return {
        "uuid": _identity("finding", framework, control.id),
        "title": _markup(f"{control.id}: {control.title}"),
        "description": _markup(f"{number} of evidence in the files against this control. {control.unprovable}".strip()),
        "props": [_prop("control", control.id), _prop("identifier", control.status)],
        "origins": [{"actors": [{"type": "tool", "actor-uuid": _identity("tool")}]}],
        "target": {
            "type": "statement-id",
            "target-id": f"{token(framework, control)}_smt",
            "status": {"state": NOT_SATISFIED, "reason": "other", "remarks": _REASON},
        },
        "related-observations": [
            *({"observation-uuid": uuids[each.number]} for each in evidence.evidence),
            *({"observation-uuid": _attestation_identity(framework, each)} for each in evidence.attestations),
        ],
    }


_REASON: Final = (
    "Evidence in the files is against the objective. Whether other measures make up for it, an assessor decides; files"
    " never show that an objective is satisfied."
)


# -- data types ------------------------------------------------------------------------------------


def _identity(*about: str) -> str:
    """A UUID that says the same of the same subject in every run."""
    return str(uuid.uuid5(_IDENTITIES, "\x1f".join(map(inert, about))))


def _prop(name: str, value: str) -> Object:
    return {"name": name, "ns": NAMESPACE, "value": _line(value)}


def _line(text: str) -> str:
    """A string of OSCAL: one line, with something on it, and no blanks around it."""
    return inert(text).strip() or "-"


def _markup(text: str) -> str:
    """Text that markup shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", _line(text))
