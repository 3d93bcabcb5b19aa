"""Custom resources and Terraform's objects as what they stand for, before anything is looked up in the catalog."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.catalog.load import Catalog
from scanner.model.objects import PLATFORM
from scanner.model.resource import Declaration
from scanner.normalize.cloud_objects import CloudObjects
from scanner.normalize.cluster_objects import ClusterObjects
from scanner.normalize.operator_objects import OperatorObjects
from scanner.normalize.published_names import PublishedNames
from scanner.normalize.spelled import spelled
from scanner.normalize.terraform_objects import terraform_objects


def translated(declarations: Sequence[Declaration], tables: Catalog) -> Sequence[Declaration]:
    """The declarations with custom resources as the cloud resources, clusters and groups of nodes that they are.

    What the clouds' own dialects declare is spelled as the catalog spells it, and what Terraform declares in a cluster
    becomes an object of it first.
    """
    declarations = list(terraform_objects(spelled(declarations, tables), tables))
    if not any(each.platform == PLATFORM for each in declarations):
        return declarations
    objects = list(CloudObjects(tables, declarations).translated())
    clusters = list(ClusterObjects(objects).translated())
    operated = list(OperatorObjects(clusters).translated())
    return list(PublishedNames(operated).translated())
