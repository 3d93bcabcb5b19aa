"""Whole files: broken ones, odd encodings, hostile sizes, and that both front ends always agree."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.parsers.terraform.front_end import CHOICE
from scanner.parsers.terraform.positions import MAX_NESTING
from scanner.parsers.terraform.syntax import SyntaxInvalid, parse, parse_expression, parse_template
from scanner.parsers.terraform.tree import Literal, ParsedFile

FRONT_ENDS = ("tree-sitter", "python-hcl2")


@pytest.fixture(params=FRONT_ENDS)
def front_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    monkeypatch.setenv(CHOICE, name)
    return name


BOTH = pytest.mark.usefixtures("front_end")
"""Run a test once with each front end."""


def names(parsed: ParsedFile) -> list[str]:
    return [*parsed.body.attributes, *(".".join((block.type, *block.labels)) for block in parsed.body.blocks)]


def places(parsed: ParsedFile) -> list[tuple[int, int]]:
    return [problem.at[:2] for problem in parsed.problems]


BROKEN = {
    "an argument without value": (
        'resource "a" "first" {\n  x = 1\n}\n\nresource "a" "broken" {\n  x = \n}\n\nresource "a" "last" {\n}\n',
        ["resource.a.first", "resource.a.last"],
        6,
    ),
    "a block that is not closed": (
        'resource "a" "broken" {\n  x = 1\n\nresource "a" "last" {\n  y {\n  }\n}\n',
        ["resource.a.last"],
        1,
    ),
    "a brace too many": (
        'resource "a" "first" {\n}\n}\n\nresource "a" "last" {\n}\n',
        ["resource.a.first", "resource.a.last"],
        3,
    ),
    "a text that is not closed": ('a = "x\nb = 2\nc = [\n 1,\n]\n', ["b", "c"], 1),
    "a heredoc that is not closed": ("a = <<EOT\nx\nb = 2\n", ["b"], 1),
    "a block inside of a broken block's heredoc is text": (
        'generate "p" {\n  contents = <<EOT\nprovider "aws" {\n}\nEOT\n  x = = 1\n}\nlocals {\n}\n',
        ["locals"],
        6,
    ),
    "template leftovers": (
        'output "a" {\n  value = x-{{ name }}.y\n}\noutput "b" {\n  value = 1\n}\n',
        ["output.b"],
        2,
    ),
    "words": ("this is not HCL\nlocals {\n}\n", ["locals"], 1),
}


@BOTH
@pytest.mark.parametrize("case", BROKEN)
def test_what_can_be_read_of_a_broken_file_is_returned(case: str) -> None:
    source, expected, line = BROKEN[case]
    parsed = parse(source.encode())
    assert names(parsed) == expected
    assert [place[0] for place in places(parsed)] == [line]
    assert all(problem.fatal for problem in parsed.problems)


@BOTH
def test_a_recovered_block_stands_where_it_stands() -> None:
    parsed = parse(b'a "x" {\n\n  b = = 1\n}\n\nc "y" {\n  d = 1\n}\n')
    (block,) = parsed.body.blocks
    assert block.at == (6, 1, 6, 6)
    assert block.body.attributes["d"].at == (7, 3, 7, 8)


@BOTH
def test_the_first_of_two_arguments_is_kept_and_the_second_reported() -> None:
    parsed = parse(b"a = 1\nb = 2\na = 3\n")
    value = parsed.body.attributes["a"].value
    assert isinstance(value, Literal)
    assert value.value == 1
    assert places(parsed) == [(3, 1)]
    assert not parsed.problems[0].fatal


@BOTH
def test_a_byte_order_mark_takes_no_column() -> None:
    parsed = parse(b"\xef\xbb\xbfa = 1\n")
    assert parsed.problems == ()
    assert parsed.body.attributes["a"].at == (1, 1, 1, 6)


@BOTH
def test_other_encodings_are_reported() -> None:
    assert places(parse("a = 1\n".encode("utf-16"))) == [(1, 1)]
    latin = parse('a = 1\nb = "é" # ü\nc = 3\n'.encode("latin-1"))
    assert places(latin)[0] == (2, 6)
    assert "c" in names(latin)


@BOTH
def test_a_nul_byte_costs_the_item_that_holds_it() -> None:
    parsed = parse(b'a = "x\0"\nb = 2\n')
    assert names(parsed) == ["b"]
    assert places(parsed) == [(1, 7)]


@BOTH
def test_line_ends_of_windows_are_line_ends() -> None:
    parsed = parse(b"a = 1 # c\r\nb {\r\n  c = [\r\n    1,\r\n  ]\r\n}\r\n")
    assert parsed.problems == ()
    assert parsed.body.blocks[0].body.attributes["c"].at == (3, 3, 5, 4)


def nested(depth: int) -> dict[str, str]:
    return {
        "tuples": "a = " + "[" * depth + "]" * depth,
        "parentheses": "a = " + "(" * depth + "1" + ")" * depth,
        "objects": "a = " + "{a=" * depth + "1" + "}" * depth,
        "calls": "a = " + "f(" * depth + ")" * depth,
        "blocks": "a {\n" * depth + "}\n" * depth,
        "templates": "a = " + '"${' * depth + "1" + '}"' * depth,
        "directives": 'a = "' + "%{ if x }" * depth + "%{ endif }" * depth + '"',
        "sums": "a = 1" + " + 1" * depth,
        "conditionals": "a = " + "x ? 1 : " * depth + "2",
        "attributes": "a = b" + ".c" * depth,
        "splats": "a = b" + "[*]" * depth,
        "minus signs": "a = " + "-(" * depth + "1" + ")" * depth,
        "for": "a = " + "[for x in " * depth + "y" + " : x]" * depth,
    }


@BOTH
@pytest.mark.parametrize("case", nested(1))
def test_deep_nesting_is_a_problem(case: str) -> None:
    parsed = parse(f"{nested(10_000)[case]}\nb = 1\n".encode())
    assert [problem.message for problem in parsed.problems] == [f"nested deeper than {MAX_NESTING} levels"]
    assert names(parsed) == ["b"]


@BOTH
@pytest.mark.parametrize("case", nested(1))
def test_ordinary_nesting_is_not(case: str) -> None:
    assert parse(f"{nested(40)[case]}\n".encode()).problems == ()


HOSTILE = {
    "dollars": 'a = "' + "$" * 500_000 + '"\n',
    "escaped dollars": 'a = "' + "$" * 500_000 + '{"\n',
    "openers": "a = [\n" * 50_000,
    "unclosed blocks": "a {\n" * 100_000,
    "unclosed heredocs": "a = <<A\n" * 50_000,
    "different heredocs": "".join(f"a{i} = <<M{i}\nM{i}\n" for i in range(5_000)),
    "comment starts": "/*" * 250_000,
    "quotes": '"' * 50_000,
    "one long name": "a" * 2_000_000,
    "spaces": "a = 1" + " " * 1_000_000,
    "the same argument": "a = 1\n" * 20_000,
    "a long number": "a = " + "9" * 500_000,
    "a great exponent": "a = 1e999999999\n",
}


@BOTH
@pytest.mark.parametrize("case", HOSTILE)
def test_every_input_ends(case: str) -> None:
    parse(HOSTILE[case].encode())


@BOTH
def test_problems_are_counted_beyond_a_hundred() -> None:
    problems = parse(b"a = 1\n" * 1_000).problems
    assert len(problems) == 101
    assert problems[-1].message == "899 more problems"


@pytest.mark.parametrize(
    ("source", "place"),
    [("1 +", None), ("", None), ("1 2", None), ("x = 1", None), ("[1,\n 2", None), ('"a', (1, 1)), ("a\nb", None)],
)
def test_what_is_no_expression_is_refused(source: str, place: tuple[int, int] | None, front_end: str) -> None:
    with pytest.raises(SyntaxInvalid) as caught:
        parse_expression(source)
    assert caught.value.line >= 1
    assert caught.value.column >= 1
    if place is not None and front_end == "python-hcl2":
        assert (caught.value.line, caught.value.column) == place


@BOTH
@pytest.mark.parametrize("source", ["${", "${}", "%{ if x }", "%{ endif }", "${x y}", "\0", "\ud800"])
def test_what_is_no_template_is_refused(source: str) -> None:
    with pytest.raises(SyntaxInvalid):
        parse_template(source)


@BOTH
@pytest.mark.parametrize(
    "source", ["", "x", "a\\n\\q", "TEMPLATE0\n", "  x\n", "a\r\nb", '"', "}", "EOT\nTEMPLATE0 TEMPLATE1"]
)
def test_a_template_without_sequences_is_its_text(source: str) -> None:
    parsed = parse_template(source)
    assert isinstance(parsed, Literal)
    assert parsed.value == source


PIECES = st.sampled_from(
    [
        *'"{}[]()=,.:?*#/\\~!-+<>&|%$@ \n\t',
        *(
            "${",
            "%{",
            "~}",
            "$${",
            "%%{",
            "<<E\n",
            "<<-E\n",
            "E\n",
            "\r\n",
            "/*",
            "*/",
            "//",
            "...",
            "=>",
            "::",
            "[*]",
            ".*",
        ),
        *(
            "a",
            "b.c",
            "for x in y : ",
            "if ",
            "else",
            "endif",
            "endfor",
            "in",
            "true",
            "null",
            "1",
            "1.5",
            "1e5",
            "é",
            "\ufeff",
            "\0",
        ),
        *(
            'a = "x"\n',
            "b {\n",
            "}\n",
            '"${x}"',
            '"x"',
            "(a)",
            "f(x)",
            "a = 1\n",
            "%{ if x }",
            "%{ endif }",
            "<<E\nx ${y}\nE\n",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@given(st.binary(max_size=60) | TEXTS.map(str.encode) | TEXTS.map(lambda text: f"a = {text}\nb = 1\n".encode()))
@settings(max_examples=400)
def test_no_bytes_make_parsing_fail(source: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in FRONT_ENDS:
            patch.setenv(CHOICE, name)
            for path in ("main.tf", "main.tf.json", "x.tfvars.json"):
                assert isinstance(parse(source, path), ParsedFile)


@given(TEXTS)
@settings(max_examples=300)
@example("%{ if x }a%{ else }b")
def test_no_text_makes_a_template_or_expression_fail(source: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in FRONT_ENDS:
            patch.setenv(CHOICE, name)
            for read in (parse_expression, parse_template):
                with contextlib.suppress(SyntaxInvalid):
                    read(source)


@given(TEXTS.map(lambda text: f"a = {text}\nb = 1\n") | TEXTS)
@settings(max_examples=500)
@example('a = {b = c\n(d) = e}\nf {\n  g = "h" }\n')
def test_front_ends_that_both_accept_a_file_read_the_same(source: str) -> None:
    read = []
    with pytest.MonkeyPatch.context() as patch:
        for name in FRONT_ENDS:
            patch.setenv(CHOICE, name)
            read.append(parse(source.encode()))
    if not any(parsed.problems for parsed in read):
        assert read[0] == read[1]


@pytest.mark.parametrize("front_end", ["tree-sitter", "python-hcl2"])
def test_a_missing_value_is_what_is_expected(front_end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKSCAN_HCL", front_end)
    parsed = parse(b'resource "t" "n" {\n  multi_az =\n}\nlocals {\n  kept = 1\n}\n', "main.tf")
    assert [(p.message.split()[0], p.at[0]) for p in parsed.problems] == [("expected", 2)]
    assert [block.type for block in parsed.body.blocks] == ["locals"]
