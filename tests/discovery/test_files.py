"""Which files a scan reads, what it leaves out, and what it says of those."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scanner.discovery import Discovery, discover, find_base, with_named
from scanner.discovery.files import format_of

LIMIT = 1_000


def touch(root: Path, *names: str, content: str = "") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def names(found: Discovery) -> list[str]:
    return [file.name for file in found.files]


def told(found: Discovery) -> list[tuple[str, str, str]]:
    return [(problem.span.file, problem.kind.value, problem.message) for problem in found.problems]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("main.tf", "terraform"),
        ("main.tofu", "terraform"),
        ("main.tf.json", "terraform"),
        ("main.tofu.json", "terraform"),
        ("terraform.tfvars", "terraform-variables"),
        ("main.bicep", "bicep"),
        ("prod.bicepparam", "bicep-parameters"),
        ("a.auto.tfvars.json", "terraform-variables"),
        ("main.tf.bak", None),
        ("main.json", None),
        ("tf", None),
        # What Terraform itself passes over: https://github.com/hashicorp/terraform, configs.IsIgnoredFile
        (".main.tf", None),
        ("main.tf~", None),
        (".#main.tf", None),
        ("#main.tf#", None),
        (".auto.tfvars", "terraform-variables"),
    ],
)
def test_formats(name: str, expected: str | None) -> None:
    assert format_of(name) == expected


def test_files_of_all_folders_in_order_without_foreign_ones(tmp_path: Path) -> None:
    touch(tmp_path, "b/main.tf", "a/z.tf", "a/a.tf", "c.tf", "README.md")
    touch(tmp_path, ".terraform/modules/x/main.tf", "a/.git/x.tf", "node_modules/x/a.tf", ".terragrunt-cache/x.tf")
    found = discover([tmp_path], LIMIT)
    assert names(found) == ["a/a.tf", "a/z.tf", "b/main.tf", "c.tf"]
    assert told(found) == []


def test_a_file_and_several_paths_are_read_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/main.tf", "b/main.tf", "b/other.tf")
    found = discover([tmp_path / "a", tmp_path / "b" / "main.tf", tmp_path / "a" / "main.tf"], LIMIT)
    assert names(found) == ["a/main.tf", "b/main.tf"]


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        discover([tmp_path / "nothing"], LIMIT)


def test_names_relate_to_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "repository/.git/HEAD", "repository/envs/prod/main.tf")
    assert names(discover([tmp_path / "repository" / "envs"], LIMIT)) == ["envs/prod/main.tf"]
    touch(tmp_path, "plain/envs/main.tf")
    assert find_base([tmp_path / "plain" / "envs"]) == tmp_path / "plain" / "envs"
    monkeypatch.chdir(tmp_path / "plain")
    assert names(discover([tmp_path / "plain" / "envs"], LIMIT)) == ["envs/main.tf"]


def test_a_large_file_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "exact.tf", content="#" * LIMIT)
    touch(tmp_path, "large.tf", content="#" * (LIMIT + 1))
    found = discover([tmp_path], LIMIT)
    assert names(found) == ["exact.tf"]
    assert told(found) == [
        ("large.tf", "limit", "file of 1001 bytes is larger than limits.max_file_bytes (1000)"),
    ]


def test_links(tmp_path: Path) -> None:
    touch(tmp_path, "outside/secret.tf", "root/main.tf", "root/folder/a.tf")
    root = tmp_path / "root"
    (root / "inside.tf").symlink_to(root / "folder" / "a.tf")
    (root / "outside.tf").symlink_to(tmp_path / "outside" / "secret.tf")
    (root / "broken.tf").symlink_to(root / "nothing.tf")
    (root / "loop.tf").symlink_to(root / "pool.tf")
    (root / "pool.tf").symlink_to(root / "loop.tf")
    (root / "folder" / "up").symlink_to(root)
    (root / "away").symlink_to(tmp_path / "outside")
    found = discover([root], LIMIT)
    assert names(found) == ["folder/a.tf", "inside.tf", "main.tf"]
    problems = {name: message for name, kind, message in told(found) if kind == "unreadable"}
    assert problems.keys() == {"broken.tf", "loop.tf", "outside.tf", "pool.tf"}
    assert problems["outside.tf"] == "link that leads outside the scanned folder"
    assert problems["broken.tf"] == "file not read: No such file or directory"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tf")
    found = discover([tmp_path], LIMIT)
    assert (names(found), told(found)) == ([], [("pipe.tf", "unreadable", "not a regular file")])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    touch(tmp_path, "closed/main.tf", "open.tf")
    (tmp_path / "closed").chmod(0)
    found = discover([tmp_path], LIMIT)
    (tmp_path / "closed").chmod(0o700)
    assert (names(found), told(found)) == (
        ["open.tf"],
        [("closed", "unreadable", "folder not read: Permission denied")],
    )


def test_strange_names(tmp_path: Path) -> None:
    touch(tmp_path, "with space.tf", "ü.tf", "new\nline.tf", "quote'\".tf")
    assert sorted(names(discover([tmp_path], LIMIT))) == sorted(
        ["new\nline.tf", "quote'\".tf", "with space.tf", "ü.tf"]
    )


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("stack.yml", "services:\n  a:\n    image: b\n", "compose"),
        ("stack.yml", "version: '3'\nx-a: 1\nservices:\n  a:\n    image: b\n", "compose"),
        ("podman-compose-net.yaml", "services:\n  a:\n    volumes: [b]\n", "compose"),
        ("compose.prod.yml", "include: [a.yaml]\n", "compose"),
        ("decompose.yaml", "services:\n  a:\n    volumes: [b]\n", None),
        ("values.yaml", "services:\n  a:\n    image: b\nreplicaCount: 2\n", None),
        ("pipeline.yml", "jobs:\n  a:\n    services:\n      db:\n        image: postgres\n", None),
    ],
)
def test_compose_files_are_told_by_what_they_say(name: str, content: str, found: str | None, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert [file.format for file in discover([tmp_path], 10_000).files] == ([found] if found else [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_manifests_in_any_encoding_that_yaml_allows_are_found(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("apiVersion: v1\nkind: Pod\n".encode(encoding))
    assert [file.format for file in discover([tmp_path], 1_000_000).files] == ["kubernetes"]


@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "terraform.tfstate", "a.txt", "a.json.bak"])
def test_json_that_programs_write_is_told_by_its_content_where_it_may_be_json(name: str, tmp_path: Path) -> None:
    touch(tmp_path, name, content='{"format_version": "1.2", "planned_values": {}}')
    expected = [] if name.endswith((".txt", ".bak")) else ["terraform-plan"]
    assert [file.format for file in discover([tmp_path], LIMIT).files] == expected


def test_a_plan_that_holds_manifests_is_a_plan(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a.json",
        content='{"format_version": "1.2", "planned_values": {"x": {"apiVersion": "v1", "kind": "Pod"}}}',
    )
    assert [file.format for file in discover([tmp_path], LIMIT).files] == ["terraform-plan"]


def test_files_that_are_named_beside_the_paths(tmp_path: Path) -> None:
    touch(tmp_path, "in/main.tf", "out/other.json", content="")
    touch(
        tmp_path,
        "in/plan.json",
        "out/plan.json",
        "out/state",
        content='{"format_version": "1.0", "values": {"root_module": {}}}',
    )
    touch(tmp_path, "out/large", content="x" * (LIMIT + 1))
    found = discover([tmp_path / "in"], LIMIT)
    named = [tmp_path / name for name in ("out/plan.json", "in/plan.json", "out/plan.json", "out/state", "out/large")]
    more = with_named(found, named, ("terraform-plan", "terraform-state"), LIMIT)
    prefix = os.path.relpath(tmp_path / "out", more.base).replace(os.sep, "/")
    assert {file.name: file.format for file in more.files} == {
        **{file.name: file.format for file in found.files},
        f"{prefix}/plan.json": "terraform-state",
        f"{prefix}/state": "terraform-state",
    }
    assert [(problem.span.file, problem.kind.value) for problem in more.problems] == [(f"{prefix}/large", "limit")]
    assert [file.format for file in more.left_out] == ["terraform-plan"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n"),
        ("a.yml", "Description: x\nResources:\n  T:\n    Type: AWS::SNS::Topic\n"),
        ("a.yaml", "Resources:\n  T: {Type: 'Custom::Thing'}\n"),
        ("a.yaml", 'Resources:\n  T:\n    Type: "Alexa::ASK::Skill"\n'),
        ("vpc.template", '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'),
        ("vpc.template", "AWSTemplateFormatVersion: 2010-09-09\n"),
        ("a.json", '{\n "AWSTemplateFormatVersion" : "2010-09-09"}'),
        ("Stack.template.json", '{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}'),
        ("manifest.json", '{"version": "36.0.0", "artifacts": {"S": {"type": "aws:cloudformation:stack"}}}'),
        ("serverless.yml", "service: a\nprovider:\n  name: aws\n"),
        ("serverless.prod.yml", "service: a\nprovider: {name: aws}\n"),
        # a start-up script with a manifest of Kubernetes in it is a part of its template
        ("a.yaml", "Resources:\n  I:\n    Type: AWS::EC2::Instance\n    U: |\n      apiVersion: v1\n      kind: Pod\n"),
    ],
)
def test_templates_are_told_by_what_they_say(tmp_path: Path, name: str, content: str) -> None:
    touch(tmp_path, name, content=content)
    assert [file.format for file in discover([tmp_path], LIMIT).files] == ["cloudformation"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.yaml", "Resources:\n  cpu: 1\n"),
        ("a.yaml", "spec:\n  Resources:\n    Type: AWS::SNS::Topic\n"),
        ("a.json", '{"ResourceTypes": {"AWS::SNS::Topic": {}}}'),
        ("a.json", '{"parameters": [{"Type": "AWS::EC2::VPC::Id"}]}'),
        ("manifest.json", '{"name": "a web app", "version": "1", "icons": []}'),
        ("provider.yml", "service: a\nprovider:\n  name: aws\n"),
        ("pod.template", "apiVersion: v1\nkind: Pod\n"),
        ("a.template", "Dear {{name}},\n"),
        ("a.txt", "AWSTemplateFormatVersion: 2010-09-09\n"),
    ],
)
def test_what_only_looks_like_a_template_is_left(tmp_path: Path, name: str, content: str) -> None:
    touch(tmp_path, name, content=content)
    assert discover([tmp_path], LIMIT).files == ()
