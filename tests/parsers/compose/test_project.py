"""Compose projects from their files. Expectations are the specification's own examples where it has one:
https://github.com/compose-spec/compose-spec (13-merge.md, 14-include.md, 15-profiles.md, 05-services.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model.problem import ProblemKind
from scanner.model.resource import Declaration
from scanner.model.value import Unknown
from scanner.parsers.compose.project import InputFile, read
from scanner.parsers.compose.reading import Options
from scanner.parsers.parsed import Parsed

Read = Callable[..., Parsed]
ALL = "0.0.0.0"  # noqa: S104  # what Docker binds a port to when no address is written


@pytest.fixture
def read_compose(tmp_path: Path) -> Read:
    """What the front end reads of files; those whose names end in .env or .txt lie beside, not among, them."""

    def call(files: Mapping[str, str], scan_root: str = ".") -> Parsed:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        root = (tmp_path / scan_root).resolve()
        found = sorted(
            n for n in files if n.endswith(("yaml", "yml")) and (tmp_path / n).resolve().is_relative_to(root)
        )
        return read([InputFile(tmp_path / name, name) for name in found], Options(tmp_path, root))

    return call


def one(parsed: Parsed, name: str) -> Declaration:
    return next(d for d in parsed.declarations if d.id == name)


def told(parsed: Parsed) -> list[tuple[int, str]]:
    return [(p.span.line, p.message) for p in parsed.problems]


def attributes(parsed: Parsed, name: str) -> dict[str, Any]:
    return {k: v for k, v in one(parsed, name).attributes.items() if k != "environment" or v}


# -- merging ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ("{labels: {a: one, b: two}}", "{labels: {b: TWO, c: three}}", {"labels": {"a": "one", "b": "TWO", "c": "three"}}),
        ("{dns: [1.1.1.1]}", "{dns: [8.8.8.8]}", {"dns": ["1.1.1.1", "8.8.8.8"]}),
        ("{command: [echo, foo]}", "{command: [echo, bar]}", {"command": ["echo", "bar"]}),
        ("{entrypoint: a}", "{entrypoint: b}", {"entrypoint": "b"}),
        ("{healthcheck: {test: [a], retries: 3}}", "{healthcheck: {test: [b]}}", {"healthcheck": {"test": ["b"], "retries": 3}}),
        ("{environment: [A=1, B=2]}", "{environment: {B: 3}}", {"environment": {"A": "1", "B": "3"}}),
        ("{depends_on: [a]}", "{depends_on: {b: {condition: service_healthy}}}", {"depends_on": {"a": {"condition": "service_started", "required": True}, "b": {"condition": "service_healthy"}}}),
        ("{build: .}", "{build: {target: prod}}", {"build": {"context": ".", "target": "prod"}}),
        ("{logging: {driver: a, options: {x: y}}}", "{logging: {driver: b}}", {"logging": {"driver": "b"}}),
        ("{logging: {driver: a, options: {x: y}}}", "{logging: {options: {z: w}}}", {"logging": {"driver": "a", "options": {"x": "y", "z": "w"}}}),
        ("{cap_add: [A]}", "{cap_add: [A, B]}", {"cap_add": ["A", "B"]}),
        ("{image: a}", "{image: }", {"image": "a"}),
    ],
)  # fmt: skip
def test_one_file_over_another(base: str, over: str, result: dict[str, Any], read_compose: Read) -> None:
    full = base if "image" in base or "build" in base else base.replace("{", "{image: i, ", 1)
    expected = result if "image" in base or "build" in base else {"image": "i", **result}
    parsed = read_compose(
        {"compose.yaml": f"services: {{foo: {full}}}", "compose.override.yaml": f"services: {{foo: {over}}}"}
    )
    assert attributes(parsed, "service:foo") == expected
    assert not parsed.problems


def test_mounts_of_one_target_and_equal_ports_replace_each_other(read_compose: Read) -> None:
    parsed = read_compose(
        {
            "compose.yaml": 'services:\n  foo:\n    image: i\n    volumes: [foo:/work]\n    ports: ["80:80"]\n',
            "compose.override.yaml": 'services:\n  foo:\n    volumes: [bar:/work]\n    ports: ["80:80", "443:443"]\n',
        }
    )
    foo = one(parsed, "service:foo")
    assert [mount["source"] for mount in foo.attributes["volumes"]] == ["bar"]
    assert [port["published"] for port in foo.attributes["ports"]] == ["80", "443"]
    assert str(foo.span_of("volumes[0]")) == "compose.override.yaml:3:15"
    assert str(foo.span_of("image")) == "compose.yaml:3:5"


def test_reset_and_override(read_compose: Read) -> None:
    base = 'services:\n  app:\n    image: myapp\n    ports: ["8080:80"]\n    environment:\n      FOO: BAR\n'
    reset = "services:\n  app:\n    ports: !reset []\n    environment:\n      FOO: !reset null\n"
    assert attributes(read_compose({"compose.yaml": base, "compose.override.yaml": reset}), "service:app") == {
        "image": "myapp"
    }
    override = 'services:\n  app:\n    ports: !override\n      - "8443:443"\n'
    app = one(read_compose({"compose.yaml": base, "compose.override.yaml": override}), "service:app")
    assert [port["published"] for port in app.attributes["ports"]] == ["8443"]
    assert str(app.span_of("ports[0]")) == "compose.override.yaml:4:9"


def test_anchors_merge_keys_and_extensions(read_compose: Read) -> None:
    text = (
        "x-common: &common\n  restart: always\n  environment: &env\n    FOO: BAR\n    ZOT: QUIX\n"
        "services:\n  first:\n    <<: *common\n    image: a\n  second:\n    image: b\n    environment:\n"
        "      <<: *env\n      YET_ANOTHER: VARIABLE\n"
    )
    parsed = read_compose({"compose.yaml": text})
    assert attributes(parsed, "service:first") == {
        "restart": "always", "image": "a", "environment": {"FOO": "BAR", "ZOT": "QUIX"},
    }  # fmt: skip
    second = one(parsed, "service:second")
    assert second.attributes["environment"] == {"YET_ANOTHER": "VARIABLE", "FOO": "BAR", "ZOT": "QUIX"}
    assert second.span_of("environment.FOO").line == 4


# -- extends ---------------------------------------------------------------------------------------


def test_a_service_extends_another(read_compose: Read) -> None:
    text = (
        "services:\n  base:\n    image: busybox\n    user: root\n  common:\n    image: busybox\n    extends:\n"
        "      service: base\n    environment:\n      TZ: utc\n      PORT: 80\n    volumes:\n"
        "      - common-volume:/var/lib/backup/data:rw\n"
        "  cli:\n    extends: common\n    environment:\n      PORT: 8080\n    volumes:\n"
        "      - cli-volume:/var/lib/backup/data:ro\n"
    )
    cli = one(read_compose({"compose.yaml": text}), "service:cli")
    assert cli.attributes["environment"] == {"TZ": "utc", "PORT": "8080"}
    assert cli.attributes["user"] == "root"
    assert cli.attributes["volumes"] == [
        {"type": "volume", "target": "/var/lib/backup/data", "source": "cli-volume", "read_only": True}
    ]
    assert "extends" not in cli.attributes
    assert cli.span_of("user").line == 4


def test_a_service_extends_one_of_another_file(read_compose: Read) -> None:
    files = {
        "app/compose.yaml": "services:\n  web:\n    extends:\n      file: ../common/base.yaml\n      service: web\n",
        "common/base.yaml": "services:\n  web:\n    image: ${IMAGE:-nginx}\n    env_file: web.env\n    restart: always\n",
        "common/web.env": "TARGET=https://example.com\n",
        "app/.env": "IMAGE=caddy\n",
    }
    parsed = read_compose(files)
    assert parsed.roots == ("app",)
    web = one(parsed, "service:web")
    assert (web.attributes["image"], web.attributes["environment"]) == ("caddy", {"TARGET": "https://example.com"})
    assert str(web.span_of("restart")) == "common/base.yaml:5:5"
    assert str(web.span_of("environment.TARGET")) == "common/web.env:1:1"
    assert not parsed.problems


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ("a: {image: i, extends: a}", "extends goes in a circle: a -> a"),
        ("a: {extends: b}\n  b: {extends: a}", "extends goes in a circle: a -> b -> a"),
        ("a: {image: i, extends: nobody}", "service nobody is not in compose.yaml"),
        ("a: {image: i, extends: {file: none.yaml, service: b}}", "none.yaml is not in the scanned folder"),
        ("a: {image: i, extends: {file: ../out/x.yaml, service: b}}", "../out/x.yaml lies outside of the scanned folder; not read"),
        ("a: {image: i, extends: {file: /etc/passwd, service: b}}", "lies outside of the scanned folder"),
        ("a: {image: i, extends: {file: 'https://example.com/x.yaml', service: b}}", "https://example.com/x.yaml is not on this machine"),
        ("a: {image: i, extends: {file: $WHERE, service: b}}", "which file is meant is not known: variable WHERE"),
        ("a: {image: i, env_file: ../out/x.txt}", "lies outside of the scanned folder"),
        ("a: {image: i, env_file: none.env}", "none.env is not in the scanned folder"),
        ("a: {image: '${'}", "is not closed"),
        ("a: [1]", "service a is a mapping"),
        ("a: {environment: {B: c}}", "service a says neither image nor build"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said(services: str, message: str, read_compose: Read, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name in ("x.yaml", "x.txt"):
        (tmp_path / "out" / name).write_text("services: {b: {image: j}}")
    parsed = read_compose({"in/compose.yaml": f"services:\n  {services}\n"}, "in")
    assert any(message.replace("../out", "out").replace("none.", "in/none.").replace("not in compose", "not in in/compose")
               in problem.message for problem in parsed.problems), parsed.problems  # fmt: skip


def test_a_link_out_of_the_folder_is_not_followed(read_compose: Read, tmp_path: Path) -> None:
    (tmp_path / "secret.env").write_text("A=stolen\n")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".env").symlink_to(tmp_path / "secret.env")
    parsed = read_compose({"in/compose.yaml": "services: {a: {image: $A}}"}, "in")
    assert isinstance(one(parsed, "service:a").attributes["image"], Unknown)
    assert any("outside" in problem.message for problem in parsed.problems)


def test_a_long_chain_ends_at_the_limit(read_compose: Read) -> None:
    services = "".join(f"  s{n}: {{image: i, extends: s{n + 1}}}\n" for n in range(300))
    parsed = read_compose({"compose.yaml": f"services:\n{services}  s300: {{image: i}}\n"})
    assert {p.kind for p in parsed.problems} == {ProblemKind.LIMIT}
    assert len(parsed.declarations) == 302


# -- include ---------------------------------------------------------------------------------------


def test_included_projects(read_compose: Read) -> None:
    files = {
        "compose.yaml": (
            "include:\n  - commons/compose.yaml\n  - path: [other/compose.yaml, other/more.yaml]\n    env_file: other/dev.env\n"
            "services:\n  webapp:\n    build: .\n    depends_on: [included]\n"
        ),
        ".env": "TAG=ours\n",
        "commons/compose.yaml": "services:\n  included:\n    image: a:$TAG-$OWN\nvolumes: {data: {}}\n",
        "commons/.env": "TAG=theirs\nOWN=own\n",
        "other/compose.yaml": "services:\n  third:\n    image: b:$DEV\n",
        "other/more.yaml": "services:\n  third:\n    user: me\n",
        "other/dev.env": "DEV=1\n",
    }
    parsed = read_compose(files)
    assert parsed.roots == (".",)
    assert not parsed.problems
    assert attributes(parsed, "service:included")["image"] == "a:ours-own"
    assert attributes(parsed, "service:third") == {"image": "b:1", "user": "me"}
    assert str(one(parsed, "service:third").span_of("user")) == "other/more.yaml:3:5"
    assert one(parsed, "volume:data").type == "compose/volume"


def test_includes_in_a_circle(read_compose: Read) -> None:
    parsed = read_compose(
        {
            "a/compose.yaml": "include: [../b/compose.yaml]\nservices: {a: {image: i}}\n",
            "b/compose.yaml": "include: [../a/compose.yaml]\nservices: {b: {image: i}}\n",
        }
    )
    assert any("include goes in a circle: " in p.message for p in parsed.problems)


def test_includes_that_multiply_end_at_the_limit(read_compose: Read) -> None:
    files = {
        f"p{n}/compose.yaml": f"include: [../p{n + 1}/compose.yaml, ../p{n + 1}/./compose.yaml]\nservices: {{s{n}: {{image: i}}}}\n"
        for n in range(30)
    }
    parsed = read_compose({**files, "p30/compose.yaml": "services: {last: {image: i}}"})
    assert any(p.kind is ProblemKind.LIMIT for p in parsed.problems)


# -- variables, profiles, files of variables -------------------------------------------------------


def test_variables_of_the_project(read_compose: Read) -> None:
    files = {
        "compose.yaml": (
            "services:\n  a:\n    image: app:${TAG}\n    environment:\n      - URL=https://$HOST/\n      - MODE\n"
            "      - N=1\n    env_file:\n      - {path: one.env}\n      - {path: none.env, required: false}\n"
        ),
        ".env": "TAG=1.2\n",
        "one.env": "MODE=file\nN=2\nONLY=${TAG}\nHANDED\n",
    }
    parsed = read_compose(files)
    a = one(parsed, "service:a")
    assert a.attributes["image"] == "app:1.2"
    found = a.attributes["environment"]
    assert (found["N"], found["ONLY"]) == ("1", "1.2")
    assert found["URL"].parts[0] == "https://"
    assert found["URL"].reason == "variable HOST is not in .env and has no default"
    assert str(found["URL"].origin) == "compose.yaml:5:9"
    assert isinstance(found["MODE"], Unknown)
    assert isinstance(found["HANDED"], Unknown)
    assert str(a.span_of("environment.ONLY")) == "one.env:3:1"
    assert not parsed.problems


def test_profiles(read_compose: Read) -> None:
    text = "services:\n  foo: {image: foo}\n  bar: {image: bar, profiles: [test]}\n  zot: {image: zot, profiles: [debug]}\n"
    parsed = read_compose({"compose.yaml": text, ".env": "COMPOSE_PROFILES=test,other\n"})
    assert one(parsed, "service:foo").exists is True
    assert one(parsed, "service:bar").exists is True
    assert isinstance(one(parsed, "service:zot").exists, Unknown)


# -- canonical shapes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "published", "target", "address"),
    [
        ('"3000"', None, "3000", None),
        ("3000", None, "3000", None),
        ('"8000:8000"', "8000", "8000", ALL),
        ('"9090-9091:8080-8081"', "9090-9091", "8080-8081", ALL),
        ('"127.0.0.1:8001:8001"', "8001", "8001", "127.0.0.1"),
        ('"127.0.0.1:5000-5010:5000-5010"', "5000-5010", "5000-5010", "127.0.0.1"),
        ('"::1:6000:6000"', "6000", "6000", "::1"),
        ('"[::1]:6001:6001"', "6001", "6001", "::1"),
        ('"6060:6060/udp"', "6060", "6060", ALL),
        ('"127.0.0.1::80"', None, "80", None),
        ("{target: 80, host_ip: 127.0.0.1, published: '8080'}", "8080", 80, "127.0.0.1"),
    ],
)
def test_ports(port: str, published: Any, target: Any, address: Any, read_compose: Read) -> None:
    parsed = read_compose({"compose.yaml": f"services: {{a: {{image: i, ports: [{port}]}}}}"})
    found = one(parsed, "service:a").attributes["ports"][0]
    assert (found.get("published"), found["target"], found.get("host_ip")) == (published, target, address)


def test_a_port_that_is_partly_known(read_compose: Read) -> None:
    parsed = read_compose({"compose.yaml": 'services: {a: {image: i, ports: ["${PORT}:80"]}}'})
    found = one(parsed, "service:a").attributes["ports"][0]
    assert isinstance(found["published"], Unknown)
    assert found["target"] == "80"


@pytest.mark.parametrize(
    ("mount", "kind", "source", "target"),
    [
        ("/var/lib/mysql", "volume", None, "/var/lib/mysql"),
        ("db:/data", "volume", "db", "/data"),
        ("./db:/data:ro", "bind", "./db", "/data"),
        ("~/db:/data", "bind", "~/db", "/data"),
        ('"C:\\\\data:/data"', "bind", "C:\\data", "/data"),
        ("${ROOT:-/srv}/db:/data", "bind", "/srv/db", "/data"),
        ("{type: tmpfs, target: /cache}", "tmpfs", None, "/cache"),
    ],
)
def test_mounts(mount: str, kind: str, source: str | None, target: str, read_compose: Read) -> None:
    parsed = read_compose({"compose.yaml": f"services:\n  a:\n    image: i\n    volumes:\n      - {mount}\n"})
    found = one(parsed, "service:a").attributes["volumes"][0]
    assert (found["type"], found.get("source"), found["target"]) == (kind, source, target)


# -- which files make a project --------------------------------------------------------------------

WEB = "services: {web: {image: i}}"


@pytest.mark.parametrize(
    ("files", "roots"),
    [
        ({"compose.yaml": WEB}, (".",)),
        ({"a/compose.yaml": WEB, "b/docker-compose.yml": WEB}, ("a", "b")),
        ({"compose.yaml": WEB, "compose.override.yml": "services: {web: {user: me}}"}, (".",)),
        ({"docker-compose.yml": WEB, "docker-compose.dev.yml": "services: {web: {user: me}}"}, (".", "docker-compose.dev.yml")),
        ({"docker-compose.yml": WEB, "docker-compose.prod.yml": "services: {web: {user: me}}"}, ("docker-compose.prod.yml",)),
        ({"docker-compose.yml": WEB, "docker-compose.prod.yml": WEB}, (".", "docker-compose.prod.yml")),
        ({"compose.yaml": WEB, "docker-compose.yaml": WEB}, (".", "docker-compose.yaml")),
        ({"a.yaml": WEB, "b.yaml": WEB, ".env": "COMPOSE_FILE=a.yaml:b.yaml\n"}, (".",)),
        ({"net.yaml": WEB, "podman/net.yaml": "services: {web: {user: me}}"}, ("podman/net.yaml",)),
    ],
)  # fmt: skip
def test_projects(files: dict[str, str], roots: tuple[str, ...], read_compose: Read) -> None:
    assert read_compose(files).roots == roots


def test_ids_have_the_project_before_them_when_there_are_several(read_compose: Read) -> None:
    parsed = read_compose({"a/compose.yaml": WEB, "b/compose.yaml": f"name: shop\n{WEB}"})
    assert [d.id for d in parsed.declarations] == [
        "a#project:a", "a#service:web", "b#project:shop", "b#service:web",
    ]  # fmt: skip
    assert [d.provider.attributes["project"] for d in parsed.declarations] == ["a", "a", "shop", "shop"]


def test_a_file_that_is_no_project(read_compose: Read) -> None:
    parsed = read_compose({"compose.yaml": "- a\n", "b/compose.yaml": "services: []\n", "c/compose.yaml": "a: {\n"})
    assert parsed.unread == {"compose.yaml", "c/compose.yaml"}
    assert {problem.span.file for problem in parsed.problems} == {"compose.yaml", "b/compose.yaml", "c/compose.yaml"}


def test_secrets_that_files_hold_are_known(read_compose: Read) -> None:
    text = "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: s3cr3t-w0rd\n      POSTGRES_USER: postgres1\n"
    assert read_compose({"compose.yaml": text}).secrets == {"s3cr3t-w0rd"}


_JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(["$", "${", "a:b", "${A:-${B}}", "", "../x", "\0"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [*("services", "volumes", "include", "extends", "service", "file", "path", "image", "build", "ports"),
                 *("environment", "env_file", "depends_on", "deploy", "labels", "secrets", "configs", "networks", "a")]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=25,
)  # fmt: skip


@given(_JUNK)
def test_no_shape_makes_it_crash(tmp_path_factory: pytest.TempPathFactory, junk: Any) -> None:
    import json

    folder = tmp_path_factory.mktemp("junk")
    (folder / "compose.yaml").write_text(
        json.dumps({"services": junk, "include": junk, "volumes": junk, "configs": junk})
    )
    files = [InputFile(folder / "compose.yaml", "compose.yaml")]
    parsed = read(files, Options(folder, folder))
    for declaration in parsed.declarations:
        list(declaration.places)


def test_of_too_many_services_the_first_are_read(read_compose: Read) -> None:
    parsed = read_compose({"compose.yaml": "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(1002))})
    assert sum(d.type == "compose/service" for d in parsed.declarations) == 1000
    (problem,) = parsed.problems
    assert (problem.span.line, problem.kind) == (1002, ProblemKind.LIMIT)
    assert parsed.partly == {"compose.yaml"}


# -- the lines of a text ---------------------------------------------------------------------------


def test_a_word_stands_in_the_line_of_the_file_that_says_it(read_compose: Read) -> None:
    parsed = read_compose(
        {
            "compose.yaml": """\
services:
  node:
    image: node
    environment:
      CONFIG: |
        log: debug
        url: https://one.example.org
      OTHER: https://two.example.org
""",
            "compose.override.yaml": """\
services:
  node:
    command: >-
      run
      --url https://three.example.org
""",
        }
    )
    node = next(d for d in parsed.declarations if d.name == "node")
    assert str(node.span_in("environment.CONFIG", "one.example.org")) == "compose.yaml:7:9"
    assert str(node.span_in("environment.OTHER", "two.example.org")) == "compose.yaml:8:7"
    assert str(node.span_in("command", "three.example.org")) == "compose.override.yaml:5:7"
