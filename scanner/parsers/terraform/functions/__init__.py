"""Terraform's functions. https://developer.hashicorp.com/terraform/language/functions.

:func:`call` gives what ``terraform console`` gives, or an unknown whose reason says why no file decides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scanner.model.value import Value, unknown_from
from scanner.parsers.terraform.functions import (
    collection,
    conversion,
    csvtext,
    dates,
    encoding,
    files,
    formatting,
    hashing,
    network,
    numeric,
    patterns,
    sets,
    text,
    yamltext,
)
from scanner.parsers.terraform.functions.calling import (
    FIRST,
    LENIENT,
    LIST,
    NULLABLE,
    SET,
    SHALLOW,
    TEXTS,
    Function,
    FunctionContext,
    FunctionError,
    always_unknown,
    invoke,
)
from scanner.parsers.terraform.types import ANY, BOOL, NUMBER, STRING, Collection

_FUNCTIONS: Final[dict[str, Function]] = {
    # numbers
    "abs": Function(numeric.absolute, (NUMBER,)),
    "ceil": Function(numeric.ceiling, (NUMBER,)),
    "floor": Function(numeric.floor, (NUMBER,)),
    "log": Function(numeric.logarithm, (NUMBER, NUMBER)),
    "max": Function(numeric.largest, rest=NUMBER),
    "min": Function(numeric.smallest, rest=NUMBER),
    "parseint": Function(numeric.parse_int, (ANY, NUMBER)),
    "pow": Function(numeric.power, (NUMBER, NUMBER)),
    "signum": Function(numeric.sign, (NUMBER,)),
    # types and marks
    "ephemeralasnull": Function(conversion.same, (NULLABLE,), unknowns=LENIENT),
    "nonsensitive": Function(conversion.same, (NULLABLE,), unknowns=LENIENT),
    "sensitive": Function(conversion.same, (NULLABLE,), unknowns=LENIENT),
    "tobool": Function(conversion.to(BOOL), (NULLABLE,), unknowns=LENIENT),
    "tolist": Function(conversion.to(LIST), (NULLABLE,), unknowns=LENIENT, deep=True),
    "tomap": Function(conversion.to(Collection("map", ANY)), (NULLABLE,), unknowns=LENIENT, deep=True),
    "tonumber": Function(conversion.to(NUMBER), (NULLABLE,), unknowns=LENIENT),
    "toset": Function(conversion.to(SET), (NULLABLE,), unknowns=LENIENT, deep=True),
    "tostring": Function(conversion.to(STRING), (NULLABLE,), unknowns=LENIENT),
    # texts
    "chomp": Function(text.chomp, (STRING,)),
    "endswith": Function(text.ends_with, (STRING, STRING), unknowns=FIRST),
    "format": Function(formatting.format_text, (STRING,), NULLABLE, LENIENT),
    "formatlist": Function(formatting.format_list, (STRING,), NULLABLE, LENIENT),
    "indent": Function(text.indent, (NUMBER, STRING)),
    "join": Function(text.join, (STRING,), TEXTS, SHALLOW),
    "lower": Function(text.lower, (STRING,), unknowns=LENIENT),
    "regex": Function(patterns.first_match, (STRING, STRING)),
    "regexall": Function(patterns.all_matches, (STRING, STRING)),
    "replace": Function(patterns.replace, (STRING, STRING, STRING)),
    "split": Function(text.split, (STRING, STRING)),
    "startswith": Function(text.starts_with, (STRING, STRING), unknowns=FIRST),
    "strcontains": Function(text.contains, (STRING, STRING), unknowns=FIRST),
    "strrev": Function(text.reverse, (STRING,)),
    "substr": Function(text.substring, (STRING, NUMBER, NUMBER), unknowns=FIRST),
    "title": Function(text.title, (STRING,)),
    "trim": Function(text.trim, (STRING, STRING)),
    "trimprefix": Function(text.trim_prefix, (STRING, STRING), unknowns=FIRST),
    "trimspace": Function(text.trim_space, (STRING,)),
    "trimsuffix": Function(text.trim_suffix, (STRING, STRING), unknowns=FIRST),
    "upper": Function(text.upper, (STRING,), unknowns=LENIENT),
    # collections
    "alltrue": Function(collection.all_true, (Collection("list", BOOL),), unknowns=SHALLOW),
    "anytrue": Function(collection.any_true, (Collection("list", BOOL),), unknowns=SHALLOW),
    "chunklist": Function(collection.chunk_list, (LIST, NUMBER), unknowns=SHALLOW, deep=True),
    "coalesce": Function(collection.coalesce, rest=NULLABLE, unknowns=LENIENT, deep=True),
    "coalescelist": Function(collection.coalesce_list, rest=NULLABLE, unknowns=LENIENT),
    "compact": Function(collection.compact, (TEXTS,), unknowns=SHALLOW),
    "concat": Function(collection.concat, rest=ANY, unknowns=LENIENT),
    "contains": Function(collection.contains, (ANY, ANY), unknowns=LENIENT, deep=True),
    "distinct": Function(collection.distinct, (LIST,), unknowns=SHALLOW, deep=True, reference=True),
    "element": Function(collection.element, (ANY, NUMBER), unknowns=LENIENT),
    "flatten": Function(collection.flatten, (ANY,), unknowns=SHALLOW),
    "index": Function(collection.index, (ANY, ANY), unknowns=SHALLOW, deep=True),
    "keys": Function(collection.keys, (ANY,), unknowns=SHALLOW),
    "length": Function(collection.length, (ANY,), unknowns=SHALLOW),
    "list": Function(collection.legacy_list, rest=NULLABLE, unknowns=LENIENT, deep=True),
    "lookup": Function(collection.lookup, (ANY, STRING), NULLABLE, LENIENT),
    "map": Function(collection.legacy_map, rest=NULLABLE, unknowns=LENIENT, deep=True),
    "matchkeys": Function(collection.match_keys, (LIST, LIST, LIST), unknowns=SHALLOW, deep=True),
    "merge": Function(collection.merge, rest=NULLABLE, unknowns=LENIENT),
    "one": Function(collection.one, (ANY,), unknowns=SHALLOW),
    "range": Function(collection.number_range, rest=NUMBER),
    "reverse": Function(collection.reverse, (ANY,), unknowns=SHALLOW),
    "setintersection": Function(sets.intersection, (SET,), SET),
    "setproduct": Function(sets.product, rest=ANY, unknowns=LENIENT, deep=True),
    "setsubtract": Function(sets.subtract, (SET, SET)),
    "setunion": Function(sets.union, (SET,), SET, SHALLOW, deep=True),
    "slice": Function(collection.cut, (ANY, NUMBER, NUMBER), unknowns=LENIENT),
    "sort": Function(collection.sort, (TEXTS,), reference=True),
    "sum": Function(collection.total, (ANY,)),
    "transpose": Function(collection.transpose, (collection.TEXT_LISTS,)),
    "values": Function(collection.values, (ANY,), unknowns=SHALLOW),
    "zipmap": Function(collection.zipmap, (TEXTS, ANY), unknowns=SHALLOW),
    # encodings
    "base64decode": Function(encoding.base64_decode, (STRING,)),
    "base64encode": Function(encoding.base64_encode, (STRING,), unknowns=LENIENT),
    "base64gunzip": Function(encoding.base64_gunzip, (STRING,)),  # OpenTofu
    "base64gzip": Function(encoding.base64_gzip, (STRING,), unknowns=LENIENT),
    "csvdecode": Function(csvtext.decode, (STRING,)),
    "jsondecode": Function(encoding.json_decode, (STRING,), unknowns=LENIENT),
    "jsonencode": Function(encoding.json_encode, (NULLABLE,), unknowns=LENIENT, deep=True),
    "textdecodebase64": Function(encoding.text_decode, (STRING, STRING)),
    "textencodebase64": Function(encoding.text_encode, (STRING, STRING)),
    "urldecode": Function(encoding.url_decode, (STRING,)),  # OpenTofu
    "urlencode": Function(encoding.url_encode, (STRING,)),
    "yamldecode": Function(yamltext.decode, (STRING,)),
    "yamlencode": Function(yamltext.encode, (NULLABLE,)),
    # hashes and identifiers
    "base64sha256": Function(hashing.base64("sha256"), (STRING,)),
    "base64sha512": Function(hashing.base64("sha512"), (STRING,)),
    "bcrypt": Function(always_unknown("bcrypt salts its result at random"), (STRING,), NUMBER, LENIENT),
    "md5": Function(hashing.hexadecimal("md5"), (STRING,)),
    "rsadecrypt": Function(encoding.rsa_decrypt, (STRING, STRING)),
    "sha1": Function(hashing.hexadecimal("sha1"), (STRING,)),
    "sha256": Function(hashing.hexadecimal("sha256"), (STRING,)),
    "sha512": Function(hashing.hexadecimal("sha512"), (STRING,)),
    "uuid": Function(always_unknown("uuid gives another identifier on every run")),
    "uuidv5": Function(hashing.uuid_v5, (STRING, STRING)),
    # dates
    "formatdate": Function(dates.format_date, (STRING, STRING)),
    "plantimestamp": Function(always_unknown("plantimestamp is the time of the plan")),
    "timeadd": Function(dates.time_add, (STRING, STRING)),
    "timecmp": Function(dates.time_compare, (STRING, STRING)),
    "timestamp": Function(always_unknown("timestamp is the time of the run")),
    # networks
    "cidrcontains": Function(network.contains, (STRING, STRING)),  # OpenTofu
    "cidrhost": Function(network.host, (STRING, NUMBER)),
    "cidrnetmask": Function(network.netmask, (STRING,)),
    "cidrsubnet": Function(network.subnet, (STRING, NUMBER, NUMBER)),
    "cidrsubnets": Function(network.subnets, (STRING,), NUMBER),
    # files
    "abspath": Function(files.absolute, (STRING,)),
    "basename": Function(files.base_name, (STRING,), unknowns=LENIENT),
    "dirname": Function(files.folder_name, (STRING,), unknowns=LENIENT),
    "file": Function(files.text, (STRING,), contextual=True),
    "filebase64": Function(files.base64, (STRING,), contextual=True),
    "filebase64sha256": Function(files.base64_hash("sha256"), (STRING,), contextual=True),
    "filebase64sha512": Function(files.base64_hash("sha512"), (STRING,), contextual=True),
    "fileexists": Function(files.exists, (STRING,), contextual=True),
    "filemd5": Function(files.hexadecimal("md5"), (STRING,), contextual=True),
    "fileset": Function(files.file_set, (STRING, STRING), contextual=True),
    "filesha1": Function(files.hexadecimal("sha1"), (STRING,), contextual=True),
    "filesha256": Function(files.hexadecimal("sha256"), (STRING,), contextual=True),
    "filesha512": Function(files.hexadecimal("sha512"), (STRING,), contextual=True),
    "pathexpand": Function(files.expand, (STRING,)),
    "templatefile": Function(files.template_file, (STRING, ANY), unknowns=LENIENT, contextual=True),
    "templatestring": Function(files.template, (STRING, ANY), unknowns=LENIENT, contextual=True),
}

names: Final = frozenset(_FUNCTIONS)
"""All functions that :func:`call` knows, without ``core::``."""


def call(name: str, arguments: Sequence[Value], context: FunctionContext) -> Value:
    """The result of a function for evaluated arguments; raises :class:`FunctionError` where Terraform rejects it."""
    function = _FUNCTIONS.get(name.removeprefix("core::"))
    if function is not None:
        return invoke(function, arguments, context)
    if name.startswith("provider::"):
        return unknown_from(arguments, f"only the provider can compute {name}")
    raise FunctionError(f"there is no function {name}")


__all__ = ["FunctionContext", "FunctionError", "call", "names"]
