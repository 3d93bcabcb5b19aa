"""Overlays beside kustomize itself: the objects are its objects, and each field points to the line that says it."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.config import Config
from scanner.discovery import discover
from scanner.front_ends import read_kubernetes
from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.parsers.kubernetes import kustomize_layers, kustomize_run
from scanner.parsers.kubernetes.kustomization import is_remote
from scanner.parsers.parsed import Parsed

TOOL = next(
    ([path, word] for name, word in (("kustomize", "build"), ("kubectl", "kustomize")) if (path := shutil.which(name))),
    None,
)
renders = pytest.mark.skipif(TOOL is None, reason="needs kustomize or kubectl")

Read = Callable[[Mapping[str, str]], Parsed]

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: app
          image: registry.example/app:1
          env:
            - name: LEVEL
              value: info
          envFrom:
            - configMapRef:
                name: settings
        - name: helper
          image: helper
      volumes:
        - name: scratch
          emptyDir: {}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
    - port: 80
    - port: 443
"""
BASE = {
    "base/kustomization.yaml": "resources:\n  - deployment.yaml\n  - service.yaml\n",
    "base/deployment.yaml": DEPLOYMENT,
    "base/service.yaml": SERVICE,
}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What is read of files, which lie in the folder ``scanned``."""

    def call(files: Mapping[str, str]) -> Parsed:
        root = tmp_path / "scanned"
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        (root / ".git").mkdir(exist_ok=True)  # names in reports are relative to the repository
        return read_kubernetes(discover([root], 1 << 20), Config())

    return call


def comparable(found: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True) for each in found)


def assert_as_kustomize(parsed: Parsed, root: Path, overlay: str) -> None:
    """The objects of an overlay are those that the tool makes of it in place."""
    assert TOOL is not None
    done = subprocess.run([*TOOL, str(root / overlay)], capture_output=True, check=True)
    mine = [each.attributes for each in parsed.declarations if each.root == overlay]
    assert comparable(mine) == comparable(yaml.safe_load_all(done.stdout))
    assert mine


def one(parsed: Parsed, kind: str, root: str = "overlay") -> Declaration:
    (found,) = [each for each in parsed.declarations if each.root == root and each.attributes["kind"] == kind]
    return found


def place(parsed: Parsed, found: Declaration, path: str) -> tuple[str, str]:
    """The file and the text of the line that sets a field."""
    span = found.span_of(path)
    return span.file, parsed.sources[span.file][span.line - 1].strip()


def messages(parsed: Parsed) -> list[tuple[str, int, str]]:
    return [(each.span.file, each.span.line, each.message) for each in parsed.problems]


@renders
def test_names_namespaces_labels_images_and_replicas_point_to_the_kustomization(read: Read, tmp_path: Path) -> None:
    overlay = """\
resources:
  - ../base
namePrefix: pre-
nameSuffix: -post
namespace: prod
commonLabels:
  team: payments
commonAnnotations:
  contact: ops
labels:
  - pairs:
      tier: gold
images:
  - name: registry.example/app
    newTag: "2"
  - name: helper
    newName: mirror.example/helper
replicas:
  - name: web
    count: 5
"""
    parsed = read({**BASE, "overlay/kustomization.yaml": overlay})
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    assert parsed.roots == ("overlay",)
    web = one(parsed, "Deployment")
    here = "overlay/kustomization.yaml"
    assert web.id == "prod/Deployment/pre-web-post"
    assert place(parsed, web, "metadata.name") == (here, "nameSuffix: -post")
    assert place(parsed, web, "metadata.namespace") == (here, "namespace: prod")
    assert place(parsed, web, "metadata.labels.team") == (here, "team: payments")
    assert place(parsed, web, "metadata.labels.tier") == (here, "tier: gold")
    assert place(parsed, web, "metadata.annotations.contact") == (here, "contact: ops")
    assert place(parsed, web, "spec.selector.matchLabels.team") == (here, "team: payments")
    assert place(parsed, web, "spec.replicas") == (here, "count: 5")
    assert place(parsed, web, "spec.template.spec.containers[0].image") == (here, 'newTag: "2"')
    assert place(parsed, web, "spec.template.spec.containers[1].image") == (here, "newName: mirror.example/helper")
    assert place(parsed, web, "spec.template.spec.containers[0].env[0].value") == (
        "base/deployment.yaml",
        "value: info",
    )
    assert place(parsed, web, "kind") == ("base/deployment.yaml", "kind: Deployment")
    assert place(parsed, one(parsed, "Service"), "spec.ports[1].port") == ("base/service.yaml", "- port: 443")


@renders
def test_the_chain_of_an_overlay_is_told(read: Read) -> None:
    files = {
        **BASE,
        "middle/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\n",
        "overlay/kustomization.yaml": "resources:\n  - ../middle\n",
    }
    web = one(read(files), "Deployment")
    chain = [(span.file, span.line, span.via) for span in web.span.chain()]
    assert chain == [
        ("base/deployment.yaml", 2, "base base"),
        ("base/kustomization.yaml", 2, "base middle"),
        ("middle/kustomization.yaml", 1, "overlay overlay"),
        ("overlay/kustomization.yaml", 2, ""),
    ]
    renamed = [(span.file, span.line) for span in web.span_of("metadata.name").chain()]
    assert renamed == [("middle/kustomization.yaml", 2), ("overlay/kustomization.yaml", 2)]


PATCHED = """\
resources:
  - ../base
patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
      spec:
        template:
          spec:
            nodeSelector:
              disk: fast
  - target:
      kind: Deployment
      name: w.*
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/env/0/value
        value: debug
      - op: add
        path: /spec/template/spec/containers/1/env
        value:
          - name: EXTRA
            value: "yes"
  - path: strategic.yaml
  - target: {kind: Service}
    path: operations.json
  - patch: '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"paused": true}}'
"""
STRATEGIC = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: helper
          image: helper:9
        - name: added
          image: added:1
      volumes:
        - name: scratch
          $patch: delete
"""


@renders
def test_patches_of_every_kind_point_to_the_patch(read: Read, tmp_path: Path) -> None:
    files = {
        **BASE,
        "overlay/kustomization.yaml": PATCHED,
        "overlay/strategic.yaml": STRATEGIC,
        "overlay/operations.json": '[\n  {"op": "replace", "path": "/spec/ports/1/port",\n   "value": 8443}\n]\n',
    }
    parsed = read(files)
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    web, service = one(parsed, "Deployment"), one(parsed, "Service")
    containers = {
        c["name"]: f"spec.template.spec.containers[{n}]"
        for n, c in enumerate(web.attributes["spec"]["template"]["spec"]["containers"])
    }
    here, patch = "overlay/kustomization.yaml", "overlay/strategic.yaml"
    assert place(parsed, web, "spec.replicas") == (patch, "replicas: 3")
    assert place(parsed, web, f"{containers['helper']}.image") == (patch, "image: helper:9")
    assert place(parsed, web, f"{containers['helper']}.name") == ("base/deployment.yaml", "- name: helper")
    assert place(parsed, web, containers["added"]) == (patch, "- name: added")
    assert place(parsed, web, f"{containers['added']}.image") == (patch, "image: added:1")
    assert place(parsed, web, f"{containers['app']}.image") == ("base/deployment.yaml", "image: registry.example/app:1")
    assert place(parsed, web, f"{containers['app']}.env[0].value") == (here, "value: debug")
    assert place(parsed, web, f"{containers['helper']}.env[0].value") == (here, 'value: "yes"')
    assert place(parsed, web, "spec.template.spec.nodeSelector.disk") == (here, "disk: fast")
    assert place(parsed, web, "spec.paused")[1].startswith("- patch: '{")
    assert place(parsed, service, "spec.ports[1].port") == ("overlay/operations.json", '"value": 8443}')
    span = web.span_of("spec.template.spec.nodeSelector.disk")
    line = parsed.sources[here][span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "disk: fast"
    assert [str(each) for each in web.span_of("spec.replicas").chain()][1:] == ["overlay/kustomization.yaml:26:5"]


@renders
def test_the_last_patch_counts_and_what_it_deletes_points_nowhere(read: Read, tmp_path: Path) -> None:
    def scaled(count: int) -> str:
        return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {count}\n"

    files = {
        **BASE,
        "base/kustomization.yaml": BASE["base/kustomization.yaml"] + "patchesStrategicMerge: [scale.yaml]\n",
        "base/scale.yaml": scaled(3),
        "overlay/kustomization.yaml": "resources: [../base]\npatchesStrategicMerge:\n  - scale.yaml\npatchesJson6902:\n  - target: {group: apps, version: v1, kind: Deployment, name: web}\n    path: remove.yaml\n",
        "overlay/scale.yaml": scaled(4),
        "overlay/remove.yaml": "- op: remove\n  path: /spec/template/spec/volumes\n",
    }
    parsed = read(files)
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    web = one(parsed, "Deployment")
    assert place(parsed, web, "spec.replicas") == ("overlay/scale.yaml", "replicas: 4")
    assert "spec.template.spec.volumes" not in web.places
    assert place(parsed, web, "spec.template.spec.volumes") == ("base/deployment.yaml", "spec:")


@renders
def test_components_change_what_the_overlay_has(read: Read, tmp_path: Path) -> None:
    component = """\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
resources: [extra.yaml]
patches:
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 6
"""
    files = {
        **BASE,
        "part/kustomization.yaml": component,
        "part/extra.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: extra\n",
        "overlay/kustomization.yaml": "resources:\n  - ../base\ncomponents:\n  - ../part\nnamespace: prod\n",
        "unused/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [a.yaml]\npatches: [{path: p.yaml}]\n",
        "unused/a.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: alone}\n",
        "unused/p.yaml": STRATEGIC,
    }
    parsed = read(files)
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    assert parsed.roots == ("overlay", "unused/a.yaml")
    web, extra = one(parsed, "Deployment"), one(parsed, "ServiceAccount")
    assert place(parsed, web, "spec.replicas") == ("part/kustomization.yaml", "replicas: 6")
    assert [str(each) for each in web.span_of("spec.replicas").chain()][1:] == ["overlay/kustomization.yaml:4:5"]
    assert [(each.file, each.via) for each in extra.span.chain()] == [
        ("part/extra.yaml", "component part"),
        ("part/kustomization.yaml", "overlay overlay"),
        ("overlay/kustomization.yaml", ""),
    ]


@renders
def test_generated_objects_point_to_their_generator_and_their_contents_are_secret(read: Read, tmp_path: Path) -> None:
    overlay = """\
resources:
  - ../base
configMapGenerator:
  - name: settings
    literals:
      - region=tokyo
      - mode=fast
    files:
      - app.yaml
      - other.txt=app.yaml
  - name: from-env
    envs: [some.env]
secretGenerator:
  - name: login
    literals:
      - password=correct-horse
"""
    files = {
        **BASE,
        "overlay/kustomization.yaml": overlay,
        "overlay/app.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: not-an-object}\n",
        "overlay/some.env": "A=1\n",
        "above/kustomization.yaml": "resources: [../overlay]\nconfigMapGenerator:\n  - name: settings\n    behavior: merge\n    literals:\n      - mode=slow\n",
    }
    parsed = read(files)
    assert_as_kustomize(parsed, tmp_path / "scanned", "above")
    assert parsed.roots == ("above",)
    maps = {
        each.name.rpartition("-")[0]: each for each in parsed.declarations if each.attributes["kind"] == "ConfigMap"
    }
    settings = maps["settings"]
    here = "overlay/kustomization.yaml"
    assert place(parsed, settings, "data.region") == (here, "- region=tokyo")
    assert place(parsed, settings, "data.mode") == ("above/kustomization.yaml", "- mode=slow")
    assert place(parsed, settings, "data.app.yaml") == (here, "- app.yaml")
    assert place(parsed, settings, "data.other.txt") == (here, "- other.txt=app.yaml")
    assert place(parsed, settings, "kind") == (here, "- name: settings")
    assert place(parsed, maps["from-env"], "data.A") == (here, "envs: [some.env]")
    secret = one(parsed, "Secret", "above")
    assert place(parsed, secret, "data.password") == (here, "- password=correct-horse")
    assert "correct-horse" in parsed.secrets
    reference = "spec.template.spec.containers[0].envFrom[0].configMapRef.name"
    assert place(parsed, one(parsed, "Deployment", "above"), reference) == ("base/deployment.yaml", "name: settings")


@renders
def test_replacements_point_to_their_target(read: Read, tmp_path: Path) -> None:
    overlay = """\
resources: [../base]
replacements:
  - source: {kind: Service, fieldPath: metadata.name}
    targets:
      - select: {kind: Deployment}
        fieldPaths:
          - spec.template.spec.containers.[name=app].env.[name=LEVEL].value
"""
    parsed = read({**BASE, "overlay/kustomization.yaml": overlay})
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    found = place(parsed, one(parsed, "Deployment"), "spec.template.spec.containers[0].env[0].value")
    assert found == ("overlay/kustomization.yaml", "- spec.template.spec.containers.[name=app].env.[name=LEVEL].value")


@renders
def test_two_overlays_of_one_base_are_two_roots(read: Read, tmp_path: Path) -> None:
    files = {
        **BASE,
        "dev/kustomization.yaml": "resources: [../base]\nreplicas: [{name: web, count: 2}]\n",
        "prod/kustomization.yml": "resources: [../base]\nreplicas: [{name: web, count: 9}]\n",
    }
    parsed = read(files)
    for root in ("dev", "prod"):
        assert_as_kustomize(parsed, tmp_path / "scanned", root)
    assert parsed.roots == ("dev", "prod")
    assert place(parsed, one(parsed, "Deployment", "prod"), "spec.replicas")[0] == "prod/kustomization.yml"
    assert {each.id for each in parsed.declarations} == {
        f"{root}#default/{kind}/web" for root in ("dev", "prod") for kind in ("Deployment", "Service")
    }


@renders
def test_variants_of_one_base_in_one_overlay_are_told_apart(read: Read, tmp_path: Path) -> None:
    files = {
        **BASE,
        "blue/kustomization.yaml": "resources: [../base]\nnamePrefix: blue-\nreplicas: [{name: web, count: 2}]\n",
        "green/kustomization.yaml": "resources: [../base]\nnamePrefix: green-\nreplicas: [{name: web, count: 3}]\n",
        "overlay/kustomization.yaml": "resources: [../blue, ../green]\n",
    }
    parsed = read(files)
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    for each in parsed.declarations:
        color = each.name.partition("-")[0]
        assert place(parsed, each, "metadata.name") == (f"{color}/kustomization.yaml", f"namePrefix: {color}-")


@renders
def test_annotations_that_the_files_ask_for_stay(read: Read, tmp_path: Path) -> None:
    overlay = "resources: [../base]\nbuildMetadata: [originAnnotations, managedByLabel]\n"
    parsed = read({**BASE, "overlay/kustomization.yaml": overlay})
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    assert set(one(parsed, "Service").attributes["metadata"]["annotations"]) == {"config.kubernetes.io/origin"}


@renders
def test_the_rest_of_an_overlay_with_a_remote_base_is_rendered(read: Read) -> None:
    overlay = "resources:\n  - ../base\n  - https://user:hunter22@example.org/org/repo//deploy?ref=v1\n"
    parsed = read({**BASE, "overlay/kustomization.yaml": overlay})
    (problem,) = parsed.problems
    assert (problem.span.file, problem.span.line) == ("overlay/kustomization.yaml", 3)
    assert problem.message == "remote base https://example.org/org/repo//deploy?ref=v1 is not fetched"
    assert problem.kind.incomplete
    assert parsed.partly == {"overlay/kustomization.yaml"}
    assert {each.name for each in parsed.declarations} == {"web"}
    assert parsed.roots == ("overlay",)


@renders
def test_what_cannot_be_rendered_without_the_remote_base_is_said_once(read: Read) -> None:
    overlay = "resources:\n  - github.com/org/repo?ref=v1\npatches:\n  - path: strategic.yaml\n"
    parsed = read({"overlay/kustomization.yaml": overlay, "overlay/strategic.yaml": STRATEGIC})
    assert messages(parsed) == [
        ("overlay/kustomization.yaml", 2, "remote base github.com/org/repo?ref=v1 is not fetched")
    ]
    assert parsed.unread == {"overlay/kustomization.yaml"}
    assert not parsed.declarations


@renders
@pytest.mark.parametrize(
    ("field", "line", "message"),
    [
        ("helmCharts:\n  - name: mychart\n    repo: https://charts.example\n", 3, "helm chart mychart not run by an overlay"),
        ("transformers:\n  - plugin.yaml\n", 3, "plugin Sneaky not run"),
        ("generators:\n  - |-\n    apiVersion: example.org/v1\n    kind: Inline\n    metadata: {name: a}\n", 3, "plugin Inline not run"),
        ("transformers:\n  - function.yaml\n", 3, "plugin LabelTransformer not run"),
        ("components:\n  - ssh://git@example.org/a/b\n", 3, "remote component ssh://example.org/a/b is not fetched"),
        ("configMapGenerator:\n  - name: a\n    files: [x=http://127.0.0.1:9/secret]\n", 4, "remote file http://127.0.0.1:9/secret is not fetched"),
        ("openapi:\n  path: http://127.0.0.1:9/schema.json\n", 3, "remote configuration http://127.0.0.1:9/schema.json is not fetched"),
        ("configMapGenerator:\n  - name: a\n    envs: [../../outside.env]\n", 4, "../../outside.env lies outside of the scanned folder and is not read"),
        ("resources:\n  - ../base\n  - ../../elsewhere\n", 4, "../../elsewhere lies outside of the scanned folder and is not read"),
        ("resources:\n  - ../base\n  - ../link\n", 4, "../link leads outside of the scanned folder and is not read"),
        ("resources:\n  - ../base\n  - /etc/hostname\n", 4, "/etc/hostname lies outside of the scanned folder and is not read"),
        ("patches:\n  - path: ../base/service.yaml\n", 3, "../base/service.yaml is not in or below the folder of its kustomization"),
    ],
)  # fmt: skip
def test_what_is_not_followed_is_named_and_the_rest_is_rendered(
    read: Read, tmp_path: Path, field: str, line: int, message: str
) -> None:
    function = "apiVersion: builtin\nkind: LabelTransformer\nmetadata:\n  name: a\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./evil.sh}\n"
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "kustomization.yaml").write_text("resources: [secret.yaml]\n")
    (outside / "secret.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: stolen}\n")
    (tmp_path / "outside.env").write_text("STOLEN=1\n")
    (tmp_path / "scanned").mkdir()
    (tmp_path / "scanned" / "link").symlink_to(outside, target_is_directory=True)
    files = {
        **BASE,
        "overlay/kustomization.yaml": ("" if field.startswith("resources") else "resources: [../base]\n")
        + ("" if not field.startswith("resources") else "# a line\n")
        + field,
        "overlay/plugin.yaml": "apiVersion: example.org/v1\nkind: Sneaky\nmetadata: {name: a}\n",
        "overlay/function.yaml": function,
    }
    parsed = read(files)
    assert messages(parsed) == [("overlay/kustomization.yaml", line, message)]
    assert parsed.partly == {"overlay/kustomization.yaml"}
    names = {each.name for each in parsed.declarations if each.root == "overlay"}
    assert {name for name in names if not name.startswith("a-")} == {"web"}  # a-… is a ConfigMap without its file


@renders
def test_links_inside_of_the_scanned_folder_are_followed(read: Read, tmp_path: Path) -> None:
    (tmp_path / "scanned").mkdir()
    (tmp_path / "scanned" / "alias").symlink_to("base", target_is_directory=True)
    parsed = read({**BASE, "overlay/kustomization.yaml": "resources: [../alias]\nnamePrefix: a-\n"})
    assert_as_kustomize(parsed, tmp_path / "scanned", "overlay")
    assert parsed.roots == ("overlay",)
    assert place(parsed, one(parsed, "Deployment"), "spec.replicas") == ("base/deployment.yaml", "replicas: 1")


@renders
def test_a_failing_overlay_is_said_and_its_objects_are_read_as_they_are(read: Read) -> None:
    files = {
        "overlay/kustomization.yaml": "resources:\n  - service.yaml\n  - missing.yaml\npatches:\n  - path: strategic.yaml\n",
        "overlay/service.yaml": SERVICE,
        "overlay/strategic.yaml": STRATEGIC,
    }
    parsed = read(files)
    ((file, line, message),) = messages(parsed)
    assert (file, line) == ("overlay/kustomization.yaml", 1)
    assert message.startswith("overlay not rendered: accumulating resources")
    assert "overlay/missing.yaml" in message
    assert "riskscan-" not in message  # the temporary folder
    assert tempfile.gettempdir() not in message
    assert len(message) < 400
    assert parsed.unread == {"overlay/kustomization.yaml"}
    assert [each.id for each in parsed.declarations] == ["default/Service/web"]
    assert parsed.problems[0].kind.incomplete


@renders
def test_a_base_that_several_overlays_cannot_use_is_no_object_twice(read: Read) -> None:
    files = {
        **BASE,
        "good/kustomization.yaml": "resources: [../base]\n",
        "bad/kustomization.yaml": "resources: [../base]\nunknownField: 1\n",
    }
    parsed = read(files)
    assert parsed.roots == ("good",)
    assert [message for _, _, message in messages(parsed)] == [
        'overlay not rendered: invalid Kustomization: json: unknown field "unknownField"'
    ]
    assert parsed.unread == {"bad/kustomization.yaml"}


@pytest.mark.parametrize("content", ["resources: [\n", "- a\n- b\n", "a: 1\n---\nb: 2\n", ""])
def test_a_broken_file_is_a_problem_of_its_own(read: Read, content: str) -> None:
    files = {
        "base/kustomization.yaml": content,
        "base/service.yaml": SERVICE,
        "overlay/kustomization.yaml": "resources: [../base]\n",
    }
    parsed = read(files)
    assert {file for file, _, _ in messages(parsed)} == {"base/kustomization.yaml", "overlay/kustomization.yaml"}
    assert messages(parsed)[-1][2] == "overlay not rendered: base/kustomization.yaml was not read"
    assert parsed.unread == {"base/kustomization.yaml", "overlay/kustomization.yaml"}
    assert [each.id for each in parsed.declarations] == ["default/Service/web"]


@renders
def test_circles_end_in_a_problem(read: Read) -> None:
    files = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n"}
    ((file, _, message),) = messages(read(files))
    assert file == "a/kustomization.yaml"
    assert "cycle detected" in message


def test_bases_that_multiply_are_not_rendered(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kustomize_layers, "MAX_PARTS", 500)
    files = {
        f"l{n}/{side}/kustomization.yaml": f"namePrefix: {side}\nresources: [../../l{n + 1}/a, ../../l{n + 1}/b]\n"
        for n in range(12)
        for side in "ab"
    }
    files |= {f"l12/{side}/kustomization.yaml": "resources: [s.yaml]\n" for side in "ab"}
    files |= {f"l12/{side}/s.yaml": SERVICE for side in "ab"}
    parsed = read(files)
    assert {each.kind for each in parsed.problems} == {ProblemKind.LIMIT}
    assert {message for _, _, message in messages(parsed)} == {
        "overlay not rendered: it is made of more than 500 parts"
    }
    assert parsed.unread == {"l0/a/kustomization.yaml", "l0/b/kustomization.yaml"}


def test_without_a_tool_every_entry_point_says_so(read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    parsed = read(
        {
            **BASE,
            "overlay/kustomization.yaml": "resources: [../base]\n",
            "base/strategic.yaml": STRATEGIC,
            "base/kustomization.yaml": BASE["base/kustomization.yaml"] + "patches: [{path: strategic.yaml}]\n",
        }
    )
    assert messages(parsed) == [("overlay/kustomization.yaml", 1, "overlay not rendered: install kubectl or kustomize")]
    assert parsed.unread == {"overlay/kustomization.yaml"}
    assert {each.id for each in parsed.declarations} == {"default/Deployment/web", "default/Service/web"}


def fake_tool(folder: Path, script: str) -> Path:
    folder.mkdir(parents=True)
    path = folder / "kustomize"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_tool_within_the_scanned_folder_is_not_run(
    read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_tool(tmp_path / "scanned" / "bin", f"echo ran > {tmp_path}/ran")
    monkeypatch.setenv("PATH", os.pathsep.join((str(tmp_path / "scanned" / "bin"), "bin", "")))
    monkeypatch.chdir(tmp_path / "scanned")
    parsed = read({**BASE, "overlay/kustomization.yaml": "resources: [../base]\n"})
    assert messages(parsed)[0][2] == "overlay not rendered: install kubectl or kustomize"
    assert not (tmp_path / "ran").exists()


def test_the_tool_sees_no_settings_no_programs_and_no_way_out(
    read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = 'printf "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: seen}\\ndata:\\n"\nfor each in PATH HOME HTTPS_PROXY http_proxy AWS_SECRET_ACCESS_KEY; do eval "printf \'  %s: \\"%s\\"\\n\' $each \\"\\$$each\\""; done\nprintf "  copy: \'%s\'\\n" "$2"'
    fake_tool(tmp_path / "tools", script)
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaked")
    parsed = read({**BASE, "overlay/kustomization.yaml": "resources: [../base]\n"})
    data = one(parsed, "ConfigMap").attributes["data"]
    assert data["AWS_SECRET_ACCESS_KEY"] == ""
    assert data["HTTPS_PROXY"] == data["http_proxy"] == "http://127.0.0.1:1"
    assert data["HOME"] != os.environ.get("HOME")
    assert str(tmp_path) not in data["PATH"]
    assert not Path(data["copy"]).exists()  # nothing is left behind


def test_a_tool_that_never_ends_is_ended(read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kustomize_run, "SECONDS", 1)
    fake_tool(tmp_path / "tools", "while :; do :; done")
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    parsed = read({**BASE, "overlay/kustomization.yaml": "resources: [../base]\n"})
    assert messages(parsed)[0][2] == "overlay not rendered: it takes longer than 1 seconds"
    assert parsed.problems[0].kind is ProblemKind.LIMIT


@pytest.mark.parametrize(
    ("text", "remote"),
    [  # https://github.com/kubernetes-sigs/kustomize/blob/master/examples/remoteBuild.md
        ("https://github.com/kubernetes-sigs/kustomize//examples/multibases/dev/?ref=v1.0.6", True),
        ("https://raw.githubusercontent.com/kubernetes-sigs/kustomize/main/deployment.yaml", True),
        ("ssh://git@github.com/owner/repo", True),
        ("git@github.com:owner/repo", True),
        ("git::https://example.org/repo", True),
        ("file:///etc//passwd", True),
        ("GitHub.com/owner/repo", True),
        ("github.com/owner/repo//sub?ref=main", True),
        ("gitlab.example.org/org/repo.git//path", True),
        ("https://dev.azure.com/org/project/_git/repo/path", True),
        ("org-12345@github.com:owner/repo", True),
        ("../base?ref=main", True),
        ("../base", False),
        ("service.yaml", False),
        ("./a/b.git.yaml", False),
        ("sub/github.com/x", False),
    ],
)
def test_remote_targets_are_recognized(tmp_path: Path, text: str, remote: bool) -> None:
    assert is_remote(text, tmp_path / text.replace(":", "_")) is remote


@renders
def test_an_overlay_of_a_base_that_is_not_followed_is_named(read: Read) -> None:
    files = {
        "base/kustomization.yaml": "resources:\n  - https://example.org/org/repo\npatches: [{path: strategic.yaml}]\n",
        "base/strategic.yaml": STRATEGIC,
        "overlay/kustomization.yaml": "resources: [../base]\n",
    }
    parsed = read(files)
    assert messages(parsed) == [
        ("base/kustomization.yaml", 2, "remote base https://example.org/org/repo is not fetched"),
        ("overlay/kustomization.yaml", 1, "overlay not rendered: base/kustomization.yaml names what is not followed"),
    ]
    assert not parsed.declarations


@renders
def test_manifests_beside_an_overlay_are_a_root_of_their_own(read: Read) -> None:
    files = {
        "overlay/kustomization.yaml": "resources: [service.yaml]\n",
        "overlay/service.yaml": SERVICE,
        "overlay/one.yaml": DEPLOYMENT,
        "overlay/two.yaml": SERVICE,
    }
    parsed = read(files)
    assert parsed.roots == ("overlay", "overlay/*")
    assert sorted(each.id for each in parsed.declarations) == [
        "overlay#default/Service/web",
        "overlay/*#default/Deployment/web",
        "overlay/*#default/Service/web",
    ]


FIELDS = [
    *(
        "resources",
        "bases",
        "components",
        "patches",
        "patchesStrategicMerge",
        "patchesJson6902",
        "replacements",
        "crds",
    ),
    *("configMapGenerator", "secretGenerator", "helmCharts", "openapi", "generators", "transformers", "buildMetadata"),
    *("images", "replicas", "labels", "commonLabels", "namePrefix", "namespace", "kind"),
]
ODD: list[Any] = [None, 5, "text", "\0", "x" * 5000, "\ud800", [], {}, [None], [5], [[]], [{}], [{"path": 5}], [{"files": [5], "env": {}}], ["."], [""], ["/"], ["a\nb"]]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_an_odd_shape_is_fatal(
    read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: str
) -> None:
    fake_tool(tmp_path / "tools", 'while read -r line; do echo "$line"; done < "$2/objects.txt"')
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    files = {}
    for number, odd in enumerate(ODD):
        files[f"{number}/kustomization.yaml"] = json.dumps(
            {"resources": ["s.yaml"], "configMapGenerator": [{"name": "a", "files": ["objects.txt"]}], field: odd}
        )
        files[f"{number}/objects.txt"] = json.dumps(yaml.safe_load(SERVICE)) + "\n"
        files[f"{number}/s.yaml"] = SERVICE
    parsed = read(files)
    told = {file for file, _, _ in messages(parsed)}
    for number in range(len(ODD)):
        folder = str(number)
        assert folder in parsed.roots or f"{folder}/kustomization.yaml" in told or f"{folder}/s.yaml" in parsed.roots
    assert all(list(each.places.values()) for each in parsed.declarations)


def test_what_our_reader_refuses_is_not_handed_to_kustomize(read: Read) -> None:
    """kustomize would take a gigabyte for these aliases before it gives up."""
    bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: &a [x,x,x,x,x,x,x,x,x]\n"
    for number in range(12):
        name, before = chr(98 + number), chr(97 + number)
        bomb += f"  {name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    parsed = read({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": bomb})
    told = {(problem.span.file, problem.kind, problem.message) for problem in parsed.problems}
    why = "aliases make more than 200000 values of it"
    assert ("kustomization.yaml", ProblemKind.LIMIT, f"overlay not rendered: a.yaml: {why}") in told
    assert parsed.unread == {"kustomization.yaml", "a.yaml"}


# -- the lines of a text ---------------------------------------------------------------------------

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  own.yaml: |
    log: debug
    url: https://one.example.org
  patched.yaml: none
  inline.yaml: none
"""


@renders
@pytest.mark.parametrize(
    ("key", "word", "place"),
    [
        ("own.yaml", "one.example.org", ("base/settings.yaml", 8, 5)),
        ("patched.yaml", "two.example.org", ("overlay/patch.yaml", 8, 5)),
        ("inline.yaml", "three.example.org", ("overlay/kustomization.yaml", 13, 11)),
    ],
)
def test_a_word_in_a_text_stands_in_the_file_that_sets_the_text(
    read: Read, key: str, word: str, place: tuple[str, int, int]
) -> None:
    patch = SETTINGS[: SETTINGS.index("  own.yaml")]
    parsed = read(
        {
            "base/kustomization.yaml": "resources:\n  - settings.yaml\n",
            "base/settings.yaml": SETTINGS,
            "overlay/patch.yaml": patch + "  patched.yaml: |\n    log: info\n    url: https://two.example.org\n",
            "overlay/kustomization.yaml": """\
resources:
  - ../base
patches:
  - path: patch.yaml
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: settings
      data:
        inline.yaml: |
          log: warn
          url: https://three.example.org
""",
        }
    )
    span = one(parsed, "ConfigMap").span_in(f"data.{key}", word)
    assert (span.file, span.line, span.column) == place
