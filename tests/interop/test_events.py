"""The event stream against the schemas and the validator of Jupyter's own packages."""

import asyncio
import json
from pathlib import Path

import jupyter_server_ydoc
import requests
from jupyter_events import EventLogger
from websockets.asyncio.client import connect

from conftest import TOKEN
from pycrdt_client import PycrdtClient

NOTEBOOK = "counts.ipynb"
SCHEMAS = sorted((Path(jupyter_server_ydoc.__file__).parent / "events").glob("*.yaml"))
HEADERS = {"Authorization": f"token {TOKEN}"}


def test_frame_13_every_event_is_valid_by_jupyters_schemas_and_none_opens_a_dialog(host):
    asyncio.run(a_life(host))


async def a_life(host):
    logger = EventLogger()
    for schema in SCHEMAS:
        logger.register_event_schema(schema)
    valid = {schema: logger.schemas.get(schema) for schema in logger.schemas.schema_ids}
    events = []
    url = f"ws://127.0.0.1:{host.port}/api/events/subscribe"
    async with connect(url, additional_headers=HEADERS) as stream:

        async def up_to(holds):
            """Reads events up to one of which this holds; each must be valid."""
            while True:
                event = json.loads(await asyncio.wait_for(stream.recv(), timeout=30))
                events.append(event)
                data = dict(event)
                valid[data.pop("schema_id")].validate(data)
                if holds(event):
                    return

        place = host.session(NOTEBOOK)
        ana = await PycrdtClient.connect(host, place, "Ana")
        await up_to(lambda event: event.get("msg") == "New client connected.")
        # The other view of the same file, for which the reference server warns everybody.
        text = host.session(NOTEBOOK, ("text", "file"))
        ben = await PycrdtClient.connect(host, text, "Ben", model="file")
        await up_to(lambda event: event.get("room") == text["room"] and event.get("msg") == "New client connected.")
        source = ana.model.ycells[0]["source"]
        source += "\ntyped"
        await up_to(lambda event: event.get("action") == "save")
        path = host.folder / NOTEBOOK
        path.write_text(path.read_text().replace("typed", "typed elsewhere"))
        await up_to(lambda event: event.get("action") == "overwrite")
        await ben.close()
        await up_to(lambda event: event.get("action") == "leave")

        fork = f"http://127.0.0.1:{host.port}/api/collaboration/fork"
        made = requests.put(f"{fork}/{place['room']}", json={"title": "Shorter"}, headers=HEADERS, timeout=10).json()
        await up_to(lambda event: event.get("action") == "create")
        ended = requests.delete(f"{fork}/{made['fork_roomid']}?merge=true", headers=HEADERS, timeout=10)
        assert ended.status_code == 200
        await up_to(lambda event: event.get("action") == "delete")

        # What cannot be opened, and what cannot be saved.
        broken = host.folder / "broken.ipynb"
        broken.write_text("{")
        await PycrdtClient("notebook", "Cem").open(host, host.session("broken.ipynb"))
        await up_to(lambda event: event.get("level") == "ERROR")
        path.unlink()
        path.mkdir()
        source += "\nmore"
        await ana.save()
        await up_to(lambda event: event.get("level") == "ERROR")
        await ana.close()
        await up_to(lambda event: event.get("action") == "leave")

    # JupyterLab shows each warning as a modal dialog to everybody. Nothing here is for everybody to act on.
    assert [event for event in events if event.get("level") == "WARNING"] == []
    kinds = {event["schema_id"].split("/")[-2] for event in events}
    assert kinds == {"session", "awareness", "fork"}
