"""What a scan is evidence for and against, control by control. It never says that an organization conforms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from msgspec import Struct

from scanner.model.coverage import FormatCoverage
from scanner.model.finding import Acceptance, Axis, Related, Severity
from scanner.model.problem import Problem
from scanner.model.span import Span


class Status(StrEnum):
    """How well an identifier and its sense are known."""

    VERIFIED = "verified"  # read in the standard or a transcript of it
    PARTLY = "partly"  # a secondary source, or only the identifier and title
    MEMORY = "memory"  # to be checked before anybody relies on it


class Control(Struct, frozen=True):
    """One requirement: what it asks and what a person must show, both in our words.

    ``axes`` are those that it is mainly about, ``supporting`` those to which it lends weight: our judgement.
    ``unprovable`` is a sentence about what no file can prove, ``remark`` what a reader must know besides, such
    as a control that asks for the opposite; it may be empty.
    """

    id: str
    title: str
    axes: tuple[Axis, ...]
    supporting: tuple[Axis, ...]
    status: Status
    unprovable: str
    remark: str = ""


class Framework(Struct, frozen=True):
    """A law, standard or guideline, with the controls of it that infrastructure files say something about."""

    id: str
    name: str
    version: str
    url: str
    controls: tuple[Control, ...]


class Direction(StrEnum):
    """What a piece of evidence speaks for."""

    AGAINST = "against"
    OPEN = "open"  # the files do not decide it
    FOR = "for"


class Origin(StrEnum):
    """What a piece of evidence was read from."""

    RULE = "rule"
    COEFFICIENT = "coefficient"  # how many failures a service survives
    GATEKEEPER = "gatekeeper"  # who alone can refuse a release
    OUTAGE = "outage"  # what one failure, or a recorded incident, would stop
    STAGE = "stage"  # what every service survives
    DEPENDENCY = "dependency"  # which companies the estate stands on
    PROBLEM = "problem"  # what could not be read


class Evidence(Struct, frozen=True):
    """One claim about the scanned files: a complete sentence, and the place that bears it out.

    ``number`` counts from 1 within a :class:`ComplianceReport`: a claim has the same number under every control and
    framework. ``rule`` is a code and ``check`` its title, ``resource`` and ``services`` are names as the files give
    them; each may be empty. ``meaning`` says why it matters. ``severity`` is that of the rule, or how critical the
    service is. ``domains`` are ids of failure domains that the claim is about. ``accepted`` is the reason for which
    somebody accepted a finding: it stays evidence against.
    """

    number: int
    text: str
    direction: Direction
    origin: Origin
    span: Span
    rule: str = ""
    check: str = ""
    resource: str = ""
    services: tuple[str, ...] = ()
    severity: Severity | None = None
    axis: Axis | None = None
    meaning: str = ""
    domains: tuple[str, ...] = ()
    related: tuple[Related, ...] = ()
    accepted: str = ""
    accepted_by: Acceptance | None = None


class Attested(Struct, frozen=True):
    """What somebody vouches for, from the configuration.

    It is about a ``resource`` (an id or glob), or about a ``control`` (``dora:Art. 28(8)``, or ``dora`` for the whole
    framework). ``until`` is the last day on which it holds; ``reference`` is where its proof lies, as it is written.
    """

    claim: str
    holder: str
    until: date | None
    expired: bool
    span: Span
    resource: str = ""
    control: str = ""
    reference: str = ""


class ControlEvidence(Struct, frozen=True):
    """A control with everything that this scan says about it, the worst first.

    ``limits`` are sentences about why the evidence here may be incomplete.
    """

    control: Control
    evidence: tuple[Evidence, ...]
    attestations: tuple[Attested, ...] = ()
    limits: tuple[str, ...] = ()

    def of(self, direction: Direction) -> tuple[Evidence, ...]:
        """The evidence that speaks for one thing."""
        return tuple(each for each in self.evidence if each.direction is direction)


class Section(Struct, frozen=True):
    """A table that a framework asks for besides its controls, shown the same way in every format.

    ``id`` is a word for anchors and JSON, unique within an assessment. ``text`` is shown before the table and ``note``
    behind it; every row has a cell for each of ``columns``. Cells are plain text; those among ``pages`` are addresses
    of pages that recorded incidents name as their sources, and may be linked.
    """

    id: str
    title: str
    text: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    pages: frozenset[str] = frozenset()


class Summary(Struct, frozen=True):
    """The first page, in plain words.

    ``scope`` says what was looked at, ``worst`` holds the (at most three) claims that matter most for the framework,
    ``remaining`` what is open, and ``limits`` what static evidence cannot tell. Texts are complete sentences.
    """

    scope: tuple[str, ...]
    worst: tuple[Evidence, ...]
    remaining: tuple[str, ...]
    limits: tuple[str, ...]


class Assessment(Struct, frozen=True):
    """One framework's controls against one scan. ``attestations`` are those about the framework as a whole."""

    framework: Framework
    summary: Summary
    controls: tuple[ControlEvidence, ...]
    attestations: tuple[Attested, ...] = ()
    sections: tuple[Section, ...] = ()


class ComplianceReport(Struct, frozen=True):
    """All that a reporter may print of one run of ``riskscan report``.

    ``day`` is the day on which attestations were judged, where it was given. ``secrets`` are texts that must not be
    printed.
    """

    tool_version: str
    base: str
    assessments: tuple[Assessment, ...]
    evidence: tuple[Evidence, ...]
    problems: tuple[Problem, ...]
    coverage: Mapping[str, FormatCoverage]
    day: date | None = None
    secrets: frozenset[str] = frozenset()
