# mypy: ignore-errors
"""Rows that tests read back."""

import functools
import json
import os

import boto3


@functools.cache
def table():
    return boto3.resource("dynamodb").Table(os.environ["TABLE"])


def remember(name, value):
    table().put_item(Item={"id": name, "value": json.dumps(value)})
