"""An example for every key at the top of ``.riskscan.yaml``. A test reads each as riskscan does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, str]] = {
    "version": "version: 1",
    "region": "region: ap-northeast-1",
    "services": """\
services:
  - name: withdrawals
    entry: ["aws_lb.api", "tag:app=withdrawals"]
    criticality: critical
  - name: api
    entry: ["kind:load_balancer"]
    threshold: 1""",
    "custody": """\
custody:
  - name: hot-wallet
    entry: ["aws_kms_key.a", "google_kms_crypto_key.b", "azurerm_key_vault_key.c"]
    threshold: 2""",
    "targets": """\
targets:
  critical: {zone: 2, region: 2, custodian: 2}
  high: {zone: 2}""",
    "environments": """\
environments:
  production: ["envs/prod/**"]
  development: ["envs/dev/**", "sandbox/**"]""",
    "placements": """\
placements:
  - {paths: ["k8s/prod/**"], cluster: prod}
  - paths: ["k8s/edge/**"]
    cluster: edge
    provider: aws
    account: "111122223333"
    region: eu-west-1
    zones: [eu-west-1a, eu-west-1b]""",
    "links": """\
links:
  - {from: "payments/Deployment/api", to: "aws_db_instance.main"}
  - {from: "aws_ecs_service.*", to: "aws_sqs_queue.audit", kind: none}""",
    "attest": """\
attest:
  - {resource: "aws_kms_key.signer", claim: material-escrowed, holder: "Treasury, two of three", until: 2027-01-31}""",
    "zone_ids": """\
zone_ids:
  ap-northeast-1a: apne1-az4
  ap-northeast-1c: apne1-az1""",
    "helm": """\
helm:
  values: ["deploy/values-prod.yaml"]
  release: api
  namespace: payments""",
    "cloudformation": """\
cloudformation:
  parameters: ["parameters/prod.json"]""",
    "fail_on": "fail_on: critical",
    "fail_on_new": "fail_on_new: true",
    "rules": """\
rules:
  packs: ["policies"]
  disable: [zone-cache-single]
  severity: {zone-database-single: critical}""",
    "ignore": """\
ignore:
  - {rule: zone-database-single, resource: "aws_db_instance.report*", reason: rebuilt daily, until: 2027-01-31}""",
    "baseline": "baseline: .riskscan-baseline.json",
    "honour": "honour: [checkov, trivy]",
    "limits": "limits: {max_file_bytes: 20000000}",
}
"""The key → what may stand in the file."""
