"""Which local template a nested stack means, and the places that a stack set is deployed to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import unquote

from scanner.model.problem import ProblemKind
from scanner.model.value import Unknown, Value
from scanner.parsers.cloudformation.fields import Field
from scanner.parsers.cloudformation.limits import MAX_PLACES
from scanner.parsers.cloudformation.reading import Reading

_SCHEMES: Final = ("http://", "https://", "s3://")
STACK: Final = "AWS::CloudFormation::Stack"
STACK_SET: Final = "AWS::CloudFormation::StackSet"
APPLICATION: Final = "AWS::Serverless::Application"
"""What SAM makes a nested stack of."""


def local_path(url: Value, folder: str, asset: str, templates: Iterable[str], anchor: str) -> str | None:
    """The template that a nested stack's URL means, of those that were found; a relative path may name any file.

    ``asset`` is what the CDK notes beside the URL. A URL means the one template whose path, counted from the parent's
    folder or from one above it up to ``anchor``, it ends with; the longest such path counts.
    """
    if asset:
        return posixpath.normpath(posixpath.join(folder, asset))
    text = url.suffix if isinstance(url, Unknown) else url
    if not isinstance(text, str) or not text:
        return None
    remote = isinstance(url, Unknown) or text.startswith(_SCHEMES)
    if not remote:
        return posixpath.normpath(posixpath.join(folder, text))
    found = _ending(unquote(text.split("?")[0]), folder, templates, anchor)
    return found[0] if len(found) == 1 else None


def _ending(text: str, folder: str, templates: Iterable[str], anchor: str) -> list[str]:
    """The templates whose path is the longest that a text ends with."""
    best, found = 0, list[str]()
    name = text.rpartition("/")[2]
    for path in templates:
        if path.rpartition("/")[2] != name:
            continue
        length = max((len(rel) for rel in _relative(path, folder, anchor) if _ends_with(text, rel)), default=0)
        if length > best:
            best, found = length, []
        if length and length == best:
            found.append(path)
    return found


def _relative(path: str, folder: str, anchor: str) -> Iterator[str]:
    """A path from a folder and from each above it that holds it, no higher than the anchor."""
    while True:
        if path.startswith(f"{folder}/"):
            yield path[len(folder) + 1 :]
        if folder == anchor or not folder.startswith(f"{anchor}/"):
            return
        folder = posixpath.dirname(folder)


def _ends_with(text: str, relative: str) -> bool:
    return text == relative or text.endswith(f"/{relative}")


def places(properties: Field, reading: Reading) -> list[tuple[str | Unknown | None, str | Unknown]]:
    """The accounts and regions of a stack set. The accounts of an organizational unit are unknown."""
    found: dict[tuple[str | Unknown | None, str | Unknown], None] = {}
    groups = properties.get("StackInstancesGroup")
    for group in groups.items() if groups is not None else ():
        regions = _texts(group.get("Regions"))
        targets = group.get("DeploymentTargets")
        accounts: Sequence[str | Unknown | None] = _texts(targets.get("Accounts") if targets is not None else None)
        if not accounts:
            units = targets.get("OrganizationalUnitIds") if targets is not None else None
            where = ", ".join(text for text in _texts(units) if isinstance(text, str))
            accounts = [Unknown(f"the accounts of {where or 'its units'} are told by the organization", group.span)]
        found.update(dict.fromkeys((account, region) for region in regions for account in accounts))
    if len(found) > MAX_PLACES:
        reading.report(properties.span, ProblemKind.LIMIT, f"a stack set has more than {MAX_PLACES} places")
    return list(found)[:MAX_PLACES]


def _texts(field: Field | None) -> list[str | Unknown]:
    if field is None:
        return []
    if isinstance(field.value, Unknown):
        return [field.value]
    return [item.value if isinstance(item.value, Unknown) else str(item.value) for item in field.items()]
