"""Clients that nobody here wrote, in one room, through the headless host."""

import asyncio
import json

import nbformat
import pytest
import requests
from jupyter_nbmodel_client import NbModelClient, get_jupyter_notebook_websocket_url

from conftest import TOKEN, YWebsocket, until
from pycrdt_client import PycrdtClient

NOTEBOOK = "counts.ipynb"


def test_sync_50_three_foreign_clients_edit_one_notebook_at_once(host):
    asyncio.run(three_clients(host))


async def three_clients(host):
    place = host.session(NOTEBOOK)
    first = json.loads(host.read(NOTEBOOK))["cells"][0]["id"]
    pycrdt = await PycrdtClient.connect(host, place, "Py")
    current, old = await asyncio.gather(
        YWebsocket.connect(host, place, "Three"), YWebsocket.connect(host, place, "One", version=1)
    )
    url = get_jupyter_notebook_websocket_url(host.url, NOTEBOOK, TOKEN)
    async with NbModelClient(url, username="model") as model:
        await model.wait_until_synced()

        source = pycrdt.model.ycells[0]["source"]
        source += "\nfrom pycrdt"
        await current("insert", cell=first, at=0, text="from y-websocket 3\n")
        await old("insert", cell=first, at=-1, text="\nfrom y-websocket 1")
        model.add_code_cell("from_model_client = 1")
        await old("addCell", id="added-by-one", text="a cell of the old client")

        words = ["from pycrdt", "from y-websocket 3", "from y-websocket 1", "from_model_client = 1", "a cell of the old client"]
        await asyncio.gather(current("contains", texts=words), old("contains", texts=words))
        await pycrdt.until(lambda: all(word in json.dumps(pycrdt.model.get()) for word in words), "everybody's words")
        assert (await pycrdt.save())["status"] == "success"

        theirs = [{"id": cell["id"], "source": cell["source"]} for cell in await current("cells")]
        assert theirs == [{"id": cell["id"], "source": cell["source"]} for cell in await old("cells")]
        assert theirs == [{"id": cell["id"], "source": cell["source"]} for cell in pycrdt.model.get()["cells"]]
        assert theirs == [{"id": cell["id"], "source": cell["source"]} for cell in model.as_dict()["cells"]]

        saved = nbformat.reads(host.read(NOTEBOOK).decode(), as_version=4)
        nbformat.validate(saved)
        assert [{"id": cell["id"], "source": cell["source"]} for cell in saved["cells"]] == theirs
        for word in words:
            assert host.read(NOTEBOOK).decode().count(word) == 1, word
    await asyncio.gather(current.close(), old.close(), pycrdt.close())


@pytest.mark.parametrize("path", ["counts.ipynb", "shore-profile.ipynb"])
def test_save_50_opening_saving_and_closing_leaves_the_bytes_alone(host, path):
    async def run():
        before = host.read(path)
        client = await PycrdtClient.connect(host, host.session(path), "Py")
        assert len(client.model.get()["cells"]) == len(json.loads(before)["cells"])
        assert (await client.save())["status"] == "success"
        await client.close()
        host.stop()
        assert host.read(path) == before
        assert sorted(entry.name for entry in host.folder.iterdir() if entry.name.startswith(".")) == []

    asyncio.run(run())


def test_sync_51_a_text_file_is_edited_by_two_kinds_of_clients(host):
    async def run():
        place = host.session("quadrats.csv", ("text", "file"))
        before = host.read("quadrats.csv").decode()
        pycrdt = await PycrdtClient.connect(host, place, "Py", "unicode")
        node = await YWebsocket.connect(host, place, "Node")
        assert await node("text") == before
        await node("insert", at=0, text="# héad 🐚\n")
        pycrdt.model._ysource += "# tail\n"
        await node("contains", texts=["# tail"])
        await pycrdt.until(lambda: "# héad 🐚" in pycrdt.model.get(), "the other's line")
        assert (await pycrdt.save())["status"] == "success"
        assert host.read("quadrats.csv").decode() == f"# héad 🐚\n{before}# tail\n"
        await asyncio.gather(node.close(), pycrdt.close())

    asyncio.run(run())


def test_aware_50_foreign_clients_see_who_is_here_and_who_left(host):
    async def run():
        place = host.session(NOTEBOOK)
        pycrdt = await PycrdtClient.connect(host, place, "Py")
        node = await YWebsocket.connect(host, place, "Node")
        await pycrdt.until(lambda: pycrdt.names() == ["Node", "Py"], "the newcomer")
        await node("people", names=["Node", "Py"])
        # A socket that ends without a word, as after a power cut.
        pycrdt.socket.transport.abort()
        await node("people", names=["Node"])
        await node.close()

    asyncio.run(run())


def test_store_50_a_killed_host_comes_back_and_the_old_tab_merges(host):
    async def run():
        place = host.session(NOTEBOOK)
        first = json.loads(host.read(NOTEBOOK))["cells"][0]["id"]
        node = await YWebsocket.connect(host, place, "Node")
        await node("insert", cell=first, at=0, text="before the kill\n")
        host.kill()
        await node("disconnected")
        await node("insert", cell=first, at=0, text="while it was dead\n")
        outside = json.loads(host.read(NOTEBOOK))
        outside["cells"][-1]["source"] += ["\n", "written by another program"]
        (host.folder / NOTEBOOK).write_text(json.dumps(outside, indent=1, ensure_ascii=False) + "\n")
        host.start()
        await node("synced")
        words = ["before the kill", "while it was dead", "written by another program"]
        await node("contains", texts=words)
        saved = await until(lambda: all(word in (text := host.read(NOTEBOOK).decode()) for word in words) and text, "all edits in the file")
        assert [saved.count(word) for word in words] == [1, 1, 1]
        assert [cell["id"] for cell in await node("cells")] == [cell["id"] for cell in outside["cells"]]
        await node.close()

    asyncio.run(run())


def test_disk_118_foreign_clients_pass_over_what_pages_are_told_of_merges(host):
    async def run():
        place = host.session(NOTEBOOK)
        first = json.loads(host.read(NOTEBOOK))["cells"][0]["id"]
        old = await YWebsocket.connect(host, place, "One", version=1)
        url = get_jupyter_notebook_websocket_url(host.url, NOTEBOOK, TOKEN)
        async with NbModelClient(url, username="model") as model:
            await model.wait_until_synced()
            outside = json.loads(host.read(NOTEBOOK))
            outside["cells"][-1]["source"] += ["\n", "written by another program"]
            (host.folder / NOTEBOOK).write_text(json.dumps(outside, indent=1, ensure_ascii=False) + "\n")
            await old("contains", texts=["written by another program"])
            # Those who come now are told before they have the document.
            current = await YWebsocket.connect(host, place, "Three")
            pycrdt = await PycrdtClient.connect(host, place, "Py")
            assert pycrdt.notices == 1
            model.add_code_cell("from_model_client = 1")
            await old("insert", cell=first, at=0, text="from y-websocket 1\n")
            await current("insert", cell=first, at=0, text="from y-websocket 3\n")
            words = ["written by another program", "from_model_client = 1", "from y-websocket 1", "from y-websocket 3"]
            await asyncio.gather(old("contains", texts=words), current("contains", texts=words))
            await until(lambda: all(word in json.dumps(model.as_dict()) for word in words), "everybody's words")
        await asyncio.gather(old.close(), current.close(), pycrdt.close())

    asyncio.run(run())


def test_session_50_bad_requests_get_readable_answers(host):
    def put(path, body={"format": "json", "type": "notebook"}, token=TOKEN):
        headers = {"Authorization": f"token {token}"}
        return requests.put(f"{host.url}/api/collaboration/session/{path}", json=body, headers=headers, timeout=10)

    assert put(NOTEBOOK).status_code == 201
    assert put(NOTEBOOK).status_code == 200
    for path, status in [("missing.ipynb", 404), ("methods", 400), ("%2E%2E%2Foutside.txt", 404)]:
        answer = put(path)
        assert (answer.status_code, set(answer.json()) >= {"message", "reason"}) == (status, True), path
    assert put(NOTEBOOK, token="wrong").status_code == 403
