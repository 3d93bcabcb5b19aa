"""A live AWS account, read through its own interface, and snapshots of one.

Only what asks the account imports boto3; a snapshot is read without it.
"""
