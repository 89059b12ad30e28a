"""A client of pycrdt and jupyter_ydoc over the plain wire protocol, as a third party would write it."""

import asyncio
import json

from jupyter_ydoc import ydocs
from pycrdt import (
    Awareness,
    Decoder,
    Doc,
    YMessageType,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
    write_message,
    write_var_uint,
)
from websockets.asyncio.client import connect

from conftest import TOKEN, Host

RAW = 2


class PycrdtClient:
    def __init__(self, model: str, name: str):
        self.doc = Doc()
        self.awareness = Awareness(self.doc)
        self.model = ydocs[model](self.doc, self.awareness)
        self.name = name
        self.changed = asyncio.Condition()
        self.synced = False
        self.closed = None
        self.answers = {}
        self.saves = 0
        self.notices = 0
        self.outgoing = asyncio.Queue()

    @classmethod
    async def connect(cls, host: Host, place: dict, name: str, model: str = "notebook") -> "PycrdtClient":
        self = cls(model, name)
        await self.open(host, place)
        await self.until(lambda: self.synced, "synced")
        return self

    async def open(self, host: Host, place: dict) -> None:
        url = f"{host.rooms}/{place['room']}?sessionId={place['session']}&token={TOKEN}"
        self.socket = await connect(url, max_size=None)
        self.observer = self.doc.observe(lambda event: self.outgoing.put_nowait(create_update_message(event.update)))
        self.tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        self.outgoing.put_nowait(create_sync_message(self.doc))
        self.awareness.set_local_state({"user": {"name": self.name}})
        update = self.awareness.encode_awareness_update([self.doc.client_id])
        self.outgoing.put_nowait(create_awareness_message(update))

    async def _write(self):
        while True:
            await self.socket.send(await self.outgoing.get())

    async def _read(self):
        async for frame in self.socket:
            if frame[0] == YMessageType.SYNC:
                reply = handle_sync_message(frame[1:], self.doc)
                if reply is not None:
                    self.outgoing.put_nowait(reply)
                self.synced = self.synced or frame[1] == 1
            elif frame[0] == YMessageType.AWARENESS:
                self.awareness.apply_awareness_update(Decoder(frame[1:]).read_message(), self)
            elif frame[0] == RAW:
                answer = json.loads(Decoder(frame[1:]).read_message())
                if answer["type"] == "save":
                    self.answers[answer["responseTo"]] = answer
                self.notices += answer["type"] == "merged"
            async with self.changed:
                self.changed.notify_all()
        self.closed = (self.socket.close_code, self.socket.close_reason)
        async with self.changed:
            self.changed.notify_all()

    async def until(self, holds, what: str):
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(holds), timeout=30)
            except asyncio.TimeoutError as error:
                raise AssertionError(f"{self.name}: not seen within 30 s: {what}") from error

    async def save(self) -> dict:
        """Jupyter's manual save: a RAW frame, answered when the file was written."""
        self.saves += 1
        number = self.saves
        self.outgoing.put_nowait(bytes([RAW]) + write_message(b"save") + write_var_uint(number))
        await self.until(lambda: number in self.answers, "the answer to a save")
        return self.answers[number]

    def names(self) -> list:
        return sorted(state["user"]["name"] for state in self.awareness.states.values() if state.get("user", {}).get("name"))

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.socket.close()
