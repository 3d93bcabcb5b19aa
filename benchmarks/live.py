"""A live account of some size, read over HTTP from moto: how long it takes, how much memory, and whether all is there.

    python benchmarks/live.py [RESOURCES]

Three regions and two accounts entered by assumed roles; every hundredth request is throttled and one permission is
denied. The reading runs in a process of its own, so that moto's time and memory are not counted as ours.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import boto3
import moto_server

REGIONS: Final = ("eu-west-1", "eu-central-1", "us-east-1")
ACCOUNTS: Final = ("111111111111", "222222222222")
DENIED: Final = ("DescribeDBSnapshots", "rds:DescribeDBSnapshots")
KEYS: Final = {"aws_access_key_id": "benchmark", "aws_secret_access_key": "none"}
QUEUES, TOPICS, TABLES, ALARMS, SECRETS, BUCKETS = 32, 21, 16, 27, 10, 6
"""Of every ``EACH`` things of an account in a region."""
EACH: Final = QUEUES + TOPICS + TABLES + ALARMS + SECRETS + BUCKETS


def role(account: str) -> str:
    """The role that is assumed in an account."""
    return f"arn:aws:iam::{account}:role/reader"


def session(url: str, account: str, region: str) -> Any:
    """What writes into an account."""
    sts = boto3.client("sts", endpoint_url=url, region_name=region, **KEYS)
    given = sts.assume_role(RoleArn=role(account), RoleSessionName="benchmark")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region)


def filled(url: str, account: str, region: str, number: int) -> list[str]:
    """Make about so many things, and return their ARNs."""
    made = session(url, account, region)
    services = ("sqs", "sns", "dynamodb", "cloudwatch", "s3", "secretsmanager")
    client = {name: made.client(name, endpoint_url=url) for name in services}
    return [arn for n in range(max(1, round(number / EACH))) for arn in _some(client, account, region, n)]


def _some(client: dict[str, Any], account: str, region: str, n: int) -> Iterator[str]:
    for i in range(QUEUES):
        client["sqs"].create_queue(QueueName=f"queue-{n}-{i}")
        yield f"arn:aws:sqs:{region}:{account}:queue-{n}-{i}"
    for i in range(TOPICS):
        yield client["sns"].create_topic(Name=f"topic-{n}-{i}")["TopicArn"]
    for i in range(TABLES):
        key = [{"AttributeName": "id", "KeyType": "HASH"}], [{"AttributeName": "id", "AttributeType": "S"}]
        made = client["dynamodb"].create_table(
            TableName=f"table-{n}-{i}", KeySchema=key[0], AttributeDefinitions=key[1], BillingMode="PAY_PER_REQUEST"
        )
        yield made["TableDescription"]["TableArn"]
    for i in range(ALARMS):
        client["cloudwatch"].put_metric_alarm(
            AlarmName=f"alarm-{n}-{i}", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, MetricName="m",
            Namespace="n", Period=60, Statistic="Sum", Threshold=1,
        )  # fmt: skip
        yield f"arn:aws:cloudwatch:{region}:{account}:alarm:alarm-{n}-{i}"
    for i in range(SECRETS):
        yield client["secretsmanager"].create_secret(Name=f"secret-{n}-{i}", SecretString="opensesame")["ARN"]
    for i in range(BUCKETS):
        name = f"bucket-{account}-{region}-{n}-{i}"
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        client["s3"].create_bucket(Bucket=name, **where)
        yield f"arn:aws:s3:::{name}"


def measured(url: str, folder: Path) -> tuple[float, int, dict[str, Any], Path]:
    """Read everything in a process of its own: seconds, megabytes, the report, the snapshot."""
    file = folder / "account.jsonl"
    command = [str(Path(sys.executable).with_name("riskscan")), "aws", "--no-config", "--regions", ",".join(REGIONS)]
    command += [part for account in ACCOUNTS for part in ("--role-arn", role(account))]
    command += ["--save", str(file), "--format", "json"]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    begun = time.perf_counter()
    ran = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=folder)
    taken = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    if not ran.stdout:
        raise SystemExit(ran.stderr.decode())
    return taken, peak, json.loads(ran.stdout), file


def main(number: int) -> None:
    """Make the accounts, read them, and print what came of it."""
    with moto_server.serving() as (url, application), TemporaryDirectory() as name:
        places = [(account, region) for account in ACCOUNTS for region in REGIONS]
        with ThreadPoolExecutor(4) as pool:
            parts = pool.map(lambda place: filled(url, place[0], place[1], round(number / len(places))), places)
            made = {arn for part in parts for arn in part}
        application.requests.clear()
        application.faults.append(moto_server.Fault(403, "AccessDenied", DENIED[0]))
        application.throttle_every = int(os.environ.get("THROTTLE_EVERY", "100"))
        taken, peak, report, file = measured(url, Path(name))
        saved = file.read_text(encoding="utf-8")
        found = {record.get("arn") for record in map(json.loads, saved.splitlines())}
        denied = [p["message"] for p in report["problems"] if DENIED[1] in p["message"]]
        records = saved.count('"kind":"resource"')
        print(f"{len(made)} made, {len(found & made)} found, {records} records in all")
        print(f"{len(application.requests)} requests in {taken:.1f} s, at most {peak} MB")
        print(f"{len(denied)} of {len(places)} denied listings told; {len(report['problems'])} problems in all")
        print(f"secrets in the snapshot: {saved.count('opensesame')}")
        written = {r.action or f"{r.method} {r.path}" for r in application.requests if _writes(r)}
        print("calls that write:", sorted(written))


def _writes(request: moto_server.Request) -> bool:
    reading = ("Describe", "Get", "List", "BatchGet", "AssumeRole")
    return not request.action.startswith(reading) if request.action else request.method not in ("GET", "POST")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
