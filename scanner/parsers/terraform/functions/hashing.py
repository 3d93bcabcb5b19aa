"""Hashes and identifiers. https://developer.hashicorp.com/terraform/language/functions, "Hash and Crypto Functions"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from scanner.parsers.terraform.functions.calling import FunctionError

_UUID: Final = r"(?:urn:uuid:)?{0}|\{{{0}\}}|[0-9a-fA-F]{{32}}".format(
    "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_NAMESPACES: Final = {"dns": "NAMESPACE_DNS", "url": "NAMESPACE_URL", "oid": "NAMESPACE_OID", "x500": "NAMESPACE_X500"}


def digest(data: bytes, algorithm: str) -> bytes:
    """The hash of some bytes."""
    import hashlib

    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


def hexadecimal(algorithm: str) -> Callable[[str], str]:
    """``md5``, ``sha1``, ``sha256``, ``sha512``: the hash of a text in hexadecimal digits."""
    return lambda text: digest(text.encode(errors="replace"), algorithm).hex()


def base64(algorithm: str) -> Callable[[str], str]:
    """``base64sha256``, ``base64sha512``: the hash of a text in base64."""

    def run(text: str) -> str:
        from base64 import b64encode

        return b64encode(digest(text.encode(errors="replace"), algorithm)).decode()

    return run


def uuid_v5(namespace: str, name: str) -> str:
    """The name-based identifier of RFC 4122, section 4.3."""
    import uuid

    if namespace in _NAMESPACES:
        space: uuid.UUID = getattr(uuid, _NAMESPACES[namespace])
    elif re.fullmatch(_UUID, namespace):
        space = uuid.UUID(namespace)
    else:
        raise FunctionError(f"{namespace!r} is not a namespace")
    return str(uuid.uuid5(space, name))
