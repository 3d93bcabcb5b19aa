"""The value of an expression, as far as the files decide it.

The semantics are Terraform's (https://developer.hashicorp.com/terraform/language/expressions); what Terraform would
reject
raises :class:`EvaluationError`, what only an apply could tell is an :class:`~scanner.model.value.Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from scanner.model.span import Span
from scanner.model.value import Ref, Truth, Unknown, Value, both, either, is_known, negate, unknown_from
from scanner.parsers.terraform import arithmetic, functions, tree, types, values
from scanner.parsers.terraform.functions import FunctionContext, FunctionError
from scanner.parsers.terraform.values import SetValue

MAX_DEPTH: Final = 200
"""How deep expressions may nest before the evaluator gives up on one."""


class EvaluationError(Exception):
    """Terraform would reject the expression. ``at`` is the part that is wrong."""

    def __init__(self, message: str, at: tree.Position) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


class Handle(Unknown, frozen=True):
    """A whole declared object (a resource, data source or module call), whose attributes are looked up one by one."""

    attribute: Callable[[str], Value] = field(default=lambda _name: None)
    """The value of one attribute by name; no part of what makes two handles equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and (self.reason, self.origin, self.refs) == (
            other.reason,
            other.origin,
            other.refs,
        )

    def __hash__(self) -> int:
        return hash((self.reason, self.origin, self.refs))


class Namespace(Struct, frozen=True):
    """A root name that holds names: ``var``, ``local``, ``data``, a resource type."""

    get: Callable[[str, tree.Position], Value]


class Scope(Struct, frozen=True):
    """What names mean. ``resolve`` answers root names, ``names`` holds those bound by ``for``, ``each`` and iterators.

    ``file`` is the reported path of the file that the expression stands in; ``item`` is the element of the innermost
    splat.
    """

    resolve: Callable[[str, tree.Position], Value]
    context: FunctionContext
    file: str = ""
    names: Mapping[str, Value] = {}
    item: Value = None
    is_sensitive: Callable[[tree.Expression], bool] = lambda _expression: False

    def bind(self, **names: Value) -> Scope:
        """The same scope with more names."""
        return self.within({**self.names, **names})

    def within(self, names: Mapping[str, Value]) -> Scope:
        """The same scope with other bound names."""
        return Scope(self.resolve, self.context, self.file, names, self.item, self.is_sensitive)

    def at_item(self, item: Value) -> Scope:
        """The same scope inside a splat that looks at ``item``."""
        return Scope(self.resolve, self.context, self.file, self.names, item, self.is_sensitive)

    def span(self, at: tree.Position) -> Span:
        """A position of this scope's file."""
        return Span(self.file, *at)


def evaluate(expression: tree.Expression, scope: Scope) -> Value:
    """The value of ``expression``. Raises :class:`EvaluationError` where Terraform would."""
    return _RULES[type(expression)](expression, scope)


def evaluate_or_unknown(expression: tree.Expression, scope: Scope, report: Callable[[EvaluationError], None]) -> Value:
    """The value, or an unknown that carries the error after ``report`` was told. So is a value too large to hold."""
    try:
        value = evaluate(expression, scope)
        if isinstance(value, (list, dict, tuple)) and values.is_too_large(value):
            return Unknown("the value has too many elements to look at", scope.span(expression.at))
        return value
    except EvaluationError as error:
        report(error)
        return Unknown(f"the expression fails: {error.message}", scope.span(error.at))
    except RecursionError:
        report(EvaluationError("nested too deeply to evaluate", expression.at))
        return Unknown("nested too deeply to evaluate", scope.span(expression.at))


# -- leaves ----------------------------------------------------------------------------------------


def _literal(node: tree.Literal, _scope: Scope) -> Value:
    return node.value


def _variable(node: tree.Variable, scope: Scope) -> Value:
    if node.name in scope.names:
        return scope.names[node.name]
    return scope.resolve(node.name, node.at)


def _splat_item(_node: tree.SplatItem, scope: Scope) -> Value:
    return scope.item


# -- templates -------------------------------------------------------------------------------------


def _template(node: tree.Template, scope: Scope) -> Value:
    pieces: list[str | Unknown] = []
    for part in node.parts:
        value = part.value if isinstance(part, tree.Literal) else evaluate(part, scope)
        if isinstance(value, (str, Unknown)):
            pieces.append(value)
        else:
            pieces.append(_text(value, part.at))
    return values.join_parts(pieces)


def _text(value: Value, at: tree.Position) -> str:
    if value is None:
        raise EvaluationError("a null value cannot be part of a text", at)
    if isinstance(value, (dict, list, SetValue)):
        raise EvaluationError("only texts, numbers and booleans can be part of a text", at)
    return str(values.to_text(value))


def _template_wrap(node: tree.TemplateWrap, scope: Scope) -> Value:
    return evaluate(node.value, scope)


def _template_if(node: tree.TemplateIf, scope: Scope) -> Value:
    return _choose(evaluate(node.condition, scope), node.then, node.otherwise, scope, node.condition.at)


def _template_for(node: tree.TemplateFor, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return collection.derived()
    pieces: list[str | Unknown] = []
    for key, value in _entries(collection, node.collection.at):
        piece = evaluate(node.body, _bind(scope, node.key, node.value, key, value))
        pieces.append(piece)
    return values.join_parts(pieces)


# -- traversal -------------------------------------------------------------------------------------


def _get_attr(node: tree.GetAttr, scope: Scope) -> Value:
    return get_attribute(evaluate(node.value, scope), node.name, node.at)


def get_attribute(value: Value, name: str, at: tree.Position) -> Value:
    """``value.name``, also on things that are not known."""
    if isinstance(value, Namespace):
        return value.get(name, at)
    if isinstance(value, dict):
        if name in value:
            return value[name]
        raise EvaluationError(f"this object has no attribute {name}", at)
    if isinstance(value, Handle):
        return value.attribute(name)
    if isinstance(value, Unknown):
        return _extended(value, f".{name}")
    if value is None:
        raise EvaluationError("a null value has no attributes", at)
    if isinstance(value, list) and name.isdigit():
        return get_index(value, int(name), at)
    raise EvaluationError(f"this value has no attribute {name}", at)


def _extended(value: Unknown, step: str) -> Unknown:
    if value.ref is None:
        return value.derived()
    path = f"{value.ref.path}{step}" if value.ref.path else step.removeprefix(".")
    ref = Ref(value.ref.address, path)
    return Unknown(value.reason, value.origin, ref, (ref,))


def _index(node: tree.Index, scope: Scope) -> Value:
    return get_index(evaluate(node.value, scope), evaluate(node.key, scope), node.at)


def get_index(value: Value, key: Value, at: tree.Position) -> Value:
    """``value[key]``, also on things that are not known."""
    if isinstance(value, Namespace) and isinstance(key, str):
        return value.get(key, at)
    if isinstance(key, Unknown) or isinstance(value, Unknown):
        return _index_unknown(value, key)
    if isinstance(value, SetValue):
        raise EvaluationError("elements of a set have no index", at)
    if isinstance(value, list):
        position = _whole(key)
        if position is None:
            raise EvaluationError("a list is indexed by a whole number", at)
        if not 0 <= position < len(value):
            raise EvaluationError(f"index {position} is out of range for {len(value)} elements", at)
        return value[position]
    if isinstance(value, dict):
        name = key if isinstance(key, str) else _key(key, at)
        if name in value:
            return value[name]
        raise EvaluationError(f"this object has no element with the key {name!r}", at)
    raise EvaluationError("this value does not have any indices", at)


def _index_unknown(value: Value, key: Value) -> Value:
    if isinstance(value, Handle) and isinstance(key, str):
        return value.attribute(key)
    if isinstance(value, Unknown) and not isinstance(key, Unknown):
        return _extended(value, f"[{key}]" if not isinstance(key, str) else f'["{key}"]')
    return replace(unknown_from([value, key]), choice=True)


def _whole(key: Value) -> int | None:
    if isinstance(key, bool):
        return None
    if isinstance(key, int):
        return key
    number = values.to_number(key) if isinstance(key, str) else None
    return number if isinstance(number, int) else None


def _splat(node: tree.Splat, scope: Scope) -> Value:
    source = evaluate(node.value, scope)
    if source is None:
        return []
    if isinstance(source, Unknown) and not isinstance(source, Handle):
        element = _extended(source, "[*]") if source.ref is not None else source.derived()
        each = evaluate(node.each, scope.at_item(element))
        return each if isinstance(each, Unknown) else unknown_from([source])
    items = list(source) if isinstance(source, (list, SetValue)) else [source]
    return [evaluate(node.each, scope.at_item(item)) for item in items]


# -- operators -------------------------------------------------------------------------------------


def _unary(node: tree.Unary, scope: Scope) -> Value:
    value = evaluate(node.value, scope)
    if isinstance(value, Unknown):
        return value.derived() if node.operator == "-" else negate(value)
    if node.operator == "!":
        return not _boolean(value, node.at)
    number = _number(value, node.at)
    return number if isinstance(number, Unknown) else arithmetic.negate(number)


def _binary(node: tree.Binary, scope: Scope) -> Value:
    left = evaluate(node.left, scope)
    if node.operator in ("&&", "||"):
        first = left if isinstance(left, Unknown) else _boolean(left, node.left.at)
        right = evaluate(node.right, scope)
        second = right if isinstance(right, Unknown) else _boolean(right, node.right.at)
        combined = both((first, second)) if node.operator == "&&" else either((first, second))
        return unknown_from([first, second]) if isinstance(combined, Unknown) else combined
    right = evaluate(node.right, scope)
    if node.operator == "==":
        return _same(left, right)
    if node.operator == "!=":
        return negate(_same(left, right))
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return unknown_from([left, right])
    first_number, second_number = _number(left, node.left.at), _number(right, node.right.at)
    if isinstance(first_number, Unknown) or isinstance(second_number, Unknown):
        return unknown_from([first_number, second_number])
    return _ARITHMETIC[node.operator](first_number, second_number, node.at)


def _same(left: Value, right: Value) -> Truth:
    if (isinstance(left, Handle) and right is None) or (isinstance(right, Handle) and left is None):
        return False
    return values.equals(left, right)


def _divide(left: arithmetic.Number, right: arithmetic.Number, at: tree.Position) -> Value:
    if not right:
        raise EvaluationError("division by zero", at)
    return arithmetic.divide(left, right)


_ARITHMETIC: Final[Mapping[str, Callable[[arithmetic.Number, arithmetic.Number, tree.Position], Value]]] = {
    "+": lambda a, b, _at: arithmetic.add(a, b),
    "-": lambda a, b, _at: arithmetic.subtract(a, b),
    "*": lambda a, b, _at: arithmetic.multiply(a, b),
    "/": _divide,
    "%": lambda a, b, _at: arithmetic.modulo(a, b),
    "<": lambda a, b, _at: a < b,
    "<=": lambda a, b, _at: a <= b,
    ">": lambda a, b, _at: a > b,
    ">=": lambda a, b, _at: a >= b,
}


def _boolean(value: Value, at: tree.Position) -> bool:
    try:
        result = values.to_boolean(value)
    except ValueError as error:
        raise EvaluationError(str(error), at) from None
    if not isinstance(result, bool):
        raise EvaluationError("a null value is neither true nor false", at)
    return result


def _number(value: Value, at: tree.Position) -> arithmetic.Number | Unknown:
    try:
        result = values.to_number(value)
    except ValueError as error:
        raise EvaluationError(str(error), at) from None
    if result is None:
        raise EvaluationError("a null value is not a number", at)
    return result


def _conditional(node: tree.Conditional, scope: Scope) -> Value:
    return _choose(evaluate(node.condition, scope), node.then, node.otherwise, scope, node.condition.at)


def _choose(
    condition: Value, then: tree.Expression, otherwise: tree.Expression, scope: Scope, at: tree.Position
) -> Value:
    if not isinstance(condition, Unknown):
        chosen, other = (then, otherwise) if _boolean(condition, at) else (otherwise, then)
        return _in_common_type(evaluate(chosen, scope), other, scope)
    branches = [_attempt(then, scope), _attempt(otherwise, scope)]
    if is_known(branches) and _same(*branches) is True:
        return branches[0]
    undecided = unknown_from([condition, *branches])
    return replace(undecided, reason=condition.reason, origin=condition.origin or scope.span(at), choice=True)


def _in_common_type(value: Value, other: tree.Expression, scope: Scope) -> Value:
    """A branch's value in the one type that both branches have."""
    if value is None or isinstance(value, Unknown) or (isinstance(value, str) and isinstance(other, tree.Literal)):
        return value
    rejected = _attempt(other, scope)
    try:
        return types.branch(value, rejected)
    except types.ConversionError as error:
        if is_known([value, rejected]):
            raise EvaluationError(str(error), other.at) from None
        return value


def _attempt(expression: tree.Expression, scope: Scope) -> Value:
    """The value of a branch that may not be taken: what fails there is merely unknown."""
    try:
        return evaluate(expression, scope)
    except EvaluationError as error:
        return Unknown(error.message, scope.span(error.at))


# -- collections -----------------------------------------------------------------------------------


def _tuple(node: tree.TupleCons, scope: Scope) -> Value:
    return [evaluate(item, scope) for item in node.items]


def _object(node: tree.ObjectCons, scope: Scope) -> Value:
    result: dict[str, Value] = {}
    for key_node, value_node in node.items:
        key = evaluate(key_node, scope)
        if isinstance(key, Unknown):
            return unknown_from([key, *(_attempt(v, scope) for _, v in node.items)])
        result[_key(key, key_node.at)] = evaluate(value_node, scope)
    return result


def _key(value: Value, at: tree.Position) -> str:
    if value is None:
        raise EvaluationError("a key cannot be null", at)
    if isinstance(value, (dict, list, SetValue)):
        raise EvaluationError("a key must be a text", at)
    return str(values.to_text(value))


def _entries(collection: Value, at: tree.Position) -> Iterable[tuple[Value, Value]]:
    """Keys and values in Terraform's order: lists by index, objects by key, sets with the element as its own key."""
    if isinstance(collection, SetValue):
        return ((item, item) for item in collection)
    if isinstance(collection, list):
        return enumerate(collection)
    if isinstance(collection, dict):
        return sorted(collection.items())
    raise EvaluationError("only lists, sets, maps and objects can be iterated", at)


def _bind(scope: Scope, key_name: str, value_name: str, key: Value, value: Value) -> Scope:
    names = {value_name: value} if not key_name else {key_name: key, value_name: value}
    return scope.within({**scope.names, **names})


def _selected(node: tree.ForTuple | tree.ForObject, scope: Scope) -> Iterable[tuple[Scope, Truth]]:
    collection = evaluate(node.collection, scope)
    for key, value in _entries(collection, node.collection.at):
        inner = _bind(scope, node.key, node.value, key, value)
        if node.condition is None:
            yield inner, True
            continue
        wanted = evaluate(node.condition, inner)
        yield inner, wanted if isinstance(wanted, Unknown) else _boolean(wanted, node.condition.at)


def _for_tuple(node: tree.ForTuple, scope: Scope) -> Value:
    source = evaluate(node.collection, scope)
    if isinstance(source, Unknown):
        return _for_unknown(node, source, scope)
    result: list[Value] = []
    for inner, wanted in _selected(node, scope):
        if isinstance(wanted, Unknown):
            return replace(unknown_from([wanted, source]), choice=True)
        if wanted:
            result.append(evaluate(node.result, inner))
    return result


def _for_unknown(node: tree.ForTuple | tree.ForObject, source: Unknown, scope: Scope) -> Unknown:
    """The result's own references survive although the number of elements is not known."""
    element = _extended(source, "[*]") if source.ref is not None else source.derived()
    sample = _attempt(node.result, _bind(scope, node.key, node.value, element.derived(), element))
    return unknown_from([source.derived(), sample])


def _for_object(node: tree.ForObject, scope: Scope) -> Value:
    source = evaluate(node.collection, scope)
    if isinstance(source, Unknown):
        return _for_unknown(node, source, scope)
    result: dict[str, Value] = {}
    for inner, wanted in _selected(node, scope):
        if isinstance(wanted, Unknown):
            return replace(unknown_from([wanted, source]), choice=True)
        if not wanted:
            continue
        key = evaluate(node.name, inner)
        if isinstance(key, Unknown):
            return unknown_from([key, source, _attempt(node.result, inner)])
        name = _key(key, node.name.at)
        value = evaluate(node.result, inner)
        if node.group:
            result.setdefault(name, []).append(value)
        elif name in result:
            raise EvaluationError(f"two elements have the key {name!r}", node.name.at)
        else:
            result[name] = value
    return result


# -- calls -----------------------------------------------------------------------------------------


def _call(node: tree.Call, scope: Scope) -> Value:
    name = node.name.removeprefix("core::")
    special = _SPECIAL.get(name)
    if special is not None:
        return special(node, scope)
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand:
        last = arguments.pop()
        if isinstance(last, Unknown):
            return unknown_from([last, *arguments])
        if not isinstance(last, (list, SetValue)):
            raise EvaluationError("only a list can be expanded into arguments", node.at)
        arguments.extend(last)
    try:
        result = functions.call(name, arguments, scope.context)
    except FunctionError as error:
        raise EvaluationError(f"{name}: {error}", node.at) from None
    if isinstance(result, Unknown) and result.origin is None:
        return replace(result, origin=scope.span(node.at))
    return result


def _try(node: tree.Call, scope: Scope) -> Value:
    failed = "try needs an argument"
    for argument in node.arguments:
        try:
            return evaluate(argument, scope)
        except EvaluationError as error:
            failed = error.message
    raise EvaluationError(f"no argument of try succeeds: {failed}", node.at)


def _can(node: tree.Call, scope: Scope) -> Value:
    try:
        value = evaluate(node.arguments[0], scope)
    except EvaluationError:
        return False
    return True if is_known(value) else unknown_from([value])


def _is_sensitive(node: tree.Call, scope: Scope) -> Value:
    return bool(node.arguments) and scope.is_sensitive(node.arguments[0])


_SPECIAL: Final[Mapping[str, Callable[[tree.Call, Scope], Value]]] = {
    "try": _try,
    "can": _can,
    "issensitive": _is_sensitive,
}

_RULES: Final[Mapping[type, Callable[[Any, Scope], Value]]] = {
    tree.Literal: _literal,
    tree.Template: _template,
    tree.TemplateWrap: _template_wrap,
    tree.TemplateIf: _template_if,
    tree.TemplateFor: _template_for,
    tree.Variable: _variable,
    tree.GetAttr: _get_attr,
    tree.Index: _index,
    tree.Splat: _splat,
    tree.SplatItem: _splat_item,
    tree.Call: _call,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.TupleCons: _tuple,
    tree.ObjectCons: _object,
    tree.ForTuple: _for_tuple,
    tree.ForObject: _for_object,
}
