"""An estate in which everything that can be named carries markup, script or worse, each with a word that finds it again.

Payloads set ``window.__ran``, so that a page that runs one of them can be told. A place that is named with one uses
``NAME`` as its word: what the report then shows of it must be the payload, letter by letter.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

RUN: Final = "window.__ran=1"

PAYLOADS: Final = {
    "image": f"<img src=x onerror={RUN}>",
    "script": f"</script><script>{RUN}</script>",
    "template": f"</template></style></title><svg onload={RUN}>",
    "attribute": f"\" autofocus onfocus={RUN} x='",
    "tick": f"' onmouseover={RUN} y=`",
    "link": f"javascript:{RUN}",
    "frame": "<iframe srcdoc='<script>parent.__ran=1</script>'>",
    "moustache": "{{constructor.constructor('window.__ran=1')()}}${__ran=1}<%= 7*7 %>{{7*7}}",
    "comment": f"<!-- --!><script>{RUN}//<![CDATA[ ]]>",
    "entity": "&lt;b&gt; &#x3c;script&#x3e; &amp;lt; &quot;",
    "style": "red;background:url(https://evil.example/x)}*{display:none}\\3c /style\\3e @import 'https://evil.example'",
    "base": "<base href=https://evil.example/><meta http-equiv=refresh content=0;url=https://evil.example/>",
    "form": "<form action=https://evil.example/><input name=attributes><button autofocus>x</button></form>",
    "selector": '"],*{},[data-domain="x\\',
    "math": f"<math><mtext></form><mglyph><style></math><img src onerror={RUN}>",
    "dom": "<a id=cookie name=body href=data:text/html,x>x</a>",
}
"""In one line each, without what Terraform or YAML would read as their own once quoted."""

UNSEEN: Final = {
    "breaks": ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
    "override": ("\u202egpj.exe\u202c", "\\u202egpj.exe\\u202c"),
    "isolate": ("\u2066x\u2069\u200f", "\\u2066x\\u2069\\u200f"),
}
"""Characters that nobody sees, and how every report writes them."""

POLLUTION: Final = ("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype", "length")
"""Names that mean something to every object of JavaScript."""


def write(folder: Path) -> Path:
    """Write the estate; a pack of rules lies in ``pack`` and an incident in ``incidents`` beside it."""
    estate = folder / "estate"
    files = {
        ".riskscan.yaml": _configuration(),
        "main.tf": _terraform(),
        f"{PAYLOADS['image']}/{PAYLOADS['attribute'].replace('/', '')}.tf": _odd_file(),
        "broken '\"><img src=x onerror=window.__ran=1>.tf": "resource {{{\n",
        "k8s/<svg onload=window.__ran=1>.yaml": _kubernetes(),
        "k8s/broken<script>.yaml": f"kind: Deployment\n  apiVersion: [{PAYLOADS['image']}\n",
    }
    for name, text in files.items():
        path = estate / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "pack").mkdir()
    (folder / "pack" / "hostile.yaml").write_text(_rule(), encoding="utf-8")
    (folder / "incidents").mkdir()
    (folder / "incidents" / "aws-2099-01-01-hostile.yaml").write_text(_incident(), encoding="utf-8")
    return estate


def text_of(name: str) -> str:
    """A payload as a resource, a service or a tag is called: with its own word at the end."""
    return f"{PAYLOADS[name] if name in PAYLOADS else UNSEEN[name][0]} w-{name}"


def shown(name: str) -> str:
    """What a reader must see of it."""
    return f"{PAYLOADS[name] if name in PAYLOADS else UNSEEN[name][1]} w-{name}"


def _quoted(text: str) -> str:
    """A string of HCL: its templates begin with ``${`` and ``%{``."""
    escaped = json.dumps(text, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    return escaped.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _key(text: str) -> str:
    """A key in an address, as Terraform prints it."""
    return json.dumps(text, ensure_ascii=False)


def _names() -> list[str]:
    return [*(text_of(name) for name in (*PAYLOADS, *UNSEEN)), *POLLUTION]


def _terraform() -> str:
    keys = ",\n    ".join(_quoted(name) for name in _names())
    hosts = ", ".join(
        _quoted(f"https://{host}/{PAYLOADS['image']}") for host in ("mainnet.infura.io", "api.<b>.example")
    )
    image = PAYLOADS["image"]
    return f"""
locals {{
  names = toset([
    {keys},
  ])
}}

provider "aws" {{
  region              = "ap-northeast-1"
  allowed_account_ids = ["111122223333"]
}}

provider "aws" {{
  alias               = "odd"
  region              = {_quoted(text_of("script"))}
  allowed_account_ids = [{_quoted(text_of("attribute"))}]
}}

# {image}
resource "aws_db_instance" "named" {{ # {PAYLOADS["script"]}
  for_each                = local.names
  identifier              = each.value
  engine                  = "postgres"
  instance_class          = {_quoted(PAYLOADS["moustache"])}
  availability_zone       = "ap-northeast-1a" # {PAYLOADS["comment"]}
  multi_az                = false
  backup_retention_period = 0
  tags                    = {{ (each.value) = each.value, "{{{{7*7}}}}" = "__proto__" }}
}}

resource "aws_db_instance" "zones" {{ # riskscan: ignore[RS704] {PAYLOADS["image"]} w-reason
  for_each          = local.names
  engine            = "postgres"
  availability_zone = each.value
  kms_key_id        = aws_kms_key.named[each.value].arn
}}

resource "aws_kms_key" "named" {{
  for_each    = local.names
  description = each.value
}}

resource "aws_sqs_queue" "odd" {{
  provider = aws.odd
  for_each = local.names
  name     = each.value
}}

resource "aws_lb" "front" {{
  for_each = local.names
  name     = each.value
  subnets  = ["subnet-1"]
  tags     = {{ Name = each.value }}
}}

resource "aws_lb_target_group" "front" {{
  for_each = local.names
}}

resource "aws_lb_listener" "front" {{
  for_each          = local.names
  load_balancer_arn = aws_lb.front[each.value].arn
  default_action {{
    type             = "forward"
    target_group_arn = aws_lb_target_group.front[each.value].arn
  }}
}}

resource "aws_lb_target_group_attachment" "front" {{
  for_each         = local.names
  target_group_arn = aws_lb_target_group.front[each.value].arn
  target_id        = aws_instance.front[each.value].id
}}

resource "aws_instance" "front" {{
  for_each          = local.names
  availability_zone = "ap-northeast-1a"
  user_data         = "${{aws_db_instance.named[each.value].address}} ${{join(" ", [{hosts}])}}"
}}

module "missing" {{
  source = {_quoted(image)}
}}

variable "undecided" {{
  type        = bool
  description = {_quoted(image)}
}}

resource "aws_db_instance" "undecided" {{
  engine   = "postgres"
  multi_az = var.undecided
}}
"""


def _odd_file() -> str:
    return f"""
resource "aws_elasticache_cluster" "odd" {{ # {PAYLOADS["image"]}
  cluster_id        = {_quoted(text_of("image"))}
  availability_zone = "ap-northeast-1a"
  num_cache_nodes   = 1
}}
"""


def _kubernetes() -> str:
    documents = []
    for name in _names():
        word = json.dumps(name)
        labels = json.dumps({"app": name})
        documents.append(f"""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {word}
  namespace: {word}
  labels: {labels}
  annotations: {{{word}: {word}}}
spec:
  replicas: 1
  selector: {{matchLabels: {labels}}}
  template:
    metadata: {{labels: {labels}}}
    spec:
      nodeSelector: {{topology.kubernetes.io/zone: {word}}}
      containers:
        - name: {word}
          image: {word}
          env: [{{name: UPSTREAM, value: {json.dumps("https://mainnet.infura.io/" + name)}}}]
---
apiVersion: v1
kind: Service
metadata: {{name: {word}, namespace: {word}}}
spec: {{type: LoadBalancer, selector: {labels}}}
""")
    return "---".join(documents)


def _configuration() -> str:
    lines = ["version: 1", "services:"]
    for name in _names():
        entry = json.dumps(f".#aws_lb.front[{_key(name)}]")
        lines.append(f"  - {{name: {json.dumps('svc ' + name)}, entry: [{entry}], criticality: critical}}")
    lines.append("custody:")
    for name in _names():
        entry = json.dumps(f".#aws_kms_key.named[{_key(name)}]")
        lines.append(f"  - {{name: {json.dumps('key ' + name)}, entry: [{entry}]}}")
    lines.append("attest:")
    for name in ("image", "script", "attribute"):
        key, holder = json.dumps(f".#aws_kms_key.named[{_key(text_of(name))}]"), json.dumps(text_of(name) + " holder")
        lines.append(f"  - {{resource: {key}, claim: material-escrowed, holder: {holder}, until: 2099-01-31}}")
    reason = json.dumps(text_of("script") + " configured")
    lines += ["ignore:", f'  - {{rule: RS709, resource: "*aws_elasticache_cluster.odd", reason: {reason}}}']
    cluster = json.dumps(text_of("image") + " cluster")
    lines += ["placements:", '  - paths: ["k8s/**"]', f"    cluster: {cluster}", "    provider: aws"]
    lines.append("    region: ap-northeast-1")
    return "\n".join(lines) + "\n"


def _rule() -> str:
    return f"""
code: XS901
slug: hostile-texts
axis: zone
severity: critical
precision: high
title: {json.dumps(PAYLOADS["image"] + " w-title")}
why: {json.dumps(PAYLOADS["script"] + " w-why")}
applies_to: {{kind: database}}
fails_when: {{single_zone: {{is: true}}}}
message: {json.dumps("{id} " + PAYLOADS["form"] + " w-message")}
remediation:
  terraform: |
    {PAYLOADS["image"]} w-remedy [x](javascript:window.__ran=1) <b onclick={RUN}>

    ```hcl
    </code></pre>{PAYLOADS["script"]} w-code
    ```
references:
  - https://example.com/?a="><img src=x onerror={RUN}>
examples:
  - fail: |
      resource "aws_db_instance" "x" {{
        engine            = "postgres"
        availability_zone = "ap-northeast-1a" # <-
        multi_az          = false
      }}
  - pass: |
      resource "aws_db_instance" "x" {{
        engine   = "postgres"
        multi_az = true # <-
      }}
  - unknown: |
      variable "v" {{
        type = bool
      }}
      resource "aws_db_instance" "x" {{
        engine   = "postgres"
        multi_az = var.v # <-
      }}
"""


def _incident() -> str:
    return f"""
id: aws-2099-01-01-hostile
title: {json.dumps(PAYLOADS["image"] + " w-incident")}
status: verified
start: 2099-01-01T00:00:00Z
end: 2099-01-01T01:00:00Z
duration: {json.dumps(PAYLOADS["attribute"] + " w-duration")}
cause: {json.dumps(PAYLOADS["script"] + " w-cause")}
down: [region:aws/ap-northeast-1]
services: [{json.dumps(PAYLOADS["image"])}]
sources: ["https://example.com/?<img%20src=x%20onerror={RUN}>"]
notes: {json.dumps(PAYLOADS["comment"] + " w-notes")}
"""
