"""``riskscan init``: a commented configuration file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from scanner.cli.outputs import replace_file
from scanner.config import FILE_NAMES

TEMPLATE: Final = """\
# The configuration of riskscan. Every part is optional; an unknown key is an error.
version: 1

# The lowest severity that fails a build: critical, high, medium, low, info or never.
fail_on: high

# Only what is new since the state that --base names fails a build.
# fail_on_new: true

# Where files are deployed that name no region: templates of CloudFormation and Bicep, Terraform without a provider's.
# region: ap-northeast-1

# What must keep running. Without it, services are found from entry points such as public load balancers.
# services:
#   - name: withdrawals
#     entry: ["aws_lb.api", "tag:app=withdrawals"]   # ids or globs, kind:NAME, tag:KEY=VALUE
#     criticality: critical                          # critical, high, medium or low
#     threshold: 1                                   # how many entries must be up together, or all

# Keys, funds or data that must be releasable.
# custody:
#   - name: hot-wallet
#     entry: ["aws_kms_key.signer"]
#     threshold: 1

# How many domains of a level it must take at least to stop a service of that criticality: with 2, any one may fail.
# Levels: zone, region, provider, account, edge, owner, custodian, cluster and service.
# targets:
#   critical: {zone: 2, region: 2}
#   high: {zone: 2}

# Which paths belong to which environment.
# environments:
#   production: ["envs/prod/**"]
#   development: ["envs/dev/**"]

# Where files that name no place of their own run.
# placements:
#   - paths: ["k8s/**"]
#     provider: aws
#     region: ap-northeast-1
#     zones: [ap-northeast-1a, ap-northeast-1c]
#     cluster: prod

# Dependencies that no file states: runtime, control, placement, membership or none.
# links:
#   - {from: "payments/Deployment/api", to: "aws_db_instance.main", kind: runtime}

# What no file can prove, and who vouches for it.
# attest:
#   - {resource: "aws_kms_key.signer", claim: material-escrowed, holder: "Security", until: 2027-01-31}
# About a control, or a whole framework (`riskscan report --list`), with the place of its proof, which is never opened.
#   - control: "dora:Art. 28(8)"
#     claim: "The exit plan was tested."
#     holder: "Outsourcing officer"
#     until: 2027-01-31
#     evidence: "https://wiki.example/exit-test-2026"

# Which zone id stands behind each zone name of your account: recorded outages name ids
# (aws ec2 describe-availability-zones tells).
# zone_ids:
#   ap-northeast-1a: apne1-az4

# How charts are rendered.
# helm:
#   values: ["envs/prod/values.yaml"]
#   release: prod
#   namespace: payments

# Values for the parameters of CloudFormation's templates.
# cloudformation:
#   parameters: ["envs/prod/parameters.json"]

# Rules of your own, and changes to the shipped ones. `riskscan rules list` shows all.
# rules:
#   packs: ["./policies"]
#   disable: [RULE]
#   severity: {RULE: low}

# Accepted risks. One without a reason, past its date or matching nothing is reported.
# ignore:
#   - {rule: RULE, resource: "aws_db_instance.report*", reason: "Can be rebuilt.", until: 2027-01-31}

# What `riskscan baseline write` accepted, so that only what is new fails.
# baseline: .riskscan-baseline.json

# The other tools whose comments (checkov:skip, trivy:ignore, tfsec:ignore) count for rules that ask the same question;
# all of them unless they are listed here.
# honour:
#   - checkov
#   - trivy
#   - tfsec

# limits:
#   max_file_bytes: 5242880
"""


@click.command("init", short_help="Write a commented configuration file.")
@click.argument("folder", default=Path(), type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite a configuration that exists.")
def command(folder: Path, force: bool) -> None:
    """Write a commented .riskscan.yaml to FOLDER, by default the working directory."""
    existing = next((folder / name for name in FILE_NAMES if (folder / name).exists()), None)
    if existing and not force:
        raise click.UsageError(f"{existing} exists; --force overwrites it")
    file = existing or folder / FILE_NAMES[0]
    replace_file(file, TEMPLATE.encode())
    click.echo(f"wrote {file}", err=True)
