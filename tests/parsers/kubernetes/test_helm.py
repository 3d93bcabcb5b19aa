"""Charts are rendered by Helm itself; each field's place is looked up in the files that were written here."""

from __future__ import annotations

import importlib.util
import io
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from scanner.discovery import discover
from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.parsers.kubernetes import helm, helm_charts, helm_render
from scanner.parsers.kubernetes.project import read
from scanner.parsers.kubernetes.reading import InputFile, Options
from scanner.parsers.parsed import Parsed

needs_helm = pytest.mark.skipif(
    shutil.which("helm") is None and importlib.util.find_spec(helm_render.PACKAGE) is None,
    reason="neither helm nor riskscan[helm] is installed",
)

CHART = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
WEB = {
    "Chart.yaml": CHART.format(name="web"),
    "values.yaml": """\
replicas: 2
image:
  repository: example/web
  tag: "1.2"
# what containers may use
resources:
  limits:
    memory: 1Gi
affinity: {}
servers:
  - name: first
    port: 80
  - name: second
    port: 81
podAnnotations:
  team: payments
settings:
  LEVEL: info
  MODE: fast
""",
    "templates/_helpers.tpl": """\
{{- define "web.name" -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- define "web.labels" -}}
app: {{ include "web.name" . }}
tier: front
{{- end }}
{{/* chooses {{ nothing }} */}}
{{- define "web.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end }}
""",
    "templates/deployment.yaml": """\
# The workload.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.name" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  {{- if gt (int .Values.replicas) 5 }}
  minReadySeconds: 30
  {{- else }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  template:
    metadata:
      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- with .Values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: web
          image: "{{ include "web.image" . }}"
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
""",
    "templates/services.yaml": """\
{{- range $index, $server := .Values.servers }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $server.name }}
spec:
  ports:
    - port: {{ .port }}
      protocol: TCP
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  mode: fast
  {{- range $key, $value := .Values.settings }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
""",
    "templates/NOTES.txt": '{{ fail "notes are no part of what is installed" }}\n',
}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def read_folder(folder: Path, *values: Path, release: str = "", namespace: str = "default") -> Parsed:
    found = discover([folder], 5 << 20)
    files = [InputFile(f.path, f.name, f.format) for f in found.files if f.format in ("kubernetes", "helm")]
    return read(files, Options(found.base, found.roots[0], tuple(values), release, namespace))


@pytest.fixture
def charts(tmp_path: Path) -> Path:
    """A folder that reports take as their base, apart from what else a test writes."""
    folder = tmp_path / "scanned"
    (folder / ".git").mkdir(parents=True)
    return folder


def by_id(parsed: Parsed) -> dict[str, Declaration]:
    return {declaration.id: declaration for declaration in parsed.declarations}


def lines_at(parsed: Parsed, declaration: Declaration, path: str) -> tuple[str, ...]:
    """The text of the places of a field, innermost first, each with its file and how it was come to."""
    return tuple(
        f"{place.file}: {parsed.sources[place.file][place.line - 1].strip()}"
        for place in declaration.places[path].chain()
    )


@needs_helm
def test_objects_are_those_that_helm_renders(charts: Path) -> None:
    parsed = read_folder(write(charts, WEB))
    assert parsed.problems == ()
    assert parsed.unread == parsed.partly == frozenset()
    assert parsed.roots == (".",)
    found = by_id(parsed)
    assert list(found) == [
        "default/Deployment/web", "default/Service/first", "default/Service/second", "default/ConfigMap/settings",
    ]  # fmt: skip
    assert found["default/Deployment/web"].attributes == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}},
        "spec": {
            "replicas": 2,
            "template": {
                "metadata": {"annotations": {"team": "payments"}},
                "spec": {
                    "containers": [
                        {"name": "web", "image": "example/web:1.2", "resources": {"limits": {"memory": "1Gi"}}}
                    ]
                },
            },
        },
    }
    assert [found[f"default/Service/{name}"].attributes["spec"] for name in ("first", "second")] == [
        {"ports": [{"port": 80, "protocol": "TCP"}]},
        {"ports": [{"port": 81, "protocol": "TCP"}]},
    ]


@needs_helm
@pytest.mark.parametrize(
    ("name", "path", "lines", "via"),
    [
        ("Deployment/web", "kind", ("deployment.yaml: kind: Deployment",), ""),
        ("Deployment/web", "spec", ("deployment.yaml: spec:",), ""),
        ("Deployment/web", "spec.replicas", ("deployment.yaml: replicas: {{ .Values.replicas }}", "replicas: 2"), "replicas"),
        ("Deployment/web", "metadata.name", ('deployment.yaml: name: {{ include "web.name" . }}',), ""),
        ("Deployment/web", "metadata.labels", ("deployment.yaml: labels:",), ""),
        ("Deployment/web", "metadata.labels.tier", ("_helpers.tpl: tier: front",), ""),
        ("Deployment/web", "metadata.labels.app", ('_helpers.tpl: app: {{ include "web.name" . }}',), ""),
        ("Deployment/web", "spec.template.metadata.annotations", ("deployment.yaml: annotations:", "podAnnotations:"), "podAnnotations"),
        ("Deployment/web", "spec.template.metadata.annotations.team", ("deployment.yaml: {{- toYaml . | nindent 8 }}", "team: payments"), "podAnnotations.team"),
        ("Deployment/web", "spec.template.spec.containers", ("deployment.yaml: containers:",), ""),
        ("Deployment/web", "spec.template.spec.containers[0]", ("deployment.yaml: - name: web",), ""),
        ("Deployment/web", "spec.template.spec.containers[0].image", ('deployment.yaml: image: "{{ include "web.image" . }}"', "repository: example/web"), "image.repository"),
        ("Deployment/web", "spec.template.spec.containers[0].resources", ("deployment.yaml: resources:", "resources:"), "resources"),
        ("Deployment/web", "spec.template.spec.containers[0].resources.limits.memory", ("deployment.yaml: {{- toYaml .Values.resources | nindent 12 }}", "memory: 1Gi"), "resources.limits.memory"),
        ("Service/first", "kind", ("services.yaml: kind: Service",), ""),
        ("Service/second", "metadata.name", ("services.yaml: name: {{ $server.name }}", "servers:"), "servers"),
        ("Service/second", "spec.ports[0].port", ("services.yaml: - port: {{ .port }}", "servers:"), "servers"),
        ("Service/second", "spec.ports[0].protocol", ("services.yaml: protocol: TCP",), ""),
        ("ConfigMap/settings", "data.mode", ("services.yaml: mode: fast",), ""),
        ("ConfigMap/settings", "data.MODE", ("services.yaml: {{ $key }}: {{ $value | quote }}", "MODE: fast"), "settings.MODE"),
    ],
)  # fmt: skip
def test_fields_stand_where_they_were_written(
    charts: Path, name: str, path: str, lines: tuple[str, ...], via: str
) -> None:
    parsed = read_folder(write(charts, WEB))
    template, *value = lines_at(parsed, by_id(parsed)[f"default/{name}"], path)
    assert template == f"templates/{lines[0]}"
    assert value == [f"values.yaml: {line}" for line in lines[1:]]
    assert by_id(parsed)[f"default/{name}"].places[path].via == (f"value {via}" if via else "")


@needs_helm
def test_columns_frame_the_key_and_its_value(charts: Path) -> None:
    parsed = read_folder(write(charts, WEB))
    span = by_id(parsed)["default/Deployment/web"].places["spec.replicas"]
    line = parsed.sources[span.file][span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "replicas: {{ .Values.replicas }}"
    assert span.parent is not None
    assert (
        parsed.sources["values.yaml"][span.parent.line - 1][span.parent.column - 1 : span.parent.end_column - 1]
        == "replicas: 2"
    )


@needs_helm
def test_every_field_stands_on_a_line_that_could_have_written_it(charts: Path) -> None:
    parsed = read_folder(write(charts, WEB))
    seen = 0
    for declaration in parsed.declarations:
        for path, span in declaration.places.items():
            line = parsed.sources[span.file][span.line - 1]
            key = path.rpartition(".")[2].partition("[")[0]
            assert f"{key}:" in line or "{{" in line or "[" in path, (path, line)
            seen += 1
    assert seen > 40


@needs_helm
def test_more_files_of_values_win_in_order_and_are_where_to_change_them(charts: Path, tmp_path: Path) -> None:
    write(charts, WEB)
    given = write(
        tmp_path / "given", {"a.yaml": "replicas: 7\nimage: {tag: '2'}\n", "b.yaml": "x: 1\nimage: {tag: '3'}\n"}
    )
    parsed = read_folder(charts, given / "a.yaml", given / "b.yaml")
    web = by_id(parsed)["default/Deployment/web"]
    assert web.attributes["spec"]["template"]["spec"]["containers"][0]["image"] == "example/web:3"
    assert "replicas" not in web.attributes["spec"]
    assert lines_at(parsed, web, "spec.minReadySeconds") == ("templates/deployment.yaml: minReadySeconds: 30",)
    parsed = read_folder(charts, write(tmp_path / "third", {"c.yaml": "x: 1\nreplicas: 3\n"}) / "c.yaml")
    place = by_id(parsed)["default/Deployment/web"].places["spec.replicas"].parent
    assert place is not None
    assert (Path(place.file).name, place.line) == ("c.yaml", 2)
    assert parsed.sources[place.file] == ("x: 1", "replicas: 3", "")


@needs_helm
def test_release_and_namespace_are_told(charts: Path) -> None:
    chart = {
        "Chart.yaml": CHART.format(name="Web_App"),
        "templates/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\n",
    }
    write(charts, chart)
    assert list(by_id(read_folder(charts))) == ["default/ConfigMap/web-app"]
    assert list(by_id(read_folder(charts, release="prod", namespace="pay"))) == ["pay/ConfigMap/prod"]


MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  size: {size}\n"


def sub_chart(name: str, version: str = "1.0.0") -> dict[str, str]:
    return {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "values.yaml": "size: small\nother: 1\n",
        "templates/map.yaml": MAP.format(name=name, size="{{ .Values.size | quote }}"),
    }


def below(prefix: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{prefix}/{name}": text for name, text in files.items()}


@needs_helm
def test_values_of_subcharts_are_found_in_the_chart_above_and_in_their_own(charts: Path) -> None:
    write(charts, below("top", {"Chart.yaml": CHART.format(name="top"), "values.yaml": "one:\n  size: large\n"}))
    write(charts, below("top/charts/one", sub_chart("one")) | below("top/charts/two", sub_chart("two")))
    parsed = read_folder(charts)
    assert parsed.problems == ()
    assert parsed.roots == ("top",)
    found = by_id(parsed)
    assert found["default/ConfigMap/one"].attributes["data"] == {"size": "large"}
    one = found["default/ConfigMap/one"].places["data.size"]
    assert (one.file, one.line, one.via) == ("top/charts/one/templates/map.yaml", 6, "value one.size")
    assert one.parent is not None
    assert (one.parent.file, one.parent.line) == ("top/values.yaml", 2)
    two = found["default/ConfigMap/two"].places["data.size"]
    assert two.parent is not None
    assert (two.parent.file, two.parent.line) == ("top/charts/two/values.yaml", 1)


@needs_helm
@pytest.mark.parametrize(
    ("repository", "version"),
    [("file://../db", "1.0.0"), ("https://charts.example.com", "1.0.0")],
    ids=["local", "published"],
)
def test_dependencies_that_lie_in_the_scanned_folder_are_used(charts: Path, repository: str, version: str) -> None:
    write(charts, below("charts/db", sub_chart("db", version)))
    dependency = f"dependencies:\n  - name: db\n    alias: store\n    version: 1.0.0\n    repository: {repository}\n"
    top = {"Chart.yaml": CHART.format(name="app") + dependency, "values.yaml": "store: {size: huge}\n"}
    write(charts, below("charts/app", top))
    before = sorted(path.relative_to(charts) for path in charts.rglob("*"))
    parsed = read_folder(charts)
    assert parsed.problems == ()
    found = by_id(parsed)
    assert found["charts/app#default/ConfigMap/db"].attributes["data"] == {"size": "huge"}
    place = found["charts/app#default/ConfigMap/db"].places["data.size"]
    assert (place.file, place.line, place.via) == ("charts/db/templates/map.yaml", 6, "value store.size")
    assert place.parent is not None
    assert (place.parent.file, place.parent.line) == ("charts/app/values.yaml", 1)
    assert found["charts/db#default/ConfigMap/db"].attributes["data"] == {"size": "small"}
    assert sorted(path.relative_to(charts) for path in charts.rglob("*")) == before, "the scanned folder was written to"


@needs_helm
def test_another_version_is_another_chart(charts: Path) -> None:
    write(charts, below("charts/db", sub_chart("db", "2.0.0")))
    dependency = "dependencies:\n  - name: db\n    version: 1.0.0\n    repository: https://charts.example.com\n"
    write(charts, below("charts/app", sub_chart("app") | {"Chart.yaml": CHART.format(name="app") + dependency}))
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert (problem.kind, problem.span.file, problem.span.line) == (ProblemKind.MODULE, "charts/app/Chart.yaml", 5)
    assert problem.message.startswith("dependency not rendered: db 1.0.0 (https://charts.example.com)")
    assert set(by_id(parsed)) == {"charts/app#default/ConfigMap/app", "charts/db#default/ConfigMap/db"}


@needs_helm
@pytest.mark.parametrize(
    ("declared", "values", "wanted"),
    [
        ("condition: db.enabled", "db: {enabled: false}\n", False),
        ("condition: db.enabled", "db: {enabled: true}\n", True),
        ("condition: db.enabled", "x: 1\n", True),
        ("condition: 'none.of,db.enabled'", "db: {enabled: false}\n", False),
        ("tags: [data]", "tags: {data: false}\n", False),
        ("tags: [data, more]", "tags: {data: false, more: true}\n", True),
        ("{condition}", "x: 1\n", True),
    ],
)
def test_a_missing_dependency_is_told_where_values_turn_it_on(
    charts: Path, declared: str, values: str, wanted: bool
) -> None:
    declared = "alias: db" if declared == "{condition}" else declared
    dependency = f"dependencies:\n  - name: db\n    version: 1.0.0\n    repository: https://x.example\n    {declared}\n"
    write(
        charts,
        sub_chart("app") | {"Chart.yaml": CHART.format(name="app") + dependency, "values.yaml": f"size: s\n{values}"},
    )
    parsed = read_folder(charts)
    assert [problem.kind for problem in parsed.problems] == [ProblemKind.MODULE] * wanted
    assert list(by_id(parsed)) == ["default/ConfigMap/app"]


@needs_helm
def test_a_chart_that_is_nothing_without_what_is_missing_is_not_rendered(charts: Path) -> None:
    dependency = "dependencies:\n  - name: common\n    version: 4.2.0\n    repository: https://charts.example.com\n"
    chart = {
        "Chart.yaml": CHART.format(name="app") + dependency,
        "templates/all.yaml": '{{ include "common.all" . }}\n',
    }
    write(charts, chart | {"values.yaml": "a: 1\n"})
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert (problem.kind, problem.span.file, problem.span.line) == (ProblemKind.INVALID, "Chart.yaml", 5)
    assert problem.message.startswith("chart not rendered: it depends on common 4.2.0")
    assert parsed.unread == {"Chart.yaml", "values.yaml", "templates/all.yaml"}


@needs_helm
def test_a_template_that_asks_for_a_value_is_left_out_and_told(charts: Path) -> None:
    template = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  k: {{ required "give a key" .Values.key }}\n'
    write(charts, sub_chart("app") | {"templates/secret.yaml": template})
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert (problem.kind, problem.span.file, problem.span.line) == (ProblemKind.INVALID, "templates/secret.yaml", 6)
    assert problem.message.startswith("template not rendered: ")
    assert "give a key" in problem.message
    assert "/" not in problem.message.replace("app/templates/secret.yaml", ""), "a path of the copy is shown"
    assert list(by_id(parsed)) == ["default/ConfigMap/app"]
    assert parsed.unread == {"templates/secret.yaml"}


@needs_helm
@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: {{ .Values.x | nofunction }}\n", 2), ("a: {{ if }}\n", 1), ('\n\n{{ fail "no" }}\n', 3)],
)
def test_a_chart_that_helm_refuses(charts: Path, text: str, line: int) -> None:
    write(charts, {"Chart.yaml": CHART.format(name="app"), "templates/a.yaml": text})
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert (problem.span.file, problem.span.line) == ("templates/a.yaml", line)
    assert problem.message.startswith("chart not rendered: ")
    assert parsed.unread == {"Chart.yaml", "templates/a.yaml"}


@needs_helm
def test_a_value_that_is_nothing_renders_to_nothing(charts: Path) -> None:
    """As Helm does itself: https://github.com/helm/helm/blob/main/pkg/engine/engine.go."""
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: d}\nspec:\n  storageClassName: {{ .Values.class }}\n"
    write(
        charts,
        {"Chart.yaml": CHART.format(name="a"), "values.yaml": "class: null\nother: 1\n", "templates/claim.yaml": claim},
    )
    (found,) = read_folder(charts).declarations
    assert found.attributes["spec"] == {"storageClassName": None}


@needs_helm
def test_what_renders_to_broken_yaml_is_told_at_the_templates_line(charts: Path) -> None:
    text = "{{- if true }}\napiVersion: v1\n{{- end }}\nkind: ConfigMap\nmetadata:\n  name: x\n   y: [\n"
    write(charts, sub_chart("app") | {"templates/a.yaml": text})
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert (problem.kind, problem.span.file, problem.span.line) == (ProblemKind.INVALID, "templates/a.yaml", 7)
    assert parsed.unread == {"templates/a.yaml"}


def test_without_a_renderer_every_chart_is_told(charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm, "renderer", lambda _: None)
    write(charts, below("a", sub_chart("a")) | below("b", sub_chart("b")))
    parsed = read_folder(charts)
    assert [(problem.span.file, problem.span.line) for problem in parsed.problems] == [
        ("a/Chart.yaml", 2),
        ("b/Chart.yaml", 2),
    ]
    assert all("riskscan[helm]" in problem.message and problem.kind.incomplete for problem in parsed.problems)
    assert len(parsed.unread) == 6


@needs_helm
def test_libraries_and_subcharts_are_no_roots(charts: Path) -> None:
    library = {
        "Chart.yaml": CHART.format(name="lib") + "type: library\n",
        "templates/_map.tpl": '{{- define "lib.map" -}}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  labels:\n    of: library\n{{- end }}\n',
    }
    dependency = "dependencies:\n  - name: lib\n    version: 1.0.0\n    repository: file://../lib\n"
    app = {"Chart.yaml": CHART.format(name="app") + dependency, "templates/all.yaml": '{{- include "lib.map" . }}\n'}
    write(charts, below("lib", library) | below("app", app))
    parsed = read_folder(charts)
    assert parsed.problems == ()
    assert parsed.roots == ("app",)
    (found,) = parsed.declarations
    assert lines_at(parsed, found, "metadata.labels.of") == ("lib/templates/_map.tpl: of: library",)
    assert (found.span.file, found.span.line) == ("lib/templates/_map.tpl", 3)


@needs_helm
def test_tests_are_left_out_and_definitions_are_applied(charts: Path) -> None:
    test = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations:\n    helm.sh/hook: {hook}\n"
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things.example.com\n"
    write(charts, sub_chart("app") | {"crds/thing.yaml": crd, "templates/tests/t.yaml": test.format(hook='"test"')})
    write(charts, {"templates/job.yaml": test.format(hook="pre-install").replace("name: t", "name: job")})
    parsed = read_folder(charts)
    assert set(by_id(parsed)) == {
        "default/ConfigMap/app", "default/Pod/job", "CustomResourceDefinition/things.example.com",
    }  # fmt: skip
    assert parsed.roots == (".",)
    assert by_id(parsed)["CustomResourceDefinition/things.example.com"].span.line == 2


@needs_helm
def test_marks_change_nothing_that_is_compared_hashed_or_cut(charts: Path) -> None:
    helpers = (
        '{{- define "mode" -}}\nfast\n{{- end }}\n{{- define "block" -}}\na: 1\nb: {{ include "mode" . }}\n{{- end }}\n'
        '{{- define "parsed" -}}\none: 1\ntwo: 2\n{{- end }}\n{{- define "parts" -}}\np: {{ include "mode" . | upper }}\n{{- end }}\n'
    )
    template = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: m
  annotations:
    checksum: {{ include "block" . | sha256sum }}
data:
  {{- if eq (include "mode" .) "fast" }}
  chosen: "yes"
  {{- end }}
  {{- include "parts" . | nindent 2 }}
  {{- $parsed := include "parsed" . | fromYaml }}
  two: {{ $parsed.two | quote }}
  cut: {{ include "mode" . | trunc 2 }}
  text: |
    {{- include "block" . | nindent 4 }}
    last
  tail: end
"""
    write(charts, {"Chart.yaml": CHART.format(name="m"), "templates/_h.tpl": helpers, "templates/m.yaml": template})
    parsed = read_folder(charts)
    assert parsed.problems == ()
    (found,) = parsed.declarations
    checksum = "dedf45e7441fc04b32d4f74f825809cf9561064b9688e4e12a829d1004fd9056"
    assert found.attributes["metadata"]["annotations"] == {"checksum": checksum}, "not as sha256sum has it"
    assert found.attributes["data"] == {
        "chosen": "yes", "p": "FAST", "two": "2", "cut": "fa", "text": "a: 1\nb: fast\nlast\n", "tail": "end",
    }  # fmt: skip
    assert [found.places[f"data.{key}"].line for key in ("chosen", "two", "cut", "text", "tail")] == [9, 13, 14, 15, 18]
    assert lines_at(parsed, found, "data.p") == ('templates/_h.tpl: p: {{ include "mode" . | upper }}',)


@needs_helm
def test_documents_end_where_helm_ends_them(charts: Path) -> None:
    text = '{{- range list "a" "b" -}}\n---\n{{- if true -}}\napiVersion: v1\n{{- end }}\nkind: ConfigMap\nmetadata:\n  name: {{ . }}\n{{ end }}'
    write(charts, {"Chart.yaml": CHART.format(name="app"), "templates/a.yaml": text})
    parsed = read_folder(charts)
    assert parsed.problems == ()
    found = by_id(parsed)
    assert list(found) == ["default/ConfigMap/a", "default/ConfigMap/b"]
    assert [found[name].places[path].line for name in found for path in ("apiVersion", "kind", "metadata.name")] == [
        4,
        6,
        8,
    ] * 2


@needs_helm
def test_lines_of_windows_and_marks_of_our_own_in_templates(charts: Path) -> None:
    text = MAP.format(name="w", size="{{ .Values.size }}").replace("\n", "\r\n")
    foreign = MAP.format(name="f", size="'\ue000\ue010\ue001'")
    write(charts, sub_chart("app") | {"templates/w.yaml": text, "templates/f.yaml": foreign})
    parsed = read_folder(charts)
    assert parsed.problems == ()
    found = by_id(parsed)
    assert (found["default/ConfigMap/w"].places["data.size"].line, found["default/ConfigMap/w"].span.line) == (6, 2)
    assert found["default/ConfigMap/f"].attributes["data"] == {"size": "\ue000\ue010\ue001"}


def archive(files: Mapping[str, str], **links: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as opened:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            opened.addfile(member, io.BytesIO(text.encode()))
        for name, target in links.items():
            link = tarfile.TarInfo(f"db/templates/{name}.yaml")
            link.type, link.linkname = tarfile.SYMTYPE, target
            opened.addfile(link)
    return made.getvalue()


@needs_helm
def test_archives_are_rendered_and_stand_at_the_line_that_asks_for_them(charts: Path) -> None:
    dependency = "dependencies:\n  - name: db\n    version: 1.0.0\n    repository: https://charts.example.com\n"
    app = {"Chart.yaml": CHART.format(name="app") + dependency, "values.yaml": "a: 1\ndb:\n  size: big\n"}
    packed = archive(
        below("db", sub_chart("db")) | {"../../escaped.yaml": MAP, "db/../../escaped.yaml": MAP}, link="/etc/passwd"
    )
    write(charts, app)
    write(charts, {"charts/db-1.0.0.tgz": packed})
    parsed = read_folder(charts)
    assert parsed.problems == ()
    (found,) = parsed.declarations
    assert found.attributes["data"] == {"size": "big"}
    place = found.places["data.size"]
    assert (place.file, place.line) == ("Chart.yaml", 5)
    assert place.parent is not None
    assert (place.parent.file, place.parent.line, place.via) == ("values.yaml", 3, "value db.size")


@needs_helm
@pytest.mark.parametrize("packed", [b"", b"no archive", b"\x1f\x8b\x08"])
def test_an_archive_that_is_none(charts: Path, packed: bytes) -> None:
    write(charts, sub_chart("app"))
    write(charts, {"charts/db-1.0.0.tgz": packed})
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert problem.message == "chart not rendered: db-1.0.0.tgz cannot be unpacked; its 3 files are not read"
    assert parsed.unread == {"Chart.yaml", "values.yaml", "templates/map.yaml"}


@needs_helm
def test_an_archive_that_unpacks_to_too_much(charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm_charts, "MAX_BYTES", 1_000_000)
    write(charts, sub_chart("app"))
    write(charts, {"charts/db-1.0.0.tgz": archive({"db/Chart.yaml": "x: 1\n", "db/big.txt": "0" * 1_000_000})})
    (problem,) = read_folder(charts).problems
    assert (problem.kind, problem.message) == (
        ProblemKind.LIMIT,
        "chart not rendered: db-1.0.0.tgz holds more than 1000000 bytes; its 3 files are not read",
    )


@needs_helm
def test_links_lead_nowhere_outside_of_what_is_scanned(charts: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("outside\n")
    (tmp_path / "secret.yaml").write_text(MAP.format(name="outside", size="1"))
    template = MAP.format(name="m", size='{{ .Files.Get "secret.txt" | trim | quote }}')
    write(charts, {"Chart.yaml": CHART.format(name="m"), "templates/m.yaml": template})
    (charts / "secret.txt").symlink_to(tmp_path / "secret.txt")
    (charts / "templates" / "secret.yaml").symlink_to(tmp_path / "secret.yaml")
    (charts / "elsewhere").symlink_to(tmp_path)
    parsed = read_folder(charts)
    (found,) = parsed.declarations
    assert found.attributes["data"] == {"size": ""}


@needs_helm
def test_a_dependency_outside_of_what_is_scanned_is_missing(charts: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside", sub_chart("outside"))
    dependency = "dependencies:\n  - name: outside\n    version: 1.0.0\n    repository: file://../outside\n"
    write(charts, sub_chart("app") | {"Chart.yaml": CHART.format(name="app") + dependency})
    parsed = read_folder(charts)
    assert [problem.kind for problem in parsed.problems] == [ProblemKind.MODULE]
    assert list(by_id(parsed)) == ["default/ConfigMap/app"]


@needs_helm
def test_dependencies_in_a_circle(charts: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        dependency = f"dependencies:\n  - name: {other}\n    version: 1.0.0\n    repository: file://../{other}\n"
        write(charts, below(name, sub_chart(name) | {"Chart.yaml": CHART.format(name=name) + dependency}))
    parsed = read_folder(charts)
    assert [problem.kind for problem in parsed.problems] == [ProblemKind.LIMIT, ProblemKind.LIMIT]
    assert all(problem.message.startswith("chart not rendered: ") for problem in parsed.problems)


@needs_helm
@pytest.mark.parametrize(
    "text",
    [
        "{{ range until 2000000000 }}x{{ end }}",
        '{{ repeat 100000000 "abcdefghij" }}',
        '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
    ],
    ids=["memory", "one text", "recursion"],
)
def test_hostile_templates_end_in_a_problem_and_others_are_read(charts: Path, text: str) -> None:
    write(
        charts,
        below("a", {"Chart.yaml": CHART.format(name="a"), "templates/a.yaml": text}) | below("b", sub_chart("b")),
    )
    parsed = read_folder(charts)
    (problem,) = parsed.problems
    assert problem.message.startswith("chart not rendered: ")
    assert problem.span.file.startswith("a/")
    assert set(by_id(parsed)) == {"default/ConfigMap/b"}
    assert parsed.unread == {"a/Chart.yaml", "a/templates/a.yaml"}


@needs_helm
def test_a_rendering_that_takes_too_long_is_ended(charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm_render, "SECONDS", 2)
    loop = "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}"
    write(charts, {"Chart.yaml": CHART.format(name="a"), "templates/a.yaml": loop})
    (problem,) = read_folder(charts).problems
    assert problem.message == "chart not rendered: rendering took longer than 2 s; its 2 files are not read"


@needs_helm
def test_a_rendering_that_is_too_large(charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm_render, "MAX_RENDERED", 10_000)
    large = "{{ range until 10000 }}# a line\n{{ end }}"
    write(charts, {"Chart.yaml": CHART.format(name="a"), "templates/a.yaml": large})
    (problem,) = read_folder(charts).problems
    assert problem.message == "chart not rendered: it renders to more than 10000 characters; its 2 files are not read"


def test_too_many_charts(charts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helm, "MAX_CHARTS", 0)
    write(charts, sub_chart("a"))
    (problem,) = read_folder(charts).problems
    assert (problem.kind, problem.message) == (
        ProblemKind.LIMIT,
        "chart not rendered: there are more than 0 charts; its 3 files are not read",
    )


@needs_helm
def test_a_schema_that_refers_to_another_host_is_not_followed(charts: Path) -> None:
    schema = '{"$ref": "http://127.0.0.1:9/schema.json"}'
    write(charts, sub_chart("app") | {"values.schema.json": schema})
    parsed = read_folder(charts)
    assert parsed.problems == ()
    assert list(by_id(parsed)) == ["default/ConfigMap/app"]


# -- the lines of a text ---------------------------------------------------------------------------

TOLD = {
    "Chart.yaml": CHART.format(name="told"),
    "values.yaml": """\
config: |
  # relays
  first: https://one.example.org
  second: https://two.example.org
host: three.example.org
""",
    "templates/config.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: told
data:
  passed.yaml: |
    {{- .Values.config | nindent 4 }}
  written.yaml: |
    log: debug
    {{- if true }}
    url: https://zero.example.org
    {{- end }}
    other: https://{{ .Values.host }}/
""",
}


@needs_helm
@pytest.mark.parametrize(
    ("key", "word", "line", "value"),
    [
        ("passed.yaml", "two.example.org", 7, ("values.yaml", 4)),
        ("passed.yaml", "one.example.org", 7, ("values.yaml", 3)),
        ("written.yaml", "zero.example.org", 11, None),
        ("written.yaml", "three.example.org", 13, ("values.yaml", 5)),
    ],
)
def test_a_word_in_a_text_stands_in_the_template_and_in_the_values(
    tmp_path: Path, key: str, word: str, line: int, value: tuple[str, int] | None
) -> None:
    parsed = read_folder(write(tmp_path / "told", TOLD))
    (settings,) = parsed.declarations
    span = settings.span_in(f"data.{key}", word)
    assert (Path(span.file).name, span.line) == ("config.yaml", line)
    assert (None if span.parent is None else (Path(span.parent.file).name, span.parent.line)) == value
    assert settings.span_in(f"data.{key}", "four.example.org") == settings.span_of(f"data.{key}")
