"""The headless host as a program, and foreign clients of it. Nothing here is mocked: sockets, files and SQLite are real."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hosts import TOKEN, Host

HERE = Path(__file__).parent


@pytest.fixture
def host(tmp_path):
    host = Host(tmp_path)
    host.start()
    yield host
    host.stop()
    host.log.close()
    if sys.exc_info()[0]:
        print((tmp_path / "host.log").read_text())


class YWebsocket:
    """An unmodified y-websocket in a Node process; `version` 3, or 1, which JupyterLab's users run, or JupyterLab's own provider."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def started(cls) -> "YWebsocket":
        pipe = asyncio.subprocess.PIPE
        limit = 64 * 1024 * 1024
        program = str(HERE / "ywebsocket.mjs")
        return cls(await asyncio.create_subprocess_exec("node", program, stdin=pipe, stdout=pipe, limit=limit))

    @classmethod
    async def connect(cls, host: Host, place: dict, name: str, version: int = 3) -> "YWebsocket":
        self = await cls.started()
        await self("connect", url=host.rooms, token=TOKEN, version=version, name=name, **place)
        return self

    @classmethod
    async def connect_lab(cls, host: Host, path: str, bundle: Path) -> "YWebsocket":
        self = await cls.started()
        await self("connectLab", base=f"{host.url}/", token=TOKEN, path=path, bundle=bundle.as_uri())
        return self

    async def __call__(self, command: str, **arguments):
        self.process.stdin.write((json.dumps({"do": command, **arguments}) + "\n").encode())
        await self.process.stdin.drain()
        line = await asyncio.wait_for(self.process.stdout.readline(), timeout=40)
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["ok"]

    async def close(self) -> None:
        self.process.stdin.close()
        await self.process.wait()


@pytest.fixture(scope="session")
def docprovider() -> Path:
    """JupyterLab's provider as one file that Node reads; it lies where Node finds the packages that it shares with the driver."""
    tests = HERE.parent
    bundle = tests / "node_modules" / ".cache" / "docprovider.mjs"
    options = ["--bundle", "--platform=node", "--format=esm", "--log-level=warning", f"--outfile={bundle}"]
    options += [f"--external:{package}" for package in ("yjs", "y-protocols", "lib0", "ws")]
    options += [f"--alias:@jupyterlab/apputils={HERE / 'dialogs.mjs'}"]
    options += ["--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"]
    esbuild = tests / "node_modules" / ".bin" / ("esbuild.cmd" if os.name == "nt" else "esbuild")
    subprocess.run([str(esbuild), str(HERE / "docprovider.mjs"), *options], check=True, cwd=tests)
    return bundle


async def until(holds, what: str, seconds: float = 30.0):
    """Waits for a condition that only the outside world can bring about (a file, a process)."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := holds()):
        assert asyncio.get_running_loop().time() < deadline, f"not seen within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return found
