"""``moved`` blocks: what an object was called before (https://developer.hashicorp.com/terraform/language/block/moved)."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.parsers.terraform import tree
from scanner.parsers.terraform.module import ModuleInstance, quoted


def moves(module: ModuleInstance) -> Iterator[tuple[str, str]]:
    """Old and new addresses, as the module's instance has them. Blocks that Terraform would refuse tell nothing."""
    for located in module.source.moves:
        old, new = (_address(located.block.body.attributes.get(name)) for name in ("from", "to"))
        if old and new:
            yield f"{module.prefix}{old}", f"{module.prefix}{new}"


def _address(attribute: tree.Attribute | None) -> str:
    """``module.a["x"].aws_lb.b[0]`` as addresses are written; empty for what is no address."""
    node = attribute.value if attribute is not None else None
    steps: list[str] = []
    while True:
        match node:
            case tree.GetAttr(value=value, name=name):
                steps.append(f".{name}")
                node = value
            case tree.Index(value=value, key=key):
                if not (written := _key(key)):
                    return ""
                steps.append(written)
                node = value
            case tree.Variable(name=name):
                return "".join((name, *reversed(steps)))
            case _:
                return ""


def _key(key: tree.Expression) -> str:
    match key:
        case tree.Literal(value=str() as text):
            return f'["{quoted(text)}"]'
        case tree.Literal(value=bool() | None):
            return ""
        case tree.Literal(value=number):
            return f"[{number}]"
    return ""
