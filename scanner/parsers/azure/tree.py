"""What both languages are read into: data and expressions as one small tree, and templates made of it."""

from __future__ import annotations

from msgspec import Struct

from scanner.model.value import Value

At = tuple[int, int, int, int]
"""First line and column, last line and the column after it."""
NOWHERE: At = (1, 1, 1, 1)


class Expression(Struct, frozen=True):
    """Anything that has a value."""


class Literal(Expression, frozen=True):
    """A text, number, truth or null."""

    value: Value


class Broken(Expression, frozen=True):
    """An expression that could not be read."""

    message: str


class Name(Expression, frozen=True):
    """What a name of Bicep, or of a lambda, stands for."""

    name: str


class Call(Expression, frozen=True):
    """A function, operators among them. ``target`` is set for functions of a resource (``account.listKeys()``)."""

    function: str
    arguments: tuple[Expression, ...]
    target: Expression | None = None


class Access(Expression, frozen=True):
    """A property or an item. With ``safe`` it is null where there is none."""

    target: Expression
    key: Expression
    safe: bool = False


class Nested(Expression, frozen=True):
    """A resource declared inside of another (``parent::child``)."""

    target: Expression
    name: str


class Lambda(Expression, frozen=True):
    """A function that is handed to a function."""

    names: tuple[str, ...]
    body: Expression


class Entry(Struct, frozen=True):
    """One property of an object; ``key`` is none where an object is spread into this one."""

    key: Expression | None
    value: Expression
    at: At


class Fields(Expression, frozen=True):
    """An object."""

    entries: tuple[Entry, ...]
    at: At = NOWHERE

    def entry(self, name: str) -> Entry | None:
        """The property of a name, in whatever case: Azure does not tell them apart."""
        lowered = name.lower()
        for each in self.entries:
            if isinstance(each.key, Literal) and str(each.key.value).lower() == lowered:
                return each
        return None

    def get(self, name: str) -> Expression | None:
        """The value of a property."""
        found = self.entry(name)
        return None if found is None else found.value

    def text(self, name: str) -> str:
        """A property that is plain text, else an empty one."""
        found = self.get(name)
        return found.value if isinstance(found, Literal) and isinstance(found.value, str) else ""

    def named(self) -> list[tuple[str, Entry]]:
        """The properties whose names are written out."""
        return [(str(e.key.value), e) for e in self.entries if isinstance(e.key, Literal)]


class Items(Expression, frozen=True):
    """An array, with the place of each item."""

    values: tuple[Expression, ...]
    ats: tuple[At, ...] = ()
    spread: frozenset[int] = frozenset()


class Loop(Expression, frozen=True):
    """Something for each item of an array. ``copy`` is the loop's name in a template of JSON, which counts only."""

    item: str
    index: str
    source: Expression
    body: Expression
    condition: Expression | None = None
    copy: str | None = None


class Parameter(Struct, frozen=True):
    """An input of a template."""

    name: str
    default: Expression | None
    allowed: Expression | None
    secure: bool
    at: At
    nullable: bool = False


class Function(Struct, frozen=True):
    """A function that a template defines."""

    names: tuple[str, ...]
    body: Expression


class Resource(Struct, frozen=True):
    """A resource or module as written. ``symbol`` is empty for resources of JSON that have only a name.

    ``module`` is set for modules and for deployments that hold a template; ``parent`` for what is written inside of
    another resource.
    """

    symbol: str
    type: Expression
    body: Fields
    at: At
    existing: bool = False
    condition: Expression | None = None
    loop: Loop | None = None
    children: tuple[Resource, ...] = ()
    depends: Expression | None = None
    module: Module | None = None


class Module(Struct, frozen=True):
    """What a deployment deploys: a file, named by an expression, or a template written inside.

    With ``outer`` the expressions of a template written inside are those of the template around it.
    """

    path: Expression | None = None
    template: Template | None = None
    parameters: Fields | None = None
    outer: bool = False
    bicep: bool = False
    given: Expression | None = None
    at: At = NOWHERE


class Template(Struct, frozen=True):
    """A template. ``compiled`` is set for JSON that Bicep's compiler wrote."""

    name: str
    dialect: str
    scope: str = "resourceGroup"
    parameters: dict[str, Parameter] = {}
    variables: dict[str, Expression] = {}
    functions: dict[str, Function] = {}
    resources: tuple[Resource, ...] = ()
    outputs: dict[str, Expression] = {}
    symbolic: bool = False
    imports: tuple[tuple[str, str, str], ...] = ()
    compiled: bool = False


class ParameterFile(Struct, frozen=True):
    """The values of a file of parameters. ``using`` is the template that it names."""

    name: str
    values: dict[str, Entry]
    using: str | None = None
    variables: dict[str, Expression] = {}
