"""Words and groupings that every form of an assessment shares. Readers are compliance officers, not programmers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from scanner.model.assessment import (
    Assessment,
    Attested,
    ControlEvidence,
    Direction,
    Evidence,
    Framework,
    Origin,
    Section,
    Status,
)

STATUSES: Final = {
    Status.VERIFIED: "",
    Status.PARTLY: "Partly verified: the identifier and its sense were read in a secondary source only.",
    Status.MEMORY: "From memory: the identifier and its sense must be checked before anybody relies on them.",
}
MARKS: Final = {Status.VERIFIED: "verified", Status.PARTLY: "partly verified", Status.MEMORY: "from memory"}
HEADINGS: Final = {
    Direction.AGAINST: "Evidence against",
    Direction.OPEN: "Left open by the files",
    Direction.FOR: "Evidence in favour",
}
OPENING: Final = (
    "This report lists what infrastructure files say that is relevant to the controls of the framework, for and "
    "against. It does not say whether an organization meets them: that is for people to judge."
)
GLOSSARY: Final = (
    ("Availability zone", "One or more data centres of a provider that share power and network and can fail together."),
    ("Region", "A group of availability zones in one metropolitan area."),
    ("Provider", "The company that runs the data centres, such as Amazon Web Services."),
    ("Account", "A customer's contract with a provider; whoever governs it can stop all that is in it."),
    ("Custodian", "A company that holds keys or assets and decides whether they are released."),
    (
        "Resource",
        "A single part that the files declare, such as a database or a key. Its name is quoted as in the files.",
    ),
    ("E and a number", "A piece of evidence. The list at the end shows where in the files each of them stands."),
)
"""What terms mean that cannot be avoided."""


_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~%/?=&+,;:@!$'()*#-]*)?")


def is_page(text: str, section: Section) -> bool:
    """Whether a cell of a section is the address of a source, with nothing in it that could end a link."""
    return text in section.pages and _ADDRESS.fullmatch(text) is not None


class Line(Struct, frozen=True):
    """One sentence under a control, with the pieces of evidence that it stands for, in order."""

    text: str
    claims: tuple[Evidence, ...]


def title(framework: Framework) -> str:
    """The heading of an assessment."""
    return f"Evidence relevant to {framework.name}"


def reference(claim: Evidence) -> str:
    """``E12``."""
    return f"E{claim.number}"


def lines(each: ControlEvidence, direction: Direction) -> list[Line]:
    """The evidence of one direction; what one check found in order, and what was not read, become one sentence each."""
    groups: dict[tuple[str, str], list[Evidence]] = {}
    for claim in each.of(direction):
        groups.setdefault(_key(claim), []).append(claim)
    return [Line(_text(claims), tuple(claims)) for claims in groups.values()]


def _key(claim: Evidence) -> tuple[str, str]:
    if claim.origin is Origin.PROBLEM:
        return "problem", ""
    if claim.direction is Direction.FOR and claim.rule:
        return "rule", claim.rule
    return "claim", str(claim.number)


def _text(claims: Sequence[Evidence]) -> str:
    first = claims[0]
    if len(claims) == 1:
        return first.text
    if first.origin is Origin.PROBLEM:
        return f"{len(claims)} parts of the files were not read or not decided."
    return f"The check “{first.check}” found nothing wrong with {len(claims)} resources."


def accepted(claim: Evidence) -> str:
    """Who accepted a finding where, as a sentence; empty where nobody did."""
    if claim.accepted_by is None:
        return ""
    return f"Somebody accepted this finding ({claim.accepted_by.value}) with the reason: {claim.accepted}"


def attested(each: Attested) -> str:
    """Who vouches for what until when, as sentences."""
    holder = each.holder or "Somebody who is not named"
    if each.expired:
        end = f"The attestation ended on {each.until} and no longer counts."
    else:
        end = f"It holds until {each.until}." if each.until else "No end is set."
    proof = f" The proof is said to be at: {each.reference}" if each.reference else ""
    about = f" of the resource “{each.resource}”" if each.resource else ""
    return f"{holder} attests{about}: {each.claim.rstrip('.')}. {end}{proof}"


def standing(each: ControlEvidence) -> str:
    """What the scan says about a control, in a few words for tables."""
    counts = [(len(each.of(Direction.AGAINST)), "against"), (len(each.of(Direction.OPEN)), "open")]
    counts.append((len(each.of(Direction.FOR)), "in favour"))
    return ", ".join(f"{number} {word}" for number, word in counts if number) or "nothing"


def used(assessment: Assessment) -> list[Evidence]:
    """The evidence of one framework, by number."""
    return by_number(claim for each in assessment.controls for claim in each.evidence)


def by_number(claims: Iterable[Evidence]) -> list[Evidence]:
    """Each claim once."""
    found = {claim.number: claim for claim in claims}
    return [found[number] for number in sorted(found)]


def relevant(assessment: Assessment, claim: Evidence) -> str:
    """The controls that a claim is relevant to, as a sentence."""
    ids = [c.control.id for c in assessment.controls if any(e.number == claim.number for e in c.evidence)]
    return f"It is relevant to {', '.join(ids)}."


def notes(each: ControlEvidence) -> Iterator[str]:
    """What a reader of a control must know besides its evidence."""
    yield from filter(None, (STATUSES[each.control.status], each.control.remark))
    yield from each.limits
