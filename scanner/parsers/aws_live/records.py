"""What a collection finds, one record a line: the same in memory and in a snapshot's file.

The first line says what the file is, the last that everything has been asked. Every other record belongs to a listing
of an account, ``REGION/WHAT``; when a listing has come to its end a record says so.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from scanner.model.problem import ProblemKind

VERSION: Final = 1
"""Changes when older snapshots can no longer be read."""

SIGN: Final = b'{"kind":"snapshot"'
"""How a snapshot's file begins."""

MAX_LINE: Final = 4 * 1024 * 1024
"""Bytes of one record; of longer ones, which no AWS answer about one thing gives, a problem tells."""


class Head(Struct, frozen=True, tag_field="kind", tag="snapshot"):
    """What a file is, and which program wrote it."""

    version: int
    tool: str


class Found(Struct, frozen=True, tag_field="kind", tag="resource"):
    """One thing. ``unknown`` says of attributes whose call failed why; ``region`` is empty for global things."""

    account: str
    listing: str
    region: str
    type: str
    id: str
    arn: str
    attributes: dict[str, Any]
    unknown: dict[str, str] = {}


class Tags(Struct, frozen=True, tag_field="kind", tag="tags"):
    """The tags of one thing, by its ARN."""

    account: str
    listing: str
    arn: str
    tags: dict[str, str]


class Zones(Struct, frozen=True, tag_field="kind", tag="zones"):
    """What an account calls a region's zones: name by zone id."""

    account: str
    listing: str
    region: str
    zones: dict[str, str]


class Trouble(Struct, frozen=True, tag_field="kind", tag="problem"):
    """Something that was not read, and why. ``region`` is empty for what is global or concerns the whole account."""

    account: str
    listing: str
    region: str
    problem: ProblemKind
    message: str


class Done(Struct, frozen=True, tag_field="kind", tag="done"):
    """A listing has been made to its end; ``whole`` when nothing of it failed."""

    account: str
    listing: str
    whole: bool


class Complete(Struct, frozen=True, tag_field="kind", tag="complete"):
    """Everything that was asked for has been asked."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]


Record = Head | Found | Tags | Zones | Trouble | Done | Complete

_DECODER: Final = msgspec.json.Decoder(Record)
_ENCODER: Final = msgspec.json.Encoder(order="deterministic", enc_hook=str)


def written(record: Record) -> bytes:
    """A record as one line, without its end. Days and bytes of an answer become text."""
    return _ENCODER.encode(record)


def read_record(line: bytes) -> Record:
    """The record of a line. Raises :class:`msgspec.DecodeError` (or ``RecursionError``) for anything else."""
    record: Record = _DECODER.decode(line)
    return record
