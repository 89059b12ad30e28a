"""The headless host as a program: started, killed, stopped, and asked for sessions. Not here: clients of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import requests

HERE = Path(__file__).parent
SAMPLE = HERE.parent.parent / "src-tauri" / "crates" / "host" / "sample"
TOKEN = "interop-token"


class Host:
    """`commonplace-host serve FOLDER` in a process of its own."""

    def __init__(self, place: Path, sample: Path | None = SAMPLE):
        self.folder = place / "shore"
        self.state = place / "state"
        place.mkdir(parents=True, exist_ok=True)
        self.log = open(place / "host.log", "ab")
        if sample:
            shutil.copytree(sample, self.folder)
        else:
            self.folder.mkdir(parents=True)
        self.process = None
        self.port = 0

    def start(self, *options: str) -> None:
        """Starts the host, on the port it had before if it ran before, and waits until it is ready."""
        arguments = [*self.command, "--port", str(self.port), *(options or ["--save-delay", "0.2"])]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("http://"), f"the host printed {line!r}; its log: {self.log.name}"
        url = urlsplit(line.split()[0])
        self.port = url.port
        assert parse_qs(url.query).get("token") == [TOKEN]

    @property
    def command(self) -> list[str]:
        """The program and what it always has to be told."""
        program = os.environ["COMMONPLACE_HOST"]
        return [program, "serve", str(self.folder), "--state-dir", str(self.state), "--token", TOKEN]

    def kill(self) -> None:
        """SIGKILL: the host can finish nothing."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    async def stopped(self) -> None:
        """Stops the host while clients in this process go on."""
        self.process.send_signal(signal.SIGTERM)
        while self.process.poll() is None:
            await asyncio.sleep(0.01)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def rooms(self) -> str:
        return f"{self.socket_url}/api/collaboration/room"

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
