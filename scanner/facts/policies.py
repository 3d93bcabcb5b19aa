"""Access policies of AWS keys and buckets: who may, and who is shut out.

The grammar is https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html. A policy is read from
JSON text, from ``jsonencode`` with references in it, and from ``aws_iam_policy_document``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from msgspec import Struct

from scanner.facts.documents import json_document
from scanner.facts.fact import Fact
from scanner.graph.graph import Graph
from scanner.model.resource import Resource
from scanner.model.value import ABSENT, Truth, Unknown, Value, both, either, negate

_ADMIN_ACTION: Final = "kms:PutKeyPolicy"
_USE_ACTIONS: Final = ("kms:Decrypt", "kms:Sign", "kms:GenerateDataKey", "kms:GenerateMac")
_BUCKET_ACTIONS: Final = ("s3:GetObject", "s3:PutBucketPolicy")
_ROOT: Final = re.compile(r"arn:[^:]*:iam::[^:]*:root|\d{12}")
_EXCEPTIONS: Final = ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike")
_WHO: Final = ("aws:principalarn", "aws:userid", "aws:username")


class Condition(Struct, frozen=True):
    """One test of a statement: an operator, the context key that it tests, and the values."""

    operator: str
    variable: str
    values: tuple[Value, ...]


class Statement(Struct, frozen=True):
    """One statement. ``principals`` are those of AWS accounts ("*": everybody), without services and federations."""

    effect: Value
    actions: tuple[Value, ...] | Unknown
    principals: tuple[Value, ...] | Unknown
    conditions: tuple[Condition, ...] | Unknown = ()
    not_actions: bool = False
    not_principals: bool = False

    def does(self, effect: str) -> Truth:
        """Whether it allows or denies."""
        return self.effect if isinstance(self.effect, Unknown) else self.effect == effect

    def covers(self, action: str) -> Truth:
        """Whether it is about an action, by Kleene's logic over its patterns."""
        if isinstance(self.actions, Unknown):
            return self.actions
        found = either(_matches(pattern, action) for pattern in self.actions)
        return negate(found) if self.not_actions else found

    @property
    def applies(self) -> Truth:
        """Whether it holds for all that it names: not known under conditions, or where it says who is left out."""
        if isinstance(self.conditions, Unknown):
            return self.conditions
        if self.conditions or self.not_principals:
            return Unknown("a statement for the account holds under conditions")
        return True


def _matches(pattern: Value, action: str) -> Truth:
    if isinstance(pattern, Unknown):
        return pattern
    return isinstance(pattern, str) and fnmatchcase(action.lower(), pattern.lower())


def statements(resource: Resource, graph: Graph) -> tuple[Statement, ...] | Unknown | None:
    """The statements of a resource's ``policy``; ``None`` when it has none."""
    value = resource.get("policy")
    if value is ABSENT:
        return None
    if isinstance(value, Unknown) and not value.parts and value.ref is not None:
        return _referred(value, graph)
    document = json_document(value)
    if isinstance(document, dict):
        return _of_list(document.get("Statement", []))
    return (
        document
        if isinstance(document, Unknown)
        else Unknown("the policy is not a JSON object", resource.span_of("policy"))
    )


def _referred(value: Unknown, graph: Graph) -> tuple[Statement, ...] | Unknown:
    ids = graph.index.addressed(value.ref.address) if value.ref is not None else ()
    documents = [graph.index.by_id[i] for i in ids if graph.index.by_id[i].type == "aws_iam_policy_document"]
    if len(documents) != 1:
        return value
    attributes = documents[0].attributes
    blocks = attributes.get("statement", [])
    if isinstance(blocks, Unknown):
        return blocks
    for inherited in ("source_policy_documents", "override_policy_documents", "source_json", "override_json"):
        if attributes.get(inherited):
            return Unknown(f"{documents[0].id} also takes statements from {inherited}", documents[0].span_of(inherited))
    return tuple(_of_block(block) for block in blocks if isinstance(block, dict))


def _of_list(value: Value) -> tuple[Statement, ...] | Unknown:
    if isinstance(value, Unknown):
        return value
    items = value if isinstance(value, list) else [value]
    unknown = next((item for item in items if isinstance(item, Unknown)), None)
    return unknown if unknown is not None else tuple(_of_json(item) for item in items if isinstance(item, dict))


def _of_json(data: Mapping[str, Any]) -> Statement:
    named = "NotPrincipal" if "NotPrincipal" in data else "Principal"
    who = data.get(named, ())
    if isinstance(who, dict):
        who = who.get("AWS", ())
    return Statement(
        effect=data.get("Effect", "Allow"),
        actions=_values(data.get("NotAction", data.get("Action", ()))),
        principals=_values(who),
        conditions=_json_conditions(data.get("Condition", {})),
        not_actions="NotAction" in data,
        not_principals=named == "NotPrincipal",
    )


def _json_conditions(data: Value) -> tuple[Condition, ...] | Unknown:
    if isinstance(data, Unknown):
        return data
    return tuple(
        Condition(
            str(operator).lower(),
            str(variable).lower(),
            values if isinstance(values := _values(held), tuple) else (values,),
        )
        for operator, tests in (data.items() if isinstance(data, dict) else ())
        for variable, held in (tests.items() if isinstance(tests, dict) else ())
    )


def _of_block(block: Mapping[str, Any]) -> Statement:
    named = "not_principals" if block.get("not_principals") else "principals"
    tests = block.get("condition", [])
    return Statement(
        effect=block.get("effect", "Allow"),
        actions=_values(block.get("not_actions") or block.get("actions") or ()),
        principals=_block_principals(block.get(named, [])),
        conditions=tests
        if isinstance(tests, Unknown)
        else tuple(_block_condition(t) for t in tests if isinstance(t, dict)),
        not_actions=bool(block.get("not_actions")),
        not_principals=named == "not_principals",
    )


def _block_principals(blocks: Value) -> tuple[Value, ...] | Unknown:
    if isinstance(blocks, Unknown):
        return blocks
    found: list[Value] = []
    for block in blocks:
        if isinstance(block, dict) and block.get("type") in ("AWS", "*"):
            held = _values(block.get("identifiers", ()))
            found.extend([held] if isinstance(held, Unknown) else held)
    return tuple(found)


def _block_condition(test: Mapping[str, Any]) -> Condition:
    held = _values(test.get("values", ()))
    return Condition(
        str(test.get("test", "")).lower(),
        str(test.get("variable", "")).lower(),
        held if isinstance(held, tuple) else (held,),
    )


def _values(value: Value) -> tuple[Value, ...] | Unknown:
    """A value that may stand alone or in a list, as a list; unknown when not even their number is."""
    if isinstance(value, Unknown):
        return (value,) if value.parts or _is_one(value) else value
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _is_one(value: Unknown) -> bool:
    """Whether an unknown stands for one attribute of one object, such as a role's ARN."""
    return (
        len(value.refs) == 1
        and value.refs[0].path in ("arn", "account_id", "id")
        and "[*]" not in value.refs[0].address
    )


# -- keys --------------------------------------------------------------------------------------------------------------


def root_administers(resource: Resource, graph: Graph) -> Value:
    """Whether the account itself may change the key's policy. Absent where there is no such policy.

    Without a policy AWS gives one to the account (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html).
    """
    if resource.placement.provider != "aws":
        return ABSENT
    found = statements(resource, graph)
    if found is None:
        return True
    if isinstance(found, Unknown):
        return found
    return either(both((_administers(s), s.applies, _names_account(s))) for s in found)


def _administers(statement: Statement) -> Truth:
    return both((statement.does("Allow"), statement.covers(_ADMIN_ACTION)))


def _names_account(statement: Statement) -> Truth:
    if isinstance(statement.principals, Unknown):
        return statement.principals
    return either(_is_account(principal) for principal in statement.principals)


def _is_account(principal: Value) -> Truth:
    if isinstance(principal, Unknown):
        if principal.suffix:
            return principal.suffix.endswith(":root")
        mentions = {ref.path.rsplit(".", 1)[-1] for ref in principal.refs}
        if mentions == {"account_id"}:
            return True
        return False if mentions == {"arn"} else principal
    return principal == "*" or (isinstance(principal, str) and _ROOT.fullmatch(principal) is not None)


def key_administrators(resource: Resource, graph: Graph) -> Value:
    """How many principals other than the account may change the key's policy; absent where there is no such policy."""
    names = _administrators(resource, graph)
    return len(names) if isinstance(names, tuple) else names


def sole_policy_administrator(resource: Resource, graph: Graph) -> str | None:
    """The principal who alone may change the key's policy: an ARN, or the resource that has it. None where unsure."""
    if root_administers(resource, graph) is not False:
        return None
    names = _administrators(resource, graph)
    return names[0].removesuffix(".arn") if isinstance(names, tuple) and len(names) == 1 else None


def _administrators(resource: Resource, graph: Graph) -> tuple[str, ...] | Value:
    if resource.placement.provider != "aws":
        return ABSENT
    found = statements(resource, graph)
    if found is None:
        return ABSENT
    if isinstance(found, Unknown):
        return found
    names: dict[str, None] = {}
    for statement in found:
        administers = _administers(statement)
        if isinstance(administers, Unknown):
            return administers
        if not administers:
            continue
        if isinstance(statement.principals, Unknown):
            return statement.principals
        names.update(dict.fromkeys(identity(p) for p in statement.principals if _is_account(p) is not True))
    return tuple(names)


def identity(principal: Value) -> str:
    """What tells a principal from others, known or not."""
    if isinstance(principal, Unknown):
        return str(principal.ref or principal.refs or (principal.prefix, principal.suffix, principal.reason))
    return str(principal)


def attestation_only(resource: Resource, graph: Graph) -> Value:
    """Whether every permission to decrypt or sign asks for an enclave's attestation; absent without a policy."""
    found = statements(resource, graph)
    if found is None:
        return ABSENT
    if isinstance(found, Unknown):
        return found
    grants = [(both((s.does("Allow"), either(s.covers(a) for a in _USE_ACTIONS))), s) for s in found]
    uncertain = next((use for use, _ in grants if isinstance(use, Unknown)), None)
    using = [s for use, s in grants if use is True]
    if any(_attests(s) is False for s in using):
        return False
    if uncertain is not None:
        return uncertain
    return both(_attests(s) for s in using) if using else False


def _attests(statement: Statement) -> Truth:
    if isinstance(statement.conditions, Unknown):
        return statement.conditions
    return any(condition.variable.startswith("kms:recipientattestation") for condition in statement.conditions)


# -- buckets -----------------------------------------------------------------------------------------------------------


def locks_out(resource: Resource, graph: Graph) -> Value:
    """Whether a bucket's policy denies everything to everybody, or to all but one; absent without a policy."""
    found = statements(resource, graph)
    if found is None:
        return ABSENT
    if isinstance(found, Unknown):
        return found
    return either(_denies_all(s) for s in found)


def _denies_all(statement: Statement) -> Truth:
    return both(
        (
            statement.does("Deny"),
            both(statement.covers(action) for action in _BUCKET_ACTIONS),
            _denies_everybody(statement),
        )
    )


def _denies_everybody(statement: Statement) -> Truth:
    """By naming all, or all but one; conditions may let one principal through."""
    if isinstance(statement.principals, Unknown):
        return statement.principals
    if isinstance(statement.conditions, Unknown):
        return statement.conditions
    if statement.not_principals:
        return len(statement.principals) == 1 and not statement.conditions
    everybody = either(p if isinstance(p, Unknown) and not p.refs else p == "*" for p in statement.principals)
    return both((everybody, _lets_at_most_one_through(statement.conditions)))


def _lets_at_most_one_through(conditions: tuple[Condition, ...]) -> Truth:
    if not conditions:
        return True
    return all(
        c.operator.removesuffix("ifexists") in _EXCEPTIONS and c.variable in _WHO and len(c.values) == 1
        for c in conditions
    ) and both(_one_principal(value) for condition in conditions for value in condition.values)


def _one_principal(value: Value) -> Truth:
    if isinstance(value, Unknown):
        return True if value.ref is not None else value
    return isinstance(value, str) and not value.rstrip("*").endswith(("/", ":"))


_KEY: Final = ("key",)

FACTS: Final[Mapping[str, Fact]] = {
    "root_administers": Fact(root_administers, "whether its account may change its policy", _KEY),
    "key_administrators": Fact(
        key_administrators, "how many principals beside the account may change its policy", _KEY
    ),
    "attestation_only": Fact(attestation_only, "whether only an attested enclave may use it", _KEY),
    "locks_out": Fact(locks_out, "whether its policy denies everything to everybody but one", ("object_store",)),
}
