"""What Bicep's text is read as."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycep import BicepParser

from scanner.parsers.azure.bicep import read_parameters, read_template
from scanner.parsers.azure.reports import Refused
from scanner.parsers.azure.tree import Access, Call, Expression, Fields, Items, Lambda, Literal, Loop, Name


def written(node: Expression) -> str:
    """An expression with all its parentheses."""
    match node:
        case Literal():
            return repr(node.value)
        case Name():
            return node.name
        case Call(function=name):
            return f"{name}({', '.join(written(each) for each in node.arguments)})"
        case Access():
            return f"{written(node.target)}[{written(node.key)}]{'?' if node.safe else ''}"
        case Items():
            return f"[{' '.join(written(each) for each in node.values)}]"
        case Fields():
            return (
                "{" + " ".join(f"{written(e.key) if e.key else '...'}:{written(e.value)}" for e in node.entries) + "}"
            )
        case Lambda():
            return f"{'+'.join(node.names)}=>{written(node.body)}"
        case Loop():
            return f"for {node.item},{node.index} in {written(node.source)}: {written(node.body)}"
    raise AssertionError(node)


def variable(text: str) -> str:
    return written(read_template(f"var x = {text}\n", "a.bicep").variables["x"])


# https://learn.microsoft.com/azure/azure-resource-manager/bicep/operators#operator-precedence-and-associativity
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "add(1, mul(2, 3))"),
        ("(1 + 2) * 3", "mul(add(1, 2), 3)"),
        ("8 - 3 - 2", "sub(sub(8, 3), 2)"),
        ("1 + 2 == 3 && a", "and(equals(add(1, 2), 3), a)"),
        ("!a && b || c", "or(and(not(a), b), c)"),
        ("a ?? b == c", "coalesce(a, equals(b, c))"),
        ("a.b.c ? d.e : f", "if(a['b']['c'], d['e'], f)"),
        ("a ? b : c ? d : e", "if(a, b, if(c, d, e))"),
        ("a.?b[?0]", "a['b']?[0]?"),
        ("a.?b.c", "a['b']?['c']?"),
        ("-1 - -a", "sub(-1, $negative(a))"),
        ("a =~ b != c", "$differs($same(a, b), c)"),
        ("a!.b", "a['b']"),
        ("az.resourceGroup().location", "resourceGroup()['location']"),
        ("map(a, x => x.b)", "map(a, x=>x['b'])"),
        ("sort(a, (x, y) => x < y)", "sort(a, x+y=>less(x, y))"),
        ("'a${b}c${d ? 'e' : '${f}'}'", "$text('a', b, 'c', if(d, 'e', $text(f)))"),
        (r"'it\'s \${x} \u{e9}\n'", '"it\'s ${x} é\\n"'),
        ("'''\nraw ${a} 'b'\n'''", "\"raw ${a} 'b'\\n\""),
        ("$'''a ${b}'''", "$text('a ', b)"),
        ("[\n  1\n  2, 3\n]", "[1 2 3]"),
        ("{\n  a: 1\n  'b-c': 2\n  '${d}': 3, e: 4\n}", "{'a':1 'b-c':2 $text(d):3 'e':4}"),
        ("{\n  ...a\n}", "{...:a}"),
        ("[for (a, i) in b: {\n  c: a\n}]", "for a,i in b: {'c':a}"),
        ("a\n  ? b\n  : c", "if(a, b, c)"),
        ("concat(\n  a,\n  b\n)", "concat(a, b)"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    assert variable(text) == expected


# The statements of https://learn.microsoft.com/azure/azure-resource-manager/bicep/file
FILE = """\
metadata description = 'Creates a storage account and a web app'
targetScope = 'resourceGroup'
/* a block
   comment */
#disable-next-line no-unused-params
type plan = {
  name: 'a' | 'b'
  size: int?
}
type kind =
  | 'x'
  | 'y'
@description('The prefix to use for the storage account name.') // why
@minLength(3)
@maxLength(11)
param storagePrefix string
@allowed([
  'Standard_LRS'
])
@secure()
param key string = 'k'
param settings {
  a: string
  b: int[]
}?
param union 'a' | 'b' = 'a'
func say(name string, times int) string => '${name}${times}'
import { x as y } from 'other.bicep'
extension microsoftGraphV1

resource stg 'Microsoft.Storage/storageAccounts@2023-04-01' = if (true) {
  name: storagePrefix
  dependsOn: [
    web
  ]
  resource service 'fileServices' = {
    name: 'default'
    resource share 'shares' = [for i in range(0, 2): {
      name: 'share${i}'
    }]
  }
}
module web './webApp.bicep' = [for (a, i) in apps: if (a.on) {
  name: 'web${i}'
  params: {
    resourceLocation: a
  }
}]
resource old 'Microsoft.KeyVault/vaults@2023-02-01' existing = { name: 'old' }
output id string = stg.id
assert sane = length(storagePrefix) > 2
"""


def test_statements() -> None:
    found = read_template(FILE, "a.bicep")
    assert list(found.parameters) == ["storageprefix", "key", "settings", "union"]
    assert (found.parameters["key"].secure, found.parameters["settings"].nullable) == (True, True)
    assert found.parameters["storageprefix"].at == (16, 1, 16, 27)
    assert found.functions["say"].names == ("name", "times")
    assert found.imports == (("other.bicep", "x", "y"),)
    stg, web, old = found.resources
    assert (stg.symbol, stg.at[:2], stg.condition) == ("stg", (31, 1), Literal(True))
    assert [c.symbol for c in stg.children] == ["service"]
    assert stg.children[0].children[0].loop is not None
    assert web.module is not None
    assert web.loop is not None
    assert web.loop.condition is not None
    assert old.existing
    assert list(found.outputs) == ["id"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("resource a 'b@1' = {\n  name 'x'\n}\n", (2, 8)),
        ("var a = 'no end\n", (1, 16)),
        ("param\n", (1, 6)),
        ("var a = (1 +\n", (2, 1)),
        ("hello world\n", (1, 1)),
        ("var a = [1, 2\nvar b = 3\n", (2, 5)),
        ("var a = `x`\n", (1, 9)),
    ],
)
def test_what_is_no_bicep_is_refused_with_its_place(text: str, at: tuple[int, int]) -> None:
    with pytest.raises(Refused) as refused:
        read_template(text, "a.bicep")
    assert refused.value.at[:2] == at


@pytest.mark.parametrize("text", ["(" * 20_000, "[" * 20_000, "'${" * 5_000, "{a:" * 5_000])
def test_depth_is_limited(text: str) -> None:
    with pytest.raises(Refused, match="deep"):
        read_template(f"var a = {text}", "a.bicep")


@given(st.text(alphabet="{}[]()'$?:.,=><!&|@# \nabrevsouc1if/*", max_size=80))
def test_no_text_makes_it_crash(text: str) -> None:
    for read in (read_template, read_parameters):
        with suppress(Refused):
            read(f"var x = {text}", "a.bicep")


PLAIN = """\
targetScope = 'subscription'
@description('Where')
param location string = deployment().location
param names array
var prefix = 'a-${location}'
resource group 'Microsoft.Resources/resourceGroups@2022-09-01' = {
  name: '${prefix}-rg'
  location: location
}
resource old 'Microsoft.KeyVault/vaults@2023-02-01' existing = if (length(names) > 0) {
  name: 'old'
  scope: group
}
module web './web.bicep' = [for (name, i) in names: {
  name: 'web${i}'
  scope: group
  params: {
    name: name
  }
}]
output id string = group.id
"""


def test_the_same_declarations_as_pycep_finds() -> None:
    """An independent parser of Bicep reads the same names, types and modules."""
    theirs, ours = BicepParser().parse(text=PLAIN), read_template(PLAIN, "a.bicep")
    assert ours.scope == theirs["globals"]["scope"]["value"]
    assert {p.name for p in ours.parameters.values()} == set(theirs["parameters"])
    assert set(ours.variables) == set(theirs["variables"])
    types = {r.symbol: str(r.type.value) for r in ours.resources if isinstance(r.type, Literal) and r.module is None}
    assert types == {n: f"{r['type']}@{r['api_version']}" for n, r in theirs["resources"].items()}
    assert {r.symbol for r in ours.resources if r.existing} == {
        n for n, r in theirs["resources"].items() if r["existing"]
    }
    assert {r.symbol for r in ours.resources if r.module is not None} == set(theirs["modules"])
    assert set(ours.outputs) == set(theirs["outputs"])


# https://learn.microsoft.com/azure/azure-resource-manager/bicep/parameter-files
def test_files_of_parameters() -> None:
    text = "using './main.bicep'\nvar base = 'a'\nparam name = '${base}b'\nparam tags = {\n  x: 1\n}\n"
    found = read_parameters(text, "main.bicepparam")
    assert found.using == "./main.bicep"
    assert set(found.values) == {"name", "tags"}
    assert found.values["name"].at == (3, 1, 3, 24)
    assert set(found.variables) == {"base"}


def test_ends_of_lines_of_windows() -> None:
    assert variable("[\r\n 1\r\n]") == "[1]"
