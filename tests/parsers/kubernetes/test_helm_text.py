"""Templates taken apart; what actions read is worked out by hand from https://pkg.go.dev/text/template."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.parsers.kubernetes.helm_marks import Marks, Template, reads_of, written_out
from scanner.parsers.kubernetes.helm_text import Action, pieces


def actions(text: str) -> list[Action]:
    return [piece for piece in pieces(text) if isinstance(piece, Action)]


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("a {{ .b }} c", [".b"]),
        ('{{ "}}" }}{{ `}}"` }}', ['"}}"', '`}}"`']),
        (r'{{ "\"}}" }}', [r'"\"}}"']),
        ("{{- .a -}}\n{{-3}}", [".a", "-3"]),
        ("{{/* {{ .a }} */}}{{- /* } \" */ -}}{{ .b }}", [".b"]),
        ("{{ .a\n  .b }}", [".a\n  .b"]),
        ("{{ '}' }}{{ .a | printf \"%s}\" }}", ["'}'", '.a | printf "%s}"']),
        ("{{ unclosed", []),
        ('{{ "unclosed }}', []),
    ],
)  # fmt: skip
def test_actions_end_where_go_ends_them(text: str, bodies: list[str]) -> None:
    assert [action.body for action in actions(text)] == bodies


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("{{ .Values.a.b }}", ["a.b"]),
        ("{{ $.Values.a }}{{ .Chart.Name }}{{ .Values }}", ["a"]),
        ('{{ .Values.a | default .Values.b | quote }}', ["a", "b"]),
        ('{{ index .Values "a-b" "c" }}{{ index $.Values.x "y.z" }}', ["a-b.c", "x.y.z"]),
        ("{{ with .Values.a }}{{ .b }}{{ toYaml . }}{{ $.Values.c }}{{ end }}{{ .Values.d }}", ["a", "a.b", "a", "c", "d"]),
        ("{{ with .Values.a }}{{ else }}{{ .Values.b }}{{ end }}", ["a", "b"]),
        ("{{ range .Values.a }}{{ .b }}{{ end }}{{ .b }}", ["a", "a.[*].b"]),
        ("{{ range $k, $v := .Values.a }}{{ $k }}{{ $v.b }}{{ end }}", ["a", "a.[*]", "a.[*].b"]),
        ("{{ $x := .Values.a }}{{ $x.b }}{{ $y.c }}", ["a", "a.b"]),
        ("{{ with (include \"x\" .) }}{{ .b }}{{ end }}", []),
        ('{{ with .Values.a }}{{ define "x" }}{{ .Values.b }}{{ end }}{{ .c }}{{ end }}', ["a", "b", "a.c"]),
        ("{{ (.Values.a).b }}", ["a"]),
        ('{{ "quoted .Values.no" }}{{ printf "%s.%s" .Values.a .Values.b }}', ["a", "b"]),
        ("{{ if and .Values.a (not .Values.b) }}{{ end }}", ["a", "b"]),
    ],
)  # fmt: skip
def test_values_that_actions_read(text: str, reads: list[str]) -> None:
    assert [key for action in actions(text) for key in action.reads] == reads


def test_lines_count_from_one_and_named_templates_are_known() -> None:
    found = actions('a\n{{ define "x" }}\n{{ .b }}\n{{ end }}\n{{/*\n*/}}\n{{ .c }}')
    assert [(action.line, action.inside, action.writes) for action in found] == [
        (2, "", False), (3, "x", True), (4, "x", False), (7, "", True),
    ]  # fmt: skip


def define(name: str, body: str) -> str:
    return f'{{{{ define "{name}" }}}}{body}{{{{ end }}}}'


@pytest.mark.parametrize(
    ("use", "safe"),
    [
        ('{{ include "x" . }}', True),
        ('{{- include "x" (dict "a" (list 1 2)) | nindent 4 -}}', True),
        ('{{ template "x" . }}', True),
        ('{{ include "x" . | indent 2 }}', True),
        ('{{ include "x" . | quote }}', False),
        ('{{ include "x" . | nindent 4 | trim }}', False),
        ('{{ if include "x" . }}{{ end }}', False),
        ('{{ $a := include "x" . }}', False),
        ('{{ include "y" (include "x" .) }}', False),
        ('{{ include "x" (include "x" .) }}', False),
        (define("z", '{{ include "x" . }}') + '{{ include "z" . }}', True),
        (define("z", '{{ include "x" . }}') + '{{ include "z" . | sha256sum }}', False),
        (define("z", '{{ include "x" . }}'), False),
        ("", False),
    ],
)
def test_named_templates_that_only_go_to_the_output(use: str, safe: bool) -> None:
    templates = [Template("_h.tpl", define("x", "a: 1") + define("y", "b: 1"), True), Template("a.yaml", use, False)]
    assert ("x" in written_out(templates)) is safe


def test_what_named_templates_read_is_what_they_write_before_what_they_ask() -> None:
    text = define("a", '{{ if .Values.asked }}{{ include "b" . }}{{ end }}') + define("b", "{{ .Values.written }}")
    assert reads_of([Template("_h.tpl", text, True)]) == {"a": ("written", "asked"), "b": ("written",)}


def unmarked(text: str) -> str:
    """A marked text without marks and without what was written around actions to hold them."""
    mark = "\ue000[\ue010-\ue01f]+\ue001"
    return re.sub(mark, "", re.sub(rf'\{{\{{(?:-? )?"{mark}"(?: -)?\}}\}}', "", text))


@given(st.text(st.sampled_from('ab \n{}-"`.$/*:'), max_size=60))
def test_any_text_can_be_taken_apart_and_marked(text: str) -> None:
    covered = sum(piece.end - piece.start for piece in pieces(text))
    assert covered <= len(text)
    template = Template("a.yaml", text, False)
    (marked,) = Marks([template]).marked(frozenset(), frozenset({0}))
    if "{{" not in text:
        assert unmarked(marked) == text


def test_marks_follow_the_last_letter_of_each_line() -> None:
    marks = Marks([Template("a.yaml", "a: \n\n  b: {{- .c -}} \nd", False)])
    (marked,) = marks.marked(frozenset(), frozenset({0}))
    assert unmarked(marked) == "a: \n\n  b: {{ .c }} \nd"
    assert re.sub("\ue000[\ue010-\ue01f]+\ue001", "^", marked) == 'a:^ \n\n  b:^ {{- "^"}}{{ .c }}{{ "^" -}} \nd^'
    assert [(mark.kind, mark.line) for mark in marks.marks] == [
        ("text", 1),
        ("text", 3),
        ("begin", 3),
        ("end", 3),
        ("text", 4),
    ]
