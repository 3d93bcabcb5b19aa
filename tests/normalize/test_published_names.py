"""Records that external-dns makes: of annotations, of endpoints, at the DNS host that its arguments name.

https://kubernetes-sigs.github.io/external-dns/latest/docs/annotations/annotations/ and the tutorials beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scanner.model.resource import Resource
from scanner.pipeline import Estate


def service(annotations: str) -> str:
    """docs/tutorials/aws/: the Service of nginx."""
    return (
        f"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: nginx\n  annotations: {{{annotations}}}\n"
        "spec:\n  ports: [{port: 80}]\n  selector: {app: nginx}\n  type: LoadBalancer\n"
    )


def controller(
    arguments: str, image: str = "registry.k8s.io/external-dns/external-dns:v0.21.0", name: str = "x"
) -> str:
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    spec:\n"
        f"      containers: [{{name: external-dns, image: '{image}', args: [{arguments}]}}]\n"
    )


HOSTNAME = "external-dns.alpha.kubernetes.io/hostname: nginx.example.com"


def records(estate: Estate) -> dict[str, Resource]:
    return {str(r.get("domain")): r for r in estate.graph.of_kind("dns_record")}


def test_a_name_leads_to_the_service_that_states_it(estate_of: Callable[..., Estate]) -> None:
    text = service(f'{HOSTNAME}, external-dns.alpha.kubernetes.io/ttl: "120"')
    estate = estate_of({"a.yaml": text})
    record = records(estate)["nginx.example.com"]
    assert (record.get("ttl"), record.get("routing"), record.span.line) == (120, "simple", 6)
    edges = [(e.target, e.kind.value) for e in estate.graph.outgoing[record.id]]
    assert edges == [("default/Service/nginx", "runtime")]


# "Multiple hostnames can be specified through a comma-separated list"; releases from 0.22 have another prefix; a controller
# annotation "other than dns-controller" makes it ignore the object
NAMES = {
    "several": (
        service("external-dns.alpha.kubernetes.io/hostname: 'a.example.com., B.example.com'"),
        {"a.example.com", "b.example.com"},
    ),
    "of new releases": (service("external-dns.kubernetes.io/hostname: a.example.com"), {"a.example.com"}),
    "for another controller": (service(f"{HOSTNAME}, external-dns.alpha.kubernetes.io/controller: other"), set()),
    "none": (service("example.com/hostname: a"), set()),
    "of a gateway": (
        (
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, annotations: "
            "{external-dns.alpha.kubernetes.io/hostname: g.example.com}}\nspec: {gatewayClassName: c}\n"
        ),
        {"g.example.com"},
    ),
}


@pytest.mark.parametrize(("text", "names"), NAMES.values(), ids=NAMES)
def test_names(text: str, names: set[str], estate_of: Callable[..., Estate]) -> None:
    assert set(records(estate_of({"a.yaml": text}))) == names


def test_a_target_that_is_written_is_where_the_name_leads(estate_of: Callable[..., Estate]) -> None:
    estate = estate_of({"a.yaml": service(f"{HOSTNAME}, external-dns.alpha.kubernetes.io/target: cdn.example.net")})
    record = records(estate)["nginx.example.com"]
    assert record.get("values") == ["cdn.example.net"]
    assert not estate.graph.outgoing.get(record.id)


# https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#routing-policies
@pytest.mark.parametrize(
    ("annotation", "routing"),
    [("aws-weight: '100'", "weighted"), ("aws-failover: PRIMARY", "failover"), ("aws-region: us-east-1", "latency")],
)
def test_routing(annotation: str, routing: str, estate_of: Callable[..., Estate]) -> None:
    text = service(f"{HOSTNAME}, external-dns.alpha.kubernetes.io/{annotation}")
    assert records(estate_of({"a.yaml": text}))["nginx.example.com"].get("routing") == routing


# docs/tutorials: --provider=aws, google, azure, cloudflare; docs/tutorials/webhook-provider: a program beside it knows the host
HOSTS = {
    "aws": (controller("--source=service, --provider=aws"), "aws"),
    "google": (controller("--provider, google"), "google"),
    "azure": (controller("--provider=azure"), "azure"),
    "cloudflare": (controller("--provider=cloudflare"), "cloudflare"),
    "a webhook": (controller("--provider=webhook"), ""),
    "no controller": ("", ""),
    "two of different hosts": (controller("--provider=aws") + controller("--provider=google", name="y"), ""),
    "two of one host": (controller("--provider=aws") + controller("--provider=aws", name="y"), "aws"),
    "another program": (controller("--provider=aws", "example.com/external-dns-checker:1"), ""),
}


@pytest.mark.parametrize(("text", "provider"), HOSTS.values(), ids=HOSTS)
def test_the_dns_host(text: str, provider: str, estate_of: Callable[..., Estate]) -> None:
    record = records(estate_of({"a.yaml": service(HOSTNAME) + text}))["nginx.example.com"]
    assert record.placement.provider == provider


# https://kubernetes-sigs.github.io/external-dns/latest/docs/sources/crd/: the example
def test_an_endpoint_is_a_record(estate_of: Callable[..., Estate]) -> None:
    text = """\
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: examplednsrecord}
spec:
  endpoints:
  - dnsName: foo.bar.com
    recordTTL: 180
    recordType: A
    targets:
    - 192.168.99.216
"""
    record = records(estate_of({"a.yaml": text}))["foo.bar.com"]
    assert record.get("record_type") == "A"
    assert (record.get("ttl"), record.get("values"), record.span.line) == (180, ["192.168.99.216"], 6)
