"""A baseline as JSON with one entry a line, so that two branches that change it merge."""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from scanner.model.baseline import Baseline, Entry
from scanner.model.span import Span

FILE_NAME: Final = ".riskscan-baseline.json"
"""What the file is called unless somebody calls it otherwise."""

VERSION: Final = 1
MAX_BYTES: Final = 32 * 1024 * 1024
"""A larger file is refused: at some 300 bytes an entry it would hold 100,000."""

_KEYS: Final = frozenset({"version", "paths", "entries"})
_ENTRIES: Final = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN: Final = re.compile(r"[\s,]*")
_MERGE: Final = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)
_PATH: Final = re.compile(r" - at `\$\.?(.*?)`$")


class BaselineError(Exception):
    """A baseline that cannot be used; the message begins with file, line and column."""


class _Written(Struct, forbid_unknown_fields=True):
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    rule: str
    resource: str
    file: str
    count: Annotated[int, Meta(ge=1)] = 1
    note: str = ""
    reason: str = ""
    until: date | None = None


def read_baseline(path: Path, shown_as: str = "") -> Baseline:
    """The baseline in a file. Raises :class:`BaselineError` for one that is missing, broken or newer than this."""
    name = shown_as or path.as_posix()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BaselineError(f"{name}: larger than {MAX_BYTES} bytes")
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BaselineError(f"{name}: there is no such baseline; `riskscan baseline write` makes it") from None
    except OSError as error:
        raise BaselineError(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BaselineError(f"{name}: not UTF-8") from None
    return _Reading(name, text).baseline(path)


class _Reading:
    """One text, with the places of its lines."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def baseline(self, path: Path) -> Baseline:
        document = self._document()
        entries = tuple(self._entry(value, at) for value, at in self._entries())
        return Baseline(path, entries, tuple(document.get("paths", ())))

    def _document(self) -> dict[str, Any]:
        """The whole, with all but its entries checked."""
        if found := _MERGE.search(self._text):
            raise self._wrong(found.start(), "a merge was not finished; take both sides' lines")
        try:
            document = json.loads(self._text)
        except json.JSONDecodeError as error:
            raise self._wrong(error.pos, f"invalid JSON: {error.msg}") from None
        except (ValueError, RecursionError):
            raise self._wrong(0, "invalid JSON") from None
        if not isinstance(document, dict) or "version" not in document:
            raise self._wrong(0, "not a baseline: the key `version` is missing")
        self._check_version(document["version"])
        for key in sorted(document.keys() - _KEYS):
            raise self._wrong(self._text.find(json.dumps(key)), f"unknown key `{key}`")
        if not isinstance(document.get("entries"), list):
            raise self._wrong(0, "the key `entries` must hold a list")
        paths = document.get("paths", [])
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise self._wrong(self._text.find('"paths"'), "the key `paths` must hold a list of texts")
        return document

    def _check_version(self, version: object) -> None:
        at = self._text.find('"version"')
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise self._wrong(at, "the version is not a whole number from 1")
        if version > VERSION:
            raise self._wrong(at, f"version {version} is newer than this riskscan reads ({VERSION}); update riskscan")

    def _entries(self) -> Iterator[tuple[Any, int]]:
        """The values of the list, each with the place at which it begins."""
        found = _ENTRIES.search(self._text)
        decoder, at = json.JSONDecoder(), found.end() if found else len(self._text)
        while True:
            begin = _BETWEEN.match(self._text, at)
            at = begin.end() if begin else at
            if at >= len(self._text) or self._text[at] == "]":
                return
            value, end = decoder.raw_decode(self._text, at)
            yield value, at
            at = end

    def _entry(self, value: Any, at: int) -> Entry:
        try:
            found = msgspec.convert(value, _Written)
        except msgspec.ValidationError as error:
            raise self._wrong(at, _PATH.sub(lambda m: f" (key `{m[1]}`)" if m[1] else "", str(error))) from None
        line = bisect(self._starts, at)
        return Entry(**msgspec.structs.asdict(found), line=line)

    def _wrong(self, at: int, message: str) -> BaselineError:
        at = max(at, 0)
        line = bisect(self._starts, at)
        return BaselineError(f"{Span(self._name, line, at - self._starts[line - 1] + 1)}: {message}")


def baseline_text(baseline: Baseline) -> str:
    """The file of a baseline: sorted, one entry a line, the same bytes for the same entries."""
    lines = [json.dumps(_shown(entry), ensure_ascii=False) for entry in baseline.entries]
    body = "[\n" + ",\n".join(f"  {line}" for line in lines) + "\n ]" if lines else "[]"
    paths = json.dumps(list(baseline.paths), ensure_ascii=False)
    return f'{{\n "version": {VERSION},\n "paths": {paths},\n "entries": {body}\n}}\n'


def _shown(entry: Entry) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "fingerprint": entry.fingerprint,
        "rule": entry.rule,
        "resource": entry.resource,
        "file": entry.file,
        "count": entry.count,
        "note": entry.note,
    }
    if entry.reason:
        shown["reason"] = entry.reason
    if entry.until is not None:
        shown["until"] = entry.until.isoformat()
    return shown
