"""Writes down what a running jupyter_server answers to the exchanges in contents.json.

    python record.py URL TOKEN ROOT

ROOT is the server's folder, empty. Requests, and what is said of us under `ours`, stay as they are; answers are replaced.
"""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

ROOT = sys.argv[3].rstrip("/")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


def steady(value):
    """Without what differs in every run."""
    if isinstance(value, dict):
        return {key: steady(inner) for key, inner in value.items() if key != "traceback"}
    if isinstance(value, list):
        return sorted((steady(inner) for inner in value), key=lambda inner: str(inner.get("name")) if isinstance(inner, dict) else "")
    if isinstance(value, str):
        return "TIME" if TIME.match(value) else value.replace(ROOT + "/", "").replace(ROOT, "ROOT")
    return value


def ask(exchange):
    body = exchange.get("raw")
    if body is None and "body" in exchange:
        body = json.dumps(exchange["body"])
    headers = {"Authorization": f"token {sys.argv[2]}", "Content-Type": "text/plain;charset=UTF-8"}
    data = None if body is None else body.encode()
    request = urllib.request.Request(sys.argv[1] + exchange["path"], data, headers, method=exchange["method"])
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode("latin1")
    exchange["status"] = answer.status
    exchange.pop("location", None)
    if answer.headers["Location"]:
        exchange["location"] = answer.headers["Location"]
    try:
        exchange["answer"] = text if exchange["path"].startswith("/files/") else steady(json.loads(text))
    except ValueError:
        exchange["answer"] = text if answer.status < 400 else None


here = pathlib.Path(__file__).with_name("contents.json")
script = json.loads(here.read_text())
for path, text in script["files"].items():
    place = pathlib.Path(sys.argv[3], path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode("latin1"))
for exchange in script["exchanges"]:
    ask(exchange)
lines = ",\n".join("  " + json.dumps(exchange, ensure_ascii=False) for exchange in script["exchanges"])
files = json.dumps(script["files"], ensure_ascii=False)
here.write_text(f'{{\n"server": "jupyter_server 2.21.1",\n"files": {files},\n"exchanges": [\n{lines}\n]\n}}\n')
