"""Claims before they are numbered, each with the controls for which it counts."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from scanner.compliance.mapping import Citations
from scanner.model.assessment import Evidence
from scanner.model.span import Span

NOWHERE = Span("", 0)


class Draft(Struct, frozen=True):
    """A claim with the number 0, and the controls that it counts for; ``everywhere`` counts for all there are."""

    evidence: Evidence
    controls: Citations
    everywhere: bool = False


Drafts = Iterator[Draft]


def order(draft: Draft) -> tuple[str, int, int, str, str, str, str]:
    """By place, so that numbers follow the files."""
    claim = draft.evidence
    place = claim.span
    return (
        place.file,
        place.line,
        place.column,
        claim.origin.value,
        claim.rule,
        claim.resource,
        claim.text + claim.direction,
    )
