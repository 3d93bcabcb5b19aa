"""Kubernetes objects that Terraform declares, spelled as manifests spell them.

``spec[0].template[0].spec[0].container[0].image`` becomes ``spec.template.spec.containers[0].image``; where it was
written is kept. Types stay those of the provider (https://registry.terraform.io/providers/hashicorp/kubernetes); the
catalog says which kind of object each ``as`` is. Only a ``kubernetes_manifest`` has the type that it spells out itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from scanner.catalog.load import Catalog
from scanner.model.objects import PLATFORM, name_of_object
from scanner.model.resource import Declaration
from scanner.model.value import Unknown, Value
from scanner.normalize.respelled import MovedPlaces

_TERRAFORM: Final = "terraform"
_MANIFEST: Final = "kubernetes_manifest"
_VERSION: Final = re.compile(r"_(v\d+(?:(?:alpha|beta)\d+)?)$")
_WORD: Final = re.compile(r"_([a-z0-9])")
_CAPITALS: Final[Mapping[str, str]] = {
    "cluster_ip": "clusterIP",
    "cluster_ips": "clusterIPs",
    "external_ips": "externalIPs",
    "load_balancer_ip": "loadBalancerIP",
    "host_ip": "hostIP",
    "host_ipc": "hostIPC",
    "host_pid": "hostPID",
    "volume_id": "volumeID",
    "data_disk_uri": "diskURI",
}
"""Abbreviations, which the interface of Kubernetes writes in capitals."""
_LISTS: Final[Mapping[str, str]] = {
    "container": "containers",
    "init_container": "initContainers",
    "volume": "volumes",
    "volume_mount": "volumeMounts",
    "volume_device": "volumeDevices",
    "env": "env",
    "env_from": "envFrom",
    "port": "ports",
    "ports": "ports",
    "http_header": "httpHeaders",
    "toleration": "tolerations",
    "topology_spread_constraint": "topologySpreadConstraints",
    "host_aliases": "hostAliases",
    "image_pull_secrets": "imagePullSecrets",
    "image_pull_secret": "imagePullSecrets",
    "readiness_gate": "readinessGates",
    "sysctl": "sysctls",
    "option": "options",
    "items": "items",
    "sources": "sources",
    "match_expressions": "matchExpressions",
    "match_fields": "matchFields",
    "node_selector_term": "nodeSelectorTerms",
    "required_during_scheduling_ignored_during_execution": "requiredDuringSchedulingIgnoredDuringExecution",
    "preferred_during_scheduling_ignored_during_execution": "preferredDuringSchedulingIgnoredDuringExecution",
    "volume_claim_template": "volumeClaimTemplates",
    "rule": "rules",
    "path": "paths",
    "tls": "tls",
    "metric": "metrics",
    "policy": "policies",
    "ingress": "ingress",
    "egress": "egress",
    "from": "from",
    "to": "to",
    "allowed_topologies": "allowedTopologies",
    "match_label_expressions": "matchLabelExpressions",
    "subset": "subsets",
    "address": "addresses",
    "not_ready_address": "notReadyAddresses",
}
"""Blocks that may be repeated → the lists that they are in objects. Every other block is one object."""
_SINGLE: Final = frozenset(
    {
        ("node_affinity", "required_during_scheduling_ignored_during_execution"),
        ("service", "port"),  # of an Ingress: a number or a name
    }
)
"""Blocks of such a name, each within another, that are one object there."""
_ALSO_PLAIN: Final = frozenset({"path", "port"})
"""Names of blocks that are attributes elsewhere (``http_get.path``)."""
_MAPS: Final = frozenset(
    {
        *("labels", "annotations", "match_labels", "node_selector", "parameters", "data", "binary_data", "limits"),
        *("requests", "capacity", "volume_attributes", "default", "default_request", "hard"),
    }
)
"""Attributes whose keys are the user's own."""
_RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "Secret": {"data": "stringData", "binary_data": "data"},  # Terraform encodes what it is told as text
    "StorageClass": {"storage_provisioner": "provisioner"},
}
"""Attributes of the resource itself that have another name in the object."""
_FLAT: Final = frozenset({"persistent_volume_source"})
"""Blocks whose content stands beside them in the object."""


def terraform_objects(declarations: Sequence[Declaration], tables: Catalog) -> Iterator[Declaration]:
    """The declarations, resources of Terraform that are objects of a cluster as these objects."""
    for each in declarations:
        yield _translated(each, tables) if each.platform == _TERRAFORM and each.mode == "managed" else each


def _translated(declaration: Declaration, tables: Catalog) -> Declaration:
    if declaration.type == _MANIFEST:
        return _manifest(declaration)
    meant = tables.types.get(declaration.type, {}).get("as")
    if not isinstance(meant, str):
        return declaration
    spoken = _Spoken(meant.partition("/")[2])
    attributes = {**_identity(declaration.type, meant), **spoken.block(declaration.attributes, "", "", "")}
    return _as_object(declaration, declaration.type, attributes, spoken.paths)


def _identity(native_type: str, meant: str) -> dict[str, Value]:
    group, _, kind = meant.partition("/")
    found = _VERSION.search(native_type)
    version = found[1] if found is not None else "v1"
    return {"apiVersion": version if group == "core" else f"{group}/{version}", "kind": kind}


def _manifest(declaration: Declaration) -> Declaration:
    """The object that a ``manifest`` spells out; one whose kind is not known stays what it is."""
    body = declaration.attributes.get("manifest")
    version, kind = (body.get("apiVersion"), body.get("kind")) if isinstance(body, dict) else (None, None)
    if not isinstance(body, dict) or not isinstance(version, str) or not isinstance(kind, str):
        return declaration
    group = version.rpartition("/")[0] or "core"
    paths: dict[str, str] = {}
    _spell_out(body, "", "manifest", paths)
    return _as_object(declaration, f"{group}/{kind}", body, paths)


def _spell_out(value: Value, path: str, written: str, paths: dict[str, str]) -> None:
    """The path of every value below one, and where it is written."""
    stack: list[tuple[Value, str, str]] = [(value, path, written)]
    while stack:
        inner, at, native = stack.pop()
        if at:
            paths[at] = native
        if isinstance(inner, dict):
            stack.extend((v, f"{at}.{k}" if at else k, f"{native}.{k}") for k, v in inner.items())
        elif isinstance(inner, list):
            stack.extend((v, f"{at}[{i}]", f"{native}[{i}]") for i, v in enumerate(inner))


def _as_object(
    declaration: Declaration, native_type: str, attributes: Mapping[str, Value], paths: Mapping[str, str]
) -> Declaration:
    name = attributes.get("metadata")
    name = name.get("name") if isinstance(name, dict) else None
    back = {written: path for path, written in paths.items()}
    return replace(
        declaration,
        type=native_type,
        name=name_of_object(attributes) if isinstance(name, str) else declaration.name,
        platform=PLATFORM,
        written=_TERRAFORM,
        attributes=attributes,
        places=MovedPlaces(declaration.places, paths),
        references=tuple(replace(r, path=_respelled(r.path, back)) for r in declaration.references),
        provider=replace(declaration.provider, name=PLATFORM),
    )


def _respelled(written: str, back: Mapping[str, str]) -> str:
    """A written path as the object's: the longest part of it that is known, then what is left."""
    end = len(written)
    while end > 0:
        found = back.get(written[:end])
        if found is not None:
            return f"{found}{written[end:]}"
        end = max(written.rfind(".", 0, end), written.rfind("[", 0, end))
    return written


@dataclass(slots=True)
class _Spoken:
    """Blocks as objects of a kind; ``paths`` maps each path to where it was written."""

    kind: str
    paths: dict[str, str] = field(default_factory=dict)

    def block(self, body: Mapping[str, Value], within: str, at: str, native: str) -> dict[str, Value]:
        """The object that a block is; ``within`` is the block's name, ``at`` its path, ``native`` the written one."""
        result: dict[str, Value] = {}
        for key, value in body.items():
            written = f"{native}.{key}" if native else key
            if key in _FLAT:
                for index, inner in enumerate(value if isinstance(value, list) else [value]):
                    if isinstance(inner, dict):
                        result.update(self.block(inner, within, at, f"{written}[{index}]"))
                continue
            name = self._name(key, value, within)
            path = f"{at}.{name}" if at else name
            self.paths[path] = written
            result[name] = self._value(key, value, within, path, written)
        return result

    def _name(self, key: str, value: Value, within: str) -> str:
        own = _RENAMED.get(self.kind, {}).get(key) if not within else None
        if own is not None:
            return own
        if self._is_list(key, value, within):
            return _LISTS.get(key, f"{key}s")
        return _CAPITALS.get(key) or _WORD.sub(lambda m: m[1].upper(), key)

    def _is_list(self, key: str, value: Value, within: str) -> bool:
        """Whether a block is one of several; an attribute of the same name (``path``, ``port``) is none."""
        if (within, key) in _SINGLE or not (_is_block(value) or (_is_open(value) and key not in _ALSO_PLAIN)):
            return False
        return key in _LISTS or (self.kind == "ServiceAccount" and not within and key == "secret")

    def _value(self, key: str, value: Value, within: str, path: str, written: str) -> Value:
        if key in _MAPS or (key == "selector" and isinstance(value, dict) and not _is_selector(value)):
            return _first(value) if isinstance(value, list) else value
        if not _is_block(value):
            return value
        items = value if isinstance(value, list) else [value]
        natives = [f"{written}[{i}]" for i in range(len(items))] if isinstance(value, list) else [written]
        if self._is_list(key, value, within):
            return [
                self._item(item, key, f"{path}[{i}]", native)
                for i, (item, native) in enumerate(zip(items, natives, strict=True))
            ]
        return self._item(items[0], key, path, natives[0])

    def _item(self, item: Value, key: str, path: str, written: str) -> Value:
        self.paths[path] = written
        return self.block(item, key, path, written) if isinstance(item, dict) else item


def _is_block(value: Value) -> bool:
    if isinstance(value, list):
        return any(isinstance(i, dict) for i in value) and all(isinstance(i, (dict, Unknown)) for i in value)
    return isinstance(value, dict)


def _is_open(value: Value) -> bool:
    """Whether nothing tells how many blocks there are."""
    return isinstance(value, Unknown) or (isinstance(value, list) and any(isinstance(i, Unknown) for i in value))


def _is_selector(value: Mapping[str, Value]) -> bool:
    return bool(value.keys() & {"match_labels", "match_expressions"})


def _first(values: Sequence[Value]) -> Value:
    return values[0] if values else {}
