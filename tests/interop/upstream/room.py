"""A room of the real host behind the face that the tests of others know: `initialize`, `_document`, saves.

What they ask of a Python object is asked here of a host with a file, a client and the event stream. Not here: any behaviour.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

from jupyter_ydoc import YUnicode
from pycrdt import YMessageType, create_sync_message, create_update_message, handle_sync_message, write_var_uint
from websockets.asyncio.client import connect

from events import Events
from hosts import TOKEN, Host

RAW = 2
FILE = ("text", "file")


def framed(message: bytes) -> bytes:
    """Bytes with their length before them."""
    return write_var_uint(len(message)) + message


class Peer:
    """One socket in a room, which keeps a document in step."""

    async def open(self, host: Host, place: dict, doc) -> None:
        self.doc = doc
        self.synced = asyncio.Event()
        self.answered = asyncio.Condition()
        self.answers: list[dict] = []
        self.asked = 0
        self.socket = await connect(f"{host.rooms}/{place['room']}?sessionId={place['session']}&token={TOKEN}")
        self.outgoing = asyncio.Queue()
        self.observer = doc.observe(lambda event: self.outgoing.put_nowait(create_update_message(event.update)))
        self.outgoing.put_nowait(create_sync_message(doc))
        self.tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        await asyncio.wait_for(self.synced.wait(), timeout=30)

    async def _write(self) -> None:
        while True:
            await self.socket.send(await self.outgoing.get())

    async def _read(self) -> None:
        async for frame in self.socket:
            if frame[0] == YMessageType.SYNC:
                reply = handle_sync_message(frame[1:], self.doc)
                if reply is not None:
                    self.outgoing.put_nowait(reply)
                if frame[1] == 1:
                    self.synced.set()
            elif frame[0] == RAW:
                told = json.loads(frame[frame.index(b"{") :])
                async with self.answered:
                    self.answers += [told] if told["type"] == "save" else []
                    self.answered.notify_all()

    def say(self, id: int, state: dict) -> None:
        """Speaks for the awareness id."""
        entry = write_var_uint(1) + write_var_uint(id) + write_var_uint(1) + framed(json.dumps(state).encode())
        self.outgoing.put_nowait(bytes([YMessageType.AWARENESS]) + framed(entry))

    async def save(self) -> dict:
        """Jupyter's manual save, until it is answered."""
        self.asked += 1
        number = self.asked
        self.outgoing.put_nowait(bytes([RAW]) + framed(b"save") + write_var_uint(number))
        mine = lambda: [answer for answer in self.answers if answer["responseTo"] == number]
        async with self.answered:
            await asyncio.wait_for(self.answered.wait_for(mine), timeout=30)
        return mine()[0]

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.socket.close()


class History:
    """What a host remembers of a file from a time when the file said `content`."""

    def __init__(self, content: str):
        self.content = content

    async def make(self, host: Host, path: str, options: list[str]) -> None:
        (host.folder / path).write_text(self.content)
        host.start(*options)
        peer = Peer()
        await peer.open(host, host.session(path, FILE), YUnicode().ydoc)
        await peer.close()
        await host.stopped()
        self.host, self.path, self.options = host, path, options

    async def apply_updates(self, doc) -> None:
        """What a host that starts anew knows of the document."""
        await self.host.stopped()
        self.host.start(*self.options)
        peer = Peer()
        await peer.open(self.host, self.host.session(self.path, FILE), doc)
        await peer.close()


class Saves:
    """The saves of a room: told as events, or as answers to those who asked for one and whose file said it already."""

    def __init__(self, room: "Room"):
        self.room = room

    @property
    def actions(self) -> list[str]:
        events = len(self.room.events.session(action="save", msg="Content saved."))
        answers = sum(answer["status"] == "success" for answer in self.room.peer.answers)
        return ["save"] * max(events, answers)


class Room:
    """The document room of one file."""

    def __init__(self, place: Path, path: str, content: str, save_delay: float | None, store: History | None):
        self.host = Host(place, None)
        self.path, self.content, self.store = path, content, store
        self.options = ["--save-delay", "none" if save_delay is None else str(save_delay)]
        self.events, self.peer = Events(), Peer()
        self._document = YUnicode()
        self.awareness = SimpleNamespace(_states={})

    async def initialize(self) -> None:
        if self.store:
            await self.store.make(self.host, self.path, self.options)
        (self.host.folder / self.path).write_text(self.content)
        self.host.start(*self.options)
        await self.events.open(self.host)
        await self.peer.open(self.host, self.host.session(self.path, FILE), self._document.ydoc)
        for id, state in self.awareness._states.items():
            self.peer.say(id, state)

    def _save_to_disc(self) -> asyncio.Task:
        return asyncio.create_task(self.peer.save())

    async def _maybe_save_document(self, _saving, save_now: bool = False) -> None:
        assert save_now, "what saves by itself is not asked to"
        await self.peer.save()

    async def close(self) -> None:
        if self.host.process and self.host.process.poll() is None:
            await self.peer.close()
            await self.events.close()
            await self.host.stopped()
        self.host.log.close()
