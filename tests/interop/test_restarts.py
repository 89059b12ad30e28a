"""Each kind of foreign client edits, saves if it can, and comes back after the host was stopped or killed under it."""

import asyncio
import json

import pytest
from jupyter_nbmodel_client import NbModelClient, get_jupyter_notebook_websocket_url

from conftest import TOKEN, YWebsocket, until
from pycrdt_client import PycrdtClient

NOTEBOOK = "counts.ipynb"
BEFORE, AWAY, AFTER = "# before the end\n", "# while the host was away\n", "# after it came back\n"

ends = pytest.mark.parametrize("end", ["stopped", "killed"])


async def ended(host, end: str) -> None:
    if end == "stopped":
        await host.stopped()
    else:
        host.kill()


async def all_once(host, cells: list, words: list) -> None:
    """A newcomer and the file have each word once, and the cells that were there."""
    newcomer = await PycrdtClient.connect(host, host.session(NOTEBOOK), "New")
    seen = newcomer.model.get()["cells"]
    await newcomer.close()
    await until(lambda: all(json.dumps(word)[1:-1] in host.read(NOTEBOOK).decode() for word in words), "all words in the file")
    saved = json.loads(host.read(NOTEBOOK))["cells"]
    for place in (seen, saved):
        assert [cell["id"] for cell in place] == cells
        everything = "".join("".join(cell["source"]) for cell in place)
        assert [everything.count(word) for word in words] == [1] * len(words)


def first_cells(host) -> list:
    return [cell["id"] for cell in json.loads(host.read(NOTEBOOK))["cells"]]


async def node_comes_back(host, node, end: str, save: bool) -> None:
    """Drives a client in a Node process through the end of the host."""
    cells = first_cells(host)
    await node("insert", cell=cells[0], at=0, text=BEFORE)
    if save:
        await node("save")
        assert BEFORE.strip() in host.read(NOTEBOOK).decode()
    await ended(host, end)
    await node("disconnected")
    await node("insert", cell=cells[0], at=0, text=AWAY)
    host.start()
    await node("synced")
    await node("insert", cell=cells[-1], at=0, text=AFTER)
    if save:
        await node("save")
        assert await node("dialogs") == []
    await node("contains", texts=[word.strip() for word in (BEFORE, AWAY, AFTER)])
    await all_once(host, cells, [BEFORE, AWAY, AFTER])
    await node.close()


@ends
def test_sync_52_jupyterlabs_own_provider_comes_back(host, docprovider, end):
    async def run():
        node = await YWebsocket.connect_lab(host, NOTEBOOK, docprovider)
        await node_comes_back(host, node, end, save=True)

    asyncio.run(run())


@ends
def test_sync_53_jupyter_nbmodel_client_comes_back(host, end):
    async def run():
        cells = first_cells(host)
        model = NbModelClient(get_jupyter_notebook_websocket_url(host.url, NOTEBOOK, TOKEN), username="model")
        await model.start()
        model.set_cell_source(0, BEFORE + model[0]["source"])
        # It has no save: it is told that it is done by what the host says of the document.
        await until(lambda: BEFORE.strip() in host.read(NOTEBOOK).decode(), "its edit in the file")
        await ended(host, end)
        # It forgets its document when the line is lost, and is started again with the session of before.
        await until(lambda: not model.synced, "the lost line")
        await model.stop()
        host.start()
        await model.start()
        assert model[0]["source"].startswith(BEFORE)
        model.set_cell_source(len(cells) - 1, AFTER + model[len(cells) - 1]["source"])
        await until(lambda: AFTER.strip() in host.read(NOTEBOOK).decode(), "its edit in the file")
        await all_once(host, cells, [BEFORE, AFTER])
        await model.stop()

    asyncio.run(run())


@ends
def test_sync_54_pycrdt_comes_back(host, end):
    async def run():
        cells, place = first_cells(host), host.session(NOTEBOOK)
        client = await PycrdtClient.connect(host, place, "Py")
        write = lambda cell, text: client.model.ycells[cell]["source"].insert(0, text)
        write(0, BEFORE)
        assert (await client.save())["status"] == "success"
        assert BEFORE.strip() in host.read(NOTEBOOK).decode()
        await ended(host, end)
        await client.close()
        write(0, AWAY)
        host.start()
        client.synced = False
        await client.open(host, place)
        await client.until(lambda: client.synced, "synced again")
        write(len(cells) - 1, AFTER)
        assert (await client.save())["status"] == "success"
        await all_once(host, cells, [BEFORE, AWAY, AFTER])
        await client.close()

    asyncio.run(run())


@ends
@pytest.mark.parametrize("version", [1, 3])
def test_sync_55_y_websocket_comes_back(host, end, version):
    async def run():
        node = await YWebsocket.connect(host, host.session(NOTEBOOK), "Node", version=version)
        await node_comes_back(host, node, end, save=False)

    asyncio.run(run())


@pytest.mark.parametrize("path, kind, model", [
    ("counts.ipynb", ("json", "notebook"), "notebook"),
    ("quadrats.csv", ("text", "file"), "file"),
    ("quadrats.csv", ("text", "file"), "unicode"),
    ("quadrats.csv", ("base64", "blob"), "blob"),
    ("quadrats.csv", ("text", "no-such-type"), "unicode"),
])
def test_sync_56_a_file_opens_as_each_model_and_is_saved_as_the_file_it_is(host, path, kind, model):
    async def run():
        before = host.read(path)
        client = await PycrdtClient.connect(host, host.session(path, kind), "Py", model)
        content = client.model.get()
        if model == "notebook":
            assert [cell["id"] for cell in content["cells"]] == [cell["id"] for cell in json.loads(before)["cells"]]
        elif model == "blob":
            assert content == before
        else:
            assert content == before.decode()
        if model in ("file", "unicode"):
            client.model._ysource.insert(0, "# first\n")
            before = b"# first\n" + before
        assert (await client.save())["status"] == "success"
        assert host.read(path) == before
        await client.close()

    asyncio.run(run())
