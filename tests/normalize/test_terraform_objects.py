"""Objects that Terraform declares mean what the same manifests do.

Pairs follow the provider's documentation (https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs):
each block of a resource there is the field of the object's specification in
https://kubernetes.io/docs/reference/kubernetes-api/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from scanner.graph.graph import Graph
from scanner.model.report import Report
from scanner.model.resource import Resource
from scanner.model.value import Unknown
from scanner.pipeline import Estate

CLUSTER = """
provider "aws" {
  region = "eu-west-1"
}
resource "aws_eks_cluster" "prod" {
  name = "prod"
}
resource "aws_eks_node_group" "plain" {
  cluster_name       = aws_eks_cluster.prod.name
  node_group_name    = "plain"
  availability_zones = ["eu-west-1a", "eu-west-1b"]
}
"""

PAIRS: dict[str, tuple[str, str]] = {
    "deployment": (
        """
resource "kubernetes_deployment" "api" {
  metadata {
    name      = "api"
    namespace = "shop"
    labels    = { "app.kubernetes.io/name" = "api" }
  }
  spec {
    replicas = 3
    strategy {
      type = "RollingUpdate"
      rolling_update {
        max_unavailable = "50%"
      }
    }
    selector {
      match_labels = { app = "api" }
    }
    template {
      metadata {
        labels = { app = "api" }
      }
      spec {
        service_account_name = "api"
        priority_class_name  = "high"
        node_selector        = { "node-lifecycle" = "spot" }
        toleration {
          key      = "spot"
          operator = "Exists"
        }
        topology_spread_constraint {
          max_skew           = 1
          topology_key       = "topology.kubernetes.io/zone"
          when_unsatisfiable = "DoNotSchedule"
          label_selector {
            match_labels = { app = "api" }
          }
        }
        container {
          name    = "api"
          image   = "example.com/api:1"
          command = ["/api"]
          env {
            name  = "DB_HOST"
            value = "db.shop"
          }
          env_from {
            config_map_ref {
              name = "settings"
            }
          }
          port {
            container_port = 8080
          }
          liveness_probe {
            http_get {
              path = "/healthz"
              port = 8080
            }
          }
        }
      }
    }
  }
}
resource "kubernetes_service_account_v1" "api" {
  metadata {
    name      = "api"
    namespace = "shop"
  }
}
resource "kubernetes_config_map" "settings" {
  metadata {
    name      = "settings"
    namespace = "shop"
  }
  data = { "max_conns" = "5" }
}
""",
        """
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop, labels: {app.kubernetes.io/name: api}}
spec:
  replicas: 3
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 50%}}
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
      priorityClassName: high
      nodeSelector: {node-lifecycle: spot}
      tolerations: [{key: spot, operator: Exists}]
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: topology.kubernetes.io/zone
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: api}}
      containers:
      - name: api
        image: example.com/api:1
        command: [/api]
        env: [{name: DB_HOST, value: db.shop}]
        envFrom: [{configMapRef: {name: settings}}]
        ports: [{containerPort: 8080}]
        livenessProbe: {httpGet: {path: /healthz, port: 8080}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {max_conns: "5"}
""",
    ),
    "stateful set with claims": (
        """
resource "kubernetes_stateful_set_v1" "db" {
  metadata {
    name = "db"
  }
  spec {
    replicas     = 1
    service_name = "db"
    update_strategy {
      type = "OnDelete"
    }
    selector {
      match_labels = { app = "db" }
    }
    template {
      metadata {
        labels = { app = "db" }
      }
      spec {
        container {
          name  = "db"
          image = "postgres:17"
          volume_mount {
            name       = "data"
            mount_path = "/var/lib/postgresql"
          }
        }
      }
    }
    volume_claim_template {
      metadata {
        name = "data"
      }
      spec {
        access_modes       = ["ReadWriteOnce"]
        storage_class_name = "fast"
        resources {
          requests = { storage = "10Gi" }
        }
      }
    }
    persistent_volume_claim_retention_policy {
      when_deleted = "Delete"
      when_scaled  = "Retain"
    }
  }
}
resource "kubernetes_service_v1" "db" {
  metadata {
    name = "db"
  }
  spec {
    cluster_ip = "None"
    selector   = { app = "db" }
    port {
      port        = 5432
      target_port = 5432
    }
  }
}
resource "kubernetes_storage_class" "fast" {
  metadata {
    name = "fast"
  }
  storage_provisioner = "ebs.csi.aws.com"
  reclaim_policy      = "Retain"
  volume_binding_mode = "WaitForFirstConsumer"
  parameters          = { type = "gp3" }
  allowed_topologies {
    match_label_expressions {
      key    = "topology.kubernetes.io/zone"
      values = ["eu-west-1a"]
    }
  }
}
""",
        """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 1
  serviceName: db
  updateStrategy: {type: OnDelete}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - name: db
        image: postgres:17
        volumeMounts: [{name: data, mountPath: /var/lib/postgresql}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: fast
      resources: {requests: {storage: 10Gi}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Retain}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 5432, targetPort: 5432}]
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: ebs.csi.aws.com
reclaimPolicy: Retain
volumeBindingMode: WaitForFirstConsumer
parameters: {type: gp3}
allowedTopologies:
- matchLabelExpressions: [{key: topology.kubernetes.io/zone, values: [eu-west-1a]}]
""",
    ),
    "daemon set on the node's disk": (
        """
resource "kubernetes_daemonset" "logs" {
  metadata {
    name = "logs"
  }
  spec {
    selector {
      match_labels = { app = "logs" }
    }
    template {
      metadata {
        labels = { app = "logs" }
      }
      spec {
        container {
          name  = "logs"
          image = "fluent-bit:3"
        }
        volume {
          name = "data"
          host_path {
            path = "/srv/logs"
          }
        }
      }
    }
  }
}
""",
        """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs}
spec:
  selector: {matchLabels: {app: logs}}
  template:
    metadata: {labels: {app: logs}}
    spec:
      containers: [{name: logs, image: "fluent-bit:3"}]
      volumes: [{name: data, hostPath: {path: /srv/logs}}]
""",
    ),
    "pod bound to a zone": (
        """
resource "kubernetes_pod" "one" {
  metadata {
    name = "one"
  }
  spec {
    affinity {
      node_affinity {
        required_during_scheduling_ignored_during_execution {
          node_selector_term {
            match_expressions {
              key      = "topology.kubernetes.io/zone"
              operator = "In"
              values   = ["eu-west-1a"]
            }
          }
        }
      }
    }
    init_container {
      name  = "wait"
      image = "busybox"
    }
    container {
      name  = "one"
      image = "nginx"
      env {
        name = "PASSWORD"
        value_from {
          secret_key_ref {
            name = "login"
            key  = "password"
          }
        }
      }
    }
    image_pull_secrets {
      name = "login"
    }
    volume {
      name = "data"
      persistent_volume_claim {
        claim_name = "data"
      }
    }
  }
}
resource "kubernetes_secret" "login" {
  metadata {
    name = "login"
  }
  data = { password = "x" }
}
resource "kubernetes_persistent_volume_claim" "data" {
  metadata {
    name = "data"
  }
  spec {
    access_modes = ["ReadWriteOnce"]
    volume_name  = "disk"
    resources {
      requests = { storage = "1Gi" }
    }
  }
}
resource "kubernetes_persistent_volume" "disk" {
  metadata {
    name = "disk"
  }
  spec {
    capacity     = { storage = "1Gi" }
    access_modes = ["ReadWriteOnce"]
    persistent_volume_source {
      local {
        path = "/mnt/disk"
      }
    }
    node_affinity {
      required {
        node_selector_term {
          match_expressions {
            key      = "kubernetes.io/hostname"
            operator = "In"
            values   = ["a"]
          }
        }
      }
    }
  }
}
""",
        """
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchExpressions: [{key: topology.kubernetes.io/zone, operator: In, values: [eu-west-1a]}]
  initContainers: [{name: wait, image: busybox}]
  containers:
  - name: one
    image: nginx
    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: login, key: password}}}]
  imagePullSecrets: [{name: login}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: Secret
metadata: {name: login}
stringData: {password: x}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], volumeName: disk, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  local: {path: /mnt/disk}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]}]
""",
    ),
    "jobs": (
        """
resource "kubernetes_job" "once" {
  metadata {
    name = "once"
  }
  spec {
    template {
      metadata {}
      spec {
        container {
          name  = "once"
          image = "migrate:1"
          args  = ["--host", "db"]
        }
      }
    }
  }
}
resource "kubernetes_cron_job_v1" "nightly" {
  metadata {
    name = "nightly"
  }
  spec {
    schedule = "0 0 * * *"
    job_template {
      metadata {}
      spec {
        template {
          metadata {}
          spec {
            container {
              name  = "nightly"
              image = "backup:1"
            }
            service_account_name = "nightly"
          }
        }
      }
    }
  }
}
""",
        """
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    metadata: {}
    spec:
      containers: [{name: once, image: "migrate:1", args: [--host, db]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 0 * * *"
  jobTemplate:
    metadata: {}
    spec:
      template:
        metadata: {}
        spec:
          containers: [{name: nightly, image: "backup:1"}]
          serviceAccountName: nightly
""",
    ),
    "copies kept apart, their budget and their scaler": (
        """
resource "kubernetes_deployment_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    selector {
      match_labels = { app = "web" }
    }
    template {
      metadata {
        labels = { app = "web" }
      }
      spec {
        affinity {
          pod_anti_affinity {
            required_during_scheduling_ignored_during_execution {
              topology_key = "kubernetes.io/hostname"
              label_selector {
                match_expressions {
                  key      = "app"
                  operator = "In"
                  values   = ["web"]
                }
              }
            }
            preferred_during_scheduling_ignored_during_execution {
              weight = 100
              pod_affinity_term {
                topology_key = "topology.kubernetes.io/zone"
                label_selector {
                  match_labels = { app = "web" }
                }
              }
            }
          }
        }
        container {
          name  = "web"
          image = "nginx"
        }
      }
    }
  }
}
resource "kubernetes_pod_disruption_budget_v1" "web" {
  metadata {
    name = "web"
  }
  spec {
    min_available = "50%"
    selector {
      match_labels = { app = "web" }
    }
  }
}
resource "kubernetes_horizontal_pod_autoscaler_v2" "web" {
  metadata {
    name = "web"
  }
  spec {
    min_replicas = 2
    max_replicas = 5
    scale_target_ref {
      api_version = "apps/v1"
      kind        = "Deployment"
      name        = "web"
    }
    metric {
      type = "Resource"
      resource {
        name = "cpu"
        target {
          type                = "Utilization"
          average_utilization = 50
        }
      }
    }
  }
}
""",
        """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}
          preferredDuringSchedulingIgnoredDuringExecution:
          - weight: 100
            podAffinityTerm:
              topologyKey: topology.kubernetes.io/zone
              labelSelector: {matchLabels: {app: web}}
      containers: [{name: web, image: nginx}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 2
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
""",
    ),
    "the way in": (
        """
resource "kubernetes_ingress_v1" "shop" {
  metadata {
    name        = "shop"
    annotations = { "alb.ingress.kubernetes.io/scheme" = "internal" }
  }
  spec {
    ingress_class_name = "alb"
    tls {
      secret_name = "cert"
      hosts       = ["shop.example.com"]
    }
    rule {
      host = "shop.example.com"
      http {
        path {
          path = "/"
          backend {
            service {
              name = "front"
              port {
                number = 80
              }
            }
          }
        }
        path {
          path = "/api"
          backend {
            service {
              name = "back"
              port {
                name = "http"
              }
            }
          }
        }
      }
    }
  }
}
resource "kubernetes_service" "front" {
  metadata {
    name        = "front"
    annotations = { "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled" = "true" }
  }
  spec {
    type     = "LoadBalancer"
    selector = { app = "front" }
    port {
      port = 80
    }
  }
}
resource "kubernetes_service" "back" {
  metadata {
    name = "back"
  }
  spec {
    selector = { app = "back" }
    port {
      port = 80
    }
  }
}
""",
        """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, annotations: {alb.ingress.kubernetes.io/scheme: internal}}
spec:
  ingressClassName: alb
  tls: [{secretName: cert, hosts: [shop.example.com]}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, backend: {service: {name: front, port: {number: 80}}}}
      - {path: /api, backend: {service: {name: back, port: {name: http}}}}
---
apiVersion: v1
kind: Service
metadata:
  name: front
  annotations: {service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled: "true"}
spec: {type: LoadBalancer, selector: {app: front}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: back}
spec: {selector: {app: back}, ports: [{port: 80}]}
""",
    ),
    "network policy": (
        """
resource "kubernetes_network_policy" "api" {
  metadata {
    name = "api"
  }
  spec {
    policy_types = ["Ingress"]
    pod_selector {
      match_labels = { app = "api" }
    }
    ingress {
      from {
        namespace_selector {
          match_labels = { team = "shop" }
        }
      }
      ports {
        port     = "8080"
        protocol = "TCP"
      }
    }
  }
}
resource "kubernetes_replication_controller" "api" {
  metadata {
    name = "api"
  }
  spec {
    replicas = 2
    selector = { app = "api" }
    template {
      metadata {
        labels = { app = "api" }
      }
      spec {
        container {
          name  = "api"
          image = "api:1"
        }
      }
    }
  }
}
""",
        """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api}
spec:
  policyTypes: [Ingress]
  podSelector: {matchLabels: {app: api}}
  ingress:
  - from: [{namespaceSelector: {matchLabels: {team: shop}}}]
    ports: [{port: "8080", protocol: TCP}]
---
apiVersion: v1
kind: ReplicationController
metadata: {name: api}
spec:
  replicas: 2
  selector: {app: api}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: "api:1"}]}
""",
    ),
}


def objects_of(graph: Graph) -> dict[tuple[str, str], Resource]:
    """Kind and name → object."""
    found = {}
    for each in graph.resources.values():
        attributes = each.declaration.attributes
        if each.platform == "kubernetes":
            found[str(attributes["kind"]), str(attributes["metadata"]["name"])] = each
    return found


def meaning(graph: Graph) -> dict[tuple[str, str], Any]:
    """What objects mean, without their ids: kind, properties, place, and the edges with the ends' kinds and names."""
    objects = objects_of(graph)
    names = {each.id: key for key, each in objects.items()}
    return {
        key: (
            each.kind,
            dict(each.properties),
            each.placement,
            each.tags,
            {(names.get(e.target, e.target), e.kind, e.path) for e in graph.outgoing.get(each.id, ())},
        )
        for key, each in objects.items()
    }


@pytest.mark.parametrize("name", PAIRS)
def test_means_what_the_manifest_does(name: str, estate_of: Callable[..., Estate]) -> None:
    terraform, manifest = PAIRS[name]
    written = meaning(estate_of({"main.tf": CLUSTER + terraform}).graph)
    told = meaning(estate_of({"main.tf": CLUSTER, "x.yaml": manifest}).graph)
    assert set(written) == {(d["kind"], d["metadata"]["name"]) for d in yaml.safe_load_all(manifest)}
    assert written == told


@pytest.mark.parametrize("name", PAIRS)
def test_is_spelled_as_the_manifest_is(name: str, estate_of: Callable[..., Estate]) -> None:
    terraform, manifest = PAIRS[name]
    objects = objects_of(estate_of({"main.tf": terraform}).graph)
    for document in yaml.safe_load_all(manifest):
        assert objects[document["kind"], document["metadata"]["name"]].declaration.attributes == document


@pytest.mark.parametrize("name", PAIRS)
def test_a_manifest_that_terraform_spells_out(name: str, estate_of: Callable[..., Estate]) -> None:
    manifest = PAIRS[name][1]
    resources = "".join(
        f'resource "kubernetes_manifest" "m{i}" {{\n  manifest = {as_hcl(document)}\n}}\n'
        for i, document in enumerate(yaml.safe_load_all(manifest))
    )
    told = meaning(estate_of({"main.tf": CLUSTER, "x.yaml": manifest}).graph)
    assert meaning(estate_of({"main.tf": CLUSTER + resources}).graph) == told


def as_hcl(value: Any) -> str:
    """A value as an expression of Terraform, of which JSON without colons between keys and values is one."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {as_hcl(inner)}' for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_hcl, value)) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'


SHARED = """
variable "app" {
  type = string
}
variable "space" {
  type = string
}
locals {
  labels = { app = var.app }
}
resource "kubernetes_persistent_volume_claim" "data" {
  metadata {
    name      = "${var.app}-data"
    namespace = var.space
  }
}
resource "kubernetes_deployment" "api" {
  metadata {
    name      = var.app
    namespace = var.space
  }
  spec {
    selector {
      match_labels = local.labels
    }
    template {
      metadata {
        labels = local.labels
      }
      spec {
        container {
          name  = "api"
          image = var.app
        }
        volume {
          name = "data"
          persistent_volume_claim {
            claim_name = "${var.app}-data"
          }
        }
      }
    }
  }
}
resource "kubernetes_service" "api" {
  metadata {
    name      = "api"
    namespace = %s
  }
  spec {
    selector = local.labels
  }
}
"""


def test_values_that_no_file_tells_match_where_they_are_the_same(estate_of: Callable[..., Estate]) -> None:
    edges = {(e.source, e.target, e.kind.value) for e in estate_of({"main.tf": SHARED % "var.space"}).graph.edges()}
    assert ("kubernetes_service.api", "kubernetes_deployment.api", "membership") in edges
    assert ("kubernetes_deployment.api", "kubernetes_persistent_volume_claim.data", "runtime") in edges


def test_another_namespace_is_not_the_same(estate_of: Callable[..., Estate]) -> None:
    edges = {(e.source, e.kind.value) for e in estate_of({"main.tf": SHARED % '"other"'}).graph.edges()}
    assert ("kubernetes_service.api", "membership") not in edges


def test_what_may_be_a_preference_leaves_the_spread_unknown(estate_of: Callable[..., Estate]) -> None:
    text = PAIRS["deployment"][0].replace('"DoNotSchedule"', "var.mode")
    graph = estate_of({"main.tf": 'variable "mode" {\n  type = string\n}\n' + text}).graph
    found = graph.resources["kubernetes_deployment.api"]
    assert isinstance(found.get("zone_spread"), Unknown)
    assert found.get("zone_spread_wanted") is True


def test_positions_are_those_of_what_is_written(estate_of: Callable[..., Estate]) -> None:
    found = estate_of({"main.tf": SHARED % "var.space"}).graph.resources["kubernetes_deployment.api"].declaration
    lines = (SHARED % "var.space").split("\n")
    assert lines[found.span_of("spec.template.spec.containers[0].image").line - 1].strip() == "image = var.app"
    claim = found.span_of("spec.template.spec.volumes[0].persistentVolumeClaim.claimName")
    assert lines[claim.line - 1].strip() == 'claim_name = "${var.app}-data"'
    assert lines[found.span_of("spec.template.metadata.labels.app").line - 1].strip() == "labels = local.labels"
    assert found.span_of("spec.replicas").line == found.span_of("spec").line


def test_keeps_its_type_and_dialect(estate_of: Callable[..., Estate]) -> None:
    found = estate_of({"main.tf": SHARED % "var.space"}).graph.resources["kubernetes_service.api"]
    assert (found.type, found.platform, found.declaration.dialect) == (
        "kubernetes_service",
        "kubernetes",
        "terraform",
    )


TWO_CLUSTERS = """
resource "google_container_cluster" "a" {
  name     = "a"
  location = "europe-west1"
}
resource "google_container_cluster" "b" {
  name     = "b"
  location = "europe-west4"
}
data "google_container_cluster" "b" {
  name = google_container_cluster.b.name
}
provider "kubernetes" {
  host = %s
}
resource "kubernetes_service" "x" {
  metadata {
    name = "x"
  }
}
"""


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ('"https://${google_container_cluster.a.endpoint}"', "europe-west1"),
        ("google_container_cluster.b.endpoint", "europe-west4"),
        ("data.google_container_cluster.b.endpoint", "europe-west4"),
        ('"https://10.0.0.1"', None),
    ],
)
def test_the_provider_tells_the_cluster(host: str, region: str | None, estate_of: Callable[..., Estate]) -> None:
    graph = estate_of({"main.tf": TWO_CLUSTERS % host}).graph
    assert graph.resources["kubernetes_service.x"].placement.region == region


def with_unknown(text: str) -> Iterator[str]:
    """A configuration with each attribute in its turn not known, and with each block repeated nobody knows how often."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        margin = line[: len(line) - len(line.lstrip())]
        if " = " in line:
            yield "\n".join([*lines[:i], f"{line.split('=')[0]}= var.x", *lines[i + 1 :]])
        elif margin and line.endswith(" {"):
            end = lines.index(f"{margin}}}", i)
            head = f'dynamic "{line.strip()[:-2]}" {{\n  for_each = var.x\n  content {{'
            yield "\n".join([*lines[:i], head, *lines[i + 1 : end], "}\n}", *lines[end + 1 :]])


@pytest.mark.parametrize("name", PAIRS)
def test_any_value_may_be_unknown(name: str, report_of: Callable[..., Report]) -> None:
    for text in with_unknown(PAIRS[name][0]):
        report = report_of({"main.tf": CLUSTER + 'variable "x" {}\n' + text})
        assert [p.message for p in report.problems if p.kind != "unresolved"] == []
