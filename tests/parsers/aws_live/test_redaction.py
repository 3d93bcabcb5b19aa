"""What stays of an answer. The shapes are the SDK's own."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from scanner.parsers.aws_live.redaction import address, cleaned, meant


def answer(service: str, operation: str, data: Any) -> Any:
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).output_shape
    return cleaned(data, shape)


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("RPC_URL", "https://mainnet.infura.io/v3/0123456789abcdef", "https://mainnet.infura.io"),
        ("DATABASE_URL", "postgres://app:hunter2@db.internal.example.com:5432/ledger?sslmode=on", "postgres://db.internal.example.com:5432"),
        ("HOST", "ledger.abc.eu-west-1.rds.amazonaws.com", "ledger.abc.eu-west-1.rds.amazonaws.com"),
        ("BROKERS", "amqps://a:x@b-1.example.com:5671,amqps://a:x@b-2.example.com:5671", "amqps://b-1.example.com:5671,amqps://b-2.example.com:5671"),
        ("TABLE_NAME", "orders", "orders"),
        ("KEY_ARN", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/orders", "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"),
        ("API_KEY", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", ""),
        ("PASSWORD", "orders", ""),
        ("DB_PASSWORD", "correct.horse.battery", ""),  # a password may look like a host
        ("MNEMONIC", "legal winner thank year wave sausage", ""),
        ("LOG_LEVEL", "debug", ""),
    ],
)  # fmt: skip
def test_settings(name: str, value: str, stays: str) -> None:
    assert meant(name, value) == stays


def test_addresses() -> None:
    assert address("https://hooks.slack.com/services/T0/B0/opensesame") == "https://hooks.slack.com"
    assert address("opensesame") == ""


def test_functions() -> None:
    kept = answer(
        "lambda",
        "ListFunctions",
        {
            "Functions": [
                {"FunctionName": "f", "Environment": {"Variables": {"TOKEN": "opensesame", "TABLE": "orders"}}}
            ]
        },
    )
    assert kept == {
        "Functions": [{"FunctionName": "f", "Environment": {"Variables": {"TOKEN": "", "TABLE": "orders"}}}]
    }


def test_tunnels() -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnConnection.html: the configuration holds the keys."""
    given = {"VpnConnectionId": "vpn-1", "CustomerGatewayConfiguration": "<pre_shared_key>opensesame</pre_shared_key>"}
    options = {"TunnelOptions": [{"PreSharedKey": "opensesame", "OutsideIpAddress": "192.0.2.1"}]}
    kept = answer("ec2", "DescribeVpnConnections", {"VpnConnections": [{**given, "Options": options}]})
    assert "opensesame" not in json.dumps(kept)
    assert kept["VpnConnections"][0]["Options"]["TunnelOptions"] == [{"OutsideIpAddress": "192.0.2.1"}]


def test_direct_connect() -> None:
    kept = answer(
        "directconnect",
        "DescribeVirtualInterfaces",
        {"virtualInterfaces": [{"virtualInterfaceId": "dxvif-1", "authKey": "x", "customerRouterConfig": "x", "bgpPeers": [{"asn": 1, "authKey": "x"}]}]},
    )  # fmt: skip
    assert kept == {"virtualInterfaces": [{"virtualInterfaceId": "dxvif-1", "bgpPeers": [{"asn": 1}]}]}


def test_origins() -> None:
    """A header that only the distribution knows is a password: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html"""
    headers = {"Quantity": 1, "Items": [{"HeaderName": "X-Origin-Verify", "HeaderValue": "opensesame"}]}
    origins = {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "x.example.com", "CustomHeaders": headers}]}
    kept = answer("cloudfront", "GetDistributionConfig", {"DistributionConfig": {"Origins": origins}})
    [origin] = kept["DistributionConfig"]["Origins"]["Items"]
    assert origin["CustomHeaders"]["Items"] == [{"HeaderName": "X-Origin-Verify"}]
    assert origin["DomainName"] == "x.example.com"


def test_tasks() -> None:
    container = {
        "name": "node",
        "image": "ethereum/client-go",
        "environment": [
            {"name": "PRIVATE_KEY", "value": "0x4c08"},
            {"name": "L1", "value": "https://eth.example.com/k/e/y"},
        ],
        "secrets": [{"name": "JWT", "valueFrom": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:jwt"}],
        "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "opensesame"}},
    }
    kept = answer("ecs", "DescribeTaskDefinition", {"taskDefinition": {"containerDefinitions": [container]}})
    [node] = kept["taskDefinition"]["containerDefinitions"]
    assert node["environment"] == [
        {"name": "PRIVATE_KEY", "value": ""},
        {"name": "L1", "value": "https://eth.example.com"},
    ]
    assert node["secrets"] == container["secrets"]
    assert node["logConfiguration"] == {"logDriver": "splunk"}


def test_state_machines() -> None:
    definition = {
        "StartAt": "Pay",
        "States": {"Pay": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                           "Parameters": {"FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:pay", "Payload": {"pin": "opensesame"}}}},
    }  # fmt: skip
    kept = json.loads(
        answer("stepfunctions", "DescribeStateMachine", {"definition": json.dumps(definition)})["definition"]
    )
    pay = kept["States"]["Pay"]
    assert pay["Resource"] == "arn:aws:states:::lambda:invoke"
    assert pay["Parameters"]["FunctionName"] == "arn:aws:lambda:eu-west-1:111122223333:function:pay"
    assert pay["Parameters"]["Payload"] == {"pin": ""}
