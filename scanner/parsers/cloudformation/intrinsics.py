"""Intrinsic functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from scanner.model.problem import ProblemKind
from scanner.model.span import Span
from scanner.model.value import Ref, Unknown, Value, equal, is_known, unknown_from, with_origin
from scanner.parsers.cloudformation import conditions, transforms
from scanner.parsers.cloudformation.fields import NO_VALUE, Field, Plain
from scanner.parsers.cloudformation.limits import MAX_CANDIDATES, MAX_CIDR
from scanner.parsers.cloudformation.names import attribute, referred, region_of
from scanner.parsers.cloudformation.syntax import Argument, Misused, Scope
from scanner.parsers.cloudformation.text import as_json, as_text, concatenated, item_of, joined, split

if TYPE_CHECKING:
    from scanner.parsers.cloudformation.evaluation import Evaluation

_GAP: Final = re.compile(r"\$\{([^{}]*)\}")
_HOST_BITS: Final = 8
"""Bits of each block of ``Fn::Cidr`` where their number is left out: what the language extensions take."""


def _values(stack: Evaluation, argument: Argument, least: int, most: int, wanted: str) -> list[Any]:
    """The arguments of a function, worked out."""
    nodes = argument.nodes
    if nodes is None or not least <= len(nodes) <= most:
        raise Misused(f"takes {wanted}")
    return [stack.value(Argument(node, argument.scope)) for node in nodes]


def _list_of(values: Sequence[Value], argument: Argument) -> list[Field]:
    return [Field(value, argument.node, argument.scope.origin) for value in values]


def _data(value: Any) -> Value:
    """Fields as plain data."""
    if isinstance(value, Field):
        return _data(value.value)
    if isinstance(value, dict):
        return {key: _data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_data(item) for item in value]
    return value


def _whole(value: Value, what: str) -> int | Unknown:
    text = as_text(value)
    if isinstance(text, Unknown):
        return text
    if not text.strip().isdecimal() or len(text) > 9:
        raise Misused(f"takes a whole number as {what}")
    return int(text)


# -- names -----------------------------------------------------------------------------------------


def _ref(stack: Evaluation, argument: Argument, span: Span) -> Any:
    name = argument.text
    if name is None:
        value = stack.value(argument)  # the language extensions allow functions that give a name
        if isinstance(value, Unknown):
            return value.derived()
        if not isinstance(value, str):
            raise Misused("takes a name")
        name = value
    return referred(stack, name.strip(), argument.scope, span)


def _get_att(stack: Evaluation, argument: Argument, span: Span) -> Any:
    if argument.text is not None:
        name, _, path = argument.text.partition(".")
    else:
        nodes = argument.nodes or []
        values = [as_text(stack.value(Argument(node, argument.scope))) for node in nodes]
        unknown = next((value for value in values if isinstance(value, Unknown)), None)
        if unknown is not None:
            return unknown.derived()
        name, path = str(values[0]) if values else "", ".".join(str(value) for value in values[1:])
    if not name or not path:
        raise Misused("takes a resource and the name of an attribute")
    return attribute(stack, name.strip(), path.strip(), span)


def _import(stack: Evaluation, argument: Argument, span: Span) -> Any:
    name = as_text(_data(stack.value(argument)))
    if isinstance(name, Unknown):
        return name.derived(f"the name of what it imports is not decided: {name.reason}")
    found = stack.estate.exported(stack, name)
    if found is not None:
        return found.value
    ref = Ref(f"export:{name}", "value")
    return Unknown(f"no stack in the files, or not one alone, exports {name}", span, ref, (ref,))


def _zones(stack: Evaluation, argument: Argument, span: Span) -> Any:
    """The zones of a region, as Terraform's data source gives them: which these are, only the account tells."""
    value = as_text(_data(stack.value(argument)))
    region = region_of(stack) if value == "" else value
    here = region_of(stack)
    if isinstance(region, str):
        address = f"data.aws_availability_zones.{region}"
    elif isinstance(here, Unknown) and equal(region, here) is True:
        address = f"{stack.deployment.home}data.aws_availability_zones.available"
    else:
        return with_origin(region.derived(), span)
    ref = Ref(address, "names")
    where = f"the zones of {region}" if isinstance(region, str) else "the zones of the stack's region"
    return Unknown(f"{where} are told by the account", span, ref, (ref,))


# -- texts -----------------------------------------------------------------------------------------


def _sub(stack: Evaluation, argument: Argument, span: Span) -> Any:
    text, given = argument.text, dict[str, Field]()
    if text is None:
        nodes = argument.nodes or []
        if not nodes and isinstance(whole := stack.value(argument), Unknown):
            return whole.derived()
        if len(nodes) != 2 or nodes[0].id != "scalar" or nodes[1].id != "mapping":
            raise Misused("takes a text, or a list of a text and a mapping of names")
        text = argument.scope.filled(str(nodes[0].value))
        value = stack.value(Argument(nodes[1], argument.scope))
        given = value if isinstance(value, dict) else {}
    pieces: list[Value] = []
    position = 0
    for match in _GAP.finditer(text):
        pieces += [text[position : match.start()], _filled(stack, match[1], given, argument.scope, span)]
        position = match.end()
    return stack.text(concatenated([*pieces, text[position:]]), span)


def _filled(stack: Evaluation, written: str, given: Mapping[str, Field], scope: Scope, span: Span) -> Value:
    name = written.strip()
    if name.startswith("!"):
        return f"${{{name[1:]}}}"
    if name in given:
        value = given[name].value
    elif stack.deployment.fill is not None and ":" in name and not name.startswith("AWS::"):
        value = stack.deployment.fill(f"${{{name}}}", span)
    elif "." in name:
        resource, _, path = name.partition(".")
        value = attribute(stack, resource.strip(), path.strip(), span)
    else:
        value = referred(stack, name, scope, span)
    return "" if value is NO_VALUE else as_text(_data(value))


def _join(stack: Evaluation, argument: Argument, span: Span) -> Any:
    delimiter, items = _values(stack, argument, 2, 2, "a delimiter and a list")
    delimiter = as_text(delimiter)
    if isinstance(delimiter, Unknown):
        return delimiter.derived()
    if isinstance(items, str):
        return items
    if not isinstance(items, (list, Unknown)):
        raise Misused("takes a delimiter and a list")
    return stack.text(joined(_data(items), delimiter), span)


def _split(stack: Evaluation, argument: Argument, _span: Span) -> Any:
    delimiter, value = _values(stack, argument, 2, 2, "a delimiter and a text")
    if isinstance(delimiter, Unknown):
        return delimiter.derived()
    if not isinstance(delimiter, str) or not delimiter or not isinstance(value, (str, Unknown)):
        raise Misused("takes a delimiter and a text")
    found = split(value, delimiter)
    return found if isinstance(found, Unknown) else _list_of(found, argument)


def _base64(stack: Evaluation, argument: Argument, span: Span) -> Any:
    value = as_text(_data(stack.value(argument)))
    if isinstance(value, str):
        return stack.text(base64.b64encode(value.encode()).decode(), span)
    return Unknown(value.reason, value.origin, None, value.refs, choice=value.choice, content=value)


def _to_json(stack: Evaluation, argument: Argument, span: Span) -> Any:
    value = stack.value(argument)
    if not isinstance(value, (dict, list, Unknown)):
        raise Misused("takes a mapping or a list")
    if isinstance(value, Unknown):
        return value.derived()
    plain = Plain({}, {}, stack.reading.budget)
    return stack.text(as_json(plain.value(Field(value, argument.node, argument.scope.origin), "")), span)


# -- lists -----------------------------------------------------------------------------------------


def _select(stack: Evaluation, argument: Argument, _span: Span) -> Any:
    index, items = _values(stack, argument, 2, 2, "an index and a list")
    index = _whole(index, "index")
    if isinstance(items, str):
        items = _list_of([item.strip() for item in items.split(",")], argument)
    if isinstance(index, Unknown):
        return unknown_from([index, _data(items)])
    if isinstance(items, Unknown):
        return item_of(items, index)
    if not isinstance(items, list):
        raise Misused("takes an index and a list")
    if index >= len(items):
        raise Misused(f"asks for item {index} of a list of {len(items)}")
    return items[index].value


def _length(stack: Evaluation, argument: Argument, _span: Span) -> Any:
    value = stack.value(argument)
    if isinstance(value, Unknown):
        return value.derived()
    if not isinstance(value, list):
        raise Misused("takes a list")
    return len(value)


def _cidr(stack: Evaluation, argument: Argument, _span: Span) -> Any:
    block, count, *rest = _values(stack, argument, 2, 3, "an address block, a count and the bits of each")
    count, bits = _whole(count, "count"), _whole(rest[0], "bits") if rest else _HOST_BITS
    if isinstance(count, Unknown) or isinstance(bits, Unknown):
        return unknown_from([count, bits])
    if isinstance(block, Unknown):
        ref = block.ref and Ref(block.ref.address, f"{block.ref.path}.cidr({count},{bits})")
        return Unknown(block.reason, block.origin, ref, block.refs)
    if not 1 <= count <= MAX_CIDR:
        raise Misused(f"gives 1 to {MAX_CIDR} blocks, not {count}")
    return _list_of(_blocks(str(block), count, bits), argument)


def _blocks(block: str, count: int, bits: int) -> list[str]:
    try:
        network = ipaddress.ip_network(block, strict=False)
        found = list(islice(network.subnets(new_prefix=network.max_prefixlen - bits), count))
    except ValueError as error:
        raise Misused(f"cannot cut {block} into blocks of {bits} bits: {error}") from None
    if len(found) < count:
        raise Misused(f"finds no {count} blocks of {bits} bits in {block}")
    return [str(part) for part in found]


# -- choices ---------------------------------------------------------------------------------------


def _if(stack: Evaluation, argument: Argument, span: Span) -> Any:
    nodes = argument.nodes
    if nodes is None or len(nodes) != 3:
        raise Misused("takes a condition and two values")
    condition, scope = Argument(nodes[0], argument.scope), argument.scope
    name = condition.text if nodes[0].tag[:1] != "!" else None
    truth = conditions.truth(stack, condition) if name is None else stack.condition(name, span)
    if not isinstance(truth, Unknown):
        return stack.value(Argument(nodes[1] if truth else nodes[2], scope))
    branches = [stack.value(Argument(node, scope)) for node in nodes[1:]]
    return _either(branches[0], branches[1], truth, span)


def _either(first: Any, second: Any, undecided: Unknown, span: Span) -> Any:
    """What one of two values certainly is: the value itself where they agree."""
    if first is NO_VALUE and second is NO_VALUE:
        return NO_VALUE
    data = [_data(value) for value in (first, second) if value is not NO_VALUE]
    if len(data) == 2 and equal(*data) is True:
        return first
    options = unknown_from(data, undecided.reason)
    refs = tuple(dict.fromkeys((*undecided.refs, *options.refs)))
    return Unknown(undecided.reason, undecided.origin or span, None, refs, choice=bool(options.refs))


def _find_in_map(stack: Evaluation, argument: Argument, span: Span) -> Any:
    nodes = argument.nodes or []
    default = _default(nodes[3], argument.scope) if len(nodes) == 4 else None
    if len(nodes) != 3 and default is None:
        raise Misused("takes a mapping and two keys")
    name, *keys = (as_text(_data(stack.value(Argument(node, argument.scope)))) for node in nodes[:3])
    if isinstance(name, Unknown):
        return name.derived()
    mapping = stack.mapping(name)
    if mapping is None and default is None:
        stack.reading.report(span, ProblemKind.UNRESOLVED, f"there is no mapping {name}")
        return Unknown(f"there is no mapping {name}", span)
    candidates = _candidates([mapping] if mapping is not None else [], keys)
    undecided = next((key for key in keys if isinstance(key, Unknown)), None)
    if undecided is not None:
        if default is not None:
            candidates.append(stack.field(default, argument.scope))
        return _agreed(candidates, undecided)
    if candidates:
        return candidates[0].value
    if default is not None:
        return stack.value(Argument(default, argument.scope))
    message = f"the mapping {name} has no entry {'.'.join(map(str, keys))}"
    stack.reading.report(span, ProblemKind.UNRESOLVED, message)
    return Unknown(message, span)


def _default(node: Any, _scope: Scope) -> Any | None:
    entries = node.value if node.id == "mapping" else []
    return next((value for key, value in entries if key.value == "DefaultValue"), None)


def _candidates(found: list[Field], keys: Sequence[str | Unknown]) -> list[Field]:
    """The entries that keys may mean."""
    for key in keys:
        found = list(islice(_below(found, key), MAX_CANDIDATES + 1))
    return found


def _below(fields: Sequence[Field], key: str | Unknown) -> Iterator[Field]:
    for each in fields:
        if isinstance(key, Unknown):
            yield from each.mapping().values()
        elif (item := each.get(key)) is not None:
            yield item


def _agreed(candidates: Sequence[Field], undecided: Unknown) -> Any:
    """What all entries agree on."""
    if candidates and len(candidates) <= MAX_CANDIDATES:
        first = _data(candidates[0].value)
        if is_known(first) and all(equal(first, _data(other.value)) is True for other in candidates[1:]):
            return candidates[0].value
    return undecided.derived()


# -- what others run ------------------------------------------------------------------------------


def _embedded(stack: Evaluation, _argument: Argument, span: Span) -> Any:
    message = "`rain` fills this in before it deploys the template"
    stack.reading.report(span, ProblemKind.UNSUPPORTED, message)
    return Unknown(message, span)


Function = Callable[["Evaluation", Argument, Span], Any]

FUNCTIONS: Final[dict[str, Function]] = {
    "Ref": _ref,
    "Condition": conditions.named_value,
    "Fn::And": conditions.all_of,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": conditions.same,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _zones,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": conditions.opposite,
    "Fn::Or": conditions.any_of,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json,
    "Fn::Transform": transforms.value,
    "Rain::Embed": _embedded,
    "Rain::Module": _embedded,
    "Rain::S3": _embedded,
    "Rain::S3Http": _embedded,
}
