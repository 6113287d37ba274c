"""``central serve`` with a Kannel: what is missing or wrong is one sentence (DESIGN 8.4, 11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from vaccinator_app.central import log
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main

WHOLE = {
    "address": "http://127.0.0.1:1/cgi-bin/sendsms",
    "user": "central",
    "password": "a-secret-of-the-test",
    "sender": "VACCIN",
}


@pytest.fixture(autouse=True)
def _no_log_stays() -> Iterator[None]:
    """A server that was asked for logs to the stream of its own test."""
    yield
    for handler in list(log.LOGGER.handlers):
        log.LOGGER.removeHandler(handler)
    log.LOGGER.propagate = True


def serve(home: Path, *options: str) -> int:
    return main(["central", "serve", "--home", str(home), "--port", "0", *options])


def written(folder: Path, mode: int = 0o600, **changes: str) -> str:
    file = folder / "kannel.json"
    file.write_text(json.dumps({**WHOLE, **changes}), "utf-8")
    file.chmod(mode)
    return str(file)


@pytest.mark.parametrize("options", [["--sms-gateway", "kannel"], ["--kannel-config", "FILE"]])
def test_a_kannel_needs_both_options(tmp_path: Path, options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path)
    assert serve(tmp_path, *[file if option == "FILE" else option for option in options]) == Exit.USAGE
    assert "A Kannel needs both" in capfd.readouterr().err


def test_a_file_that_others_may_read_ends_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, mode=0o644)
    assert serve(tmp_path, "--sms-gateway", "kannel", "--kannel-config", file) == Exit.NOT_DONE
    said = capfd.readouterr().err
    assert "chmod 600" in said
    assert WHOLE["password"] not in said


def test_what_is_wrong_in_it_ends_it_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, sender="")
    assert serve(tmp_path, "--sms-gateway", "kannel", "--kannel-config", file) == Exit.NOT_DONE
    said = capfd.readouterr().err
    assert "The file kannel.json needs address, user, password and sender" in said
    assert WHOLE["password"] not in said


def test_with_a_whole_one_it_goes_on_to_the_home(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Which is none here; so nothing is served."""
    file = written(tmp_path)
    assert serve(tmp_path / "none", "--sms-gateway", "kannel", "--kannel-config", file) == Exit.NOT_DONE
    assert "holds no central server yet" in capfd.readouterr().err
