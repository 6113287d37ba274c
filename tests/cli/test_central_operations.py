"""The operator's commands for keys, as people type them, against a server that goes on meanwhile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.test_commands import (  # noqa: F401  (fixtures)
    CENTRE,
    made_central,
    one_sentence,
    passphrase,
    quick_slots,
)
from vaccinator_app.central import log
from vaccinator_app.central.database import connect, default_url
from vaccinator_app.central.running.server import Running, Settings, running
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.cli.resources import resources_folder


class Site:
    """A central's home, a desk's, and the commands on them."""

    def __init__(self, made: Path, folder: Path, passphrase_file: str) -> None:
        self.folder, self.passphrase, self.port = folder, passphrase_file, 0
        self.central = folder / "central"
        shutil.copytree(made, self.central)

    @contextmanager
    def served(self) -> Iterator[Running]:
        """Central runs, at the same port each time."""
        texts = json.loads((resources_folder() / "sms.json").read_text("utf-8"))
        with running(Settings(home=self.central, texts=texts, port=self.port)) as found:
            self.port = found.port
            yield found

    def keys(self, *words: str) -> int:
        return main(["central", "keys", *words, "--home", str(self.central)])

    def file(self, name: str) -> str:
        out = str(self.folder / name)
        address = f"https://127.0.0.1:{self.port}"
        asked = ["central", "enrolment", CENTRE, "--address", address, "--out", out, "--home", str(self.central)]
        assert main(asked) == Exit.OK
        return out

    def desk(self, *words: str) -> int:
        return main([*words, "--home", str(self.folder / "desk"), "--passphrase-file", self.passphrase])


@pytest.fixture
def site(made_central: Path, tmp_path: Path, passphrase: str) -> Site:  # noqa: F811
    made = Site(made_central, tmp_path, passphrase)
    with made.served():
        assert made.desk("enrol", made.file("first.enrolment"), "--in-charge", "R. Sharma") == Exit.OK
        assert made.desk("sync") == Exit.OK
    return made


def names(said: str, ring: str) -> list[str]:
    """The keys of a ring as `keys status` calls them, newest first."""
    return [line.split()[1] for line in said.splitlines() if line.startswith(f"{ring} ")]


def test_a_key_is_followed_by_the_next_while_a_desk_hears_of_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.keys("rotate", "signing") == Exit.OK
    assert site.keys("rotate", "signing") == Exit.NOT_DONE
    capsys.readouterr()
    assert site.keys("use", "signing") == Exit.NOT_DONE
    assert "1 machine has not heard" in one_sentence(capsys)
    assert site.keys("status") == Exit.OK
    said = capsys.readouterr().out
    newest, oldest = names(said, "signing")
    assert "1 of the machines in use have not heard" in said
    with site.served():
        assert site.desk("sync") == Exit.OK
    assert site.keys("use", "signing") == Exit.OK
    assert site.keys("retire", "signing", newest) == Exit.NOT_DONE
    assert site.keys("retire", "signing", oldest) == Exit.OK
    capsys.readouterr()
    assert site.keys("status") == Exit.OK
    assert names(capsys.readouterr().out, "signing") == [newest]
    with site.served():
        assert site.desk("sync") == Exit.OK


def test_a_desk_that_missed_it_is_told_and_goes_on_with_a_file(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.keys("rotate", "signing") == Exit.OK
    assert site.keys("use", "signing", "--force") == Exit.OK
    capsys.readouterr()
    assert site.keys("status") == Exit.OK
    oldest = names(capsys.readouterr().out, "signing")[-1]
    assert site.keys("retire", "signing", oldest) == Exit.NOT_DONE
    assert site.keys("retire", "signing", oldest, "--force") == Exit.OK
    with site.served():
        capsys.readouterr()
        assert site.desk("sync") == Exit.REFUSED
        assert "vaccinator trust" in one_sentence(capsys)
        assert site.desk("trust", str(site.central / "central.key")) == Exit.BAD_INPUT
        assert site.desk("trust", site.file("second.enrolment")) == Exit.OK
        assert site.desk("sync") == Exit.OK
    assert "Confirmed by central" in capsys.readouterr().out


def test_sqlite_has_one_worker_and_a_public_address_is_https(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    serve = ["central", "serve", "--home", str(site.central)]
    capsys.readouterr()
    assert main([*serve, "--workers", "2"]) == Exit.USAGE
    assert "one writer" in one_sentence(capsys)
    assert main([*serve, "--public-address", "http://book.example"]) == Exit.USAGE
    assert "https://" in one_sentence(capsys)


def test_a_server_that_cannot_start_says_why_in_one_sentence(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    database = connect(default_url(site.central))
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0003'")
    database.close()
    capfd.readouterr()
    try:
        assert main(["central", "serve", "--home", str(site.central), "--port", "0"]) == Exit.NOT_DONE
    finally:
        for handler in list(log.LOGGER.handlers):
            log.LOGGER.removeHandler(handler)
        log.LOGGER.propagate = True
    said = capfd.readouterr().err
    assert "central migrate" in said
    assert "Traceback" not in said
