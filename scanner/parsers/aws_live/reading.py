"""Records → declarations: the same from a running collection and from a snapshot's file, without boto3."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from scanner.model.problem import Problem, ProblemKind
from scanner.model.resource import Declaration, ProviderContext
from scanner.model.span import Span
from scanner.model.value import Unknown, Value
from scanner.parsers.aws_live.answers import is_default_policy, without_unasked
from scanner.parsers.aws_live.mentions import Mentions, texts
from scanner.parsers.aws_live.records import (
    MAX_LINE,
    VERSION,
    Complete,
    Done,
    Found,
    Head,
    Record,
    Tags,
    Trouble,
    Zones,
    read_record,
)
from scanner.parsers.parsed import Parsed

PLATFORM: Final = "aws"
FORMAT: Final = "aws-snapshot"

_SECRET_NAME: Final = re.compile(r"passw|secret|token|private_?key|api_?key|access_?key|credential", re.IGNORECASE)
_SHORTEST_SECRET: Final = 8
_ARN: Final = "arn:"
_KEYS: Final = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
_TAGS: Final = ("Tags", "TagList", "TagSet", "tags")


class SnapshotFile(Struct, frozen=True):
    """A snapshot: its absolute path, and its name in reports."""

    path: Path
    name: str


@dataclass(slots=True)
class Records:
    """What some lines say, by what it is about. ``file`` is their name in reports, or empty for an account's own."""

    file: str
    found: dict[tuple[str, str, str, str], tuple[Found, int]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    zones: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    accounts: dict[str, None] = field(default_factory=dict)
    complete: bool = False

    def span(self, account: str, region: str, line: int) -> Span:
        """Where a record stands: its line, or the account and region that it was read from."""
        return Span(self.file, line) if self.file else Span(live_name(account, region), 1)

    def take(self, record: Record, line: int) -> None:
        """Note one record. Of two about one thing the later counts."""
        match record:
            case Found():
                self.found[record.account, record.region, record.type, record.arn or record.id] = record, line
                self.accounts.setdefault(record.account)
            case Tags():
                self.tags.setdefault(record.arn, {}).update(record.tags)
            case Zones():
                self.zones.setdefault(record.region, {})[record.account] = record.zones
            case Trouble():
                span = self.span(record.account, record.region, line)
                self.problems.append(Problem(span, record.problem, record.message))
            case Done():
                self.accounts.setdefault(record.account)
            case Complete():
                self.complete = True

    def refuse(self, line: int, why: str) -> None:
        """Note a line that is no record."""
        self.problems.append(Problem(self.span("", "", line), ProblemKind.INVALID, why))


def live_name(account: str, region: str) -> str:
    """What stands for a file's name where there is no file."""
    return f"aws://{account or 'unknown'}/{region or 'global'}"


def read_snapshots(files: Sequence[SnapshotFile]) -> Parsed:
    """The declarations of some snapshots."""
    declarations: list[Declaration] = []
    problems: list[Problem] = []
    unread, partly, secrets = set[str](), set[str](), set[str]()
    zone_ids: dict[str, str] = {}
    for file in files:
        try:
            with file.path.open("rb") as lines:
                records = read_lines(enumerate(iter(lambda: lines.readline(MAX_LINE + 1), b""), 1), file.name)
        except OSError as error:
            problems.append(Problem(Span(file.name, 1), ProblemKind.UNREADABLE, f"file not read: {error.strerror}"))
            unread.add(file.name)
            continue
        if not records.complete:
            message = "the snapshot was not finished; `riskscan aws --save` with the same file goes on"
            records.problems.append(Problem(Span(file.name, 1), ProblemKind.UNREADABLE, message))
        parsed = declared(records)
        declarations.extend(parsed.declarations)
        problems.extend(parsed.problems)
        secrets |= parsed.secrets
        zone_ids |= parsed.zone_ids
        if any(problem.kind.incomplete for problem in parsed.problems):
            partly.add(file.name)
    return Parsed(
        tuple(declarations),
        tuple(file.name for file in files if file.name not in unread),
        tuple(problems),
        frozenset(unread),
        frozenset(partly),
        secrets=frozenset(secrets),
        zone_ids=zone_ids,
    )


def read_lines(lines: Iterable[tuple[int, bytes]], file: str = "") -> Records:
    """What numbered lines say. A line that is no record is a problem, and the others count."""
    records = Records(file)
    for number, line in lines:
        if len(line) > MAX_LINE:
            records.refuse(number, f"a record of more than {MAX_LINE} bytes")
            continue
        if not line.strip():
            continue
        try:
            record = read_record(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            records.refuse(number, "not a record of a snapshot")
            continue
        if isinstance(record, Head) and record.version != VERSION:
            records.refuse(number, f"a snapshot of version {record.version}; version {VERSION} is read")
            return records
        records.take(record, number)
    return records


def declared(records: Records) -> Parsed:
    """The declarations that records stand for."""
    shared, named_apart = _zone_names(records.zones)
    secrets: set[str] = set()
    made = [_declaration(records, found, line, named_apart) for found, line in records.found.values()]
    for declaration in made:
        secrets.update(_secret_texts(declaration.attributes))
    mentions = Mentions.of(made)
    declarations = [msgspec.structs.replace(each, references=mentions.references(each)) for each in made]
    unique = {
        each.id: each for each in sorted(without_unasked(declarations), key=lambda d: (d.id, d.type), reverse=True)
    }
    return Parsed(
        tuple(unique[name] for name in sorted(unique)),
        tuple(sorted(records.accounts)),
        tuple(sorted(records.problems)),
        secrets=frozenset(secrets),
        zone_ids=shared,
    )


def _declaration(
    records: Records, found: Found, line: int, named_apart: Mapping[str, Mapping[str, str]]
) -> Declaration:
    span = records.span(found.account, found.region, line)
    attributes: dict[str, Value] = {**_plain(found), "Id": found.id}
    if found.arn:
        attributes["Arn"] = found.arn
    if tags := {**_own_tags(found.attributes), **records.tags.get(found.arn, {})}:
        attributes["Tags"] = [{"Key": name, "Value": tags[name]} for name in sorted(tags)]
    ids = {name: zone for zone, name in named_apart.get(f"{found.account} {found.region}", {}).items()}
    if ids:
        attributes = _renamed(attributes, ids)
    for name, reason in found.unknown.items():
        attributes[name] = Unknown(f"{name} could not be read: {reason}", span)
    provider = {"account_id": found.account} | ({"region": found.region} if found.region else {})
    return Declaration(
        id=found.arn if found.arn.startswith(_ARN) else _plain_id(found),
        type=found.type,
        name=found.id,
        platform=PLATFORM,
        span=span,
        attributes=attributes,
        provider=ProviderContext("aws", attributes=provider, declared=True),
        root=found.account,
        written=FORMAT,
    )


def _plain(found: Found) -> dict[str, Value]:
    """Attributes whose text is a list, or ends with the dot of a whole domain name, as everybody else writes them."""
    attributes = dict(found.attributes)
    subnets = attributes.get("VPCZoneIdentifier")
    if isinstance(subnets, str):
        attributes["VPCZoneIdentifier"] = [name for name in subnets.split(",") if name]
    if found.type in _KEYS and is_default_policy(attributes.get("KeyPolicy")):
        del attributes["KeyPolicy"]  # as if none were written: KMS gave it this one
    if found.type.startswith("AWS::Route53::"):
        attributes = {name: _undotted(value) for name, value in attributes.items()}
    return attributes


def _undotted(value: Any) -> Any:
    if isinstance(value, str):
        return value.removesuffix(".").removeprefix("/hostedzone/")
    if isinstance(value, list):
        return [_undotted(item) for item in value]
    return {name: _undotted(item) for name, item in value.items()} if isinstance(value, dict) else value


def _plain_id(found: Found) -> str:
    return f"{found.account}/{found.region or 'global'}/{found.type}/{found.id}"


def _own_tags(attributes: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a describe call gave, which services write in four ways."""
    tags: Any = next((attributes[name] for name in _TAGS if attributes.get(name)), {})
    if isinstance(tags, dict):
        return {str(name): str(value) for name, value in tags.items()}
    pairs = [each for each in tags if isinstance(each, dict)] if isinstance(tags, list) else []
    return {str(_either(pair, "Key", "key")): str(_either(pair, "Value", "value")) for pair in pairs}


def _either(pair: Mapping[str, Any], *names: str) -> Any:
    return next((pair[name] for name in names if name in pair), "")


def _zone_names(
    zones: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The name of each zone id, and by ``ACCOUNT REGION`` the names that must give way to ids.

    Each account has its own names for the zones of a region. Where several accounts disagree, one name would be two
    zones, so there every zone goes by its id
    (https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html).
    """
    shared: dict[str, str] = {}
    apart: dict[str, dict[str, str]] = {}
    for region, by_account in zones.items():
        names: dict[str, set[str]] = {}
        for known in by_account.values():
            for zone, name in known.items():
                names.setdefault(zone, set()).add(name)
        if all(len(each) == 1 for each in names.values()):
            shared |= {zone: next(iter(each)) for zone, each in names.items()}
        else:
            apart |= {f"{account} {region}": dict(known) for account, known in by_account.items()}
    return dict(sorted(shared.items())), apart


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _secret_texts(attributes: Mapping[str, Value]) -> Iterator[str]:
    """Texts that no report may show. Snapshots of ours hold none; others may have written or changed the file."""
    for path, text in texts(attributes):
        name = path.rpartition(".")[2]
        if len(text) >= _SHORTEST_SECRET and _SECRET_NAME.search(name) and not _is_name(text):
            yield text


def _is_name(text: str) -> bool:
    return text.startswith((_ARN, "/")) or text.islower() or text.isupper()
