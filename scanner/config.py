"""How to scan: defaults, then ``.riskscan.yaml``, then the environment, then flags, in one frozen value.

The command line overrides fields with :func:`msgspec.structs.replace`; nothing below it reads the environment or the
clock.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from scanner.model.baseline import Baseline
from scanner.model.finding import Acceptance, Axis, Severity
from scanner.model.path_placement import PathPlacement
from scanner.model.resource import EdgeKind
from scanner.model.service import Criticality, Level, Targets
from scanner.model.span import Span

if TYPE_CHECKING:
    from scanner.cache.store import Cache
    from scanner.config_file import Positioned

FILE_NAMES: Final = (".riskscan.yaml", ".riskscan.yml")
"""What a configuration file is called; the first that exists counts."""

SCHEMA_PATH: Final = Path(__file__).with_name("config_schema.json")
"""The JSON Schema of the file."""


ESCROWED: Final = "material-escrowed"
"""The claim that a key's material also exists outside, with the holder who vouches for it."""


OTHERS: Final = frozenset({Acceptance.CHECKOV, Acceptance.TRIVY, Acceptance.TFSEC})
"""The other tools whose waivers count unless the configuration says otherwise."""


class ConfigError(Exception):
    """The configuration, or a flag, cannot be used. Each line says where and why."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class UnknownPolicy(StrEnum):
    """What to do with a question that the files do not decide."""

    REPORT = "report"  # show it, do not fail
    IGNORE = "ignore"  # leave it out of findings; it is still counted
    FAIL = "fail"  # treat it as a failure of the rule's severity


class Service(Struct, frozen=True):
    """A top event: something that must keep running, or must be releasable.

    ``entry`` holds ids or globs, ``kind:NAME`` and ``tag:KEY=VALUE``; ``threshold`` is how many of the entries must
    be up.
    """

    name: str
    entry: tuple[str, ...]
    criticality: str = "high"
    threshold: int | Literal["all"] = 1
    span: Span | None = None


class Link(Struct, frozen=True):
    """A dependency that no file states. Both ends are ids or globs."""

    source: str
    target: str
    kind: EdgeKind = EdgeKind.RUNTIME
    span: Span | None = None


class Attestation(Struct, frozen=True):
    """What somebody vouches for since no file can prove it. ``until`` is the last day on which it holds.

    It is about a ``resource``, or about a ``control`` (``dora:Art. 28(8)``) or framework (``dora``); ``evidence`` is
    where its proof lies.
    """

    resource: str
    claim: str
    holder: str = ""
    until: date | None = None
    span: Span | None = None
    control: str = ""
    evidence: str = ""

    @property
    def about(self) -> str:
        """What it is about, whichever of both it is."""
        return self.resource or self.control

    def past(self, today: date | None) -> bool:
        """Whether it no longer holds. Without a day, nothing ends."""
        return self.until is not None and today is not None and self.until < today


class Waiver(Struct, frozen=True):
    """An accepted risk: ``rule`` is a code or slug, ``resource`` an id or glob, ``until`` the last day it holds."""

    rule: str
    resource: str
    reason: str = ""
    until: date | None = None
    span: Span | None = None


_Placed = TypeVar("_Placed", Service, PathPlacement, Link, Attestation, Waiver)


class Limits(Struct, frozen=True):
    """Where reading stops, and a problem is reported instead."""

    max_file_bytes: int = 5 * 1024 * 1024


class Config(Struct, frozen=True):
    """Everything that decides a scan besides the paths.

    ``file`` is the configuration file, and ``root`` its folder, to which the globs of ``environments`` and
    ``placements`` relate; both are ``None`` without a file. ``packs`` are absolute or relative to the working
    directory. Rule names in ``disable``, ``severities`` and ``waivers`` are as written until :func:`with_rule_codes`.
    ``targets`` is the size that the smallest cut of services of a criticality must have at a level.
    ``fail_on`` is ``None`` for never. ``environment_variables`` holds the values of ``TF_VAR_…``. Without ``today``,
    nothing expires. ``zone_ids`` maps a zone's id (``apne1-az4``) to the name that the account gives it. Charts are
    rendered with ``helm_values``, the last of which wins, and called as they are without ``helm_release``. ``plans``
    are read beside the paths, wherever they lie. ``parameter_files`` hold values for parameters of templates.
    ``places`` tells where each value of the file stands, by its path. Waivers in the scanned files do not count where
    they stand on the files and lines of ``refused``. ``accepted`` is what the file ``baseline`` holds, once it has been
    read. Of other tools the waivers of those in ``honour`` count. ``cache`` keeps what was read for further readings
    and decides nothing.
    """

    file: Path | None = None
    root: Path | None = None
    variables: Mapping[str, str] = {}
    var_files: tuple[Path, ...] = ()
    plans: tuple[Path, ...] = ()
    helm_values: tuple[Path, ...] = ()
    helm_release: str = ""
    helm_namespace: str = "default"
    parameter_files: tuple[Path, ...] = ()
    environment_variables: Mapping[str, str] = {}
    workspace: str | None = None
    region: str | None = None
    packs: tuple[Path, ...] = ()
    baseline: Path | None = None
    accepted: Baseline | None = None
    honour: frozenset[Acceptance] = OTHERS
    disable: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = {}
    waivers: tuple[Waiver, ...] = ()
    environments: Mapping[str, tuple[str, ...]] = {}
    placements: tuple[PathPlacement, ...] = ()
    services: tuple[Service, ...] = ()
    custody: tuple[Service, ...] = ()
    targets: Targets = {}
    links: tuple[Link, ...] = ()
    attest: tuple[Attestation, ...] = ()
    zone_ids: Mapping[str, str] = {}
    fail_on: Severity | None = Severity.HIGH
    min_severity: Severity = Severity.INFO
    axes: frozenset[Axis] = frozenset(Axis)
    unknown: UnknownPolicy = UnknownPolicy.REPORT
    limits: Limits = Limits()
    strict: bool = False
    allow_incomplete: bool = False
    exit_zero: bool = False
    fail_on_target: bool = False
    fail_on_new: bool = False
    today: date | None = None
    cache: Cache | None = None
    rule_places: Mapping[str, Span] = {}
    places: Mapping[str, Span] = {}
    refused: frozenset[tuple[str, int]] = frozenset()


def find_config(paths: Sequence[Path], working_directory: Path) -> Path | None:
    """The configuration of a scan: the nearest above the paths' common folder, no higher than the repository's root.

    Without a repository the search ends at the working directory if that is above, else it does not climb at all.
    """
    start = common_folder(paths)
    top = repository_root(start) or (working_directory if start.is_relative_to(working_directory) else start)
    for folder in (start, *start.parents):
        for name in FILE_NAMES:
            if (folder / name).is_file():
                return folder / name
        if folder == top:
            break
    return None


def common_folder(paths: Sequence[Path]) -> Path:
    """The folder that holds all paths, absolute."""
    folders = [str(path if path.is_dir() else path.parent) for path in (p.resolve() for p in paths)]
    return Path(os.path.commonpath(folders))


def repository_root(folder: Path) -> Path | None:
    """The nearest folder at or above an absolute one that holds ``.git``."""
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), None)


def load_config(path: Path, shown_as: str = "") -> Config:
    """The configuration in a file. ``shown_as`` is its name in messages, by default the path.

    Raises :class:`ConfigError` with one line for each mistake: file, line, column, what is wrong, the nearest right
    word.
    """
    name = shown_as or path.as_posix()
    folder = path.parent.resolve()
    boundary = repository_root(folder) or folder
    if not path.resolve().is_relative_to(boundary):
        raise ConfigError(f"{name}: the link leads outside of {boundary}")
    return _config(_checked(path, name), path, boundary)


def _checked(path: Path, name: str) -> Positioned:
    """The file's data, after the schema has nothing to say against it."""
    from scanner.config_file import Refused, read_yaml, violations  # YAML is imported only when there is a file

    try:
        document = read_yaml(path.read_text(encoding="utf-8-sig"), name)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8") from None
    except Refused as refused:
        raise ConfigError(f"{refused.span}: {refused}") from None
    schema = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
    wrong = [(document.places[at], at, clause) for at, clause in violations(document.data, schema)]
    if wrong:
        wrong.sort(key=lambda mistake: mistake[0])
        raise ConfigError(*(f"{span}: {_located(at, clause)}" for span, at, clause in wrong))
    return document


def _located(path: str, clause: str) -> str:
    """A clause that says which key it is about; a clause about a key's own name says so already."""
    return clause if path.endswith("#") or not path else f"{path}: {clause}"


def _config(document: Positioned, path: Path, boundary: Path) -> Config:
    data, places = document.data, document.places
    rules = data.get("rules", {})
    waivers = data.get("ignore", [])
    helm = data.get("helm", {})
    parameters = data.get("cloudformation", {}).get("parameters", [])
    _tell_names_apart(data, places)
    return Config(
        file=path,
        root=path.parent.resolve(),
        region=data.get("region"),
        packs=tuple(_pack(p, i, path, boundary, places) for i, p in enumerate(rules.get("packs", []))),
        helm_values=tuple(
            _named_file(p, f"helm.values[{i}]", path, boundary, places) for i, p in enumerate(helm.get("values", []))
        ),
        parameter_files=tuple(
            _named_file(p, f"cloudformation.parameters[{i}]", path, boundary, places) for i, p in enumerate(parameters)
        ),
        helm_release=helm.get("release", ""),
        helm_namespace=helm.get("namespace", "default"),
        baseline=_baseline(data, path, boundary, places),
        honour=frozenset(map(Acceptance, data["honour"])) if "honour" in data else OTHERS,
        disable=frozenset(rules.get("disable", [])),
        severities={name: severity_of(word) for name, word in rules.get("severity", {}).items()},
        waivers=tuple(
            Waiver(w["rule"], w["resource"], w.get("reason", ""), _date(w), places[f"ignore[{i}]"])
            for i, w in enumerate(waivers)
        ),
        environments={name: tuple(globs) for name, globs in data.get("environments", {}).items()},
        placements=tuple(_placement(p, places[f"placements[{i}]"]) for i, p in enumerate(data.get("placements", []))),
        services=_services(data, "services", places),
        custody=_services(data, "custody", places),
        targets={
            Criticality(tier): {Level(level): size for level, size in levels.items()}
            for tier, levels in data.get("targets", {}).items()
        },
        links=tuple(
            Link(link["from"], link["to"], EdgeKind(link.get("kind", EdgeKind.RUNTIME)), places[f"links[{i}]"])
            for i, link in enumerate(data.get("links", []))
        ),
        attest=tuple(_attestation(a, i, places) for i, a in enumerate(data.get("attest", []))),
        zone_ids={zone_id: name for name, zone_id in data.get("zone_ids", {}).items()},
        fail_on=severity_or_never(data.get("fail_on", "high")),
        fail_on_new=data.get("fail_on_new", False),
        limits=Limits(**data.get("limits", {})),
        rule_places=_rule_places(rules, waivers, places),
        places=places,
    )


def _tell_names_apart(data: Mapping[str, Any], places: Mapping[str, Span]) -> None:
    """Reports know services and custody items by their names."""
    first: dict[str, Span] = {}
    for key in ("services", "custody"):
        for i, service in enumerate(data.get(key, [])):
            name, place = service["name"], places[f"{key}[{i}]"]
            if name in first:
                raise ConfigError(f"{place}: the name `{name}` is taken at line {first[name].line}; give it another")
            first[name] = place


def _services(data: Mapping[str, Any], key: str, places: Mapping[str, Span]) -> tuple[Service, ...]:
    return tuple(
        Service(
            s["name"], tuple(s["entry"]), s.get("criticality", "high"), s.get("threshold", 1), places[f"{key}[{i}]"]
        )
        for i, s in enumerate(data.get(key, []))
    )


def _placement(data: Mapping[str, Any], span: Span) -> PathPlacement:
    return PathPlacement(
        paths=tuple(data["paths"]),
        provider=data.get("provider", ""),
        account=str(data.get("account", "")),
        region=data.get("region", ""),
        zones=tuple(map(str, data.get("zones", []))),
        cluster=data.get("cluster", ""),
        span=span,
    )


def _attestation(data: Mapping[str, Any], index: int, places: Mapping[str, Span]) -> Attestation:
    """What somebody vouches for: of a resource or of a control that exists."""
    at, control = f"attest[{index}]", data.get("control", "")
    if control and "resource" in data:
        raise ConfigError(f"{places[f'{at}.control']}: {at}: name a resource or a control, not both")
    if control:
        from scanner.compliance.citations import fault, split  # frameworks are read only when one is named

        if wrong := fault(*split(control)):
            raise ConfigError(f"{places[f'{at}.control']}: {at}.control: {wrong}")
    return Attestation(
        data.get("resource", ""),
        data["claim"],
        data.get("holder", ""),
        _date(data),
        places[at],
        control,
        data.get("evidence", ""),
    )


def _pack(text: str, index: int, path: Path, boundary: Path, places: Mapping[str, Span]) -> Path:
    """A rule pack's folder."""
    place = places[f"rules.packs[{index}]"]
    folder = _inside(text, place, path, boundary, f"the rule pack `{text}` is", "--rules")
    if not folder.is_dir():
        raise ConfigError(f"{place}: the rule pack `{text}` is not a folder")
    return folder


def _named_file(text: str, at: str, path: Path, boundary: Path, places: Mapping[str, Span]) -> Path:
    """A file of values."""
    flag = "--helm-values" if at.startswith("helm.") else ""
    file = _inside(text, places[at], path, boundary, f"the values `{text}` are", flag)
    if not file.is_file():
        raise ConfigError(f"{places[at]}: the values `{text}` are not a file")
    return file


def _baseline(data: Mapping[str, Any], path: Path, boundary: Path, places: Mapping[str, Span]) -> Path | None:
    """The file of accepted findings, which need not be there yet."""
    text = data.get("baseline")
    what = f"the baseline `{text}` is"
    return _inside(text, places["baseline"], path, boundary, what, "--baseline") if text else None


def _inside(text: str, place: Span, path: Path, boundary: Path, what: str, flag: str) -> Path:
    """A path in the file, which others may edit: it must not make us read outside its repository."""
    named = (path.parent / text).resolve()
    if not named.is_relative_to(boundary):
        hint = f"; name {'it' if what.endswith(' is') else 'them'} with {flag} instead" if flag else ""
        raise ConfigError(f"{place}: {what} outside of {boundary}{hint}")
    return named


def _rule_places(
    rules: Mapping[str, Any], waivers: Sequence[Mapping[str, Any]], places: Mapping[str, Span]
) -> dict[str, Span]:
    """Where each rule is first named."""
    named = [(name, f"rules.disable[{i}]") for i, name in enumerate(rules.get("disable", []))]
    named += [(name, f"rules.severity.{name}#") for name in rules.get("severity", {})]
    named += [(waiver["rule"], f"ignore[{i}].rule") for i, waiver in enumerate(waivers)]
    return {name: places[path] for name, path in reversed(named)}


def _date(data: Mapping[str, Any]) -> date | None:
    return date.fromisoformat(data["until"]) if "until" in data else None


def severity_of(word: str) -> Severity:
    """``high`` → ``Severity.HIGH``. Raises ``KeyError`` for other words."""
    return Severity[word.upper()]


def severity_or_never(word: str) -> Severity | None:
    """A severity's word, or ``never``."""
    return None if word == "never" else severity_of(word)


def with_rule_codes(config: Config, rules: Mapping[str, str]) -> Config:
    """The same configuration with a code for every rule that it names.

    ``rules`` maps every code to its slug. Names are compared without regard to case. Raises :class:`ConfigError` for
    a rule that does not exist, with its place and the nearest that does.
    """
    codes = {name.lower(): code for code, slug in rules.items() for name in (code, slug)}
    waived = [waiver.rule for waiver in config.waivers]
    missing = [n for n in sorted({*config.disable, *config.severities, *waived}) if n.lower() not in codes]
    if missing:
        raise ConfigError(*_unknown_rules(missing, config.rule_places, rules))
    return replace(
        config,
        disable=frozenset(codes[name.lower()] for name in config.disable),
        severities={codes[name.lower()]: severity for name, severity in config.severities.items()},
        waivers=tuple(replace(waiver, rule=codes[waiver.rule.lower()]) for waiver in config.waivers),
    )


def shown_from(config: Config, base: Path) -> Config:
    """The same configuration with its positions and globs as reports show all places: by the path from their base."""
    if config.file is None:
        return config
    folder = os.path.relpath((config.root or config.file.parent).resolve(), base).replace(os.sep, "/")
    prefix = "" if folder == "." else f"{folder}/"
    name = os.path.relpath(config.file.resolve(), base).replace(os.sep, "/")

    def placed(items: tuple[_Placed, ...]) -> tuple[_Placed, ...]:
        return tuple(replace(item, span=replace(item.span, file=name)) if item.span else item for item in items)

    return replace(
        config,
        services=placed(config.services),
        custody=placed(config.custody),
        links=placed(config.links),
        attest=placed(config.attest),
        waivers=placed(config.waivers),
        placements=tuple(
            replace(item, paths=tuple(f"{prefix}{path}" for path in item.paths)) for item in placed(config.placements)
        ),
        environments={
            # a root is called by its path from the folder that is scanned, a file by that from the base
            tier: tuple(dict.fromkeys((*(f"{prefix}{glob}" for glob in globs), *globs)))
            for tier, globs in config.environments.items()
        },
    )


def _unknown_rules(names: Iterable[str], places: Mapping[str, Span], rules: Mapping[str, str]) -> list[str]:
    from scanner.config_file import suggestion

    known = [*rules, *rules.values()]
    lines = [(places.get(name), f"unknown rule `{name}`{suggestion(name, known)}") for name in names]
    return [f"{place}: {message}" if place else message for place, message in lines]
