"""Cloud resources that are declared in Kubernetes, as the resources that they are.

Four dialects: Crossplane (https://docs.crossplane.io/latest/managed-resources/managed-resources/), Config Connector
(https://cloud.google.com/config-connector/docs/overview), AWS Controllers for Kubernetes
(https://aws-controllers-k8s.github.io/community/docs/), Azure Service Operator
(https://azure.github.io/azure-service-operator/guide/). ``catalog/kubernetes/translations.yaml`` says what each is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from scanner.catalog.load import Catalog
from scanner.catalog.places import GOOGLE_ZONE
from scanner.catalog.readers import lookup
from scanner.model.objects import PLATFORM, annotations_of, labels_of, name_of_object, namespace_of
from scanner.model.resource import Declaration, ProviderContext, Reference
from scanner.model.span import Span, line_of
from scanner.model.value import Ref, Unknown, Value
from scanner.normalize.respelled import Mention, MovedPlaces, Respelled, respell

_UPJET: Final = re.compile(r"(?:(?P<group>[a-z0-9]+)\.)?(?P<cloud>aws|gcp|azure)(?:\.m)?\.upbound\.io")
_GROUPS: Final = re.compile(
    r"(?P<crossplane>(?:[a-z0-9]+\.)?(?P<cloud>aws|gcp|azure)(?:\.m)?\.(?:upbound|crossplane)\.io)"
    r"|(?P<config>[a-z0-9]+\.cnrm\.cloud\.google\.com)|(?P<ack>[a-z0-9]+\.services\.k8s\.aws)"
    r"|(?P<aso>(?!infrastructure)[a-z0-9.]+\.azure\.com)"
)
_CLOUDS: Final[Mapping[str, tuple[str, str]]] = {
    "aws": ("aws", "aws"),
    "gcp": ("google", "google"),
    "azure": ("azurerm", "azurerm"),
}
"""Names of clouds in groups → Terraform provider and the prefix of its types."""
_REGION_OF_ACK: Final = "services.k8s.aws/region"
_ACCOUNT_OF_ACK: Final = "services.k8s.aws/owner-account-id"
_PROJECT: Final = "cnrm.cloud.google.com/project-id"
_WORD: Final = re.compile(r"\w+")
_WORDLESS: Final = re.compile(r"_(?:ids?|arns?|names?|identifiers?|self_links?|email|ref)$")


class Dialect(Struct, frozen=True):
    """One way to declare cloud resources: Terraform's provider, its prefix of types, and where the settings stand."""

    name: str
    provider: str
    prefix: str
    body: str


def dialect_of(native_type: str) -> Dialect | None:
    """The dialect of a kind, or ``None`` for a kind that is no cloud resource."""
    found = _GROUPS.fullmatch(native_type.partition("/")[0])
    if found is None:
        return None
    if found["crossplane"]:
        provider, prefix = _CLOUDS[found["cloud"]]
        return Dialect("crossplane", provider, prefix, "spec.forProvider")
    if found["config"]:
        return Dialect("config", "google", "google", "spec")
    return Dialect("ack", "aws", "aws", "spec") if found["ack"] else Dialect("aso", "azurerm", "azurerm", "spec")


@dataclass
class CloudObjects:
    """Translates the objects of one estate; references between them are found by name or labels."""

    tables: Catalog
    declarations: Sequence[Declaration]

    def translated(self) -> Iterator[Declaration]:
        """Every declaration, cloud resources as what they are."""
        for each in self.declarations:
            dialect = self._dialects.get(each.id)
            yield each if dialect is None else self._translated(each, dialect)

    @cached_property
    def _dialects(self) -> Mapping[str, Dialect]:
        found = {}
        for each in self.declarations:
            dialect = dialect_of(each.type) if each.platform == PLATFORM else None
            if dialect is not None and self._meaning(each, dialect) is not None:
                found[each.id] = dialect
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, list[Declaration]]:
        found: dict[str, list[Declaration]] = {}
        for each in self.declarations:
            if each.id in self._dialects:
                found.setdefault(name_of_object(each.attributes), []).append(each)
        return found

    # -- what it is --------------------------------------------------------------------------------

    def _meaning(self, declaration: Declaration, dialect: Dialect) -> Mapping[str, Any] | None:
        """The table's entry of a kind: at least its Terraform ``type``. Derived where the table says nothing."""
        written = self.tables.translations["types"].get(_plain(declaration.type))
        if isinstance(written, str):
            written = {"type": written}
        if written is None:
            derived = self._derived(declaration.type, dialect)
            return None if derived is None else {"type": derived}
        place = lookup(declaration.attributes, f"{dialect.body}.location")
        reach = written.get(_reach(place)) if isinstance(place, str) else None
        return {**written, "type": reach} if reach else written

    def _derived(self, native_type: str, dialect: Dialect) -> str | None:
        """The catalogued type whose name is made of the words of group and kind, as upjet and Config Connector do."""
        group, _, kind = native_type.partition("/")
        words = [""]
        upjet = _UPJET.fullmatch(group)
        if upjet is not None:
            short = upjet["group"] or ""
            words = [*self.tables.translations["groups"][upjet["cloud"]].get(short, ()), short, ""]
        elif dialect.name != "config":
            return None
        for word in words:
            found = self._squeezed.get(f"{dialect.prefix}{word}{kind.lower()}")
            if found is not None:
                return found
        whole = self._squeezed.get(f"{dialect.prefix}{words[-2]}") if len(words) > 1 else None
        return whole if whole is not None and words[-2].endswith(kind.lower()) else None

    @cached_property
    def _squeezed(self) -> Mapping[str, str]:
        return {name.replace("_", ""): name for name in self.tables.types if "/" not in name and "." not in name}

    # -- what it says ------------------------------------------------------------------------------

    def _translated(self, declaration: Declaration, dialect: Dialect) -> Declaration:
        meaning = self._meaning(declaration, dialect) or {"type": declaration.type}
        body = lookup(declaration.attributes, dialect.body)
        spoken = respell(body if isinstance(body, dict) else {}, dialect.body)
        renamed = meaning.get("renamed") or {}
        if dialect.name == "aso":
            _owned(body, spoken, ("resource_group_name", *(["parent"] if "parent" in renamed else [])))
        for source, target in renamed.items():
            if isinstance(target, str):
                spoken.move(source, target)
            else:
                spoken.move(source, target["to"], target["values"])
        spoken.redirect(self.tables.translations["references"].get(dialect.name, {}))
        spoken.redirect(_plurals(spoken, self.tables.types[meaning["type"]]))
        self._name(declaration, meaning["type"], spoken)
        references = tuple(self._resolved(declaration, spoken))
        spoken.paths.update({key: key for key in ("apiVersion", "kind", "metadata")})
        kept = {key: declaration.attributes.get(key) for key in ("apiVersion", "kind", "metadata")}
        return replace(
            declaration,
            type=meaning["type"],
            attributes={**kept, **spoken.attributes},
            places=_Both(declaration.places, spoken.paths),
            references=references,
            provider=self._context(declaration, dialect),
        )

    def _name(self, declaration: Declaration, native: str, spoken: Respelled) -> None:
        """The name in the cloud, where others look for it: the object's own unless it tells one."""
        entry = self.tables.entry(native)
        told = annotations_of(declaration.attributes).get("crossplane.io/external-name")
        told = told or spoken.attributes.get("resource_id") or spoken.attributes.get("azure_name")
        for path in ("name", *(entry.names[:1] if entry is not None else ())):
            spoken.put(path, told or name_of_object(declaration.attributes))
            spoken.paths.setdefault(path, "metadata.name")

    def _context(self, declaration: Declaration, dialect: Dialect) -> ProviderContext:
        """Where its controller works: by annotations of the object or its namespace, or by a provider configuration."""
        notes = {**self._notes_of_space(declaration), **annotations_of(declaration.attributes)}
        told: dict[str, Value] = {
            "region": notes.get(_REGION_OF_ACK, notes.get("services.k8s.aws/default-region")),
            "project": notes.get(_PROJECT),
            "account_id": notes.get(_ACCOUNT_OF_ACK),
        }
        named = lookup(declaration.attributes, "spec.providerConfigRef.name")
        if dialect.name == "crossplane":
            name = named if isinstance(named, str) else "default"
            told.update(self._configured.get((dialect.provider, name), {}))
        found = {key: value for key, value in told.items() if value}
        return ProviderContext(dialect.provider, str(named) if isinstance(named, str) else "", found, None, bool(found))

    def _notes_of_space(self, declaration: Declaration) -> Mapping[str, Value]:
        return self._spaces.get((declaration.root, namespace_of(declaration.attributes)), {})

    @cached_property
    def _spaces(self) -> Mapping[tuple[str, str], Mapping[str, Value]]:
        spaces = [d for d in self.declarations if d.type == "core/Namespace"]
        return {(d.root, name_of_object(d.attributes)): annotations_of(d.attributes) for d in spaces}

    @cached_property
    def _configured(self) -> Mapping[tuple[str, str], dict[str, Value]]:
        """Provider and name of a provider configuration → the account: a project, subscription or role."""
        configured: dict[tuple[str, str], dict[str, Value]] = {}
        for each in self.declarations:
            dialect = dialect_of(each.type) if each.platform == PLATFORM else None
            if dialect is None or not each.type.endswith(("/ProviderConfig", "/ClusterProviderConfig")):
                continue
            found = {
                "project": lookup(each.attributes, "spec.projectID"),
                "subscription_id": lookup(each.attributes, "spec.subscriptionID"),
                "role_arn": next((r for r in _roles(each.attributes) if isinstance(r, str)), None),
            }
            known = {key: value for key, value in found.items() if isinstance(value, str)}
            configured.setdefault((dialect.provider, name_of_object(each.attributes)), known)
        return configured

    # -- what it names -----------------------------------------------------------------------------

    def _resolved(self, source: Declaration, spoken: Respelled) -> Iterator[Reference]:
        values: dict[str, list[Value]] = {}
        for mention in spoken.mentions:
            found = self._meant(source, mention)
            span = source.span_of(mention.written)
            for target in found:
                yield Reference(mention.path, target.id, "id", span)
            refs = [Ref(target.id, "id") for target in found]
            said = mention.name or "what its labels choose"
            values.setdefault(mention.path, []).extend(
                Unknown(f"the cloud names {ref.address} when it makes it", span, ref, (ref,)) for ref in refs
            )
            if not refs and mention.name:
                values[mention.path].append(Unknown(f"{said} is not in the files", span))
        for path, items in values.items():
            plural = path.endswith("s") and not path.endswith(("address", "class", "alias"))
            if items:
                spoken.put(path, items if plural else items[0])

    def _meant(self, source: Declaration, mention: Mention) -> list[Declaration]:
        family = self._dialects[source.id].provider
        pool: Iterable[Declaration] = self._by_name.get(mention.name, ()) if mention.name else self._carrying(mention)
        found = [d for d in pool if self._dialects[d.id].provider == family and d.id != source.id]
        found = [d for d in found if not mention.kind or d.type.endswith(f"/{mention.kind}")]
        found = [d for d in found if d.root == source.root] or found
        if mention.labels is not None:
            wanted = mention.labels.items()
            found = [d for d in found if wanted <= labels_of(d.attributes).items() and _fit(mention.path, d.type)]
        elif len(found) > 1 or not found:
            best = max((_fit(mention.path, d.type) for d in found), default=0)
            found = [d for d in found if _fit(mention.path, d.type) == best] if best else []
        best = max((_fit(mention.path, d.type) for d in found), default=0)
        return [d for d in found if _fit(mention.path, d.type) == best]

    def _carrying(self, mention: Mention) -> list[Declaration]:
        """What carries the first of the labels."""
        first = min((mention.labels or {}).items(), key=str, default=("", ""))
        return self._labelled.get((first[0], str(first[1])), [])

    @cached_property
    def _labelled(self) -> Mapping[tuple[str, str], list[Declaration]]:
        found: dict[tuple[str, str], list[Declaration]] = {}
        for each in self.declarations:
            if each.id in self._dialects:
                for key, value in labels_of(each.attributes).items():
                    found.setdefault((key, str(value)), []).append(each)
        return found


class _Both(MovedPlaces):
    """Places of attributes under their own names; native paths are known as well."""

    def __getitem__(self, path: str) -> Any:
        written = self._paths.get(path)
        return self._places[path if written is None else written]

    def line_of(self, path: str, word: str, nth: int) -> Span | None:
        """The line of a text under either name."""
        return line_of(self._places, self._paths.get(path, path), word, nth)


def _plain(native_type: str) -> str:
    """A kind of Crossplane's namespaced groups (``rds.aws.m.upbound.io``) is the same as the cluster's."""
    return native_type.replace(".m.upbound.io/", ".upbound.io/").replace(".m.crossplane.io/", ".crossplane.io/")


def _reach(place: str) -> str:
    return "global" if place == "global" else "zonal" if GOOGLE_ZONE.search(place) else "regional"


def _owned(body: Value, spoken: Respelled, paths: Iterable[str]) -> None:
    """The owner of an Azure resource: its resource group, or the resource that it is a part of."""
    owner = body.get("owner") if isinstance(body, dict) else None
    if not isinstance(owner, dict):
        return
    for path in paths:
        spoken.paths[path] = "spec.owner"
        if isinstance(owner.get("armId"), str):
            spoken.put(path, owner["armId"])
        elif isinstance(owner.get("name"), str):
            kind = "ResourceGroup" if path == "resource_group_name" else str(owner.get("kind") or "")
            spoken.mentions.append(Mention(path, "spec.owner", owner["name"], kind))


def _plurals(spoken: Respelled, entry: Mapping[str, Any]) -> dict[str, str]:
    """Attributes of several values whose selector speaks of one: ``subnetIdSelector`` fills ``subnet_ids``."""
    words = set(_WORD.findall(str(entry)))
    named = {mention.path.rpartition(".")[2] for mention in spoken.mentions}
    return {name: f"{name}s" for name in named if f"{name}s" in words and name not in words}


def _roles(attributes: Mapping[str, Value]) -> Iterator[Value]:
    for path in (
        "spec.assumeRoleChain.roleARN",
        "spec.credentials.webIdentity.roleARN",
        "spec.credentials.upbound.webIdentity.roleARN",
        "spec.assumeRoleARN",
    ):
        yield lookup(attributes, path)


def _fit(path: str, native_type: str) -> int:
    """How well an attribute's name and a kind agree: the letters that they share at the end."""
    stem = _WORDLESS.sub("", path.rpartition(".")[2].partition("[")[0])
    word, kind = stem.replace("_", ""), native_type.partition("/")[2].lower()
    for one in (word, word.removesuffix("s")):
        if one and kind and (one.endswith(kind) or kind.endswith(one)):
            return min(len(one), len(kind))
    return 0
