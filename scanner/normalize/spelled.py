"""Resources of the clouds' own templates, interfaces and inventories, spelled as the catalog spells them.

CloudFormation, ARM, describe calls and asset exports call the same things by other names than Terraform does. Their
types and attributes are brought to Terraform's, so that one catalog, one set of facts and one set of rules judge all of
them; where each attribute was written is kept. ``catalog/spelled`` says what differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.load import Catalog
from scanner.catalog.readers import read
from scanner.catalog.spellings import Spelling, Spellings, spellings
from scanner.model.resource import Declaration, Reference
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.azure_names import ANCESTORS, AzureNames
from scanner.normalize.inner_resources import REST, resources_at
from scanner.normalize.joined import join
from scanner.normalize.parts import PartOf, lift_own, lift_pairs, parts_of, shared, with_whole
from scanner.normalize.respelled import AZURE, CLOUD, MovedPlaces, Respelled, Speech, respell, snake

_OWN_WORDS: Final[Mapping[str, str]] = {"Ref": "id", "Arn": "arn", "Id": "id"}
"""What others read of any resource → Terraform's attribute."""
_DELETION: Final = "DeletionPolicy"
"""What CloudFormation does with a resource that leaves its stack: written beside the properties, read as one."""


_ANSWERS: Final = frozenset({"az-graph"})
"""Inventories in the words of a dialect of templates: what they do not say is not what a template leaves open."""


class Dialect(Struct, frozen=True):
    """A way to write cloud resources: its tables, the first that knows a type counts, and the prefix of types.

    What a later table says of defaults is another dialect's and does not count.
    """

    tables: tuple[str, ...]
    prefix: str
    speech: Speech = CLOUD


class _Said(Struct, frozen=True):
    """A resource in the catalog's words, what it reads of others still in its own."""

    type: str
    spoken: Respelled
    parts: tuple[PartOf, ...]


DIALECTS: Final[Mapping[str, Dialect]] = {
    "cloudformation": Dialect(("cloudformation",), "aws"),
    "aws": Dialect(("aws_api", "cloudformation"), "aws"),
    "arm": Dialect(("arm",), "azurerm", AZURE),
    "google": Dialect(("google_assets",), "google"),
}
"""By the platform of declarations."""


def spelled(declarations: Sequence[Declaration], tables: Catalog) -> Sequence[Declaration]:
    """The declarations, those of the clouds' dialects as the catalog spells them."""
    if not any(each.platform in DIALECTS for each in declarations):
        return declarations
    speller = Speller(declarations, tables)
    inner = {at: part for each in declarations if each.platform in DIALECTS for at, part in speller.inner(each)}
    if inner:
        declarations = [*declarations, *inner.values()]
        speller = Speller(declarations, tables, {at: part.id for at, part in inner.items()})
    return [part for each in declarations for part in speller.spelled(each)]


@dataclass
class Speller:
    """Spells the resources of one estate; what is read of one depends on what it is."""

    declarations: Sequence[Declaration]
    catalog: Catalog
    within: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """A resource and a path in it → the id of the resource of its own that is written there."""
    _known: dict[str, _Said] = field(default_factory=dict)

    def spelled(self, declaration: Declaration) -> Iterator[Declaration]:
        """One resource and the parts that are resources of their own; unchanged where no table says what it is."""
        meaning = self._meanings.get(declaration.id)
        if meaning is None:
            yield declaration
            return
        said = self._said(declaration)
        yield self._as_declared(declaration, said.type, said.spoken)
        for part in said.parts:
            declared = self._as_declared(part.declaration, part.meaning.type, part.spoken)
            yield self._naming_whole(declared, declaration, part.meaning.whole) if part.meaning.whole else declared

    def _naming_whole(self, part: Declaration, whole: Declaration, name: str) -> Declaration:
        read = Ref(whole.id, "Ref")
        named = self._reading(Unknown("known after it is made", part.span, read, (read,)))
        return with_whole(part, name, named, Reference(name, whole.id, self._read(whole.id, "Ref"), part.span))

    def _said(self, declaration: Declaration) -> _Said:
        found = self._known.get(declaration.id)
        if found is None:
            azure = self._azure if declaration.platform == "arm" else None
            found = self._known[declaration.id] = _said(declaration, self._meanings[declaration.id], azure)
        return found

    def _as_declared(self, declaration: Declaration, native_type: str, spoken: Respelled) -> Declaration:
        attributes: dict[str, Value] = {key: self._reading(value) for key, value in spoken.attributes.items()}
        named = self._azure.named(declaration, spoken) if declaration.platform == "arm" else ()
        return replace(
            declaration,
            type=native_type,
            attributes=attributes,
            places=MovedPlaces(declaration.places, spoken.paths),
            references=(*self._references(declaration.references, spoken), *named),
            written=declaration.dialect,
            written_type=declaration.native_type,
        )

    def inner(self, declaration: Declaration) -> Iterator[tuple[tuple[str, str], Declaration]]:
        """The resources of native types that are written inside of a resource, by it and their path in it."""
        meaning = self._meanings.get(declaration.id)
        for path, native in meaning.inner.items() if meaning is not None else ():
            for at, part in resources_at(declaration, path, native, DIALECTS[declaration.platform].speech.body):
                if not self._azure.declares(part):
                    yield (declaration.id, at), part

    @cached_property
    def _azure(self) -> AzureNames:
        return AzureNames([each for each in self.declarations if each.platform == "arm"])

    @cached_property
    def _meanings(self) -> Mapping[str, Spelling]:
        found: dict[str, Spelling] = {}
        for each in self.declarations:
            dialect = DIALECTS.get(each.platform)
            meaning = self._meaning(each.type, dialect) if dialect is not None else None
            if meaning is not None:
                found[each.id] = meaning if each.written not in _ANSWERS else meaning.without_defaults()
        return found

    def _meaning(self, native_type: str, dialect: Dialect) -> Spelling | None:
        for number, table in enumerate(self._tables[dialect.tables]):
            found = table.of(native_type)
            if found is not None:
                return found.without_defaults() if number else found
        derived = self._derived(native_type, dialect)
        return None if derived is None else Spelling(derived)

    @cached_property
    def _tables(self) -> Mapping[tuple[str, ...], list[Spellings]]:
        return {each.tables: [spellings(name) for name in each.tables] for each in DIALECTS.values()}

    def _derived(self, native_type: str, dialect: Dialect) -> str | None:
        """The catalogued type of the same words: ``AWS::SQS::Queue`` → ``aws_sqs_queue``."""
        if native_type in self.catalog.types:  # what Terraform has not
            return native_type
        words = native_type.split("::")
        if len(words) != 3 or words[0] != "AWS":
            return None
        found = self._squeezed.get(f"{dialect.prefix}{words[1]}{words[2]}".lower())
        if found is None and words[1] == "EC2":
            found = self._squeezed.get(f"{dialect.prefix}{words[2]}".lower())
        return found

    @cached_property
    def _squeezed(self) -> Mapping[str, str]:
        return {name.replace("_", ""): name for name in self.catalog.types if "/" not in name and "." not in name}

    # -- what it names -----------------------------------------------------------------------------

    def _reading(self, value: Value) -> Value:
        """A value whose unknowns read other resources by the names that the catalog has for their attributes."""
        if isinstance(value, dict):
            return {key: self._reading(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._reading(item) for item in value]
        if not isinstance(value, Unknown) or not (value.refs or value.parts):
            return value
        if value.parts:
            pieces = [part if isinstance(part, str) else self._reading(part) for part in value.parts]
            if all(isinstance(piece, str) for piece in pieces):
                return "".join(map(str, pieces))
            parts = tuple(piece if isinstance(piece, (str, Unknown)) else str(piece) for piece in pieces)
            return replace(value, refs=tuple(map(self._ref, value.refs)), parts=parts)
        ref = self._ref(value.ref) if value.ref is not None else None
        named = self._name(ref) if ref is not None else None
        return named or replace(value, ref=ref, refs=tuple(map(self._ref, value.refs)))

    def _name(self, ref: Ref) -> str | None:
        """The name that a resource is given, where that is what is read of it; a generated one is not known."""
        target = self._by_id.get(ref.address)
        if target is None or ref.address not in self._meanings:
            return None
        entry = self.catalog.entry(self._said(target).type)
        if entry is None or ref.path not in (entry.names or ("name",)):
            return None
        written = self._said(target).spoken.attributes.get(ref.path)
        return written if isinstance(written, str) else None

    @cached_property
    def _by_id(self) -> Mapping[str, Declaration]:
        return {each.id: each for each in self.declarations}

    def _ref(self, ref: Ref) -> Ref:
        address, path = self._meant(ref.address, ref.path)
        return Ref(address, self._read(address, path)) if address in self._meanings else ref

    def _meant(self, target: str, path: str) -> tuple[str, str]:
        """What is read, and of what: ``network.properties.subnets[0].id`` is the id of the subnet there."""
        at, bracket, rest = path.partition("]")
        within = self.within.get((target, f"{at}]")) if bracket else None
        return (target, path) if within is None else (within, rest.removeprefix("."))

    def _read(self, target: str, path: str) -> str:
        meaning = self._meanings.get(target)
        told = meaning.outputs.get(path) if meaning is not None else None
        if told is not None:
            return told
        plain = path.removeprefix("properties.")
        return _OWN_WORDS.get(plain) or ".".join(map(snake, plain.split(".")))

    def _references(self, references: Iterable[Reference], spoken: Respelled) -> Iterator[Reference]:
        """The references at every path that their attribute has now."""
        spelled: dict[str, list[str]] = {}
        for path, written in spoken.paths.items():
            if references and not spoken.has_moved(path):
                spelled.setdefault(written, []).append(path)
        for each in references:
            target, read_there = self._meant(each.target, each.target_path)
            target_path = self._read(target, read_there)
            for path in _now(each.path, spelled, spoken.left_out):
                yield replace(each, path=path, target=target, target_path=target_path)


def _said(declaration: Declaration, meaning: Spelling, azure: AzureNames | None) -> _Said:
    spoken = _spoken(declaration, meaning.body)
    if azure is not None:
        azure.tell(declaration, spoken)
    meaning = _variant(meaning, spoken.attributes)
    if meaning.kept:
        _keep(meaning.kept, declaration, spoken)
    for name, pattern in meaning.joined.items():
        join(spoken, name, pattern)
    if meaning.own:
        lift_own(spoken, meaning.own, declaration.provider.attributes.get("region"))
    for path, told in meaning.pairs.items():
        lift_pairs(spoken, path, told)
    parts = [part for each in meaning.parts for part in parts_of(spoken, each, declaration)]
    _rename(spoken, meaning.renamed, meaning.defaults)
    for path in meaning.inner:
        _leave_to_parts(path, meaning, spoken)
    if any(source.startswith(f"{ANCESTORS}.") for source in meaning.renamed):
        spoken.drop("parent")  # what matters stands above it
    spoken.drop(ANCESTORS)
    _call(declaration, spoken)
    for part in parts:
        _rename(part.spoken, part.meaning.renamed, {})
    return _Said(meaning.type, spoken, tuple(shared(part, spoken, declaration) for part in parts))


def _spoken(declaration: Declaration, body: str) -> Respelled:
    attributes, speech = declaration.attributes, DIALECTS[declaration.platform].speech
    inner = attributes.get(body) if body else None
    if isinstance(inner, dict):
        spoken = respell({key: value for key, value in attributes.items() if key != body}, "", speech)
        spoken.add({key: value for key, value in inner.items() if snake(key) not in spoken.attributes}, body)
    else:
        spoken = respell(attributes, "", speech)
    if _DELETION in declaration.lifecycle:
        spoken.add({_DELETION: declaration.lifecycle[_DELETION]}, "lifecycle")
    return spoken


def _rename(spoken: Respelled, renamed: Mapping[str, Any], defaults: Mapping[str, Value]) -> None:
    for source, target in renamed.items():
        if target is None:
            spoken.drop(source)
        elif isinstance(target, str):
            spoken.move(source, target, keep=False)
        else:
            spoken.move(source, target["to"], target["values"], keep=False)
    for path, value in defaults.items():
        spoken.put(path, value)


def _keep(name: str, declaration: Declaration, spoken: Respelled) -> None:
    """The body as it is written, under the name of the attribute whose keys are the user's."""
    body = DIALECTS[declaration.platform].speech.body
    inner = declaration.attributes.get(body)
    if isinstance(inner, dict):
        spoken.attributes[name] = inner
        spoken.paths = {path: at for path, at in spoken.paths.items() if not at.startswith(f"{body}.")}
        spoken.paths[name] = body
        spoken.paths.update({f"{name}.{key}": f"{body}.{key}" for key in inner})


def _leave_to_parts(path: str, meaning: Spelling, spoken: Respelled) -> None:
    """What entries that are resources of their own refer to, only they refer to."""
    name = meaning.renamed.get(path.removesuffix(REST), path.removesuffix(REST))
    listed = spoken.attributes.get(name)
    for index in range(1 if path.endswith(REST) else 0, len(listed) if isinstance(listed, list) else 0):
        spoken.forget(f"{name}[{index}]")


def _variant(meaning: Spelling, attributes: Mapping[str, Value]) -> Spelling:
    for when, variant in meaning.variants:
        if read(when, attributes)[0] is True:
            return _variant(variant, attributes)
    return meaning


def _call(declaration: Declaration, spoken: Respelled) -> None:
    """Tags as a mapping, and of Azure's names (``server/database``) the last word, as Terraform has them."""
    tags = spoken.attributes.get("tags", spoken.attributes.get("tag_list", spoken.attributes.get("tag_set")))
    if isinstance(tags, list):
        spoken.attributes["tags"] = dict(_pairs(tags))
    name = spoken.attributes.get("name")
    if declaration.platform == "arm" and isinstance(name, str) and "/" in name:
        spoken.attributes["name"] = name.rpartition("/")[2]


def _pairs(tags: Sequence[Value]) -> Iterator[tuple[str, Value]]:
    for tag in tags:
        if isinstance(tag, dict) and isinstance(tag.get("key"), str):
            yield tag["key"], tag.get("value")


def _now(path: str, spelled: Mapping[str, Sequence[str]], left_out: AbstractSet[str]) -> Sequence[str]:
    """The names of a native path: its own, else those of the nearest one around it that is known."""
    while path and path not in left_out:
        found = spelled.get(path)
        if found:
            return found
        shorter = path.rpartition("[")[0] if path.endswith("]") else path.rpartition(".")[0]
        path = shorter
    return ()
