"""Encodings of texts and values. https://developer.hashicorp.com/terraform/language/functions, "Encoding Functions"."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from scanner.model.value import Unknown, Value, unknown_from
from scanner.parsers.terraform import json_values
from scanner.parsers.terraform.functions.calling import FunctionError
from scanner.parsers.terraform.values import TEXT_LIMIT, TOO_LONG, join_parts

_GZIP_HEADER: Final = "H4sIAAAAAAAA/"
"""Base64 of the ten bytes that every gzip stream of Go begins with, as far as whole characters go."""

_CODECS: Final = {
    "us-ascii": "ascii",
    "utf-8": "utf-8",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "macintosh": "mac-roman",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"windows-{n}": f"cp{n}" for n in range(1250, 1259)},
}
"""Names of the IANA registry whose tables Python has too."""

_BIG_ENDIAN_MARK: Final = b"\xfe\xff"


def base64_encode(text: Value) -> Value:
    """Base64 of the text's UTF-8 bytes; of a partly known text, one that remembers it."""
    from base64 import b64encode

    if isinstance(text, Unknown):
        return replace(unknown_from([text]), content=text if text.parts else None)
    assert isinstance(text, str)
    return b64encode(text.encode(errors="replace")).decode()


def base64_bytes(text: str) -> bytes:
    """What standard, padded base64 stands for; raises :class:`FunctionError`."""
    from base64 import b64decode

    digits = text.replace("\n", "").replace("\r", "")
    if len(digits) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", digits):
        raise FunctionError("the text is not base64")
    return b64decode(digits)


def base64_decode(text: str) -> str:
    """The UTF-8 text that base64 stands for."""
    try:
        return base64_bytes(text).decode()
    except UnicodeDecodeError:
        raise FunctionError("the decoded bytes are not UTF-8") from None


def base64_gzip(text: Value) -> Unknown:
    """What all of Go's gzip streams have in common: its compressor is not Python's."""
    reason = "the bytes that Terraform's own gzip compressor writes are not computed"
    rest = Unknown(reason, None, None, text.refs if isinstance(text, Unknown) else ())
    partial = join_parts([_GZIP_HEADER, rest])
    assert isinstance(partial, Unknown)
    return replace(partial, content=text) if isinstance(text, Unknown) and text.parts else partial


def base64_gunzip(text: str) -> Value:
    """``base64gunzip`` of OpenTofu: the text inside a gzip stream."""
    import zlib

    try:
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        data = stream.decompress(base64_bytes(text), TEXT_LIMIT + 1)
        if len(data) > TEXT_LIMIT:
            return Unknown(TOO_LONG)
        if not stream.eof:
            raise FunctionError("the gzip stream ends early")
        return data.decode()
    except zlib.error:
        raise FunctionError("the text is not a gzip stream") from None
    except UnicodeDecodeError:
        raise FunctionError("the decompressed bytes are not UTF-8") from None


def text_encode(text: str, encoding: str) -> Value:
    """Base64 of the text in another encoding."""
    from base64 import b64encode

    name = encoding.lower()
    if name == "utf-16":
        return b64encode(_BIG_ENDIAN_MARK + text.encode("utf-16-be")).decode()
    codec = _codec(name)
    if isinstance(codec, Unknown):
        return codec
    try:
        return b64encode(text.encode(codec)).decode()
    except UnicodeError:
        raise FunctionError(f"the text has characters that {encoding} cannot write") from None


def text_decode(text: str, encoding: str) -> Value:
    """The text that base64 of another encoding stands for."""
    data, name = base64_bytes(text), encoding.lower()
    if name == "utf-16":
        name = "utf-16le" if data.startswith(b"\xff\xfe") else "utf-16be"
        data = data[2:] if data[:2] in (b"\xff\xfe", _BIG_ENDIAN_MARK) else data
    codec = _codec(name)
    if isinstance(codec, Unknown):
        return codec
    try:
        decoded = data.decode(codec)
    except UnicodeError:
        decoded = "\ufffd"
    if "\ufffd" in decoded:
        raise FunctionError(f"the bytes are not {encoding}")
    return decoded


def _codec(name: str) -> str | Unknown:
    import codecs

    if name in _CODECS:
        return _CODECS[name]
    try:
        codecs.lookup(name)
    except LookupError:
        raise FunctionError(f"{name!r} is not a known encoding") from None
    return Unknown(f"the encoding {name} is not computed")


def url_encode(text: str) -> str:
    """Percent encoding of a query, spaces as ``+``."""
    from urllib.parse import quote_plus

    return quote_plus(text, safe="", errors="replace")


def url_decode(text: str) -> str:
    """``urldecode`` of OpenTofu: the text that a percent encoding stands for."""
    from urllib.parse import unquote_plus

    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise FunctionError("an escape is not two hexadecimal digits")
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise FunctionError("the decoded bytes are not UTF-8") from None


def json_encode(value: Value) -> str | Unknown:
    """The value as JSON; partly known when parts of it are unknown."""
    try:
        return json_values.encode(value)
    except json_values.TooLarge as error:
        return Unknown(str(error))


def json_decode(text: Value) -> Value:
    """The value of a JSON document."""
    return json_values.decode(text)


def rsa_decrypt(ciphertext: str, _key: str) -> Unknown:
    """``rsadecrypt`` is not computed: private keys of a scanned folder are left alone."""
    base64_bytes(ciphertext)
    return Unknown("decrypting needs a private key")
