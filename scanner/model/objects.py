"""What all parts of the program know of Kubernetes objects: names, namespaces, labels and the selectors over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scanner.model.resource import Declaration
from scanner.model.value import Truth, Unknown, Value, both, contains, either, equal, negate, unknown_from

PLATFORM: Final = "kubernetes"
"""The platform of declarations that are Kubernetes objects."""
DEFAULT_NAMESPACE: Final = "default"
CLUSTER_SCOPED: Final = frozenset(
    {
        *("Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "StorageClass", "CSIDriver"),
        *("CustomResourceDefinition", "APIService", "PriorityClass", "RuntimeClass", "IngressClass", "GatewayClass"),
        *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "CSINode"),
        *("ValidatingAdmissionPolicyBinding", "VolumeAttachment", "VolumeSnapshotClass", "PodSecurityPolicy"),
        *("ClusterIssuer", "ClusterSecretStore", "ClusterExternalSecret", "FlowSchema", "PriorityLevelConfiguration"),
        *("ComponentStatus", "CertificateSigningRequest", "NodePool", "EC2NodeClass", "NodeClass", "NodeClaim"),
        *("Provisioner", "AWSNodeTemplate", "ClusterPropagationPolicy", "ManagedCluster"),
    }
)
"""Kinds without a namespace. Of kinds that nobody here knows a namespace is assumed."""

ZONE_LABELS: Final = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")
REGION_LABELS: Final = ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region")
HOST_LABEL: Final = "kubernetes.io/hostname"
POOL_LABELS: Final = (
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "doks.digitalocean.com/node-pool",
    "k8s.scaleway.com/pool-name",
    "lke.linode.com/pool-id",
    "vke.vultr.com/node-pool",
    "ibm-cloud.kubernetes.io/worker-pool-name",
)
"""Labels by which vendors tell the group of a node."""


def stands_in_cluster(declaration: Declaration) -> bool:
    """Whether it is an object of a cluster; what a cluster only declares, a cloud's resource, stands elsewhere."""
    return declaration.platform == PLATFORM and declaration.provider.name == PLATFORM


def namespace_of(attributes: Mapping[str, Value]) -> str:
    """The namespace of an object, empty for a kind that has none."""
    if attributes.get("kind") in CLUSTER_SCOPED:
        return ""
    metadata = attributes.get("metadata")
    found = metadata.get("namespace") if isinstance(metadata, dict) else None
    return text_of(found) if isinstance(found, Unknown) or found else DEFAULT_NAMESPACE


def name_of_object(attributes: Mapping[str, Value]) -> str:
    """The name of an object; a generated one ends in ``*``, one that is still to be filled in stands in braces."""
    metadata = attributes.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name")
    if name is None:
        generated = metadata.get("generateName")
        return f"{generated}*" if isinstance(generated, str) and generated else "unnamed"
    return text_of(name)


def text_of(name: Value) -> str:
    """A name as text: of one that is not known what would decide it, so that equal ones have equal texts."""
    if isinstance(name, dict):  # {pod_name} is a mapping in YAML
        return f"{{{', '.join(map(str, name))}}}"
    if not isinstance(name, Unknown):
        return str(name)
    if name.parts:
        return "".join(map(text_of, name.parts))
    return f"${{{name.ref or name.origin or name.reason}}}"


def labels_of(attributes: Value) -> Mapping[str, Value]:
    """The labels of an object or a pod template."""
    metadata = attributes.get("metadata") if isinstance(attributes, dict) else None
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return labels if isinstance(labels, dict) else {}


def annotations_of(attributes: Value) -> Mapping[str, Value]:
    """The annotations of an object."""
    metadata = attributes.get("metadata") if isinstance(attributes, dict) else None
    found = metadata.get("annotations") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def template_of(attributes: Mapping[str, Value], path: str) -> Mapping[str, Value]:
    """The pod template at a path; ``.`` for an object that is a pod itself."""
    found: Value = attributes
    for step in () if path == "." else path.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def spec_of(attributes: Mapping[str, Value], path: str) -> Mapping[str, Value]:
    """The pod specification below a template."""
    found = template_of(attributes, path).get("spec")
    return found if isinstance(found, dict) else {}


def selects(selector: Value, labels: Mapping[str, Value]) -> Truth:
    """Whether a label selector chooses what carries the labels: a plain map, or ``matchLabels``/``matchExpressions``.

    An empty selector chooses everything, none chooses nothing:
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/.
    """
    if isinstance(selector, Unknown):
        return selector
    if not isinstance(selector, dict):
        return False
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return both(_has(labels, key, value) for key, value in selector.items())
    wanted, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    if isinstance(wanted, Unknown) or isinstance(expressions, Unknown):
        return unknown_from([wanted, expressions])
    plain = (_has(labels, key, value) for key, value in wanted.items()) if isinstance(wanted, dict) else ()
    found = expressions if isinstance(expressions, list) else []
    return both((*plain, *(_fits(e, labels) for e in found if isinstance(e, dict))))


def plain_labels(selector: Value) -> dict[str, str]:
    """The labels with known values that a selector asks for: what it certainly chooses carries them all."""
    wanted = selector if isinstance(selector, dict) else {}
    if "matchLabels" in wanted or "matchExpressions" in wanted:
        inner = wanted.get("matchLabels")
        wanted = inner if isinstance(inner, dict) else {}
    return {key: text for key, value in wanted.items() if isinstance(text := _text(value), str)}


def _has(labels: Mapping[str, Value], key: str, value: Value) -> Truth:
    return equal(_text(labels[key]), _text(value)) if key in labels else False


def _text(value: Value) -> Value:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _fits(expression: Mapping[str, Value], labels: Mapping[str, Value]) -> Truth:
    key, values = expression.get("key"), expression.get("values")
    if isinstance(key, Unknown):
        return key
    held = labels.get(str(key))
    match expression.get("operator"):
        case "In":
            return contains(values, held) if held is not None else False
        case "NotIn":
            return negate(contains(values, held)) if held is not None else True
        case "Exists":
            return held is not None
        case "DoesNotExist":
            return held is None
        case Unknown() as operator:
            return operator
        case _:
            return False


def _label_values(values: list[Value]) -> list[Value]:
    """Those of some values that a label can have."""
    return [text for value in values if isinstance(text := _text(value), (str, Unknown))]


def pinned_values(pod: Mapping[str, Value], labels: tuple[str, ...]) -> tuple[list[Value], str]:
    """The values of node labels to which a pod is bound, each text or unknown, and the path that says so.

    A node selector names one; of required node affinity each term is an alternative, so that all terms together are
    what is allowed: a term that does not speak of the label allows any value.
    """
    chosen = pod.get("nodeSelector")
    for label in labels:
        if isinstance(chosen, dict) and label in chosen:
            return _label_values([chosen[label]]), f"nodeSelector.{label}"
    terms = _required_terms(pod)
    found: list[Value] = []
    for term in terms:
        values = [
            v for e in _expressions(term) if e.get("key") in labels and e.get("operator") == "In" for v in _list(e)
        ]
        if not values:
            return [], ""
        found.extend(value for value in _label_values(values) if value not in found)
    return found, f"affinity.nodeAffinity.{REQUIRED}" if found else ""


REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"


def _required_terms(pod: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    node: Value = pod
    for step in ("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms"):
        node = node.get(step) if isinstance(node, dict) else None
    return [term for term in node if isinstance(term, dict)] if isinstance(node, list) else []


def zonal_terms(pod: Mapping[str, Value]) -> list[list[Value]]:
    """What each alternative of required node affinity says of zones."""
    return [[e for e in _expressions(term) if e.get("key") in ZONE_LABELS] for term in _required_terms(pod)]


def _expressions(term: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    found = term.get("matchExpressions")
    return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def _list(expression: Mapping[str, Value]) -> list[Value]:
    values = expression.get("values")
    return values if isinstance(values, list) else []


def admits(pod: Mapping[str, Value], labels: Mapping[str, Value], taints: list[Mapping[str, Value]]) -> Truth:
    """Whether a node with these labels and taints may run a pod, as far as selectors, affinity and tolerations tell."""
    chosen = pod.get("nodeSelector")
    terms = _required_terms(pod)
    by_selector = selects(chosen, labels) if isinstance(chosen, (dict, Unknown)) else True
    by_affinity = either(both(_fits(e, labels) for e in _expressions(t)) for t in terms) if terms else True
    return both((by_selector, by_affinity, *(_tolerated(taint, pod) for taint in taints)))


def _tolerated(taint: Mapping[str, Value], pod: Mapping[str, Value]) -> Truth:
    """Whether a pod may run in spite of a taint; a preference keeps nobody away.

    A toleration without a key or an effect matches all of them:
    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
    """
    effect = _effect(taint)
    if effect == "PREFERNOSCHEDULE":
        return True
    tolerations = pod.get("tolerations")
    if isinstance(tolerations, Unknown):
        return tolerations
    found = [t for t in tolerations if isinstance(t, dict)] if isinstance(tolerations, list) else []
    return any(
        t.get("key") in (None, "", taint.get("key"))
        and _effect(t) in ("", effect)
        and (t.get("operator") == "Exists" or t.get("value") == taint.get("value"))
        for t in found
    )


def _effect(spoken: Mapping[str, Value]) -> str:
    """The effect that a taint or a toleration names, in one spelling: clouds write ``NO_SCHEDULE``."""
    return str(spoken.get("effect") or "").upper().replace("_", "")
