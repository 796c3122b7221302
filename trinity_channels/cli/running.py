"""How a command reaches the running host: `serve` leaves its address and a token of this run in the data folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from trinity_channels.cli.errors import CommandFailed
from trinity_channels.crypto.private_file import write_private
from trinity_channels.observability.log import get_logger

log = get_logger(__name__)

FILE = "host.json"
AGAIN = 5.0
"""Seconds between two looks whether the file still names a process, where several share the folder."""
TIMEOUT = 60.0
"""Seconds to wait for an answer; some operations ask a provider."""
_STORE_UNAVAILABLE = "store_unavailable"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared with, not listened on


class HostNotRunning(CommandFailed):
    """No host answers for this data folder.

    Attributes:
        found: what was found instead.
        fix: what to do.
    """

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(f"{found} {fix}")
        self.found = found
        self.fix = fix


class HostRefused(CommandFailed):
    """The running host answered with an error.

    Attributes:
        status: the HTTP status.
        code: the API's stable code, empty if the answer had none.
    """

    def __init__(self, text: str, status: int, code: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


class HostWithoutDatabase(HostRefused):
    """The running host cannot use its database at present.

    Attributes:
        found: what it says of it.
        fix: what to do.
    """

    def __init__(self, found: str, status: int, code: str) -> None:
        self.found = f"The server runs, but cannot do this at the moment. {found}"
        self.fix = "Start the database, or correct what this names; the server then goes on by itself."
        super().__init__(f"{self.found}\n{self.fix}", status, code)


@dataclass(frozen=True, slots=True)
class RunningHost:
    """The host that serves a data folder. Its token is an administrator's, and is valid until the host stops."""

    url: str
    pid: int
    token: str = field(repr=False)

    def ask(self, method: str, path: str, body: object = None, *, timeout: float = TIMEOUT) -> Any:
        """Call the API of the running host.

        Args:
            method: an HTTP method.
            path: a path of the API, such as `/api/agents`, with its query if it has one.
            body: what is sent as JSON; None for no body.
            timeout: seconds.

        Returns:
            The JSON that it answers with, None for an empty answer.

        Raises:
            HostNotRunning: nothing answers there, or something else does.
            HostRefused: it answered with an error.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        # Plain HTTP: to load the certificates of all authorities for it takes 20 ms.
        no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            # Never through a proxy: it is this machine.
            with httpx.Client(trust_env=False, verify=no_authorities, timeout=timeout) as http:
                answer = http.request(method, self.url + path, headers=headers, json=body)
                away = (
                    self._without_database(http, headers)
                    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
                    else None
                )
        # The file outlives a process that was killed.
        except httpx.ConnectError:
            raise self._stale("nothing answers there") from None
        except httpx.HTTPError as error:
            raise CommandFailed(
                f"The running host (process {self.pid}, {self.url}) did not answer: {type(error).__name__}. "
                "See its log."
            ) from error
        if away:
            raise HostWithoutDatabase(away, answer.status_code, _STORE_UNAVAILABLE)
        return self._read(answer)

    def _without_database(self, http: httpx.Client, headers: dict[str, str]) -> str | None:
        """What the host says of its database, if that is away: the API tells its clients only that it is."""
        try:
            found = http.get(f"{self.url}/readyz", headers=headers).json()
            reasons = {one["code"]: one["message"] for one in found.get("reasons", ())}
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return str(reasons["database"]) if "database" in reasons else None

    def _read(self, answer: httpx.Response) -> Any:
        # Another program may have taken the port since.
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise self._stale("what answers there does not accept its token")
        try:
            content = answer.json() if answer.content else None
        except ValueError:
            raise self._stale("what answers there is not trinity_channels") from None
        if answer.is_success:
            return content
        body = content if isinstance(content, dict) else {}
        text = str(body.get("message") or f"The running host answered {answer.status_code}.")
        raise HostRefused(text, answer.status_code, str(body.get("code", "")))

    def _stale(self, why: str) -> HostNotRunning:
        return HostNotRunning(
            f"No server is running: {FILE} names process {self.pid} at {self.url}, and {why}. That server probably ended "
            "without removing the file.",
            "Start it again with `trinity-channels serve`; it replaces the file.",
        )


def find(home: Path) -> RunningHost:
    """The host that serves this data folder, as its file names it. Whether it still runs is seen when it is asked.

    Raises:
        HostNotRunning: there is no such file, or it cannot be used.
    """
    file = home / FILE
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        return RunningHost(str(body["url"]), int(body["pid"]), str(body["token"]))
    except FileNotFoundError:
        raise HostNotRunning(
            f"No server is running on the data folder {home}.",
            "Start it with `trinity-channels serve`, or set TRINITY_CHANNELS_HOME to the folder of the server you mean.",
        ) from None
    except OSError as error:
        raise HostNotRunning(
            f"The file {file} of the running server cannot be read ({error.strerror}).",
            "Run the command as the user that runs the server.",
        ) from error
    except (ValueError, KeyError, TypeError):
        raise HostNotRunning(
            f"The file {file} is damaged, so the running server cannot be asked.",
            "Restart the server; it replaces the file.",
        ) from None


@contextlib.contextmanager
def announced(home: Path, url: str, token: str, *, shared: bool = False) -> Iterator[None]:
    """Let commands on this machine reach the host while the context is open. Without a writable folder they cannot.

    `shared`: other processes may use the folder, too. Commands reach the one that started last, and when that has ended,
    another one takes its place.
    """
    own = _Announcement(home / FILE, url, token)
    own.write()
    again = asyncio.create_task(own.keep(), name="announcement") if shared else None
    try:
        yield
    finally:
        if again is not None:
            again.cancel()
        own.withdraw()


class _Announcement:
    def __init__(self, file: Path, url: str, token: str) -> None:
        self._file = file
        self._content = json.dumps({"url": url, "pid": os.getpid(), "token": token})

    def write(self) -> None:
        try:
            # Readable for its owner alone: the token in it is an administrator's.
            write_private(self._file, self._content)
        except OSError as error:
            log.warning("commands cannot reach this host", file=str(self._file), error=error.strerror)

    def withdraw(self) -> None:
        with contextlib.suppress(OSError):
            if (
                self._file.read_text(encoding="utf-8") == self._content
            ):  # else another host has announced itself meanwhile
                self._file.unlink()

    async def keep(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            if not self._names_a_process():
                self.write()

    def _names_a_process(self) -> bool:
        try:
            os.kill(find(self._file.parent).pid, 0)
        except (HostNotRunning, ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # it is another user's
            return True
        return True


def local_address(host: str, port: int) -> str:
    """The http:// address at which a program on this machine reaches a socket bound to this host and port."""
    host = _ANYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
