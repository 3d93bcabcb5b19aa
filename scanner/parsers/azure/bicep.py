"""Files of Bicep → :class:`Template`.

https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from scanner.model.problem import ProblemKind
from scanner.parsers.azure.bicep_expressions import Parser
from scanner.parsers.azure.bicep_tokens import END, NEWLINE, Token, tokens_of
from scanner.parsers.azure.lines import Lines
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import (
    Call,
    Entry,
    Expression,
    Fields,
    Function,
    Literal,
    Loop,
    Module,
    Parameter,
    ParameterFile,
    Resource,
    Template,
)

_OPENING: Final = frozenset("([{") | {"[?"}
_CLOSING: Final = frozenset(")]}")
_STATEMENTS: Final = frozenset(
    {"targetScope", "param", "var", "resource", "module", "output", "func", "using", "type", "metadata", "import"}
    | {"extension", "provider", "assert", "test", "extends"}
)


@dataclass(slots=True)
class _Statements:
    """What the statements of a file have declared so far."""

    scope: str = "resourceGroup"
    parameters: dict[str, Parameter] = field(default_factory=dict)
    variables: dict[str, Expression] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Expression] = field(default_factory=dict)
    values: dict[str, Entry] = field(default_factory=dict)
    using: str | None = None
    imports: list[tuple[str, str, str]] = field(default_factory=list)


def read_template(text: str, name: str) -> Template:
    """The template of a file. Raises :class:`Refused`."""
    found = _read(text)
    return Template(
        name=name,
        dialect="bicep",
        scope=found.scope,
        parameters=found.parameters,
        variables=found.variables,
        functions=found.functions,
        resources=tuple(found.resources),
        outputs=found.outputs,
        symbolic=True,
        imports=tuple(found.imports),
    )


def read_parameters(text: str, name: str) -> ParameterFile:
    """The values of a ``.bicepparam`` file. Raises :class:`Refused`."""
    found = _read(text)
    values = {key: Entry(Literal(p.name), p.default or Literal(None), p.at) for key, p in found.parameters.items()}
    return ParameterFile(name, values, found.using, found.variables)


def _read(text: str) -> _Statements:
    lines = Lines(text)
    file = _File(Parser(tokens_of(text, lines), lines))
    try:
        file.read()
    except RecursionError:
        raise Refused("nested too deeply", kind=ProblemKind.LIMIT) from None
    return file.found


@dataclass(slots=True)
class _File:
    parser: Parser
    found: _Statements = field(default_factory=_Statements)

    def read(self) -> None:
        parser = self.parser
        while True:
            parser.newlines()
            if parser.token.kind == END:
                return
            decorators = self._decorators()
            self._statement(decorators)
            if parser.token.kind not in (NEWLINE, END):
                raise parser.refused()

    def _decorators(self) -> dict[str, Expression]:
        """What stands before a statement with ``@``, by name; what it says, where it says something."""
        found: dict[str, Expression] = {}
        parser = self.parser
        while parser.takes("@"):
            said = parser.expression()
            if isinstance(said, Call):
                found[said.function] = said.arguments[0] if said.arguments else Literal(True)
            parser.newlines()
        return found

    def _statement(self, decorators: dict[str, Expression]) -> None:
        parser = self.parser
        first = parser.token
        if first.kind != "name" or first.text not in _STATEMENTS:
            raise parser.refused()
        parser.next()
        match first.text:
            case "targetScope":
                parser.expect("=")
                self.found.scope = self._plain(parser.expression(), first)
            case "param":
                self._parameter(first, decorators)
            case "var":
                name = parser.expect("name").text
                self._type()
                parser.expect("=")
                parser.newlines()
                self.found.variables[name] = parser.expression()
            case "resource" | "module":
                self.found.resources.append(self._resource(first, first.text == "module"))
            case "output":
                name = parser.expect("name").text
                self._type()
                parser.expect("=")
                parser.newlines()
                self.found.outputs[name.lower()] = parser.expression()
            case "func":
                self._function()
            case "using":
                using = parser.expression()
                self.found.using = str(using.value) if isinstance(using, Literal) and using.value else ""
            case "import":
                self._import()
            case _:
                self._pass_over()

    def _plain(self, value: Expression, token: Token) -> str:
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            raise Refused(f"not valid Bicep: {token.text} is plain text", self.parser.at(token, token))
        return value.value

    def _type(self) -> bool:
        """Pass over a type, up to an equals sign or the end of the line; whether the type can be null."""
        parser = self.parser
        opened, last = 0, ""
        while parser.token.kind != END:
            kind = parser.token.kind
            if not opened and kind == "=":
                break
            if not opened and kind == NEWLINE and not (last == "|" or self._union_follows()):
                break
            opened += (kind in _OPENING) - (kind in _CLOSING)
            last = kind if kind != NEWLINE else last
            parser.next()
        return last == "?"

    def _union_follows(self) -> bool:
        parser = self.parser
        position = parser.position
        while parser.tokens[position].kind == NEWLINE:
            position += 1
        return parser.tokens[position].kind == "|"

    def _pass_over(self) -> None:
        """Pass over a statement that declares nothing that is deployed."""
        parser = self.parser
        opened, last = 0, ""
        while parser.token.kind != END:
            kind = parser.token.kind
            if not opened and kind == NEWLINE and last not in ("=", "|") and not self._union_follows():
                return
            opened += (kind in _OPENING) - (kind in _CLOSING)
            last = kind if kind != NEWLINE else last
            parser.next()

    def _parameter(self, first: Token, decorators: dict[str, Expression]) -> None:
        parser = self.parser
        name = parser.expect("name").text
        nullable = self._type()
        default: Expression | None = None
        if parser.takes("="):
            parser.newlines()
            default = parser.expression()
        at = parser.at(first, parser.last())
        at = at if at[0] == at[2] else parser.at(first, first)
        secure = "secure" in decorators
        self.found.parameters[name.lower()] = Parameter(name, default, decorators.get("allowed"), secure, at, nullable)

    def _function(self) -> None:
        parser = self.parser
        name = parser.expect("name").text
        parser.expect("(")
        names: list[str] = []
        parser.newlines()
        while not parser.takes(")"):
            names.append(parser.expect("name").text)
            opened = 0
            while opened or parser.token.kind not in (",", ")", END):
                opened += (parser.token.kind in _OPENING) - (parser.token.kind in _CLOSING)
                parser.next()
            parser.takes(",")
            parser.newlines()
        while parser.token.kind not in ("=>", END):
            parser.next()
        parser.expect("=>")
        parser.newlines()
        self.found.functions[name.lower()] = Function(tuple(names), parser.expression())

    def _import(self) -> None:
        """``import {a, b as c} from 'file'`` and ``import * as x from 'file'``."""
        parser = self.parser
        names: list[tuple[str, str]] = []
        if parser.token.kind == "text":  # an extension
            self._pass_over()
            return
        if parser.takes("*"):
            alias = parser.expect("name").text if parser.word("as") else ""
            names.append(("*", alias))
        else:
            parser.expect("{")
            while not parser.takes("}"):
                if parser.takes(NEWLINE, ","):
                    continue
                name = parser.next().text.strip("'")
                names.append((name, parser.expect("name").text if parser.word("as") else name))
        if not parser.word("from"):
            raise parser.refused()
        path = self._plain(parser.expression(), parser.last())
        self.found.imports.extend((path, name, alias) for name, alias in names)

    # -- resources ---------------------------------------------------------------------------------

    def _resource(self, first: Token, is_module: bool) -> Resource:
        parser = self.parser
        symbol = parser.expect("name").text
        kind = parser.text(parser.expect("text"))
        existing = parser.word("existing")
        parser.expect("=")
        parser.newlines()
        at = parser.at(first, parser.last() if parser.last().kind != NEWLINE else first)
        loop = self._loop_opening()
        condition = loop.condition if loop is not None else parser.condition()
        body, children = self._body()
        if loop is not None:
            parser.newlines()
            parser.expect("]")
            loop = Loop(loop.item, loop.index, loop.source, body, condition)
        resource = Resource(
            symbol=symbol,
            type=kind,
            body=body,
            at=at,
            existing=existing,
            condition=condition,
            loop=loop,
            children=children,
            depends=body.get("dependsOn"),
        )
        return _module(resource) if is_module else resource

    def _loop_opening(self) -> Loop | None:
        if not self.parser.takes("["):
            return None
        self.parser.newlines()
        return self.parser.loop(Literal(None))

    def _body(self) -> tuple[Fields, tuple[Resource, ...]]:
        """The properties of a resource, and the resources that are declared inside of it."""
        parser = self.parser
        opening = parser.expect("{")
        entries: list[Entry] = []
        children: list[Resource] = []
        while True:
            while parser.token.kind in (NEWLINE, ","):
                parser.next()
            if parser.takes("}"):
                return Fields(tuple(entries), parser.at(opening, parser.last())), tuple(children)
            position = parser.position
            decorators = self._decorators()
            token, following = parser.token, parser.tokens[min(parser.position + 1, len(parser.tokens) - 1)]
            if token.kind == "name" and token.text == "resource" and following.kind == "name":
                children.append(self._resource(parser.next(), False))
            elif decorators:
                parser.position = position
                raise parser.refused()
            else:
                entries.append(parser.entry())


def _module(resource: Resource) -> Resource:
    """A module: what it names is a file, its parameters are inputs."""
    given = resource.body.get("params")
    parameters = given if isinstance(given, Fields) else None
    entry = resource.body.entry("params")
    at = entry.at if entry is not None else resource.at
    kept = tuple(e for key, e in resource.body.named() if key.lower() != "params")
    return Resource(
        symbol=resource.symbol,
        type=Literal("Microsoft.Resources/deployments"),
        body=Fields(kept, resource.body.at),
        at=resource.at,
        existing=False,
        condition=resource.condition,
        loop=resource.loop,
        depends=resource.depends,
        module=Module(path=resource.type, parameters=parameters, given=given, bicep=True, at=at),
    )
