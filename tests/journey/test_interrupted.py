"""`ingest` killed in the middle and run again: nothing lost, nothing twice."""

import subprocess
import sys
import time
from pathlib import Path

from storage.store import SqlStore

COMMAND = Path(sys.executable).with_name("undertone")
ROWS = 40_000


def _counts(home):
    path = home / "undertone.sqlite"
    if not path.is_file():
        return {"items": 0, "set_aside": 0}
    store = SqlStore(f"sqlite:///{path}")
    store.prepare()
    try:
        with store.read() as unit:
            return unit.feedback.counts()
    finally:
        store.close()


def test_a_killed_ingest_that_is_run_again_has_every_row_once(tmp_path):
    home, path = tmp_path / "home", tmp_path / "rows.csv"
    rows = [f"{place},text of row {place}" for place in range(ROWS)]
    rows[ROWS // 2] = 'broken,"row" of words'
    path.write_text("id,text\n" + "\n".join(rows) + "\n")
    command = [str(COMMAND), "ingest", str(path), "--home", str(home)]

    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while _counts(home)["items"] == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait(timeout=20)
    halfway = _counts(home)["items"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    counts = _counts(home)
    assert 0 < halfway < ROWS - 1
    assert (counts["items"], counts["set_aside"]) == (ROWS - 1, 1)
    assert f"{ROWS:,} lines read = {ROWS - 1 - halfway:,} stored + {halfway:,} known" in done.stdout
