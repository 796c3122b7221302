"""Run the suite: several processes, three at a time on two cores, then the load tests, two at a time, and some alone.

`--fast` takes one case of each test, a twentieth of the examples of properties, and leaves out what takes long: load tests,
browsers, PostgreSQL, the starting of whole programs, stories that go on for weeks (the mark `long`), and the costliest
fifth of the rest (`costly`; `--measure` writes that list again). Each process looks back at its own log and memory
(`log_watch.LAST`). What the others print follows the first one's.

`--floors` is for an environment with the oldest libraries (`floors.txt`), and mounts the host of every story in an
application, see `mounted`: of every test in one without channels of its own, of the stories in one with them, too.
`--floors --fast` is the part of it that runs with every change: in the former, what depends on the framework, the validation
of input and SQLite. `--with-floors PYTHON` runs that part beside the suite, by the interpreter of that environment.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LOOK_BACK = ("tests/test_logs_hold_no_secrets.py", "tests/test_memory.py")
TOLD = ("tests/stories", *LOOK_BACK)
WITHOUT_SCHEMATHESIS = "-p", "no:schemathesis"
"""Only `fuzz_api` uses it; pytest would import it in every process, for half a second."""
SECOND = (
    "tests",
    *WITHOUT_SCHEMATHESIS,
    *(f"--ignore={one}" for one in ("tests/stories", "tests/cli", "tests/agents", "tests/load")),
)
PLUGINS = ("plugins", *WITHOUT_SCHEMATHESIS)
MASSES = tuple(f"tests/load/test_{name}.py" for name in ("fuzz_api", "fuzz_webhooks", "retention"))
"""Load tests in which no time matters; they run in the first process."""
IN_BROWSERS = tuple(
    f"tests/cli/test_{name}.py" for name in ("decision_page", "demo_guide", "demo_page", "reference_page")
)
"""They begin when the pages have ended: a browser takes 300 MB with what drives it, and a program for it another 100."""
COMMANDS = (*MASSES, "tests/cli", *(f"--ignore={one}" for one in IN_BROWSERS), "tests/agents", *LOOK_BACK)
PAGES = (
    "tests/pages",
    *(f"--override-ini=asyncio_default_{one}_loop_scope=session" for one in ("fixture", "test")),
    *WITHOUT_SCHEMATHESIS,
    *LOOK_BACK,
)
"""With one event loop for all of them, they have one browser: to start one for each took half of their time."""
KILLS = ("tests/load/test_kill.py",)
TIMED = tuple(f"tests/load/test_{name}.py" for name in ("flood_of_headers", "forgeries"))
"""They measure how fast and how large a host is, and run alone."""
LOAD = ("tests/load", *(f"--ignore={one}" for one in (*MASSES, *KILLS, *TIMED)), LOOK_BACK[1])
"""Their hosts are other processes, so there is no log to look back at. They wait more than they work, as `KILLS` does."""
WHOLE_PROGRAMS = (
    "core/test_mounting_touches_nothing.py",
    *(
        f"cli/test_{name}.py"
        for name in ("demo", "demo_channels", "first_token", "reload", "running", "serve", "simulate", "try_out")
    ),
)
FAST = (
    "--fast",
    *WITHOUT_SCHEMATHESIS,
    "--hypothesis-profile=fast",
    "--ignore=plugins/contract_tests/tests/test_new_plugin.py",
    "--ignore=plugins/contract_tests/tests/test_report.py",
    *(f"--ignore=tests/{name}" for name in WHOLE_PROGRAMS),
)
QUICK = (*FAST, "--cheap", "-m", "not postgres")
"""PostgreSQL, and what waits for it, took a sixth of the time of a quick check."""
BESIDE_STORIES = (*(f"tests/{name}" for name in ("examples", "imports", "pages")), "plugins/whatsapp")
HALVES = (
    ("tests/stories", "tests/cli", "tests/agents", *BESIDE_STORIES, *LOOK_BACK),
    (*SECOND, *(f"--ignore={one}" for one in BESIDE_STORIES), *PLUGINS),
)
"""Of a quick check; each takes as long as the other."""
IN_CORE = ("tests/core", "tests/channels", "--ignore=tests/core/postgresql")
OF_LIBRARIES = (
    *(f"tests/{name}" for name in ("agents", "api", "inbound", "mail")),
    *(f"tests/test_{name}.py" for name in ("distributions", "http_server", "migrate", "settings")),
    "plugins/whatsapp/tests/test_signature.py",
)
MOVED = "--mounted=moved"
STORIES = ("tests/stories", "--mounted=beside", *LOOK_BACK)
_STORED = """
    agents_forgotten closing erasure event_loops fair_turns first_attempts gate_asked_once gathering idle
    late_answers late_deliveries malformed_neighbours odd_searches receipts_first receipts_wake recovery replies
    reply_tokens retention same_id stale_questions starting_again store_trouble turns unknown_webhooks
"""
"""The stories in which the database decides: what is stored, claimed, repeated, woken and removed. All of them would take
five times as long there; `make test-postgres` tells them."""
ON_POSTGRES = (
    *(f"tests/stories/test_{name}.py" for name in _STORED.split()),
    "tests/load/test_fuzz_webhooks.py",
    "--postgres",
    "--fast",
    "--hypothesis-profile=fast",
    *WITHOUT_SCHEMATHESIS,
    *LOOK_BACK,
)
"""One case of each, and a few odd requests; they take twice as long as on SQLite."""
NOT_ON_FLOORS = (
    "--deselect=tests/test_docs.py::test_the_generated_pages_are_what_the_code_says",
    "--deselect=tests/core/postgresql/test_rest.py::test_a_connection_that_listens_wakes_only_when_it_is_told_something",
)
"""The description of the API is written by FastAPI, each version in its own words; older drivers of PostgreSQL wake up."""
AT_ONCE = 3
"""Runs at a time: those with browsers, other programs and PostgreSQL leave a part of two cores unused. A fourth one needs
2.4 GB in all, and gains nothing."""
MEMORY = Path("/dev/shm")  # noqa: S108  pytest makes folders of its own there
ROOM = 500_000_000
"""Bytes that must be free there; the databases of passed tests are removed at once."""


def main() -> int:
    """Return the first exit status that is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fast", action="store_true", help="only what a quick check needs")
    parser.add_argument("--measure", action="store_true", help="find the costliest tests, which --fast leaves out")
    parser.add_argument("--floors", action="store_true", help="with the oldest libraries that are allowed")
    parser.add_argument("--with-floors", metavar="PYTHON", help="what --floors --fast runs, beside the suite")
    options = parser.parse_args()
    floors = tuple((*part, MOVED, *FAST) for part in (IN_CORE, OF_LIBRARIES))
    if options.measure:
        return pytest(Run(("tests", *PLUGINS, "--ignore=tests/load", *FAST, "--measure", "-m", "not postgres"))).wait()
    if options.fast and options.floors:
        return side_by_side(*map(Run, floors))
    if options.fast:
        return side_by_side(*(Run((*half, *QUICK)) for half in HALVES))
    everywhere = (MOVED,) if options.floors else ()
    left_out = NOT_ON_FLOORS if options.floors else ()
    again = STORIES if options.floors else ON_POSTGRES
    # Those are about a host that runs alone.
    commands = COMMANDS[len(MASSES) :] if options.floors else COMMANDS
    loads = [[LOAD[:1] + LOAD[-1:]]] if options.floors else [[KILLS, LOAD], [TIMED]]
    # The longest runs begin, or a core would have nothing to do at the end.
    runs = [(*SECOND, f"--ignore={PAGES[0]}", *left_out), commands, PAGES, (*PLUGINS, *LOOK_BACK), again, TOLD]
    runs.append((*IN_BROWSERS, *WITHOUT_SCHEMATHESIS, *LOOK_BACK))
    all_runs = [Run(run if run is again else (*run, *everywhere)) for run in runs]
    all_runs += [Run(one, options.with_floors) for one in floors if options.with_floors]
    stages = [all_runs, *([Run(one, in_memory=False) for one in stage] for stage in loads)]
    return next(filter(None, (side_by_side(*stage) for stage in stages)), 0)


@dataclass(frozen=True, slots=True)
class Run:
    """A process of pytest.

    With `in_memory` its databases lie in memory where the system has a place for that: no story is about the disk, and to
    wait for it took half of the time.
    """

    arguments: Sequence[str]
    python: str = sys.executable
    in_memory: bool = True


def side_by_side(first: Run, *others: Run) -> int:
    """Several runs at a time; what the others print follows the first one's.

    Returns the first exit status that is not zero.
    """
    with contextlib.ExitStack() as stack:
        printed = [stack.enter_context(tempfile.TemporaryFile("w+b")) for _ in others]
        with ThreadPoolExecutor(AT_ONCE) as lanes:
            failed = list(lanes.map(lambda run, to: pytest(run, to).wait(), (first, *others), (None, *printed)))
        for output in printed:
            output.seek(0)
            sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    return next(filter(None, failed), 0)


def pytest(run: Run, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a run; it prints to `output`, or where we do."""
    command = [run.python, "-m", "pytest", *run.arguments]
    in_memory = run.in_memory and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    environment = {**os.environ, "TMPDIR": str(MEMORY)} if in_memory else None
    return subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603  our own interpreter and arguments


if __name__ == "__main__":
    sys.exit(main())
