"""Content templates and WhatsApp's approval of them. https://www.twilio.com/docs/content/content-api-resources."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.api.access import Access, read_json
from trinity_channels_whatsapp.simulator.api.listing import cut, iso8601, modern
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.problems import Problem
from trinity_channels_whatsapp.simulator.templates import Approval, Template

CATEGORIES = frozenset({"UTILITY", "MARKETING", "AUTHENTICATION"})


class ContentApi:
    """`/v1/Content`: create, list, fetch, delete, ask for approval."""

    def __init__(self, network: Network, access: Access) -> None:
        self._network = network
        self._access = access

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/v1/Content", self._list, methods=["GET"]),
            Route("/v1/Content", self._create, methods=["POST"]),
            Route("/v1/ContentAndApprovals", self._list_with_approvals, methods=["GET"]),
            Route("/v1/Content/{content}", self._fetch, methods=["GET"]),
            Route("/v1/Content/{content}", self._delete, methods=["DELETE"]),
            Route("/v1/Content/{content}/ApprovalRequests", self._approvals, methods=["GET"]),
            Route("/v1/Content/{content}/ApprovalRequests/whatsapp", self._request_approval, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        account = self._access.account(request)
        found = ((one.sid, self._render(account, one)) for one in account.templates.values())
        return JSONResponse(modern(request, cut(request, found), "contents", f"{self._network.base_url}/v1/Content"))

    async def _list_with_approvals(self, request: Request) -> Response:
        account = self._access.account(request)
        found = (
            (one.sid, {**self._render(account, one), "approval_requests": _approval(one)})
            for one in account.templates.values()
        )
        base = f"{self._network.base_url}/v1/ContentAndApprovals"
        return JSONResponse(modern(request, cut(request, found), "contents", base))

    async def _create(self, request: Request) -> Response:
        account, body = self._access.account(request), await read_json(request)
        types, language = body.get("types"), body.get("language")
        if not isinstance(types, dict) or not types or not isinstance(language, str):
            raise Problem(20422, "types and language are required")
        template = Template(
            friendly_name=str(body.get("friendly_name", "")),
            types=types,
            created=self._network.clock(),
            language=language,
            variables=body.get("variables") or {},
        )
        account.templates[template.sid] = template
        return JSONResponse(self._render(account, template), 201)

    async def _fetch(self, request: Request) -> Response:
        account, template = self._template(request)
        return JSONResponse(self._render(account, template))

    async def _delete(self, request: Request) -> Response:
        account, template = self._template(request)
        del account.templates[template.sid]
        return Response(status_code=204)

    async def _approvals(self, request: Request) -> Response:
        account, template = self._template(request)
        return JSONResponse(
            {
                "sid": template.sid,
                "account_sid": account.sid,
                "whatsapp": _approval(template),
                "url": f"{self._network.base_url}/v1/Content/{template.sid}/ApprovalRequests",
            }
        )

    async def _request_approval(self, request: Request) -> Response:
        """Hand the template to WhatsApp, which takes minutes or days; a test sets `approval.status` itself."""
        (_, template), body = self._template(request), await read_json(request)
        name, category = body.get("name"), body.get("category")
        if not isinstance(name, str) or category not in CATEGORIES:
            raise Problem(20422, "name and category are required")
        template.approval = Approval("received", name, category)
        return JSONResponse(_approval(template), 201)

    def _template(self, request: Request) -> tuple[Account, Template]:
        account = self._access.account(request)
        template = account.templates.get(request.path_params["content"])
        if template is None:
            raise Problem(20404, request.url.path)
        return account, template

    def _render(self, account: Account, template: Template) -> dict[str, Any]:
        url = f"{self._network.base_url}/v1/Content/{template.sid}"
        return {
            "sid": template.sid,
            "account_sid": account.sid,
            "friendly_name": template.friendly_name,
            "language": template.language,
            "variables": template.variables,
            "types": template.types,
            "date_created": iso8601(template.created),
            "date_updated": iso8601(template.created),
            "url": url,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }


def _approval(template: Template) -> dict[str, Any]:
    return {
        "type": "whatsapp",
        "name": template.approval.name,
        "category": template.approval.category,
        "content_type": template.kind,
        "status": template.approval.status,
        "rejection_reason": template.approval.rejection_reason,
        "allow_category_change": True,
    }
