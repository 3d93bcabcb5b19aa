"""Services as configured and as found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from scanner.config import Config, Service, load_config
from scanner.graph.graph import Graph
from scanner.model.domain import parse
from scanner.model.service import Criticality
from scanner.model.span import Span
from scanner.pipeline import read_estate, scan, wishes
from scanner.simulation.selectors import matches, select
from scanner.simulation.study import Study, study

StudyOf = Callable[..., Study]
GraphOf = Callable[..., Graph]

PROVIDER = 'provider "aws" {\n  region = "eu-west-1"\n}\n'


def server(name: str, zone: str, more: str = "") -> str:
    return f'resource "aws_instance" "{name}" {{\n  availability_zone = "eu-west-1{zone}"\n{more}}}\n'


TWO = PROVIDER + server("a", "a", '  tags = { app = "orders" }\n') + server("b", "b", '  tags = { app = "orders" }\n')


def stopped(found: Study, *domains: str) -> dict[str, str]:
    scenario = found.replay.run("x", [parse(domain) for domain in domains])
    return {service.name: service.automatic.value for service in scenario.services}


# -- as configured ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("aws_instance.a", ["aws_instance.a"]),
        ("aws_instance.many", ["aws_instance.many[0]", "aws_instance.many[1]"]),
        ("aws_instance.many[1]", ["aws_instance.many[1]"]),
        ("aws_instance.*", ["aws_instance.a", "aws_instance.many[0]", "aws_instance.many[1]"]),
        ("*.a", ["aws_instance.a", "aws_sqs_queue.a"]),
        ("kind:queue", ["aws_sqs_queue.a"]),
        ("tag:app=orders", ["aws_instance.a"]),
        ("tag:app=prices", []),
        ("tag:app", []),
        ("kind:database", []),
        ("aws_instance.c", []),
        ("aws_instance", []),
    ],
)
def test_what_a_selector_means(graph_of: GraphOf, selector: str, expected: list[str]) -> None:
    graph = graph_of(
        PROVIDER
        + server("a", "a", '  tags = { app = "orders" }\n')
        + server("many", "b", "  count = 2\n")
        + 'resource "aws_sqs_queue" "a" {\n}\n'
    )
    assert [resource.id for resource in select(graph, selector)] == expected


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("aws_lb.a", "aws_lb.a", True),
        ("aws_lb.a[0]", "aws_lb.a", True),
        ("aws_lb.ab", "aws_lb.a", False),
        ("aws_lb.a[0]", "aws_lb.a[1]", False),
        ("aws_lb.a", "*", True),
        ('module.x["a"].aws_lb.b', 'module.x["*"].aws_lb.b', True),
        ("aws_lb.a", "aws_lb.?", False),  # only the star is special
        ("aws_lbxa", "aws_lb.*", False),
    ],
)
def test_globs(name: str, pattern: str, expected: bool) -> None:
    assert matches(name, pattern) is expected


@pytest.mark.parametrize(
    ("threshold", "one_down", "both_down"),
    [(1, "up", "down"), (2, "down", "down"), ("all", "down", "down")],
)
def test_the_threshold(study_of: StudyOf, threshold: object, one_down: str, both_down: str) -> None:
    service = Service("orders", ("aws_instance.a", "aws_instance.b"), threshold=threshold)  # type: ignore[arg-type]
    found = study_of(TWO, services=(service,))
    assert stopped(found, "zone:aws/eu-west-1a") == {"orders": one_down}
    assert stopped(found, "zone:aws/eu-west-1a", "zone:aws/eu-west-1b") == {"orders": both_down}


def test_a_threshold_above_the_entries_is_a_problem_and_means_all(study_of: StudyOf) -> None:
    span = Span("c.yaml", 3)
    found = study_of(TWO, services=(Service("orders", ("tag:app=orders",), threshold=3, span=span),))
    assert [(p.span, p.message) for p in found.problems] == [(span, "service orders: threshold 3 of 2 entries")]
    assert stopped(found, "zone:aws/eu-west-1a") == {"orders": "down"}


CONFIG = """\
version: 1
services:
  - name: orders
    entry: ["aws_instance.a", "aws_instance.gone"]
  - name: prices
    entry: ["kind:database"]
custody:
  - name: keys
    entry: ["aws_kms_key.gone"]
links:
  - {from: "aws_instance.b", to: "aws_instance.a"}
  - {from: "aws_instance.a", to: "aws_rds_cluster.gone"}
"""


def test_an_entry_that_matches_nothing_is_a_problem_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TWO, encoding="utf-8")
    (tmp_path / ".riskscan.yaml").write_text(CONFIG, encoding="utf-8")
    report = scan([tmp_path], load_config(tmp_path / ".riskscan.yaml", "as/typed.yaml"))
    assert [(p.span.file, p.span.line, p.message) for p in report.problems] == [
        (".riskscan.yaml", 3, "service orders: the entry aws_instance.gone matches no resource"),
        (".riskscan.yaml", 5, "service prices: the entry kind:database matches no resource"),
        (".riskscan.yaml", 8, "custody keys: the entry aws_kms_key.gone matches no resource"),
        (".riskscan.yaml", 12, "links: aws_rds_cluster.gone matches no resource"),
    ]
    assert [service.name for service in report.services] == ["orders"], "what has no entry is no service"


def test_a_link_is_a_need(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TWO, encoding="utf-8")
    (tmp_path / ".riskscan.yaml").write_text(
        CONFIG.replace('["kind:database"]', '["aws_instance.b"]'), encoding="utf-8"
    )
    config = load_config(tmp_path / ".riskscan.yaml")
    estate = read_estate([tmp_path], config)
    found = study(estate.graph, wishes(estate.config))
    assert stopped(found, "zone:aws/eu-west-1a") == {"orders": "down", "prices": "down"}
    assert stopped(found, "zone:aws/eu-west-1b") == {"orders": "up", "prices": "down"}
    (scenario,) = [found.replay.run("x", [parse("zone:aws/eu-west-1a")])]
    hop = scenario.services[1].path[1]
    assert (hop.name, hop.span and (hop.span.file, hop.span.line)) == ("aws_instance.a", (".riskscan.yaml", 11))


def test_the_place_of_a_configuration_outside_of_the_base(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TWO, encoding="utf-8")
    (tmp_path / "c.yaml").write_text(CONFIG, encoding="utf-8")
    report = scan([tmp_path / "infra"], load_config(tmp_path / "c.yaml"))
    assert {problem.span.file for problem in report.problems} == {"../c.yaml"}


def test_a_balancer_and_what_is_behind_it_need_only_that_way(study_of: StudyOf) -> None:
    entries = ("aws_lb.main", "aws_autoscaling_group.orders")
    found = study_of(FRONTED, services=(Service("orders", entries, threshold="all"),))
    assert stopped(found, "zone:aws/eu-west-1a") == {"orders": "down"}
    assert stopped(found, "zone:aws/eu-west-1b") == {"orders": "up"}


def test_attested_material_helps_by_hand_while_it_holds(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(PROVIDER + 'resource "aws_kms_key" "k" {\n}\n', encoding="utf-8")
    (tmp_path / "c.yaml").write_text(
        'version: 1\ncustody: [{name: keys, entry: ["aws_kms_key.k"]}]\n'
        'attest:\n  - {resource: "aws_kms_key.*", claim: material-escrowed, holder: Notary, until: 2027-01-31}\n'
        '  - {resource: "aws_kms_key.*", claim: reviewed}\n',
        encoding="utf-8",
    )
    expected = {date(2027, 1, 31): ("down", "up"), date(2027, 2, 1): ("down", "down")}
    for day, verdict in expected.items():
        config = replace(load_config(tmp_path / "c.yaml", "c.yaml"), today=day)
        found = study(read_estate([tmp_path], config).graph, wishes(config))
        (outage,) = found.replay.run("x", [parse("region:aws/eu-west-1")]).services
        assert (outage.automatic.value, outage.manual.value) == verdict
        assert outage.kind == "custody"
        assert ("Notary" in " ".join(outage.remedies)) is (verdict[1] == "up")
        ended = [p for p in scan([tmp_path], config).problems if "ended on" in p.message]
        assert [(p.span.file, p.span.line) for p in ended] == ([("c.yaml", 4)] if verdict[1] == "down" else [])


# -- as found --------------------------------------------------------------------------------------

FRONTED = f"""{PROVIDER}
resource "aws_lb" "main" {{
  internal = false
}}

resource "aws_lb_listener" "https" {{
  load_balancer_arn = aws_lb.main.arn

  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.orders.arn
  }}
}}

resource "aws_lb_listener_rule" "prices" {{
  listener_arn = aws_lb_listener.https.arn

  action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.prices.arn
  }}

  condition {{
    path_pattern {{
      values = ["/prices"]
    }}
  }}
}}

resource "aws_lb_target_group" "orders" {{
}}

resource "aws_lb_target_group" "prices" {{
}}

resource "aws_autoscaling_group" "orders" {{
  availability_zones = ["eu-west-1a"]
  target_group_arns  = [aws_lb_target_group.orders.arn]
}}

resource "aws_autoscaling_group" "prices" {{
  availability_zones = ["eu-west-1b"]
  target_group_arns  = [aws_lb_target_group.prices.arn]
}}
"""

NAMES = """
resource "aws_route53_zone" "z" {
  name = "example.org"
}
""" + "".join(
    f"""
resource "aws_route53_record" "{name}" {{
  zone_id = aws_route53_zone.z.id
  name    = "shop"
  type    = "{kind}"

  alias {{
    name                   = aws_lb.main.dns_name
    zone_id                = aws_lb.main.zone_id
    evaluate_target_health = true
  }}
}}
"""
    for name, kind in (("four", "A"), ("six", "AAAA"))
)


def summary(found: Study) -> dict[str, tuple[str, ...]]:
    assert all(service.found for service in found.services)
    return {service.name: service.entry for service in found.services}


def test_a_public_balancer_with_two_target_groups_is_two_services(study_of: StudyOf) -> None:
    found = study_of(FRONTED)
    assert summary(found) == {
        "orders": ("aws_lb.main", "aws_autoscaling_group.orders"),
        "prices": ("aws_lb.main", "aws_autoscaling_group.prices"),
    }
    assert {service.criticality for service in found.services} == {Criticality.HIGH}
    assert stopped(found, "zone:aws/eu-west-1a") == {"orders": "down", "prices": "up"}
    assert stopped(found, "zone:aws/eu-west-1b") == {"orders": "up", "prices": "down"}


def test_a_name_of_both_versions_is_one_way_in(study_of: StudyOf) -> None:
    found = study_of(FRONTED + NAMES)
    assert set(summary(found)) == {"orders", "prices"}
    assert stopped(found, "service:aws/route53") == {"orders": "down", "prices": "down"}


def test_what_runs_without_a_front_is_a_service_of_less_weight(study_of: StudyOf) -> None:
    found = study_of(
        FRONTED + 'resource "aws_autoscaling_group" "worker" {\n  availability_zones = ["eu-west-1c"]\n}\n'
    )
    assert summary(found)["worker"] == ("aws_autoscaling_group.worker",)
    assert [(s.name, s.criticality.value) for s in found.services] == [
        ("orders", "high"),
        ("prices", "high"),
        ("worker", "medium"),
    ]


def test_servers_of_one_block_are_one_service(study_of: StudyOf) -> None:
    found = study_of(PROVIDER + server("w", "a", "  count = 3\n"))
    assert summary(found) == {"w": ("aws_instance.w[0]", "aws_instance.w[1]", "aws_instance.w[2]")}


def test_what_another_needs_is_no_service_of_its_own(study_of: StudyOf) -> None:
    helper = 'resource "aws_lambda_function" "helper" {\n}\n'
    caller = server("w", "a", "  user_data = aws_lambda_function.helper.function_name\n")
    assert set(summary(study_of(PROVIDER + helper + caller))) == {"w"}


def test_a_cluster_in_which_nothing_is_shown_to_run_is_the_service(study_of: StudyOf) -> None:
    found = study_of(PROVIDER + 'resource "aws_eks_cluster" "c" {\n  name = "jobs"\n}\n')
    assert summary(found) == {"jobs": ("aws_eks_cluster.c",)}
    assert stopped(found, "cluster:jobs") == {"jobs": "down"}


def test_a_development_tier_matters_little(study_of: StudyOf) -> None:
    found = study_of(PROVIDER + server("w", "a"), environments={"development": ("**",)})
    assert [service.criticality for service in found.services] == [Criticality.LOW]


def test_equal_names_are_told_apart(study_of: StudyOf) -> None:
    found = study_of(
        PROVIDER
        + server("a", "a", '  tags = { app = "orders" }\n')
        + 'resource "aws_lambda_function" "x" {\n  tags = { app = "orders" }\n}\n'
    )
    assert set(summary(found)) == {"orders (aws_instance.a)", "orders (aws_lambda_function.x)"}


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{application: shop, app.kubernetes.io/name: shop}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: {name}, image: shop/{name}}}]}}
"""


def test_objects_of_clusters_go_by_their_names_and_not_by_labels_of_the_whole(study_of: StudyOf) -> None:
    found = study_of({"k8s/a.yaml": "---\n".join(DEPLOYMENT.format(name=name) for name in ("api", "worker"))})
    assert set(summary(found)) == {"api", "worker"}


def test_equal_names_of_several_roots_are_told_apart_by_these(study_of: StudyOf) -> None:
    found = study_of({f"{folder}/api.yaml": DEPLOYMENT.format(name="api") for folder in ("one", "two")})
    assert set(summary(found)) == {"api (one/api.yaml)", "api (two/api.yaml)"}


def test_custodians_are_what_must_stay_releasable(study_of: StudyOf) -> None:
    found = study_of(
        PROVIDER
        + 'resource "aws_lambda_function" "pay" {\n  environment {\n    variables = { FIREBLOCKS_API_KEY = "x" }\n  }\n}\n'
    )
    custody = [service for service in found.services if service.kind == "custody"]
    assert [(s.name, s.criticality, s.entry) for s in custody] == [
        ("funds at fireblocks", Criticality.CRITICAL, ("aws_lambda_function.pay",))
    ]
    assert stopped(found, "custodian:fireblocks")["funds at fireblocks"] == "down"
    assert stopped(found, "region:aws/eu-west-1")["funds at fireblocks"] == "up"


KEEPERS = """
resource "aws_cloudhsm_v2_cluster" "wallets" {
  hsm_type   = "hsm1.medium"
  subnet_ids = []
}

resource "aws_cloudhsm_v2_hsm" "wallets" {
  cluster_id        = aws_cloudhsm_v2_cluster.wallets.cluster_id
  availability_zone = "eu-west-1a"
}

resource "aws_cloudhsm_v2_cluster" "tls" {
  hsm_type   = "hsm1.medium"
  subnet_ids = []
}

resource "aws_secretsmanager_secret" "seed" {
  name = "hot-wallet/seed-phrase"
}

resource "aws_secretsmanager_secret" "password" {
  name = "wallet-database/password"
}

resource "aws_kms_key" "seal" {
}

resource "aws_instance" "vault" {
  user_data = <<-EOT
    cat > /etc/vault.hcl <<END
    seal "awskms" {
      kms_key_id = "${aws_kms_key.seal.key_id}"
    }
    END
  EOT
}
"""


def test_keepers_of_keys_and_sealed_servers_must_stay_releasable(study_of: StudyOf) -> None:
    found = study_of(PROVIDER + KEEPERS)
    custody = [service for service in found.services if service.kind == "custody"]
    # Hardware and secrets count where they say that they are about funds; the key of the seal is what the server needs.
    assert [(s.name, s.criticality, s.entry) for s in custody] == [
        ("wallets", Criticality.CRITICAL, ("aws_cloudhsm_v2_cluster.wallets",)),
        ("hot-wallet/seed-phrase", Criticality.CRITICAL, ("aws_secretsmanager_secret.seed",)),
        ("vault", Criticality.HIGH, ("aws_instance.vault",)),
    ]
    down = stopped(found, "zone:aws/eu-west-1a")
    assert (down["wallets"], down["hot-wallet/seed-phrase"]) == ("down", "up")  # its only module stands there


@pytest.mark.parametrize(
    "text",
    [
        "",
        PROVIDER,
        PROVIDER + 'data "aws_instance" "i" {\n}\ndata "aws_lb" "l" {\n  name = "x"\n}\n',
        PROVIDER + 'resource "aws_lb" "alone" {\n  internal = false\n}\n',
        PROVIDER + 'resource "aws_iam_role" "r" {\n}\nresource "aws_vpc" "v" {\n}\n',
        'resource "null_resource" "n" {\n}\n',
    ],
    ids=["empty", "provider only", "data only", "a front of nothing", "glue only", "a tool's own"],
)
def test_without_anything_that_runs_there_is_no_service(study_of: StudyOf, text: str) -> None:
    found = study_of(text)
    assert found.services == ()
    assert found.analysis.risks() == ()
    assert all(scenario.services == () for scenario in found.replay.every(["zone", "region"]))


def test_no_service_without_anything_that_can_stop_it(study_of: StudyOf) -> None:
    found = study_of(FRONTED + NAMES + server("w", "c") + 'resource "aws_lambda_function" "f" {\n}\n')
    assert len(found.services) == 4
    for risk in found.analysis.risks():
        assert risk.risk_groups
        assert risk.cone
        assert risk.coefficients["provider"] == 1


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("sites", "prefix", "shop"),
        ("sites/slots", "'${prefix}/preview'", "preview"),
        ("sites", "'${prefix}-${prefix}'", "shop"),
    ],
)
def test_what_bicep_deploys_goes_by_what_is_known_of_its_name_else_by_its_module(
    study_of: StudyOf, kind: str, name: str, expected: str
) -> None:
    site = (
        "param prefix string\n"
        "resource plan 'Microsoft.Web/serverfarms@2024-04-01' = { name: 'plan', location: 'westeurope' }\n"
        f"resource app 'Microsoft.Web/{kind}@2024-04-01' = {{\n  name: {name}\n  location: 'westeurope'\n"
        "  properties: { serverFarmId: plan.id }\n}\n"
    )
    module = "param prefix string\nmodule shop 'site.bicep' = [for n in [1]: { params: { prefix: prefix } }]\n"
    found = study_of({"site.bicep": site, "main.bicep": module})
    assert [service.name for service in found.services] == [expected]


STACK = """
Resources:
  Maker:
    Type: AWS::Lambda::Function
    Properties: {Handler: h, Runtime: python3.12, Role: r, Code: {ZipFile: ""}}
  Made:
    Type: Custom::Thing
    Properties: {ServiceToken: !GetAtt Maker.Arn}
  Api:
    Type: AWS::Lambda::Function
    Properties: {Handler: h, Runtime: python3.12, Role: r, Code: {ZipFile: ""}}
"""


def test_what_only_makes_resources_of_a_stack_is_no_service(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html"""
    (tmp_path / "stack.yaml").write_text(STACK, "utf-8")
    report = scan([tmp_path], Config())
    assert [service.name for service in report.services] == ["Api"]
    assert report.uncatalogued == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[uniqueString(resourceGroup().id)]", "shop.json"),
        ("[concat(uniqueString(resourceGroup().id), '-vm-', uniqueString('a'))]", "vm"),
    ],
)
def test_of_a_name_that_a_template_puts_together_the_known_part_counts(
    name: str, expected: str, study_of: StudyOf
) -> None:
    site = {
        "type": "Microsoft.Web/sites",
        "apiVersion": "2024-04-01",
        "name": name,
        "location": "westeurope",
        "properties": {"serverFarmId": "[resourceId('Microsoft.Web/serverfarms', 'plan')]"},
    }
    plan = {"type": "Microsoft.Web/serverfarms", "apiVersion": "2024-04-01", "name": "plan", "location": "westeurope"}
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [plan, site],
    }
    found = study_of({"shop.json": json.dumps(template)})
    assert [service.name for service in found.services] == [expected]
