"""``vaccinator certificate verify``: a few plain lines, an exit code, and one sentence for whatever is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import segno

from tests.trust import fixed
from vaccinator_app.cli.exits import Exit
from vaccinator_app.cli.main import main
from vaccinator_app.reports.card_bundle import CardDose, card_bundle
from vaccinator_app.reports.qr import health_card_uri
from vaccinator_app.trust.card_keys import thumbprint, write_key_set, write_status_list
from vaccinator_app.trust.health_card import IMMUNIZATION, sign
from vaccinator_app.trust.keys import CardKey

Said = pytest.CaptureFixture[str]

ISSUER = "https://central.example"
KID = thumbprint(fixed.CARDS.public)
RID = "A" * 22


def card(key: CardKey = fixed.CARDS, issuer: str = ISSUER, **changes: Any) -> str:
    fields = {
        "name": "सुनीता कुमारी",
        "year_of_birth": 1968,
        "vaccine": "covishield",
        "dose": 1,
        "doses": 2,
        "given_on": date(2021, 3, 1),
        "batch": "4121Z025",
        "centre": "100001",
        "centre_name": "PHC Rampur",
        **changes,
    }
    codes = {"covishield": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "210"}]}
    return sign(
        key,
        issuer=issuer,
        issued_at=datetime(2021, 3, 1, 12, tzinfo=UTC),
        rid=RID,
        types=(IMMUNIZATION,),
        bundle=card_bundle(CardDose(**fields), codes),
    )


CARD = card()


class Files:
    """A folder of what a verifier carries along."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = self.write("jwks.json", write_key_set([fixed.CARDS.public], ISSUER, 2))
        self.none_revoked = self.write("crl.json", write_status_list(KID, ["B" * 22], 2))

    def write(self, name: str, content: bytes | str) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def verify(self, card: str, *more: str) -> int:
        return main(["certificate", "verify", card, "--keys", self.keys, *more])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def refused(capsys: Said) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.endswith(".\n")
    assert "Traceback" not in said.err
    return said.err


def test_it_says_who_and_what(files: Files, capsys: Said) -> None:
    assert files.verify(files.write("card.txt", CARD), "--revoked", files.none_revoked) == Exit.OK
    assert capsys.readouterr().out.splitlines() == [
        "Genuine: signed by https://central.example on 2021-03-01, and not changed since.",
        "सुनीता कुमारी, born 1968.",
        "Dose 1 of 2 of Covishield (CVX 210), on 2021-03-01, batch 4121Z025, at PHC Rampur.",
        "It was not among the revoked certificates when that list was made.",
        "It does not prove who shows it: compare the name and year of birth with a photo ID.",
    ]


@pytest.mark.parametrize("form", ["text", "uri", "file", "wallet", "picture", "marked"])
def test_it_takes_a_card_in_every_form(form: str, files: Files, capsys: Said) -> None:
    given = {
        "text": lambda: CARD,
        "uri": lambda: health_card_uri(CARD),
        "file": lambda: files.write("card", health_card_uri(CARD) + "\n"),
        "wallet": lambda: files.write("my.smart-health-card", json.dumps({"verifiableCredential": [CARD]})),
        "marked": lambda: files.write("card.txt", b"\xef\xbb\xbf" + CARD.encode()),
        "picture": lambda: picture(files),
    }[form]()
    assert files.verify(given) == Exit.OK
    assert "born 1968" in capsys.readouterr().out


def picture(files: Files) -> str:
    path = files.folder / "qr.png"
    segno.make(health_card_uri(CARD), error="l").save(str(path), scale=3)
    return str(path)


def test_it_needs_no_home_and_opens_no_connection(files: Files, tmp_path: Path) -> None:
    """In a process that dies when it asks for a socket, with a home that cannot be made."""
    program = (
        "import socket, sys\n"
        "def none(*a, **k): raise SystemExit(99)\n"
        "socket.socket = socket.create_connection = none\n"
        "from vaccinator_app.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    home = files.write("home", "a file")
    asked = ["certificate", "verify", CARD, "--keys", files.keys]
    done = subprocess.run(
        [sys.executable, "-c", program, *asked],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"VACCINATOR_HOME": home, "HOME": str(tmp_path), "PATH": "", "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "????" in done.stdout.splitlines()[1]


def test_without_a_list_as_new_as_the_keys_it_says_so(files: Files, capsys: Said) -> None:
    old = files.write("old.json", write_status_list(KID, [], 1))
    for more in ([], ["--revoked", old]):
        assert files.verify(CARD, *more) == Exit.OK
        assert "Whether it was revoked is not known" in capsys.readouterr().out
    assert files.verify(CARD, "--revoked", old, "--revoked", files.none_revoked) == Exit.OK
    assert "not known" not in capsys.readouterr().out


def test_a_revoked_one(files: Files, capsys: Said) -> None:
    gone = files.write("gone.json", write_status_list(KID, [RID], 3))
    assert files.verify(CARD, "--revoked", files.none_revoked, "--revoked", gone) == Exit.CHECK_FAILED
    assert refused(capsys) == "Do not accept this certificate: the card was revoked by its issuer.\n"


def test_keys_of_several_issuers(files: Files, capsys: Said) -> None:
    other = CardKey(bytes([10]) * 32)
    theirs = card(other, "https://elsewhere.example")
    more = files.write("theirs.json", write_key_set([other.public], "https://elsewhere.example", 1))
    assert files.verify(theirs) == Exit.CHECK_FAILED
    assert "not among those handed in" in refused(capsys)
    assert files.verify(theirs, "--keys", more) == Exit.OK
    assert "https://elsewhere.example" in capsys.readouterr().out
    # Whoever has a key that counts says nothing in another's name.
    assert files.verify(card(other), "--keys", more) == Exit.CHECK_FAILED
    assert "another issuer" in refused(capsys)


def test_a_changed_one(files: Files, capsys: Said) -> None:
    head, body, _ = CARD.split(".")
    mixed = f"{head}.{body}.{card(name='Somebody Else').split('.')[2]}"
    assert files.verify(mixed) == Exit.CHECK_FAILED
    assert "changed after it was signed" in refused(capsys)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a card"),
        (b"hello", "not a card"),
        (b"{}", "exactly one card"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xfe\x00", "neither a certificate nor a picture"),
        (b"\x89PNG\r\n\x1a\n and then nothing", "no PNG or JPEG"),
        (b"shc:/1/2/56", "several parts"),
        (b"x" * (8 * 1024 * 1024 + 1), "larger than any such file"),
    ],
)
def test_a_file_that_holds_no_card(content: bytes, said: str, files: Files, capsys: Said) -> None:
    assert files.verify(files.write("file", content)) == Exit.BAD_INPUT
    assert said in refused(capsys)


@pytest.mark.parametrize("given", ["nothing.here", "", "a\0b", "eyJ" + "A" * 200, "x" * 5000, "shc:/12x"])
def test_a_text_that_is_no_card_and_no_file(given: str, files: Files, capsys: Said) -> None:
    assert files.verify(given) == Exit.BAD_INPUT
    said = refused(capsys)
    assert len(said) < 120


def test_a_folder_is_no_file(files: Files, capsys: Said) -> None:
    assert files.verify(str(files.folder)) == Exit.BAD_INPUT
    assert "no file" in refused(capsys)


def test_files_in_each_others_place(files: Files, capsys: Said) -> None:
    assert main(["certificate", "verify", CARD, "--keys", files.none_revoked]) == Exit.BAD_INPUT
    assert "The file is no set of keys (crl.json)." in refused(capsys)
    assert files.verify(CARD, "--revoked", files.keys) == Exit.BAD_INPUT
    assert "The file is no list of revoked cards (jwks.json)." in refused(capsys)


def test_a_secret_key_is_not_taken_for_a_public_one(files: Files, capsys: Said) -> None:
    found = json.loads(write_key_set([fixed.CARDS.public], ISSUER, 1))
    found["keys"][0]["d"] = "AAAA"
    assert main(["certificate", "verify", CARD, "--keys", files.write("k", json.dumps(found))]) == Exit.BAD_INPUT
    assert "secret key" in refused(capsys)


def test_keys_must_be_named(capsys: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["certificate", "verify", CARD])
    assert ended.value.code == Exit.USAGE
    assert "--keys" in capsys.readouterr().err


def test_where_pictures_cannot_be_read_it_says_so(files: Files, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    monkeypatch.delitem(sys.modules, "vaccinator_app.central.certificates.pictures", raising=False)
    assert files.verify(picture(files)) == Exit.NOT_DONE
    assert "Pictures are read only where" in refused(capsys)


def test_what_a_stranger_wrote_cannot_draw_on_the_terminal(files: Files, capsys: Said) -> None:
    odd = card(name="A\x1b[2J\u202eB\nGenuine: signed by me", batch="")
    assert files.verify(odd) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "A [2J B Genuine: signed by me, born 1968."
    assert "batch" not in lines[2]
