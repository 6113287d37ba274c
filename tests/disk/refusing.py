"""A process of its own, with the shim loaded, that plays acts of a desk while its disk refuses; run by ``conftest``.

Arguments: a folder for what is made once, and the folder whose disk refuses. It imports and makes things once; each
case is a line of JSON on its standard input, played by a forked child; one line of JSON answers it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.disk.acts import ACTS, Act, Made, Scene, make_once
from tests.support import disk, forking
from tests.support.central import PASSPHRASE
from tests.support.disk import Call
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.guard import told
from vaccinator_app.vault.errors import VaultClosed
from vaccinator_app.vault.vault import Vault


def main() -> None:
    """Play what is asked until the input ends."""
    made, folder = make_once(Path(sys.argv[1])), Path(sys.argv[2])
    print("ready", flush=True)
    for number, line in enumerate(sys.stdin):
        print(_in_a_child(made, folder / str(number), Path(sys.argv[1]) / f"central-{number}", json.loads(line)))
        sys.stdout.flush()


def _in_a_child(made: Made, folder: Path, outside: Path, case: dict[str, Any]) -> str:
    answer, ask = os.pipe()
    child = forking.fork()
    if child == 0:
        try:
            os.close(answer)
            try:
                scene = Scene(made, folder, outside)
                found = _after_little_memory(scene) if case.get("look") else _play(scene, case)
            except BaseException:  # noqa: BLE001  (whatever it is, the test says it)
                found = {"broken": traceback.format_exc()}
            os.write(ask, json.dumps(found).encode())
        finally:
            os._exit(0)
    os.close(ask)
    with open(answer, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    if case.get("memory") is not None:
        found = json.loads(_in_a_child(made, folder, outside, {"look": True}))
        return json.dumps(found | {"first": json.loads(said) if said else "the process died"})
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(outside, ignore_errors=True)
    return said or '{"broken": "the process died"}'


def _play(scene: Scene, case: dict[str, Any]) -> dict[str, Any]:
    """``at`` 0 only counts the calls. Says how many there were, and in which words it failed, if it did."""
    act = ACTS[case["act"]]
    scene.set_up()
    act.prepare(scene)
    before = _saved(scene)
    if case.get("memory") is not None:
        return _with_little_memory(scene, act, case["memory"], before)
    calls = Call(case["calls"])
    disk.fail(case["at"], case["error"], calls, for_ever=case["for_ever"], partly=case["partly"])
    said = _try(scene, act)
    while_it_fails = None if scene.place is None else _reads(scene)
    seen = disk.fail_no_more()
    if said is not None:
        assert said["error"] in _FORESEEN, f"it ended in {said}"
        assert said["code"] != Exit.FAULT
        assert "\n" not in said["words"].strip(), said["words"]
        if Call.UNLINK not in calls:
            assert not list(scene.stick.iterdir()), "half a file is on the stick"
        if not act.steps and not (act.file and case["for_ever"]):
            assert not act.done(scene), "it failed, and is done all the same"
        again = _try(scene, act) if act.again else None
        assert again is None, f"with room again it ended in {again}"
    assert while_it_fails in (None, "read"), while_it_fails
    if scene.place is not None:
        if _is_closed(scene):
            # a file under its new key that the disk did not let be opened: whoever is there unlocks
            door = scene.unlock()
            scene.place = door.open(door.people()[0].staff, PASSPHRASE).place
        assert not act.again or act.done(scene)
        scene.open.vault.close()
    _whole(scene, before)
    return {"seen": seen, "said": said}


def _is_closed(scene: Scene) -> bool:
    try:
        return not scene.open.vault.key
    except VaultClosed:
        return True


def _with_little_memory(scene: Scene, act: Act, more: int, before: list[tuple[int, str]]) -> dict[str, Any]:
    """The act, when the process may take but ``more`` bytes than it has. It may die of it: not so what was saved."""
    scene.outside.with_suffix(".saved").write_text(json.dumps(before))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, resource.RLIM_INFINITY))
    said = _try(scene, act)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    # central is within this process here, and has no memory either
    assert said is None or said["error"] in (*_FORESEEN, "MemoryError", "VaultError", "DatabaseAway"), said
    again = _try(scene, act) if said is not None and act.again else None
    return {"said": said, "again": again}


def _after_little_memory(scene: Scene) -> dict[str, Any]:
    """Another program finds what was saved, also when the first one died."""
    kept = json.loads(scene.outside.with_suffix(".saved").read_text())
    _whole(scene, [(number, digest) for number, digest in kept])
    return {}


_FORESEEN = ("VaultFull", "VaultReadOnly", "VaultDisk", "CannotDo")
"""What a refused write may be called: a disk is not a damaged vault."""


def _try(scene: Scene, act: Act) -> dict[str, Any] | None:
    try:
        act.run(scene)
    except Exception as error:  # noqa: BLE001  (which one it is, is the question)
        with contextlib.redirect_stderr(io.StringIO()) as spoken:
            code = told(error)
        where = traceback.format_exception(error)[-6:]
        return {"error": type(error).__name__, "code": code, "words": spoken.getvalue(), "where": "".join(where)}
    return None


def _saved(scene: Scene) -> list[tuple[int, str]]:
    vault = scene.open.vault if scene.place is not None else Vault.open(scene.home, scene.made.key)
    found = [(number, record.hash.hex()) for number, record in enumerate(vault.ledger.records(), 1)]
    if scene.place is None:
        vault.close()
    return found


def _reads(scene: Scene) -> str:
    """Reading goes on while nothing can be written."""
    place = scene.open
    try:
        place.vault.queue.counts(place.today())
        place.vault.roster.appointment(scene.person(3).reference)
        place.vault.queue.search("a", place.today())
    except Exception as error:  # noqa: BLE001
        return "read" if type(error).__name__ == "VaultClosed" else f"reading ended in {error!r}"
    return "read"


def _whole(scene: Scene, before: list[tuple[int, str]]) -> None:
    """The home opens with the passphrase; everything that was saved is there, once, and holds together."""
    door = scene.unlock()
    opened = door.open(door.people()[0].staff, PASSPHRASE)
    vault = opened.place.vault
    try:
        assert opened.place.disagreement is None
        head = vault.ledger.check(vault.certificates.find)
        after = [(number, record.hash.hex()) for number, record in enumerate(vault.ledger.records(), 1)]
        assert after[: len(before)] == before, "a saved record is gone"
        assert head.seq == len(after)
        assert vault.exchange.prove() is None
        views = vault._database.read("SELECT * FROM visits ORDER BY 1, 2")
        vault.views.rebuild()
        assert vault._database.read("SELECT * FROM visits ORDER BY 1, 2") == views
        assert vault._database.read("PRAGMA integrity_check") == [("ok",)]
    finally:
        vault.close()
    left = {path.name for path in scene.home.iterdir()}
    assert left <= {"vault.db", "vault.seal", "slots.json", "attempts.json"}, left


if __name__ == "__main__":
    main()
