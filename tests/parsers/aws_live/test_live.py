"""Live accounts over real HTTP: what is found, what is said of what fails, and that nothing is ever written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto_server import NOT_THERE

from scanner.model.value import Unknown
from scanner.parsers.aws_live import access, collecting
from scanner.parsers.aws_live.access import Access, AccessError, Wanted
from scanner.parsers.aws_live.actions import BESIDE
from scanner.parsers.aws_live.project import read_account
from scanner.parsers.aws_live.reading import SnapshotFile, read_snapshots
from scanner.parsers.aws_live.specification import Listing, listings, operations
from scanner.parsers.aws_live.store import StoreError
from scanner.parsers.parsed import Parsed

OTHER = "arn:aws:iam::222222222222:role/reader"


def read(wanted: Wanted | None = None, file: Path | None = None) -> Parsed:
    return read_account(wanted or Wanted(), file, file.name if file else "", lambda *_: None)


def only(monkeypatch: pytest.MonkeyPatch, *services: str) -> None:
    """Ask only some services: enough for what a test is about, and quick."""
    some = tuple(each for each in listings() if each.service in services)
    monkeypatch.setattr(collecting, "listings", lambda: some)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up at once: the waiting between attempts is the SDK's own affair."""
    from botocore.config import Config

    monkeypatch.setattr(access, "_CONFIG", Config(retries={"mode": "standard", "total_max_attempts": 1}))


def told(parsed: Parsed) -> list[str]:
    return [problem.message for problem in parsed.problems if NOT_THERE not in problem.message]


def network(cloud: Any, region: str = "eu-west-1", role: str = "") -> tuple[str, list[str]]:
    ec2 = cloud.client("ec2", region, role)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{region}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    return vpc, subnets


def database(cloud: Any, name: str, subnets: list[str], region: str = "eu-west-1", role: str = "") -> None:
    rds = cloud.client("rds", region, role)
    rds.create_db_subnet_group(DBSubnetGroupName=f"{name}-net", DBSubnetGroupDescription="x", SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m5.large",
        Engine="postgres",
        DBSubnetGroupName=f"{name}-net",
        MasterUsername="x",
        MasterUserPassword="correct-horse-battery",
        AllocatedStorage=10,
        MultiAZ=False,
        Tags=[{"Key": "app", "Value": "ledger"}],
    )


def operation_of(request: Any, model: Any) -> set[str]:
    """The operations of a service that a request can be, by the SDK's own models."""
    if request.action:
        return {request.action}
    path, _, query = request.path.partition("?")
    found = set()
    for name in model.operation_names:
        http = model.operation_model(name).http
        uri, _, wanted = http["requestUri"].partition("?")
        pattern = re.sub(r"\\{[^}]*\\}", "[^?]+", re.escape(uri.replace("+}", "}")))
        if http["method"] == request.method and re.fullmatch(f"{pattern}/?", path) and wanted in query:
            found.add((len(wanted), name))
    longest = max((size for size, _ in found), default=0)
    return {name for size, name in found if size == longest}


def test_whole_account(cloud: Any) -> None:
    vpc, subnets = network(cloud)
    database(cloud, "ledger", subnets)
    far = {"LocationConstraint": "eu-central-1"}
    cloud.client("s3", "eu-central-1").create_bucket(Bucket="vault", CreateBucketConfiguration=far)
    cloud.client("elbv2").create_load_balancer(Name="api", Subnets=subnets)
    cloud.application.requests.clear()

    parsed = read()

    found = {d.id: d for d in parsed.declarations}
    ledger = found["arn:aws:rds:eu-west-1:123456789012:db:ledger"]
    assert (ledger.type, ledger.platform, ledger.attributes["MultiAZ"]) == ("AWS::RDS::DBInstance", "aws", False)
    assert ledger.provider.attributes == {"region": "eu-west-1", "account_id": "123456789012"}
    assert ledger.attributes["Tags"] == [{"Key": "app", "Value": "ledger"}]
    assert ledger.span.file == "aws://123456789012/eu-west-1"
    assert found["arn:aws:s3:::vault"].provider.attributes["region"] == "eu-central-1"
    balancer = next(d for d in parsed.declarations if d.type == "AWS::ElasticLoadBalancingV2::LoadBalancer")
    named = {r.target for r in balancer.references}
    assert f"arn:aws:ec2:eu-west-1:123456789012:vpc/{vpc}" in named
    assert {f"arn:aws:ec2:eu-west-1:123456789012:subnet/{s}" for s in subnets} <= named
    # Ireland's zones by their ids: https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
    assert {"euw1-az1", "euw1-az2", "euw1-az3"} == set(parsed.zone_ids)
    assert told(parsed) == []
    assert parsed.problems, "what moto does not know is said"
    assert_read_only(cloud.application.requests)


def assert_read_only(requests: list[Any]) -> None:
    session = botocore.session.get_session()
    allowed = {*operations(), *BESIDE, ("sts", "AssumeRole")}
    models: dict[str, list[tuple[str, Any]]] = {}
    for service in {service for service, _ in allowed}:
        model = session.get_service_model(service)
        models.setdefault(model.signing_name, []).append((service, model))
    assert len(requests) > 150
    for request in requests:
        meant = {(s, name) for s, model in models[request.service] for name in operation_of(request, model)}
        assert meant & allowed, request
        assert request.method == "GET" or request.action or not (meant - allowed), request


def test_secrets_stay_where_they_are(cloud: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only(monkeypatch, "ec2", "lambda", "secretsmanager", "ssm", "sns")
    cloud.client("secretsmanager").create_secret(Name="hot-wallet", SecretString="correct horse")
    cloud.client("ssm").put_parameter(Name="/api/key", Value="battery staple", Type="String")
    cloud.client("sns").subscribe(
        TopicArn=cloud.client("sns").create_topic(Name="pages")["TopicArn"],
        Protocol="https",
        Endpoint="https://hooks.example.com/services/T0/B0/opensesame",
    )
    cloud.client("ec2").create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"UserData": "b3BlbnNlc2FtZQ==", "InstanceType": "m5.large"}
    )
    file = tmp_path / "saved.jsonl"

    parsed = read(file=file)

    text = file.read_text()
    for secret in ("correct horse", "battery staple", "opensesame", "b3BlbnNlc2FtZQ=="):
        assert secret not in text
    assert "GetSecretValue" not in {request.action for request in cloud.application.requests}
    assert not {"GetParameter", "GetParameters"} & {request.action for request in cloud.application.requests}
    hook = next(d for d in parsed.declarations if d.type == "AWS::SNS::Subscription")
    assert hook.attributes["Endpoint"] == "https://hooks.example.com"
    template = next(d for d in parsed.declarations if d.type == "AWS::EC2::LaunchTemplate")
    assert template.attributes["LaunchTemplateData"] == {"InstanceType": "m5.large"}


def test_two_accounts_and_three_regions(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sqs")
    regions = ("eu-west-1", "eu-central-1", "us-east-1")
    for region in regions:
        cloud.client("sqs", region).create_queue(QueueName="own")
        cloud.client("sqs", region, OTHER).create_queue(QueueName="other")

    parsed = read(Wanted(regions=regions, roles=("arn:aws:iam::123456789012:role/reader", OTHER)))

    assert parsed.roots == ("123456789012", "222222222222")
    queues = {d.id for d in parsed.declarations if d.type == "AWS::SQS::Queue"}
    assert queues == {
        f"arn:aws:sqs:{region}:{account}:{name}"
        for region in regions
        for account, name in (("123456789012", "own"), ("222222222222", "other"))
    }
    assert told(parsed) == []


def test_organization(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "organizations", "sqs")
    organizations = cloud.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="payments", Email="payments@example.com")
    number = made["CreateAccountStatus"]["AccountId"]
    cloud.client("sqs", role=f"arn:aws:iam::{number}:role/reader").create_queue(QueueName="settlements")

    parsed = read(Wanted(organization=True, role_name="reader"))

    assert parsed.roots == tuple(sorted(("123456789012", number)))
    assert f"arn:aws:sqs:eu-west-1:{number}:settlements" in {d.id for d in parsed.declarations}
    account = next(d for d in parsed.declarations if d.attributes.get("Name") == "payments")
    assert account.type == "AWS::Organizations::Account"
    assert "Email" not in account.attributes


def test_denied_listing_names_the_permission(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "rds")
    database(cloud, "ledger", network(cloud)[1])
    cloud.fails(403, "AccessDenied", "DescribeDBInstances")

    parsed = read()

    [message] = told(parsed)
    assert "denied; the permission rds:DescribeDBInstances is missing" in message
    assert "eu-west-1 of account 123456789012" in message
    assert parsed.partly == {"123456789012"}
    assert "AWS::RDS::DBSubnetGroup" in {d.type for d in parsed.declarations}, "the rest is still read"


def test_what_a_denied_question_would_tell_is_unknown(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "s3")
    for name in ("one", "two"):
        cloud.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in ("one", "two"):
        cloud.fails(403, "AccessDenied", f"GET /{name}?replication")

    parsed = read()

    [message] = told(parsed)
    # The permission is not called like the operation: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html
    assert "the permission s3:GetReplicationConfiguration is missing; asked of 2 of AWS::S3::Bucket" in message
    for declaration in parsed.declarations:
        assert isinstance(declaration.attributes["ReplicationConfiguration"], Unknown)
        assert "s3:GetReplicationConfiguration" in declaration.attributes["ReplicationConfiguration"].reason
        assert "ObjectLockConfiguration" not in declaration.attributes, "that there is none is known"


def test_throttling_is_waited_out(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sqs")
    cloud.client("sqs").create_queue(QueueName="orders")
    cloud.fails(400, "ThrottlingException", "ListQueues", times=1)

    parsed = read()

    assert told(parsed) == []
    assert len(parsed.declarations) == 1


def test_throttling_without_end_is_said(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sqs")
    quick(monkeypatch)
    cloud.fails(400, "ThrottlingException", "ListQueues")

    [message] = told(read())

    assert "throttled until the attempts ran out (sqs:ListQueues)" in message


def test_snapshot_is_read_back_and_goes_on(cloud: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    only(monkeypatch, "sqs", "s3")
    for name in ("a", "b"):
        cloud.client("sqs").create_queue(QueueName=name)
    cloud.client("s3").create_bucket(Bucket="vault", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    file = tmp_path / "account.jsonl"
    whole = read(file=file)
    lines = file.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[-1])["kind"] == "complete"

    again = read_snapshots([SnapshotFile(file, "account.jsonl")])
    assert again.declarations == whole.declarations
    for each in again.declarations:
        assert each.id.encode() in lines[each.span.line - 1]

    # A run that ended before the last queue was told of.
    [last] = [
        i for i, line in enumerate(lines) if b'"kind":"resource"' in line and b'"QueueArn"' in line and b":b" in line
    ][:1]
    kept = [line for i, line in enumerate(lines[:-1]) if i != last and not (b'"done"' in line and b"sqs" in line)]
    file.write_bytes(b"".join(kept) + lines[last][:40])
    partial = read_snapshots([SnapshotFile(file, "account.jsonl")])
    assert any("not finished" in problem.message for problem in partial.problems)
    cloud.application.requests.clear()

    resumed = read(file=file)

    assert [(d.id, d.attributes) for d in resumed.declarations] == [(d.id, d.attributes) for d in whole.declarations]
    asked = [request for request in cloud.application.requests if request.service not in ("sts", "ec2")]
    assert {request.service for request in asked} == {"sqs"}, "what was done is not asked again"
    assert [request.action for request in asked].count("GetQueueAttributes") == 1


@pytest.mark.usefixtures("cloud")
def test_finished_snapshots_and_foreign_files_are_not_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only(monkeypatch, "sqs")
    file = tmp_path / "account.jsonl"
    read(file=file)
    with pytest.raises(StoreError, match="finished snapshot"):
        read(file=file)
    foreign = tmp_path / "notes.jsonl"
    foreign.write_text("{}\n")
    with pytest.raises(StoreError, match="no snapshot"):
        read(file=foreign)
    assert foreign.read_text() == "{}\n"


@pytest.mark.usefixtures("cloud")
def test_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sqs")
    with pytest.raises(AccessError, match="no such region: eu-nowhere-1"):
        read(Wanted(regions=("eu-nowhere-1",)))
    # moto has the regions that nobody needs to enable, and some that one has to: those are not.
    begun = Access.begin(Wanted(regions=("all",)))
    enabled, closed = begun.regions(begun.base)
    assert "eu-west-1" in enabled
    assert not set(enabled) & set(closed)


def test_no_access(cloud: Any) -> None:
    cloud.fails(403, "InvalidClientTokenId", "GetCallerIdentity")
    with pytest.raises(AccessError, match="no access to AWS"):
        read()


def test_role_that_cannot_be_assumed_is_said(cloud: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sqs")
    quick(monkeypatch)
    cloud.fails(403, "AccessDenied", "AssumeRole")
    with pytest.raises(AccessError, match="no account can be read"):
        read(Wanted(roles=(OTHER,)))


def test_every_listing_pages() -> None:
    """The SDK knows how each listing goes on, or we do."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")

    def check(listing: Listing) -> None:
        model = session.get_service_model(listing.service).operation_model(listing.operation)
        try:
            paged = loader.load_service_model(listing.service, "paginators-1")["pagination"]
        except botocore.exceptions.UnknownServiceError:
            paged = {}
        out, given = set(model.output_shape.members), set(model.input_shape.members if model.input_shape else ())
        tokens = {name for name in out if re.search("token|marker|lastevaluated|hasmore", name, re.IGNORECASE)}
        if listing.operation not in paged and tokens:
            same = {"NextToken", "nextToken", "NextMarker", "Marker"} & out & given
            assert same or listing.token or listing.last, (listing.service, listing.operation)
        for child in listing.children:
            check(child)

    for listing in listings():
        check(listing)
