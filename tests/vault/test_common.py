"""Passphrases that whoever finds the machine tries first (DESIGN 5.1)."""

from __future__ import annotations

import pytest

from vaccinator_app.vault.common import is_common
from vaccinator_app.vault.errors import PassphraseCommon
from vaccinator_app.vault.slots import check_passphrase


@pytest.mark.parametrize(
    "passphrase",
    ["password", "Password@123", "P@ssw0rd!", "ｐａｓｓｗｏｒｄ", "12345678", "87654321", "aaaaaaaaaa", "1212 1212 12",
     "qwertyuiop", "abcdefgh", "India2026", "covishield1", "2021covaxin", "adminadmin", "jai hind 1947"],
)  # fmt: skip
def test_a_common_one_is_refused(passphrase: str) -> None:
    with pytest.raises(PassphraseCommon):
        check_passphrase(passphrase)


@pytest.mark.parametrize(
    "passphrase", ["monsoon over Rampur", "three brown goats", "बारिश में आम", "my password is a goat", "kx7!qo2v"]
)
def test_one_of_ones_own_is_taken(passphrase: str) -> None:
    check_passphrase(passphrase)
    assert not is_common(passphrase)
