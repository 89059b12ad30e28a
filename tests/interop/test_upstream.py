"""The public tests of jupyter_server_ydoc, unmodified, against the headless host; their table is kept in UPSTREAM.md.

`COMMONPLACE_UPSTREAM_WRITE=1` writes the table of the run instead of comparing. Not here: the fixtures, and what is judged beforehand.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE / "upstream"))
import judged  # noqa: E402

TABLE = HERE / "UPSTREAM.md"
# Of each release: the Python that has the clients of its time.
RELEASES = {"1.0.0a0": os.environ.get("COMMONPLACE_UPSTREAM_PYTHON", ""), "3.0.4": sys.executable}
TRIES = 3


def run(release: str, tests: list[str], place: Path) -> dict[str, str]:
    """Runs tests of a release; answers their outcomes by name."""
    source = Path(os.environ["COMMONPLACE_UPSTREAM"]) / f"jupyter_server_ydoc-{release}"
    results = place / "results.json"
    results.unlink(missing_ok=True)
    environment = os.environ | {
        "PYTHONPATH": f"{HERE}{os.pathsep}{HERE / 'upstream'}",
        "COMMONPLACE_UPSTREAM_RELEASE": release,
        "COMMONPLACE_UPSTREAM_RESULTS": str(results),
    }
    options = ["--noconftest", "-p", "stand_ins", "-p", "no:cacheprovider", "--rootdir", str(source), "-c", os.devnull]
    options += ["--basetemp", str(place / "run"), "--color=no"]
    command = [RELEASES[release], "-m", "pytest", *options, *tests]
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True, timeout=300)
    assert results.exists(), f"{done.stdout}\n{done.stderr}"
    outcomes = json.loads(results.read_text())
    if any(outcome == "failed" and not judged.differs(release, name) for name, outcome in outcomes.items()):
        print(done.stdout, done.stderr)
    return outcomes


def judge(release: str, name: str, outcome: str) -> tuple[str, str]:
    """The result of a test and what there is to say about it."""
    if judgement := judged.not_applicable(release, name):
        why, rules = judgement
        return "not applicable", f"It {why}; ours: {rules}"
    if judgement := judged.differs(release, name):
        why, rules = judgement
        return ("differs" if outcome == "failed" else "PASSED, though it was to differ"), f"{why[0].upper()}{why[1:]}: {rules}"
    return outcome.replace("failed", "FAILED"), ""


def lines(release: str, outcomes: dict[str, str]) -> list[str]:
    """The section of a release in the table."""
    rows = [(name, *judge(release, name, outcome)) for name, outcome in outcomes.items()]
    counts = Counter(result for _, result, _ in rows)
    said = ", ".join(f"{count} {result}" for result, count in sorted(counts.items()))
    head = [f"## jupyter_server_ydoc {release}", "", f"{len(rows)} tests: {said}.", "", "| Test | Result | |", "|---|---|---|"]
    return head + [f"| `{name}` | {result} | {why} |".replace("|  |", "| |") for name, result, why in rows]


def kept(release: str) -> list[str]:
    """The section of a release in the kept table."""
    sections = re.split(r"(?m)^(?=## )", TABLE.read_text(encoding="utf-8"))
    found = [section for section in sections if section.startswith(f"## jupyter_server_ydoc {release}\n")]
    return found[0].rstrip().splitlines() if found else []


@pytest.mark.parametrize("release", RELEASES)
def test_lab_18_the_reference_servers_own_tests_run_as_the_kept_table_says(release, tmp_path, capsys):
    outcomes = run(release, ["tests"], tmp_path)
    for _ in range(TRIES - 1):
        again = [name for name, outcome in outcomes.items() if outcome == "failed" and judged.timed(name) and not judged.differs(release, name)]
        if again:
            outcomes |= run(release, [f"tests/{name}" for name in again], tmp_path)
    table = lines(release, outcomes)
    with capsys.disabled():
        print("\n" + "\n".join(table))
    if os.environ.get("COMMONPLACE_UPSTREAM_WRITE"):
        before = TABLE.read_text(encoding="utf-8")
        section = "\n".join(table) + "\n"
        old = "\n".join(kept(release)) + "\n"
        TABLE.write_text(before.replace(old, section) if kept(release) else f"{before.rstrip()}\n\n{section}", encoding="utf-8")
    assert kept(release) == table, "tests/interop/UPSTREAM.md says otherwise"
    # Nothing is left out without a reason that was given beforehand.
    results = {name: judge(release, name, outcome)[0] for name, outcome in outcomes.items()}
    assert {name: result for name, result in results.items() if result not in ("passed", "differs", "not applicable")} == {}
