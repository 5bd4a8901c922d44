"""Bring the engine to what the template says, and read back what it made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.aws import Endpoint
from local_gateway.deployment import control_plane, tables
from local_gateway.deployment.dead_letters import set_dead_letters
from local_gateway.deployment.stack import Stack, deploy_stack
from local_gateway.deployment.template import Template
from local_gateway.functions.function import Function
from local_gateway.websocket.api import WebSocketApi


@dataclass(frozen=True)
class Deployment:
    """A deployed stack with its one WebSocket API and the functions behind it."""

    stack: Stack
    api: WebSocketApi
    functions: list[Function]


def deploy(engine: Endpoint, template: Template, parameters: Mapping[str, str]) -> Deployment:
    """Deploy; raise StartupError naming the resource and the reason where that fails."""
    stack = deploy_stack(engine, template, parameters)
    tables.set_lifetimes(engine, stack)
    set_dead_letters(engine, stack)
    functions = control_plane.read_functions(engine, stack)
    api = control_plane.read_api(engine, stack, {function.name for function in functions})
    return Deployment(stack, api, functions)
