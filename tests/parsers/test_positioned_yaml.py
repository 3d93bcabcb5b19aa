"""YAML with positions: values as the API server would read them, exact places, and what hostile text ends in."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from scanner.model.span import Span
from scanner.parsers.positioned_yaml import MAX_DEPTH, YamlFile, read_yaml


def read(text: str | bytes) -> YamlFile:
    return read_yaml(text.encode() if isinstance(text, str) else text, "f.yaml")


def told(found: YamlFile) -> list[tuple[int, str, str]]:
    return [(problem.span.line, problem.kind.value, problem.message) for problem in found.problems]


def at(found: YamlFile, path: str, document: int = 0) -> tuple[int, int, int, int]:
    span = found.documents[document].places[path]
    return span.line, span.column, span.end_line, span.end_column


# YAML 1.1 as sigs.k8s.io/yaml reads it: https://yaml.org/type/bool.html, https://yaml.org/type/int.html. Dates and
# numbers to base 60 are text there, since JSON has neither.
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("0644", 420),
        ("0x1F", 31),
        ("1_000", 1000),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("no", False),
        ("~", None),
        ("", None),
        ('"3"', "3"),
        ("'true'", "true"),
        ("2001-12-14", "2001-12-14"),
        ("12:30:45", "12:30:45"),
        ("100m", "100m"),
        ("9" * 50, "9" * 50),
        ("!!str 3", "3"),
        ("!custom x", "x"),
    ],
)
def test_scalars(written: str, value: Any) -> None:
    assert read(f"a: {written}\n").documents[0].data == {"a": value}
    assert type(read(f"a: {written}\n").documents[0].data["a"]) is type(value)


PODS = """\
apiVersion: v1
kind: Pod
metadata:
  labels: {app.kubernetes.io/name: api, "a b": c}
spec:
  containers:
  - name: é
    image: "é:1" # comment
    args: [a,
           b]
  - image: |
      two
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("kind", (2, 1, 2, 10)),
        ("metadata.labels.app.kubernetes.io/name", (4, 12, 4, 39)),
        ("metadata.labels.a b", (4, 41, 4, 49)),
        ("spec.containers", (6, 3, 6, 13)),
        ("spec.containers[0]", (7, 5, 7, 12)),
        ("spec.containers[0].image", (8, 5, 8, 17)),
        ("spec.containers[0].args", (9, 5, 9, 9)),
        ("spec.containers[0].args[1]", (10, 12, 10, 13)),
        ("spec.containers[1].image", (11, 5, 13, 1)),
    ],
)
def test_places_are_exact_and_count_characters(path: str, place: tuple[int, int, int, int]) -> None:
    assert at(read(PODS), path)[:3] == place[:3] or place[2] != place[0]
    assert at(read(PODS), path)[:2] == place[:2]


@pytest.mark.parametrize("path", ["", "spec.nothing", "spec.containers[2]", "kind.x", "spec.containers[0].args[9]"])
def test_what_is_not_written_has_no_place(path: str) -> None:
    assert read(PODS).documents[0].places.get(path) is None


def test_all_places_are_those_that_can_be_asked_for() -> None:
    places = read(PODS).documents[0].places
    listed = list(places)
    assert "spec.containers[0].image" in listed
    assert "metadata.labels.app.kubernetes.io/name" in listed
    assert all(places.get(path) is not None for path in listed)


def test_a_placeholder_is_no_field() -> None:
    """``{{NAME}}`` is a mapping whose key is a mapping."""
    (document,) = read_yaml(b"image: {{NAME}}\ntag: a\n", "a.yaml").documents
    assert list(document.places) == ["image", "tag"]
    assert document.places["tag"].line == 2


def test_documents_and_their_lines() -> None:
    found = read("# head\n---\na: 1\n...\n---\n- b: 2\n---\n")
    assert [document.data for document in found.documents] == [{"a": 1}, [{"b": 2}], None]
    assert at(found, "a")[:2] == (3, 1)
    assert at(found, "[0].b", 1)[:2] == (6, 3)


def test_anchors_and_merge_keys_lead_to_what_is_merged() -> None:
    found = read("base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  y: 3\nalso:\n  <<: [*b, {z: 9}]\n")
    assert found.documents[0].data["use"] == {"x": 1, "y": 3}
    assert found.documents[0].data["also"] == {"x": 1, "y": 2, "z": 9}
    assert at(found, "use.x")[:2] == (2, 3)
    assert at(found, "use.y")[:2] == (6, 3)
    assert at(found, "also.z")[:2] == (8, 13)


def test_json_is_yaml() -> None:
    found = read('{\n "kind": "Pod",\n "spec": {"replicas": 3}\n}')
    assert found.documents[0].data == {"kind": "Pod", "spec": {"replicas": 3}}
    assert at(found, "spec.replicas") == (3, 11, 3, 24)


def test_a_broken_document_costs_itself_alone() -> None:
    found = read("a: 1\n---\nb: [\n---\nc: 3\n---\nd: {{ .Values.x }}\n---\ne: 5\n")
    assert [document.data for document in found.documents if document.data] == [{"a": 1}, {"c": 3}, {"d": {}}, {"e": 5}]
    assert [line for line, _, _ in told(found)] == [4, 7]
    assert at(found, "e", len(found.documents) - 1)[:2] == (9, 1)


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % ((98 + i, 98 + i) + (97 + i,) * 9) for i in range(12)
)
HOSTILE: Mapping[str, tuple[bytes, str, str]] = {
    "aliases that make billions": (BOMB, "limit", "aliases make more than 200000 values of it"),
    "a circle": (b"a: &x [*x]\n", "limit", "an alias stands inside of what it repeats"),
    "ten thousand brackets": (b"[" * 10_000, "limit", f"nested deeper than {MAX_DEPTH} levels"),
    "ten thousand braces": (b"{a: " * 10_000, "limit", f"nested deeper than {MAX_DEPTH} levels"),
    "ten thousand blocks": (
        "\n".join(" " * i + "a:" for i in range(10_000)).encode(),
        "limit",
        f"nested deeper than {MAX_DEPTH} levels",
    ),
    "a little too deep": (b"[" * 150 + b"]" * 150, "limit", f"nested deeper than {MAX_DEPTH} levels"),
    "the same key twice": (b"a: 1\na: 2\n", "unsupported", "the key a is written twice; the last one counts"),
    "a tab": (b"a:\n\t- b\n", "invalid", "not valid YAML: found character that cannot start any token"),
    "NUL": (b"a: \0\n", "invalid", "not valid YAML: unacceptable character #x0000: control characters are not allowed"),
    "mixed encodings": (b"a: \xc3\xa9\nb: \xe9\n", "unreadable", "not valid UTF-8 at byte 9"),
    "half a pair of bytes": (b"\xff\xfea\0:\0 ", "unreadable", "not valid UTF-16 at byte 6"),
    "a list as a key": (b"? [a]\n: 1\n", "invalid", "a key that is no text is left out"),
    "a placeholder": (
        b"a: {{ .Values.x }}\n",
        "invalid",
        "{{…}} is filled in by a program that is not run here; what it stands for is left out",
    ),
    "an alias of nothing": (b"a: *b\n", "invalid", "not valid YAML: found undefined alias"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_in_a_problem(name: str) -> None:
    text, kind, message = HOSTILE[name]
    (problem,) = read(text).problems
    assert (problem.kind.value, problem.message) == (kind, message)


def test_many_broken_documents_are_given_up() -> None:
    found = read("a: [\n---\n" * 500)
    assert found.problems[-1].message == "too many broken documents; the rest is left out"
    assert len(found.problems) < 30


def test_tags_are_never_obeyed() -> None:
    found = read("a: !!python/object/apply:os.system ['true']\n")
    assert found.documents[0].data == {"a": ["true"]}


def test_a_byte_order_mark_is_no_text() -> None:
    assert read(b"\xef\xbb\xbfa: 1\n").documents[0].data == {"a": 1}
    assert read("a: é\n".encode("utf-16")).documents[0].data == {"a": "é"}


# Issue 4: hostile YAML ends in Problems within 300 MB.
@pytest.mark.skipif(sys.platform != "linux", reason="the limit is set as Linux does")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_needs_little_memory(name: str) -> None:
    limit = 300 * 1024 * 1024

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    code = (
        "import sys; from scanner.parsers.positioned_yaml import read_yaml; "
        "print(len(read_yaml(sys.stdin.buffer.read(), 'f').problems))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=HOSTILE[name][0], capture_output=True, preexec_fn=limited, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, b"1"), done.stderr


def test_spans_name_their_file() -> None:
    assert read("a: 1\n").documents[0].places["a"] == Span("f.yaml", 1, 1, 1, 5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a:\n" + "".join(f"  k{n}: v\n" for n in range(10_001)), "more than 10000 keys in one mapping"),
        ("a:\n" + "  - v\n" * 50_001, "more than 50000 items in one list"),
    ],
)
def test_what_is_too_wide_is_refused_where_it_begins(text: str, reason: str) -> None:
    found = read_yaml(text.encode(), "a.yaml")
    assert not found.documents
    assert [(p.span.line, p.kind.value, p.message) for p in found.problems] == [(2, "limit", reason)]


def test_more_documents_than_anybody_writes_are_left_out_and_told() -> None:
    found = read_yaml(b"---\na: 1\n" * 5_001, "a.yaml")
    assert len(found.documents) == 5_000
    message = "more than 5000 documents in one file; the rest is left out"
    assert [(p.span.line, p.kind.value, p.message) for p in found.problems] == [(10_002, "limit", message)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_text_is_read_with_and_without_a_mark(encoding: str) -> None:
    assert read_yaml("a: 1\n".encode(encoding), "a.yaml").documents[0].data == {"a": 1}


# -- the lines of a text ---------------------------------------------------------------------------

TEXTS = """\
literal: |
  # not a.example.org
  one: b.example.org

  two: a.example.org:80
kept: &k |2-
    deep c.example.org
  less
folded: >-
  see a.example.org
  and  b.example.org  \t
plain: first a.example.org
  then b.example.org
double: "a.example.org \\
  and \\u0062.example.org
  c.example.org"
single: 'it''s
  a.example.org'
list:
  - a.example.org
  - "b.example.org"
alone: a.example.org
nothing:
"""


# Lines and columns are counted by hand: a line without the blanks around it.
@pytest.mark.parametrize(
    ("path", "word", "nth", "place"),
    [
        ("literal", "a.example.org", 0, (2, 3, 2, 22)),
        ("literal", "A.example.org", 1, (5, 3, 5, 24)),
        ("literal", "b.example.org", 0, (3, 3, 3, 21)),
        ("literal", "a.example.org", 2, None),
        ("literal", "example.org", 0, None),  # a part of longer names
        ("kept", "c.example.org", 0, (7, 5, 7, 23)),
        ("folded", "b.example.org", 0, (11, 3, 11, 21)),
        ("plain", "a.example.org", 0, (12, 1, 12, 27)),
        ("plain", "b.example.org", 0, (13, 3, 13, 21)),
        ("double", "c.example.org", 0, (16, 3, 16, 17)),
        ("double", "b.example.org", 0, None),  # written with an escape
        ("single", "a.example.org", 0, (18, 3, 18, 17)),
        ("list", "b.example.org", 0, (21, 3, 21, 20)),
        ("alone", "a.example.org", 0, None),  # one line, which the field's own place tells
        ("nothing", "a.example.org", 0, None),
        ("elsewhere", "a.example.org", 0, None),
    ],
)
def test_line_of_a_word(path: str, word: str, nth: int, place: tuple[int, int, int, int] | None) -> None:
    span = read(TEXTS).documents[0].places.line_of(path, word, nth)
    assert (None if span is None else (span.line, span.column, span.end_line, span.end_column)) == place


def test_lines_are_counted_past_a_broken_document_and_windows_line_ends() -> None:
    found = read("a: [\r\n---\r\ntext: |\r\n  one\r\n  b.example.org\r\n")
    span = found.documents[-1].places.line_of("text", "b.example.org", 0)
    assert span == Span("f.yaml", 5, 3, 5, 16)


def test_a_word_is_looked_for_below_the_prefix() -> None:
    places = read("items:\n  - data: |\n      a.example.org\n").documents[0].places
    assert places.below("items[0]").line_of("data", "a.example.org", 0) == Span("f.yaml", 3, 7, 3, 20)


def test_an_item_of_json_is_marked_at_its_first_key() -> None:
    found = read('{"a": [\n  {\n    "b": 1\n  },\n  {"c": 2},\n  {}\n]}\n')
    assert [at(found, f"a[{n}]")[:2] for n in range(3)] == [(3, 5), (5, 3), (6, 3)]
