"""What every simulator's page is held to, whatever its provider."""

from __future__ import annotations

import httpx

FILES = ("phone.css", "channel.css", "icon.svg")


async def loads_its_own_files_only(client: httpx.AsyncClient, provider: str) -> None:
    """Check the page that `client` finds at `/`.

    Raises:
        AssertionError: it could be taken for the real `provider`, holds a style of its own, lacks a file, or offers others.
    """
    page = await client.get("/")
    found = [file for file in FILES if (await client.get(f"/page/{file}")).is_success]
    other = await client.get("/page/index.html")
    faults = {
        "does not say what it is": f"Simulator — not {provider}" not in page.text,
        "may load from elsewhere": not page.headers["content-security-policy"].startswith("default-src 'none'"),
        "holds styles": "<style" in page.text or "style=" in page.text,
        f"has of its files only {found}": len(found) < len(FILES),
        "offers other files": other.status_code != httpx.codes.NOT_FOUND,
    }
    if any(faults.values()):
        raise AssertionError(f"The page {', '.join(fault for fault, there in faults.items() if there)}.")
