"""A git revision as files in a folder of ours; :mod:`scanner.revisions.checkout` begins it."""

from scanner.revisions.checkout import Checkout, checked_out
from scanner.revisions.git import Repository, RevisionError, find_repository

__all__ = ["Checkout", "Repository", "RevisionError", "checked_out", "find_repository"]
