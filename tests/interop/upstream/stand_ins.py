"""A pytest plugin: the fixtures of jupyter_server_ydoc's public tests, with `commonplace-host` behind them.

It stands in place of the fixtures of their source distributions, whose tests run unmodified. Where the two releases differ, it is
in the client library that opens the sockets. Results go to the file that COMMONPLACE_UPSTREAM_RESULTS names.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from functools import partial

import nbformat
import pytest
from jupyter_ydoc import YNotebook, YUnicode

import judged
from events import Events
from hosts import TOKEN, Host
from room import History, Room, Saves
from server import ServerApp, connection, fetch, room_of

try:
    from httpx_ws import aconnect_ws
    from pycrdt import Provider
    from pycrdt.websocket.websocket import HttpxWebsocket

    NEWEST = True
except ImportError:
    import websockets
    from pycrdt_websocket import WebsocketProvider

    NEWEST = False

RELEASE = os.environ["COMMONPLACE_UPSTREAM_RELEASE"]
RESULTS: dict[str, str] = {}


def pytest_collection_modifyitems(items):
    for item in items:
        if judgement := judged.not_applicable(RELEASE, name(item.nodeid)):
            item.add_marker(pytest.mark.skip(reason=judgement[0]))


def pytest_runtest_logreport(report):
    if report.outcome != "passed" or (report.when == "call" and name(report.nodeid) not in RESULTS):
        RESULTS[name(report.nodeid)] = report.outcome


def pytest_sessionfinish():
    with open(os.environ["COMMONPLACE_UPSTREAM_RESULTS"], "w") as file:
        json.dump(RESULTS, file)


def name(nodeid: str) -> str:
    """`test_app.py::test_default_settings`."""
    return nodeid.rsplit("/", 1)[-1]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    loop = pyfuncitem.funcargs.get("loop") or asyncio.new_event_loop()
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    loop.run_until_complete(asyncio.wait_for(pyfuncitem.obj(**arguments), timeout=60))
    return True


@pytest.fixture
def loop():
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()


@pytest.fixture
def rtc_document_save_delay():
    return 1


@pytest.fixture
def rtc_document_cleanup_delay():
    return 60


@pytest.fixture
def jp_serverapp(tmp_path, loop, rtc_document_save_delay, rtc_document_cleanup_delay):
    host = Host(tmp_path, None)
    delays = {"document_save_delay": rtc_document_save_delay, "document_cleanup_delay": rtc_document_cleanup_delay}
    options = [f"--YDocExtension.{name}={value}" for name, value in delays.items()]
    host.start(*options)
    events = Events()
    loop.run_until_complete(events.open(host))
    yield ServerApp(host, events, options)
    loop.run_until_complete(events.close())
    host.stop()
    host.log.close()


@pytest.fixture
def jp_configurable_serverapp(tmp_path):
    hosts = []

    def start(argv):
        host = Host(tmp_path / f"app-{len(hosts)}", None)
        hosts.append(host)
        host.start(*argv)
        return ServerApp(host, Events(), argv)

    yield start
    for host in hosts:
        host.stop()
        host.log.close()


@pytest.fixture
def jp_root_dir(jp_serverapp):
    return jp_serverapp.host.folder


@pytest.fixture
def jp_fetch(jp_serverapp):
    return partial(fetch, jp_serverapp.host)


@pytest.fixture
def rtc_fetch_session(jp_fetch):
    def put(format, type, path):
        return jp_fetch("api/collaboration/session", path, method="PUT", body=json.dumps({"format": format, "type": type}))

    return put


@pytest.fixture
def rtc_connect_doc_client(jp_serverapp):
    async def client(format, type, path):
        room, address = await room_of(jp_serverapp.host, format, type, path)
        if NEWEST:
            return connection(jp_serverapp, aconnect_ws(f"{jp_serverapp.host.url}/{address}"), room), room
        return connection(jp_serverapp, websockets.connect(f"{jp_serverapp.host.socket_url}/{address}"), room)

    return client


@pytest.fixture
def rtc_connect_fork_client(jp_serverapp):
    async def client(room):
        return aconnect_ws(f"{jp_serverapp.host.url}/api/collaboration/room/{room}?token={TOKEN}")

    return client


@pytest.fixture
def rtc_get_forks_client(jp_fetch):
    async def get(root):
        return await jp_fetch("api/collaboration/fork", root)

    return get


@pytest.fixture
def rtc_create_fork_client(jp_fetch, jp_serverapp):
    async def create(root, synchronize, title=None, description=None):
        fork = {"synchronize": synchronize, "title": title, "description": description}
        answer = await jp_fetch("api/collaboration/fork", root, method="PUT", body=json.dumps(fork))
        await told(jp_serverapp, action="create", fork_roomid=json.loads(answer.body)["fork_roomid"])
        return answer

    return create


@pytest.fixture
def rtc_delete_fork_client(jp_fetch, jp_serverapp):
    async def delete(fork, merge):
        answer = await jp_fetch("api/collaboration/fork", fork, method="DELETE", params={"merge": str(merge).lower()})
        await told(jp_serverapp, action="delete", fork_roomid=fork)
        return answer

    return delete


async def told(app, **fields) -> None:
    """Waits for an event about forks, which in a server of one process is there with the answer."""
    await app.event_logger.until(lambda: app.event_logger.fork(**fields), f"{fields}")


def provider(doc, socket, room: str):
    """The provider of the release's time."""
    return Provider(doc, HttpxWebsocket(socket, room)) if NEWEST else WebsocketProvider(doc, socket)


@pytest.fixture
def rtc_add_doc_to_store(rtc_connect_doc_client):
    async def add(format, type, path):
        loaded = asyncio.Event()
        doc = YNotebook() if type == "notebook" else YUnicode()
        doc.observe(lambda topic, _: loaded.set() if topic in ("cells", "source") else None)
        client = await rtc_connect_doc_client(format, type, path)
        client, room = client if NEWEST else (client, "")
        async with client as socket, provider(doc.ydoc, socket, room):
            await loaded.wait()

    return add


def creator(format, type, empty, root, app, add_to_store):
    async def create(path, content=None, index=False, store=False):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        content = content or empty
        file.write_text(content)
        if index:
            app.web_app.settings["file_id_manager"].index(path)
        if store:
            await add_to_store(format, type, path)
        return path, content

    return create


@pytest.fixture
def rtc_create_file(jp_root_dir, jp_serverapp, rtc_add_doc_to_store):
    return creator("text", "file", "", jp_root_dir, jp_serverapp, rtc_add_doc_to_store)


@pytest.fixture
def rtc_create_notebook(jp_root_dir, jp_serverapp, rtc_add_doc_to_store):
    empty = nbformat.writes(nbformat.v4.new_notebook(), version=4)
    return creator("json", "notebook", empty, jp_root_dir, jp_serverapp, rtc_add_doc_to_store)


@pytest.fixture
def rtc_create_SQLite_store():
    async def create(_type, _id, content):
        return History(content)

    return create


@pytest.fixture
def rtc_create_mock_document_room(tmp_path, loop):
    rooms = []

    def create(_id, path, content, last_modified=None, save_delay=None, store=None, writable=True):
        room = Room(tmp_path / f"room-{len(rooms)}", path, content, save_delay, store)
        rooms.append(room)
        return Saves(room), None, room

    yield create
    for room in rooms:
        loop.run_until_complete(room.close())
