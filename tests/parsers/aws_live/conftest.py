from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parents[2] / "architectures"))

import moto_server


@dataclass
class Cloud:
    """AWS on the loopback interface."""

    url: str
    application: moto_server.Faulty

    def client(self, service: str, region: str = "eu-west-1", role: str = "") -> Any:
        session = boto3.Session(aws_access_key_id="admin", aws_secret_access_key="none", region_name=region)  # noqa: S106 - moto takes any
        if role:
            given = session.client("sts", endpoint_url=self.url).assume_role(RoleArn=role, RoleSessionName="set-up")
            keys = given["Credentials"]
            session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region)
        return session.client(service, endpoint_url=self.url)

    def fails(self, status: int, code: str, operation: str = "", **about: Any) -> None:
        self.application.faults.append(moto_server.Fault(status, code, operation, **about))


@pytest.fixture(scope="session")
def _served() -> Iterator[Cloud]:
    with moto_server.serving() as (url, application):
        yield Cloud(url, application)


@pytest.fixture
def cloud(_served: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cloud:
    """An empty AWS, as the environment's credentials see it."""
    _served.application.faults.clear()
    _reset(_served.url)
    _served.application.requests.clear()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_ENDPOINT_URL": _served.url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return _served


def _reset(url: str) -> None:
    import urllib.request

    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).read()  # noqa: S310 - the loopback
