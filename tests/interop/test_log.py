"""What the host says to whoever runs it: its log, its sessions, and the guide that describes its options."""

import re
import subprocess
import os
from pathlib import Path

GUIDE = Path(__file__).parent.parent.parent / "src-tauri" / "docs" / "GUIDE.md"


def test_lab_19_the_log_names_each_document_that_is_asked_for(host):
    place = host.session("counts.ipynb")
    log = Path(host.log.name).read_text()
    assert f"Request for Y document 'counts.ipynb' with room ID: {place['room']}" in log


def test_lab_20_all_documents_of_a_folder_have_one_session_that_survives_a_restart(host):
    paths = [("counts.ipynb", ("json", "notebook")), ("quadrats.csv", ("text", "file"))]
    sessions = {host.session(*path)["session"] for path in paths}
    host.kill()
    host.start()
    sessions |= {host.session(*path)["session"] for path in paths}
    assert len(sessions) == 1


def test_setup_33_each_option_is_in_the_guide():
    shown = subprocess.run([os.environ["COMMONPLACE_HOST"], "serve", "--help"], capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}
    described = set(re.findall(r"--[a-z][a-z-]+", GUIDE.read_text(encoding="utf-8")))
    assert options and options - described == set()
