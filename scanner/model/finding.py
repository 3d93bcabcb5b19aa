"""What a rule says about a resource."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from msgspec import Struct

from scanner.model.span import Span


class Axis(StrEnum):
    """What the risk concentrates on, in the order in which reports show it."""

    ZONE = "zone"
    REGION = "region"
    PROVIDER = "provider"
    ACCOUNT = "account"
    EDGE = "edge"
    CUSTODY = "custody"
    DATA = "data"


class Severity(IntEnum):
    """How bad, ordered."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The word that people and configuration files use."""
        return self.name.lower()


class Outcome(StrEnum):
    """What came of asking. Only ``fail`` can fail a build unless the user asks for more."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    PASS = "pass"
    SUPPRESSED = "suppressed"
    ERROR = "error"


class Acceptance(StrEnum):
    """Where it was said that a suppressed finding is accepted."""

    WAIVER = "waiver"  # beside the resource: a comment, an annotation, metadata
    CONFIGURATION = "configuration"
    BASELINE = "baseline"
    CHECKOV = "checkov"  # a comment for another tool's check of the same thing
    TRIVY = "trivy"
    TFSEC = "tfsec"


class Related(Struct, frozen=True):
    """Another place that explains a finding."""

    span: Span
    message: str
    resource: str = ""


class Finding(Struct, frozen=True):
    """One rule's answer for one resource.

    ``message`` is one sentence with the values. ``why`` explains the risk; for an unknown it says what would decide it
    and where. ``attribute`` is the native path that was marked. ``fingerprint`` holds no line number. ``confidence`` is
    ``high``, ``medium`` or ``low``. Of a suppressed finding ``reason`` and ``accepted_by`` tell why and where.
    """

    rule: str
    slug: str
    axis: Axis
    severity: Severity
    outcome: Outcome
    resource: str
    span: Span
    message: str
    why: str = ""
    attribute: str = ""
    fingerprint: str = ""
    confidence: str = "high"
    related: tuple[Related, ...] = ()
    reason: str = ""
    accepted_by: Acceptance | None = None
    values: dict[str, str] = {}
