"""The functions as template.yaml describes them, started from their built packages."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.package.emulator import Emulator
from tests.support.template import template

FUNCTION = "AWS::Serverless::Function"


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def variables(function: str) -> dict[str, str]:
    """The environment that a function is given, with every parameter at its default.

    A reference to another resource becomes its logical id, as the tests' tables are named.
    """
    given = {
        **template()["Globals"]["Function"]["Environment"]["Variables"],
        **resources(FUNCTION)[function].get("Environment", {}).get("Variables", {}),
    }
    return {name: _resolved(value) for name, value in given.items()}


def _resolved(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    if "Ref" in value:
        name = value["Ref"]
        return str(template()["Parameters"].get(name, {}).get("Default", name))
    return "https://not-resolved.invalid"


@dataclass(frozen=True, slots=True)
class Functions:
    """Starts functions; `aws` is what Lambda and the tests add to their environment."""

    python: str
    runtime: Path
    packages: Path
    aws: Mapping[str, str]

    def start(self, function: str) -> Emulator:
        """A fresh execution environment of `function`."""
        return Emulator(
            python=self.python,
            runtime=self.runtime,
            package=self.packages / function,
            handler=resources(FUNCTION)[function]["Handler"],
            variables={**variables(function), **self.aws},
        )
