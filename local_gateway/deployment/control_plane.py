"""Read what was deployed back from the engine: the API, its routes and functions."""

from collections.abc import Iterable, Mapping
from typing import Any

from local_gateway.aws import Endpoint
from local_gateway.deployment.stack import Stack
from local_gateway.errors import StartupError
from local_gateway.functions.function import LATEST, AsyncSettings, Function
from local_gateway.websocket.api import (
    MAX_INTEGRATION_SECONDS,
    Authorizer,
    Route,
    Throttle,
    WebSocketApi,
)

_ACCOUNT_LIMITS = Throttle(10_000, 5_000)


def read_functions(engine: Endpoint, stack: Stack) -> list[Function]:
    """Return every function of the stack as deployed, with its local code."""
    client = engine.client("lambda")
    found = []
    for logical_id, code_dir in stack.template.code_dirs.items():
        name = stack.physical.get(logical_id)
        if not name:
            continue  # a Condition left it out
        settings = client.get_function_configuration(FunctionName=name)
        aliases = client.list_aliases(FunctionName=name)["Aliases"]
        found.append(
            Function(
                name=settings["FunctionName"],
                logical_id=logical_id,
                arn=settings["FunctionArn"],
                handler=settings["Handler"],
                code_dir=code_dir,
                timeout=float(settings.get("Timeout", 3)),
                memory=int(settings.get("MemorySize", 128)),
                environment=settings.get("Environment", {}).get("Variables", {}),
                asynchronous=_async_settings(client, settings),
                qualifiers=frozenset({LATEST, *(alias["Name"] for alias in aliases)}),
            )
        )
    return found


def read_api(engine: Endpoint, stack: Stack, functions: set[str]) -> WebSocketApi:
    """Return the stack's WebSocket API, served by functions of those names.

    Raises StartupError where there is not exactly one API, or a route leads nowhere.
    """
    client = engine.client("apigatewayv2")
    ours = set(stack.physical.values())
    apis = [
        api
        for api in client.get_apis()["Items"]
        if api["ProtocolType"] == "WEBSOCKET" and api["ApiId"] in ours
    ]
    found = _only(apis, "it has {} WebSocket APIs", stack)
    api_id = found["ApiId"]
    stage = _only(client.get_stages(ApiId=api_id)["Items"], "the API has {} stages", stack)
    routes = client.get_routes(ApiId=api_id)["Items"]
    integrations = {
        entry["IntegrationId"]: entry for entry in client.get_integrations(ApiId=api_id)["Items"]
    }
    api = WebSocketApi(
        api_id=api_id,
        stage=stage["StageName"],
        region=engine.region,
        account=engine.client("sts").get_caller_identity()["Account"],
        route_selection=found.get("RouteSelectionExpression", "$request.body.action"),
        routes={route["RouteKey"]: _route(route, integrations) for route in routes},
        authorizer=_authorizer(client.get_authorizers(ApiId=api_id)["Items"], routes),
        stage_variables=stage.get("StageVariables") or {},
        messages=_throttle(stage.get("DefaultRouteSettings") or {}),
    )
    _refuse_dead_ends(api, functions, stack)
    return api


def _async_settings(client: Any, settings: Mapping[str, Any]) -> AsyncSettings:
    pages = client.get_paginator("list_function_event_invoke_configs")
    found = pages.paginate(FunctionName=settings["FunctionName"]).build_full_result()
    # A function has as many as qualifiers; the gateway runs one code, so they are one here.
    config: Mapping[str, Any] = next(iter(found["FunctionEventInvokeConfigs"]), {})
    destinations = config.get("DestinationConfig") or {}
    return AsyncSettings(
        max_retries=int(config.get("MaximumRetryAttempts", AsyncSettings.max_retries)),
        max_age=float(config.get("MaximumEventAgeInSeconds", AsyncSettings.max_age)),
        dead_letters=(settings.get("DeadLetterConfig") or {}).get("TargetArn", ""),
        on_failure=(destinations.get("OnFailure") or {}).get("Destination", ""),
        on_success=(destinations.get("OnSuccess") or {}).get("Destination", ""),
    )


def _only(found: list[dict[str, Any]], counted: str, stack: Stack) -> dict[str, Any]:
    if len(found) != 1:
        raise StartupError(f"{stack.template.path}: {counted.format(len(found))}, not one")
    return found[0]


def _refuse_dead_ends(api: WebSocketApi, functions: set[str], stack: Stack) -> None:
    # The engine takes a reference to nothing where CloudFormation would refuse it.
    called = {f"route {key}": route.function for key, route in api.routes.items()}
    if api.authorizer is not None:
        called["the authorizer"] = api.authorizer.function
    for caller, name in called.items():
        if name not in functions:
            raise StartupError(f"{stack.template.path}: {caller} leads to no function: {name}")


def _route(route: Mapping[str, Any], integrations: Mapping[str, Mapping[str, Any]]) -> Route:
    integration = integrations[route["Target"].removeprefix("integrations/")]
    milliseconds = integration.get("TimeoutInMillis") or MAX_INTEGRATION_SECONDS * 1000
    return Route(
        key=route["RouteKey"],
        function=_function_name(integration["IntegrationUri"]),
        timeout=float(milliseconds) / 1000,
    )


def _authorizer(
    authorizers: Iterable[Mapping[str, Any]], routes: Iterable[Mapping[str, Any]]
) -> Authorizer | None:
    wanted = {r.get("AuthorizerId") for r in routes if r["RouteKey"] == "$connect"}
    for authorizer in authorizers:
        if authorizer["AuthorizerId"] in wanted:
            sources = authorizer.get("IdentitySource") or []
            return Authorizer(_function_name(authorizer["AuthorizerUri"]), tuple(sources))
    return None


def _throttle(settings: Mapping[str, Any]) -> Throttle:
    return Throttle(
        float(settings.get("ThrottlingRateLimit") or _ACCOUNT_LIMITS.rate),
        int(settings.get("ThrottlingBurstLimit") or _ACCOUNT_LIMITS.burst),
    )


def _function_name(uri: str) -> str:
    """Return the function's name out of an ARN, or of API Gateway's address of one."""
    arn = uri.rpartition("/functions/")[2].removesuffix("/invocations")
    return arn.partition(":function:")[2].partition(":")[0] or arn
