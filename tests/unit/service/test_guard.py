"""Who gets through the guard: the routes of the real application, asked with every kind of token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cellblock_service.api import guard
from cellblock_service.api.keys import PRINCIPAL, SETTINGS, TOKENS
from cellblock_service.api.problems import translate
from cellblock_service.application import create_app
from cellblock_service.server import worker_options
from cellblock_service.settings import Settings
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tokenfile import TokenFile
from cellblock_service.trust.tokens import Scope, create

pytestmark = pytest.mark.asyncio
Client = TestClient[web.Request, web.Application]

ROUTES = {
    "/livez": None,
    "/openapi.json": None,
    "/v1/execute": "execute",
    "/v1/executions/{id}": "execute",
    "/v1/session": "execute",
    "/v1/events": "execute",
    "/v1/images": "images",
    "/v1/packages": "execute",
    "/v1/images/{id}": "images",
    "/metrics": "admin",
    "/whatever/comes": "admin",
}


async def who(request: web.Request) -> web.Response:
    principal = request.get(PRINCIPAL)
    return web.json_response({"id": principal.id if principal else None})


class Service:
    """The guard in front of routes that tell who they think asks."""

    def __init__(self, home: Path) -> None:
        self.file = TokenFile.at(home)
        self.tokens = TokenRegistry(self.file, environment=None, loopback=True)
        app = web.Application(middlewares=[translate, guard.guard])
        app[TOKENS] = self.tokens
        for route in ROUTES:
            app.router.add_route("*", route, who)
        self.client: Client = TestClient(TestServer(app))

    def token(self, *scopes: Scope) -> dict[str, str]:
        token, shown = create("a", scopes=scopes)
        self.file.change(lambda kept: [*kept, token])
        self.tokens.look()
        return {"Authorization": f"Bearer {shown}"}

    async def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(method, path, headers=named) as response:
            assert not any(name.startswith("Access-Control") for name in response.headers)
            return response.status, await response.json(content_type=None)


@pytest_asyncio.fixture
async def service(tmp_path: Path, never_blocked: object) -> AsyncIterator[Service]:
    never_blocked.deactivate()  # type: ignore[attr-defined]  # tokens are made and read here in the loop
    made = Service(tmp_path)
    async with made.client:
        yield made


def paths() -> Iterable[tuple[str, str | None]]:
    return ((route.replace("{id}", "x"), scope) for route, scope in ROUTES.items())


async def test_without_tokens_this_machine_may_do_all(service: Service) -> None:
    for path, _ in paths():
        assert await service.ask(path) == (200, {"id": None if path == "/livez" else "local"})


async def test_every_route_has_its_scope(service: Service) -> None:
    for granted in ("execute", "images", "admin"):
        headers = service.token(granted)
        for path, scope in paths():
            status, answer = await service.ask(path, **headers)
            if scope in (None, granted) or granted == "admin":
                assert status == 200, (path, granted)
            else:
                assert (status, answer["error_key"], answer["scope"]) == (403, "scope_missing", scope)


async def test_without_a_valid_token_nothing_but_health_answers(service: Service) -> None:
    service.token("admin")
    for path, _ in [*paths(), ("/nowhere", None)]:
        status, answer = await service.ask(path, Authorization="Bearer wrong")
        if path == "/livez":
            assert status == 200
        else:
            assert (status, answer["error_key"]) == (401, "unauthorized")


async def test_a_token_in_the_address_or_in_a_subprotocol_is_none(service: Service) -> None:
    shown = service.token("execute")["Authorization"].removeprefix("Bearer ")
    assert (await service.ask(f"/v1/session?token={shown}&access_token={shown}"))[0] == 401
    assert (await service.ask("/v1/session", Sec_WebSocket_Protocol=f"cellblock.v1, {shown}"))[0] == 401


@pytest.mark.parametrize("path", ["/v1%2Fimages", "/v1/./images", "/%761/images", "/v1/images/"])
async def test_no_spelling_of_a_path_gets_around_its_scope(service: Service, path: str) -> None:
    status, _ = await service.ask(path, **service.token("execute"))
    assert status in (403, 404)


@pytest.mark.parametrize("with_token", [True, False])
async def test_pages_of_other_origins_are_refused(service: Service, with_token: bool) -> None:
    headers = service.token("admin") if with_token else {}
    for origin in ("https://page.example", "null", "http://127.0.0.1.page.example", "file://", "http://["):
        status, answer = await service.ask("/v1/session", Origin=origin, **headers)
        assert (status, answer["error_key"]) == (403, "host_refused"), origin
    assert (await service.ask("/v1/session", Origin="http://localhost:1880", **headers))[0] == 200


async def test_its_own_origin_is_served_with_a_token(service: Service) -> None:
    headers = service.token("execute")
    named = {"Host": "cellblock.example:8765", "Origin": "https://cellblock.example:8765"}
    assert (await service.ask("/v1/session", **named, **headers))[0] == 200
    assert (await service.ask("/v1/session", **named | {"Host": "other.example:8765"}, **headers))[0] == 403


async def test_without_tokens_a_rebound_name_is_refused(service: Service) -> None:
    named = {"Host": "rebound.example", "Origin": "http://rebound.example"}
    assert (await service.ask("/v1/execute", **named))[0] == 403
    assert (await service.ask("/v1/execute", Host="rebound.example"))[0] == 403


@pytest.mark.parametrize("origin", ["https://page.example", "http://localhost:1880"])
async def test_a_preflight_is_refused(service: Service, origin: str) -> None:
    asked = {"Origin": origin, "Access_Control_Request_Method": "POST"}
    for headers in ({}, service.token("admin")):
        status, answer = await service.ask("/v1/execute", "OPTIONS", **asked, **headers)
        assert (status, answer["error_key"]) == (403, "host_refused")


async def test_the_application_has_the_guard_and_its_routes_need_a_scope(tmp_path: Path) -> None:
    app = create_app(
        settings := Settings(full_bundle="on-demand", home=tmp_path, token="secret"), worker_options(settings)
    )
    assert guard.guard in app.middlewares
    assert app[SETTINGS].token_file.path == tmp_path / "tokens.json"
    for resource in app.router.resources():
        if resource.canonical not in guard.OPEN_ROUTES | guard.ANY_SCOPE:
            assert guard.scope_of(resource.canonical)
