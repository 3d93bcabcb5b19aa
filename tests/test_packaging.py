"""The wheel that users get, and the files around the package that must agree with one another."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from scanner.version import VERSION

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-I", "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run_installed(site: Path, code: str, cwd: Path) -> str:
    """Run code with the unpacked wheel before everything else, away from the checkout. Returns its stdout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RISKSCAN"))}
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_the_package_and_its_data_only(wheel: Path) -> None:
    tops = {path.name for path in wheel.iterdir()}
    assert tops == {"scanner", f"riskscan-{VERSION}.dist-info"}
    shipped = {path.relative_to(ROOT / "rules") for path in (ROOT / "rules").rglob("*.yaml")}
    packed = {
        path.relative_to(wheel / "scanner/_data/rules") for path in (wheel / "scanner/_data/rules").rglob("*.yaml")
    }
    assert packed == shipped
    assert (wheel / "scanner/config_schema.json").is_file()
    page = Path("scanner/reporters/html")
    parts = {path.relative_to(ROOT) for path in (ROOT / page).rglob("*") if path.suffix in (".css", ".html", ".js")}
    assert parts == {path.relative_to(wheel) for path in (wheel / page).rglob("*") if path.suffix not in (".py", "")}
    assert len(parts) > 10
    assert not list(wheel.rglob("*.pyc"))


def test_wheel_declares_the_command_and_the_licence(wheel: Path) -> None:
    info = wheel / f"riskscan-{VERSION}.dist-info"
    scripts = configparser.ConfigParser()
    scripts.read(info / "entry_points.txt")
    assert dict(scripts["console_scripts"]) == {"riskscan": "scanner.cli.main:main"}
    assert "Apache License" in (info / "licenses" / "LICENSE").read_text(encoding="utf-8")


def test_installed_tables_are_those_of_the_checkout_without_reading_yaml(wheel: Path, tmp_path: Path) -> None:
    code = """
import json
from scanner.catalog.load import catalog
from scanner.rules.load import load_rules
from scanner.compliance.frameworks import frameworks
from scanner.compliance.mapping import mapped
from scanner.simulation.incidents import load_incidents
names = [sorted(catalog().types), sorted(load_rules().rules), sorted(load_incidents()), sorted(frameworks())]
names.append(len(mapped().observations))
print(json.dumps([*names, "yaml" in sys.modules]))
"""
    types, rules, incidents, laws, observations, parsed = json.loads(run_installed(wheel, code, tmp_path))
    from scanner.catalog.load import catalog
    from scanner.compliance.frameworks import frameworks
    from scanner.compliance.mapping import mapped
    from scanner.rules.load import load_rules
    from scanner.simulation.incidents import load_incidents

    assert types == sorted(catalog().types)
    assert rules == sorted(load_rules().rules)
    assert incidents == sorted(load_incidents())
    assert laws == sorted(frameworks())
    assert observations == len(mapped().observations)
    assert not parsed, "the compiled tables were not used"


def test_installed_command_tells_its_version(wheel: Path, tmp_path: Path) -> None:
    code = "from scanner.cli.main import run; sys.exit(run(['--version']))"
    assert run_installed(wheel, code, tmp_path) == f"riskscan {VERSION}\n"


def test_installed_command_writes_evidence_as_a_page(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_db_instance" "a" {\n  multi_az = false\n}\n', encoding="utf-8")
    call = f"run(['report', {str(tmp_path)!r}, '--framework', 'dora', '--format', 'html'])"
    page = run_installed(wheel, f"from scanner.cli.main import run; sys.exit({call})", tmp_path)
    assert page.startswith("<!doctype html>")
    assert "has no standby in another zone" in page


def keys_that_are_not_text(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every such key of the mappings inside a value, after the path to its mapping."""
    if isinstance(value, dict):
        for key, member in value.items():
            if not isinstance(key, str):
                yield path, key
            yield from keys_that_are_not_text(member, (*path, str(key)))
    elif isinstance(value, list):
        for member in value:
            yield from keys_that_are_not_text(member, path)


def test_compiled_tables_mean_the_same_as_their_yaml() -> None:
    """JSON has text keys only, so ``1:`` and ``true:`` change. Only ``map`` tables may have them: they compare text."""
    from scanner.catalog.load import FOLDER, compile_catalog
    from scanner.compliance import frameworks, mapping
    from scanner.rules.load import compile_rules, shipped_folder
    from scanner.simulation import incidents

    recorded = incidents.compile_incidents(incidents.shipped_folder())
    laws = frameworks.compile_frameworks(frameworks.shipped_folder())
    evidence = mapping.compile_evidence(mapping.shipped_folder())
    for tables in (compile_catalog(FOLDER), compile_rules(shipped_folder()), recorded, laws, evidence):
        for path, key in keys_that_are_not_text(tables):
            assert path[-1] == "map", path
            assert isinstance(key, (bool, int)), path
        once = json.loads(json.dumps(tables))
        assert list(keys_that_are_not_text(once)) == []
        assert json.dumps(once) == json.dumps(tables), "two keys became the same text"


def test_lock_satisfies_the_dependencies_and_pins_every_file(project: dict[str, Any]) -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    pins = {}
    for line in text.splitlines():
        requirement, *hashes = line.split("--hash=")
        found = re.match(r"([\w.-]+)==(\S+)", requirement)
        assert found, f"not a pinned requirement: {line[:80]}"
        assert hashes, f"{found[1]} has no hashes"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest.strip()) for digest in hashes)
        pins[found[1].lower()] = found[2]
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for wish in map(Requirement, wanted):
        assert wish.specifier.contains(pins[wish.name.lower()]), f"the lock misses {wish}"


def test_lock_names_no_index() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_version_is_stated_once() -> None:
    assert metadata.version("riskscan") == VERSION
    assert f'version = "{VERSION}"' not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_pre_commit_hook_runs_the_command_on_the_whole() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["entry"].split() == ["riskscan", "scan"]
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    for name in ("main.tf", "envs/prod.tfvars", "k8s/app.yaml", "stack.json", "main.tofu", "root.hcl"):
        assert re.search(hook["files"], name), name
    assert not re.search(hook["files"], "README.md")
