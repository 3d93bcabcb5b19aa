"""References made of the JSON Schemas that riskscan ships."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from generate.markup import code, codes, fence, page, prose, slug, table

_WORDS: Final = {
    "string": "a text",
    "object": "a mapping",
    "boolean": "`true` or `false`",
    "null": "`null`",
    "integer": "a whole number",
    "number": "a number",
}
PACKAGE: Final = Path(__file__).parents[2] / "scanner"
_DOCUMENTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "reporters/report_schema.json": (
        "reference/report-json.md",
        "The JSON report",
        "What `riskscan scan --output json=FILE` writes; a key changes its meaning only with a new `schema_version`.",
    ),
    "reporters/outage_schema.json": (
        "reference/simulate-json.md",
        "The JSON of outages",
        "What `riskscan simulate --format json` writes: what each scenario does to each service, and why.",
    ),
    "reporters/assessment_schema.json": (
        "reference/evidence-json.md",
        "The JSON of evidence",
        "What `riskscan report --format json` writes: what the files say about each control of a framework.",
    ),
    "reporters/comparison_schema.json": (
        "reference/diff-json.md",
        "The JSON of comparisons",
        "What `riskscan diff --format json` writes: what belongs together on both sides, and what is more centralized.",
    ),
    "reporters/history_schema.json": (
        "reference/history-json.md",
        "The JSON of the trend",
        "What `riskscan history show --format json` writes: every record, and what changed between them.",
    ),
}
Schema = Mapping[str, Any]


def load(name: str) -> Schema:
    """A schema of the package, by its path there."""
    schema: Schema = json.loads((PACKAGE / name).read_text(encoding="utf-8"))
    return schema


def keys(schema: Schema, root: Schema, path: str = "") -> Iterator[tuple[str, Schema, bool]]:
    """Every key that a document may have: its path, what is said of it, and whether it must be there.

    A list is ``[]``, a key of the user's choice ``NAME``.
    """
    for name, raw in schema.get("properties", {}).items():
        said = meant(raw, root)
        here = f"{path}.{name}" if path else name
        yield here, said, name in schema.get("required", ())
        yield from _below(said, root, here)
    free = schema.get("additionalProperties")
    if isinstance(free, Mapping) and path:
        said = meant(free, root)
        yield f"{path}.NAME", said, False
        yield from _below(said, root, f"{path}.NAME")


def _below(said: Schema, root: Schema, path: str) -> Iterator[tuple[str, Schema, bool]]:
    if "items" in said:
        yield from keys(meant(said["items"], root), root, f"{path}[]")
    yield from keys(said, root, path)
    for choice in said.get("anyOf", ()):
        yield from keys(meant(choice, root), root, path)


def meant(raw: Schema, root: Schema) -> Schema:
    """A schema with what it refers to; what it says itself wins."""
    reference = raw.get("$ref", "")
    if not reference:
        return raw
    return {**root["$defs"][reference.removeprefix("#/$defs/")], **{k: v for k, v in raw.items() if k != "$ref"}}


def kind(said: Schema, root: Schema) -> str:
    """What a key holds, in words and code."""
    if "const" in said:
        return code(json.dumps(said["const"]))
    if "enum" in said:
        return " or ".join(code("null" if v is None else str(v)) for v in said["enum"])
    if "anyOf" in said and "type" not in said:
        return " or ".join(kind(meant(choice, root), root) for choice in said["anyOf"])
    types = said.get("type", ())
    words = [_word(name, said, root) for name in ([types] if isinstance(types, str) else types)]
    return " or ".join(words) or "anything"


def _word(name: str, said: Schema, root: Schema) -> str:
    if name == "array":
        return f"a list of {_several(meant(said['items'], root), root)}" if "items" in said else "a list"
    if name == "string" and said.get("format") == "date":
        return "a day"
    limits = f" of at least {said['minimum']}" if name == "integer" and said.get("minimum") else ""
    return _WORDS.get(name, name) + limits


def _several(said: Schema, root: Schema) -> str:
    one = kind(said, root)
    return {"a text": "texts", "a mapping": "mappings", "a number": "numbers"}.get(one, one)


# -- the configuration -----------------------------------------------------------------------------


def configuration_page(examples: Mapping[str, str]) -> str:
    """Every key of ``.riskscan.yaml``, with an example for each at the top."""
    root = load("config_schema.json")
    return page(
        "Configuration reference",
        "Every key of `.riskscan.yaml`, made from [its JSON Schema](../schemas/config_schema.json), which editors "
        "can use. The file is looked for from the scanned folder upwards to the repository's root. A key that is "
        "not listed here is an error with its line. Flags win over the file, and the file over the defaults; [the "
        "guide](../configuration.md) tells what each is good for.",
        *(part for name in root["properties"] for part in _top(name, root, examples)),
        description="Every key of .riskscan.yaml",
    )


def _top(name: str, root: Schema, examples: Mapping[str, str]) -> Iterator[str]:
    said = meant(root["properties"][name], root)
    yield f"## {code(name)} {{ #{slug(name)} }}"
    yield prose(said.get("description", ""))
    below = list(_below(said, root, name))
    if not below:
        default = f" By default {code(str(said['default']))}." if "default" in said else ""
        yield f"It holds {kind(said, root)}.{default}"
    yield table(("key", "holds", "default", "meaning"), (_row(*entry, root) for entry in below))
    yield fence(examples[name], "yaml", ".riskscan.yaml")


def _row(path: str, said: Schema, required: bool, root: Schema) -> Sequence[str]:
    default = code(str(said["default"])) if "default" in said else "required" if required else ""
    return code(path), kind(said, root), default, prose(said.get("description", ""))


# -- what commands print ---------------------------------------------------------------------------


def documents() -> Mapping[str, tuple[str, str, str]]:
    """The schemas of documents that are there: by file the page, its title, and a sentence about the document."""
    return {name: told for name, told in _DOCUMENTS.items() if (PACKAGE / name).is_file()}


def document_pages() -> Mapping[str, str]:
    """A page for each document that riskscan writes."""
    return {told[0]: _document_page(name, *told[1:]) for name, told in documents().items()}


def _document_page(name: str, title: str, introduction: str) -> str:
    """Every key of a JSON document that riskscan writes."""
    root = load(name)
    rows = ((code(path), kind(said, root), prose(said.get("description", ""))) for path, said, _ in keys(root, root))
    return page(
        title,
        introduction,
        f"The schema itself: [{name.rpartition('/')[2]}](../schemas/{name.rpartition('/')[2]}).",
        table(("key", "holds", "meaning"), rows),
        "## Definitions" if "$defs" in root else "",
        codes(root.get("$defs", ())),
        description=title,
    )
