"""Documents with gaps, and the settings in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.documents import json_document, literal_text, settings, texts
from scanner.model.value import Ref, Unknown

ARN = Unknown("known after apply", None, Ref("aws_iam_role.r", "arn"), (Ref("aws_iam_role.r", "arn"),))
ACCOUNT = Unknown("known after apply", None, Ref("data.aws_caller_identity.c", "account_id"))


def partly(*parts: str | Unknown) -> Unknown:
    return Unknown("known after apply", parts=parts)


def test_unknown_in_place_of_a_value() -> None:
    document = json_document(partly('{"Principal":{"AWS":', ARN, '},"Action":"kms:*"}'))
    assert document == {"Principal": {"AWS": ARN}, "Action": "kms:*"}


def test_unknown_within_a_text() -> None:
    document = json_document(partly('{"AWS":"arn:aws:iam::', ACCOUNT, ':root"}'))
    assert document["AWS"].parts == ("arn:aws:iam::", ACCOUNT, ":root")
    assert document["AWS"].suffix == ":root"


def test_escaped_quotes_do_not_end_a_text() -> None:
    document = json_document(partly(r'{"a":"\"', ARN, r'\"","b":', ACCOUNT, "}"))
    assert document["a"].parts == ('"', ARN, '"')
    assert document["b"] is ACCOUNT


@pytest.mark.parametrize("text", ["", "not json", "{", '{"a":}'])
def test_what_is_no_json_is_unknown(text: str) -> None:
    assert isinstance(json_document(text), Unknown)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\ue000\ue001")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    ),
)
def test_cut_anywhere_inside_a_text_nothing_known_is_lost(value: Any) -> None:
    """A document in which one known text is cut in two by an unknown says everything else as before."""
    text = json.dumps({"cut": "leftright", "rest": value})
    place = text.index("leftright") + 4
    whole = json_document(partly(text[:place], ARN, text[place:]))
    assert whole["cut"].parts == ("left", ARN, "right")
    assert whole["rest"] == value


def named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {setting.name: setting.value for setting in settings(attributes)}


def test_settings_of_every_dialect() -> None:
    assert named({"environment": [{"variables": {"A": "1", "B": ARN}}]}) == {"A": "1", "B": ARN}
    blocks = {"template": [{"containers": [{"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}]}]}
    assert named(blocks) == {"A": "1", "B": "2"}
    definitions = {"container_definitions": '[{"environment":[{"name":"A","value":"1"}]}]'}
    assert named(definitions) == {"A": "1"}
    script = {"user_data": "#!/bin/sh\nexport A=1\nB: 'two'\n"}
    assert named(script) | {"user_data": ""} == {"user_data": "", "A": "1", "B": "two"}


def test_a_secret_reference_is_no_value() -> None:
    found = named({"container_definitions": '[{"secrets":[{"name":"MNEMONIC","valueFrom":"arn:aws:ssm:…"}]}]'})
    assert "MNEMONIC" not in found


def test_paths_lead_to_the_place() -> None:
    blocks = {"template": [{"containers": [{"env": [{"name": "A", "value": "1"}]}]}]}
    assert [setting.path for setting in settings(blocks)] == ["template[0].containers[0].env[0].value"]
    assert list(texts({"a": {"b": ["x"]}})) == [("a.b[0]", "x")]


def test_a_gap_hides_the_assignment_that_holds_it() -> None:
    found = named({"user_data": partly("#!/bin/sh\nexport A=", ARN, "\nexport B=2\n")})
    assert isinstance(found["A"], Unknown)
    assert found["B"] == "2"


def test_literal_text() -> None:
    assert literal_text(partly("a", ARN, "b"), "-") == "a-b"
    assert literal_text(None) == ""
