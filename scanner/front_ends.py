"""From the files discovered to what they declare: one front end a family of formats.

They are imported only where files of theirs are found: other trees are scanned faster without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from scanner.config import Config
from scanner.discovery import Discovery
from scanner.discovery.content import format_by_content
from scanner.discovery.files import format_of
from scanner.parsers.parsed import Parsed, joined
from scanner.verdict import state_of

if TYPE_CHECKING:
    from scanner.parsers.terraform.project import TerraformResult

PLANS: Final = ("terraform-plan", "terraform-state")
_TERRAFORM: Final = ("terraform", "terraform-variables")
_AZURE_PARAMETERS: Final = ("arm-parameters", "bicep-parameters")
_AZURE: Final = ("arm", "bicep", *_AZURE_PARAMETERS)
_INVENTORIES: Final = ("aws-config", "az-graph", "gcp-assets")


def read_files(found: Discovery, config: Config) -> Parsed:
    """What all files declare."""
    terraform, state = Parsed(), ""
    if config.cache is not None or any(file.format in (*_TERRAFORM, *PLANS) for file in found.files):
        result = read_terraform(found, config)
        terraform, state = read_plans(found, result), result.state
    others = [read(found, config) for read in _OTHERS]
    return replace(joined((terraform, *others)), state=_state(found, state, others))


def _state(found: Discovery, terraform: str, others: Sequence[Parsed]) -> str:
    """The hash of all that was read. Where plans are laid over the files it is not known."""
    if any(file.format in PLANS for file in found.files):
        return ""
    return state_of(terraform, others, [file.path for file in found.files if file.format not in _TERRAFORM])


def read_terraform(found: Discovery, config: Config) -> TerraformResult:
    """Parse and evaluate the Terraform files among those discovered."""
    from scanner.parsers.terraform.folders import InputFile
    from scanner.parsers.terraform.options import TerraformOptions
    from scanner.parsers.terraform.project import read

    files = [
        InputFile(f.path, f.name, f.format == "terraform-variables") for f in found.files if f.format in _TERRAFORM
    ]
    options = TerraformOptions(
        variables=config.variables,
        var_files=tuple(path.absolute() for path in config.var_files if not _is_of_azure(path)),
        environment=config.environment_variables,
        workspace=config.workspace,
        max_file_bytes=config.limits.max_file_bytes,
    )
    return read(files, scan_root(found), found.base, options, config.cache)


def read_plans(found: Discovery, result: TerraformResult) -> Parsed:
    """What the Terraform files declare, with the plans and states among the files discovered laid over it."""
    written = _handed_over(result)
    discovered = [f for f in found.files if f.format in PLANS]
    if not discovered:
        return written
    from scanner.parsers.terraform import planned

    folders = {root.name: root.folder for root in result.roots}
    return planned.read([planned.InputFile(f.path, f.name) for f in discovered], written, folders, found.base)


def _handed_over(result: TerraformResult) -> Parsed:
    return Parsed(
        result.declarations,
        tuple(root.name for root in result.roots),
        result.problems,
        result.unread,
        result.partly,
        result.sources,
        result.secrets,
        moves=result.moves,
        inputs=result.inputs,
    )


def read_kubernetes(found: Discovery, config: Config) -> Parsed:
    """Read the manifests, charts and overlays among the files discovered."""
    discovered = [f for f in found.files if f.format in ("kubernetes", "helm", "kustomize")]
    if not discovered:
        return Parsed()
    from scanner.parsers.kubernetes import project as kubernetes
    from scanner.parsers.kubernetes.reading import InputFile, Options

    options = Options(
        base=found.base,
        scan_root=scan_root(found),
        helm_values=tuple(path.resolve() for path in config.helm_values),
        helm_release=config.helm_release,
        helm_namespace=config.helm_namespace,
        cache=config.cache,
    )
    return kubernetes.read([InputFile(f.path, f.name, f.format) for f in discovered], options)


def read_compose(found: Discovery, config: Config) -> Parsed:
    """Read the Compose files among those discovered."""
    discovered = [f for f in found.files if f.format == "compose"]
    if not discovered:
        return Parsed()
    from scanner.parsers.compose import project as compose
    from scanner.parsers.compose.reading import Options

    files = [compose.InputFile(f.path, f.name) for f in discovered]
    return compose.read(files, Options(found.base, scan_root(found), config.limits.max_file_bytes))


def read_aws_snapshots(found: Discovery, _config: Config) -> Parsed:
    """Read what `riskscan aws --save` wrote among the files discovered."""
    discovered = [f for f in found.files if f.format == "aws-snapshot"]
    if not discovered:
        return Parsed()
    from scanner.parsers.aws_live.reading import SnapshotFile, read_snapshots

    return read_snapshots([SnapshotFile(f.path, f.name) for f in discovered])


def read_inventories(found: Discovery, config: Config) -> Parsed:
    """Read what providers list of accounts among the files discovered."""
    discovered = [f for f in found.files if f.format in _INVENTORIES]
    if not discovered:
        return Parsed()
    from scanner.parsers.inventories import project as inventories

    files = [inventories.InputFile(f.path, f.name, f.format) for f in discovered]
    return inventories.read(files, config.limits.max_file_bytes)


def read_cloudformation(found: Discovery, config: Config) -> Parsed:
    """Read the templates, the CDK's output and the Serverless Framework files among those discovered."""
    discovered = [f for f in found.files if f.format == "cloudformation"]
    if not discovered:
        return Parsed()
    from scanner.parsers.cloudformation import project as cloudformation
    from scanner.parsers.cloudformation.reading import InputFile, Options

    options = Options(
        base=found.base,
        scan_root=scan_root(found),
        region=config.region,
        parameter_files=config.parameter_files,
        max_file_bytes=config.limits.max_file_bytes,
        alone=not any(f.format in _AZURE for f in found.files),
    )
    return cloudformation.read([InputFile(f.path, f.name) for f in discovered], options)


def read_azure(found: Discovery, config: Config) -> Parsed:
    """Read the templates of Azure Resource Manager and Bicep among those discovered."""
    discovered = [f for f in found.files if f.format in _AZURE]
    if not discovered:
        return Parsed()
    from scanner.parsers.azure import project as azure
    from scanner.parsers.azure.reading import InputFile, Options

    options = Options(
        base=found.base,
        scan_root=scan_root(found),
        region=config.region or None,
        parameter_files=tuple(path.resolve() for path in config.var_files if _is_of_azure(path)),
        max_file_bytes=config.limits.max_file_bytes,
    )
    return azure.read([InputFile(f.path, f.name, f.format) for f in discovered], options)


def _is_of_azure(path: Path) -> bool:
    """Whether a file of variables is one for Azure's templates, which are handed none of Terraform's."""
    kind = format_of(path.name) or (format_by_content(path) if path.suffix.lower() in (".json", ".jsonc") else None)
    return kind in _AZURE_PARAMETERS


_OTHERS: Final = (read_aws_snapshots, read_kubernetes, read_compose, read_cloudformation, read_azure, read_inventories)
"""What reads everything but Terraform."""


def scan_root(found: Discovery) -> Path:
    """The folder outside of which nothing is read."""
    root = found.roots[0] if len(found.roots) == 1 else found.base
    return root.parent if root.is_file() else root
