"""The host's event stream, as the tests of others listen to it. Not here: what they make of it."""

from __future__ import annotations

import asyncio
import json

from websockets.asyncio.client import connect

from hosts import TOKEN, Host

SCHEMAS = "https://schema.jupyter.org/jupyter_collaboration"


class Events:
    """All events of a host since `open`, in order; listeners are called as those of an event logger are."""

    def __init__(self):
        self.seen: list[tuple[str, dict]] = []
        self.listeners = []
        self.changed = asyncio.Condition()

    async def open(self, host: Host) -> None:
        self.socket = await connect(f"{host.socket_url}/api/events/subscribe?token={TOKEN}")
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self.socket:
            event = json.loads(text)
            schema = event.pop("schema_id")
            async with self.changed:
                self.seen.append((schema, event))
                self.changed.notify_all()
            for wanted, listener in self.listeners:
                if wanted == schema:
                    await listener(logger=self, schema_id=schema, data=event)

    def add_listener(self, *, schema_id: str, listener) -> None:
        self.listeners.append((schema_id, listener))

    def session(self, **fields) -> list[dict]:
        """The session events with these fields."""
        return self._with(f"{SCHEMAS}/session/v1", fields)

    def awareness(self, **fields) -> list[dict]:
        """The awareness events with these fields."""
        return self._with(f"{SCHEMAS}/awareness/v1", fields)

    def fork(self, **fields) -> list[dict]:
        """The fork events with these fields."""
        return self._with(f"{SCHEMAS}/fork/v1", fields)

    def _with(self, wanted: str, fields: dict) -> list[dict]:
        return [event for schema, event in self.seen if schema == wanted and fields.items() <= event.items()]

    async def until(self, holds, what: str) -> None:
        """Waits for an event that makes this true."""
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(holds), timeout=30)
            except asyncio.TimeoutError as error:
                raise AssertionError(f"not seen within 30 s: {what}; events: {self.seen}") from error

    async def close(self) -> None:
        self.task.cancel()
        await self.socket.close()
