"""The headless host as a program, and foreign clients of it. Nothing here is mocked: sockets, files and SQLite are real."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

HERE = Path(__file__).parent
SAMPLE = HERE.parent.parent / "src-tauri" / "crates" / "host" / "sample"
TOKEN = "interop-token"


class Host:
    """`commonplace-host serve FOLDER` in a process of its own."""

    def __init__(self, place: Path):
        self.folder = place / "shore"
        self.state = place / "state"
        self.log = open(place / "host.log", "ab")
        shutil.copytree(SAMPLE, self.folder)
        self.process = None
        self.port = 0

    def start(self, *options: str) -> None:
        """Starts the host, on the port it had before if it ran before, and waits until it is ready."""
        program = os.environ["COMMONPLACE_HOST"]
        arguments = [program, "serve", str(self.folder), "--state-dir", str(self.state), "--token", TOKEN]
        arguments += ["--port", str(self.port), "--save-delay", "0.2", *options]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("http://"), f"the host printed {line!r}; its log: {self.log.name}"
        url = urlsplit(line.split()[0])
        self.port = url.port
        assert parse_qs(url.query).get("token") == [TOKEN]

    def kill(self) -> None:
        """SIGKILL: the host can finish nothing."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rooms(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/collaboration/room"

    def session(self, path: str, kind=("json", "notebook")) -> dict:
        """PUT session; answers the room's name and the session id."""
        body = {"format": kind[0], "type": kind[1]}
        headers = {"Authorization": f"token {TOKEN}"}
        answer = requests.put(f"{self.url}/api/collaboration/session/{quote(path)}", json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        found = answer.json()
        return {"room": f"{found['format']}:{found['type']}:{found['fileId']}", "session": found["sessionId"]}

    def read(self, path: str) -> bytes:
        return (self.folder / path).read_bytes()


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
    """An unmodified y-websocket in a Node process; `version` 3, or 1, which JupyterLab's users run."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def connect(cls, host: Host, place: dict, name: str, version: int = 3) -> "YWebsocket":
        pipe = asyncio.subprocess.PIPE
        limit = 64 * 1024 * 1024
        self = cls(
            await asyncio.create_subprocess_exec(
                "node", str(HERE / "ywebsocket.mjs"), stdin=pipe, stdout=pipe, limit=limit
            )
        )
        await self("connect", url=host.rooms, token=TOKEN, version=version, name=name, **place)
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


async def until(holds, what: str, seconds: float = 30.0):
    """Waits for a condition that only the outside world can bring about (a file, a process)."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (found := holds()):
        assert asyncio.get_running_loop().time() < deadline, f"not seen within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return found
