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


def variables(function: str, **parameters: str) -> dict[str, str]:
    """The environment that a function is given, with every other parameter at its default.

    A reference to another resource becomes its logical id, as the tests' tables are named.
    """
    given = {
        **template()["Globals"]["Function"]["Environment"]["Variables"],
        **resources(FUNCTION)[function].get("Environment", {}).get("Variables", {}),
    }
    return {name: str(resolved(value, parameters)) for name, value in given.items()}


def resolved(value: Any, parameters: Mapping[str, str]) -> Any:
    """What an intrinsic function of template.yaml gives, so far as parameters decide it."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        default = template()["Parameters"].get(argument, {}).get("Default", argument)
        return parameters.get(argument, default)
    if function == "Condition":
        return resolved(template()["Conditions"][argument], parameters)
    if function == "Fn::If":
        chosen = 1 if resolved({"Condition": argument[0]}, parameters) else 2
        return resolved(argument[chosen], parameters)
    if function in ("Fn::Not", "Fn::And", "Fn::Or"):
        found = [resolved(each, parameters) for each in argument]
        return {"Fn::Not": not found[0], "Fn::And": all(found), "Fn::Or": any(found)}[function]
    if function == "Fn::Equals":
        return resolved(argument[0], parameters) == resolved(argument[1], parameters)
    if function == "Fn::Split":
        return str(resolved(argument[1], parameters)).split(argument[0])
    if function == "Fn::Sub" and ":${AWS::Partition}:" in argument:
        for name, given in parameters.items():
            argument = argument.replace("${" + name + "}", given)
        return argument
    return "https://not-resolved.invalid"


@dataclass(frozen=True, slots=True)
class Functions:
    """Starts functions; `aws` is what Lambda and the tests add to their environment."""

    python: str
    runtime: Path
    packages: Path
    aws: Mapping[str, str]

    def start(self, function: str, **parameters: str) -> Emulator:
        """A fresh execution environment of `function`."""
        return Emulator(
            python=self.python,
            runtime=self.runtime,
            package=self.packages / function,
            handler=resources(FUNCTION)[function]["Handler"],
            variables={**variables(function, **parameters), **self.aws},
        )
