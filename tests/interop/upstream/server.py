"""The running host behind the face that the tests of others know of a server in their own process.

Settings, file ids, events and connections are those of `commonplace-host`, asked for over its sockets. Not here: any behaviour.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import asynccontextmanager
from types import SimpleNamespace

import requests
from jupyter_server_ydoc.stores import SQLiteYStore, TempFileYStore

from events import Events
from hosts import TOKEN, Host


class FileIds:
    """A file id manager: the ids that the host gives."""

    def __init__(self, host: Host):
        self.host = host

    def index(self, path: str) -> str:
        return self.get_id(path)

    def get_id(self, path: str) -> str:
        return self.host.session(path, ("text", "file"))["room"].rsplit(":", 1)[1]


class FileLoaders:
    """Which files the host watches, by file id, as its events tell."""

    def __init__(self, events: Events):
        self.events = events

    def __contains__(self, file_id: str) -> bool:
        news = [event["msg"] for event in self.events.session() if event["room"].endswith(file_id)]
        return "Room initialized" in news and "Loader deleted." not in news

    def __getitem__(self, file_id: str) -> SimpleNamespace:
        return SimpleNamespace(_watcher=SimpleNamespace(done=lambda: file_id not in self))


class Collaboration:
    """The extension of the server that is about documents."""

    def __init__(self, host: Host, events: Events):
        self.host = host
        self.file_loaders = FileLoaders(events)

    async def stop_extension(self) -> None:
        await self.host.stopped()
        assert self.host.process.returncode == 0, "the host did not stop well"


def settings(host: Host, options: list[str]) -> dict:
    """The options of the collaboration, under Jupyter's names, as the host shows them; a kind of store is one of Jupyter's classes."""
    shown = subprocess.run([*host.command, "--show-config", *options], capture_output=True, text=True, check=True).stdout
    found = json.loads(shown)["YDocExtension"]
    return found | {"ystore_class": {"sqlite": SQLiteYStore, "temp": TempFileYStore}[found["ystore_class"]]}


class ServerApp:
    """A server: a host that runs, its settings and its events."""

    def __init__(self, host: Host, events: Events, options: list[str]):
        self.host = host
        self.event_logger = events
        self.web_app = SimpleNamespace(settings={
            "file_id_manager": FileIds(host),
            "jupyter_server_ydoc": Collaboration(host, events),
            "jupyter_server_ydoc_config": settings(host, options),
        })


async def fetch(host: Host, *path: str, method: str = "GET", body: str | None = None, params: dict | None = None):
    """A request to the host as its owner; every status is an answer."""
    url = "/".join([host.url, *(part.strip("/") for part in path)])
    headers = {"Authorization": f"token {TOKEN}"}
    # Not in a thread: the documents of pycrdt must not be dropped there.
    answer = requests.request(method, url, data=body, params=params, headers=headers, timeout=30)
    return SimpleNamespace(code=answer.status_code, body=answer.content)


async def room_of(host: Host, format: str, type: str, path: str) -> tuple[str, str]:
    """The name of a document's room, and how it is joined by the owner."""
    answer = await fetch(host, "api/collaboration/session", path, method="PUT", body=json.dumps({"format": format, "type": type}))
    found = json.loads(answer.body)
    name = f"{found['format']}:{found['type']}:{found['fileId']}"
    return name, f"api/collaboration/room/{name}?sessionId={found['sessionId']}&token={TOKEN}"


@asynccontextmanager
async def connection(app: ServerApp, socket, room: str):
    """A socket that is in the room when it is handed out and has left when it is over, as in a server of one process."""
    events = app.event_logger
    known = {action: len(events.awareness(action=action, roomid=room)) for action in ("join", "leave")}
    more = lambda action: lambda: len(events.awareness(action=action, roomid=room)) > known[action]
    async with socket as opened:
        await events.until(more("join"), f"somebody in {room}")
        yield opened
    await events.until(more("leave"), f"nobody in {room}")
