"""Whose key is whose, as this desk believes it (DESIGN 5.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.given import dose_given
from tests.trust import fixed
from tests.vault.given import CHAIN, COLLEAGUE, COLLEAGUE_CHAIN, IN_CHARGE, save
from vaccinator_app.domain.events import SignedIn
from vaccinator_app.protocol.ledger import LedgerBroken
from vaccinator_app.trust.certificates import Certificate, issue
from vaccinator_app.trust.errors import TrustError
from vaccinator_app.trust.keys import SigningKey, key_id
from vaccinator_app.vault.connection import Connection
from vaccinator_app.vault.errors import VaultDamaged
from vaccinator_app.vault.ledger import Author
from vaccinator_app.vault.vault import Vault


def chain(certificate: Certificate, issuer: SigningKey, *above: str) -> list[str]:
    return [issue(certificate, issuer).to_json(), *above]


def test_a_chain_is_kept_and_found_by_key_and_by_person(vault: Vault) -> None:
    assert vault.certificates.find(key_id(fixed.IN_CHARGE.public)) == fixed.IN_CHARGE_CERTIFICATE
    assert vault.certificates.find(key_id(fixed.VACCINATOR.public)) == fixed.VACCINATOR_CERTIFICATE
    assert vault.certificates.find("0" * 16) is None
    assert vault.certificates.chain(key_id(fixed.VACCINATOR.public)) == list(COLLEAGUE_CHAIN)
    assert vault.certificates.chain("0" * 16) == []
    assert sorted(vault.certificates.chains()) == sorted([CHAIN, COLLEAGUE_CHAIN])


def test_a_new_colleague_is_added_offline_on_the_in_charges_word(vault: Vault) -> None:
    key = SigningKey.generate()
    asha = replace(fixed.VACCINATOR_CERTIFICATE, id="s3", name="Asha", signing_key=key.public)
    save(vault, SignedIn(), author=Author(staff="s3", key=key))
    with pytest.raises(LedgerBroken):
        vault.ledger.check(vault.certificates.find)
    assert vault.certificates.add(chain(asha, fixed.IN_CHARGE, *CHAIN)) == asha
    assert vault.ledger.check(vault.certificates.find).seq == 1


def test_a_record_stays_good_when_its_certificate_has_run_out(vault: Vault) -> None:
    key = SigningKey.generate()
    long_ago = fixed.NOON - timedelta(days=90)
    asha = replace(
        fixed.VACCINATOR_CERTIFICATE, id="s3", signing_key=key.public, not_before=long_ago, not_after=long_ago
    )
    vault.certificates.add(chain(asha, fixed.IN_CHARGE, *CHAIN))
    save(vault, SignedIn(), author=Author(staff="s3", key=key))
    assert vault.ledger.check(vault.certificates.find).seq == 1


def test_a_certificate_that_begins_before_its_issuers_holds_from_the_issuers_on(vault: Vault) -> None:
    """A second machine's clock may be behind: certificates are dated back a little."""
    key = SigningKey.generate()
    early = fixed.IN_CHARGE_CERTIFICATE.not_before - timedelta(hours=1)
    asha = replace(fixed.VACCINATOR_CERTIFICATE, id="s3", signing_key=key.public, not_before=early)
    assert vault.certificates.add(chain(asha, fixed.IN_CHARGE, *CHAIN)) == asha


def test_a_new_key_stands_beside_the_old_one(vault: Vault) -> None:
    renewed = replace(
        fixed.VACCINATOR_CERTIFICATE,
        signing_key=SigningKey.generate().public,
        not_after=fixed.VACCINATOR_CERTIFICATE.not_after + timedelta(days=1),
    )
    envelopes = chain(renewed, fixed.IN_CHARGE, *CHAIN)
    vault.certificates.add(envelopes)
    assert vault.certificates.chain(renewed.keyid) == envelopes
    assert vault.certificates.find(key_id(fixed.VACCINATOR.public)) == fixed.VACCINATOR_CERTIFICATE, "the old key too"


@pytest.mark.parametrize(
    "envelopes",
    [
        [],
        ["not an envelope"],
        chain(fixed.IN_CHARGE_CERTIFICATE, fixed.STRANGER),
        chain(fixed.VACCINATOR_CERTIFICATE, fixed.IN_CHARGE),
        chain(fixed.VACCINATOR_CERTIFICATE, fixed.STRANGER, *CHAIN),
        chain(fixed.VACCINATOR_CERTIFICATE, fixed.VACCINATOR, *COLLEAGUE_CHAIN),
        chain(replace(fixed.IN_CHARGE_CERTIFICATE, centre="091002"), fixed.CENTRAL),
        chain(fixed.DEVICE_CERTIFICATE, fixed.CENTRAL),
        chain(
            replace(fixed.VACCINATOR_CERTIFICATE, not_before=fixed.IN_CHARGE_CERTIFICATE.not_after + timedelta(days=1)),
            fixed.IN_CHARGE,
            *CHAIN,
        ),
    ],
)
def test_what_central_does_not_vouch_for_is_not_kept(vault: Vault, envelopes: list[str]) -> None:
    with pytest.raises(TrustError):
        vault.certificates.add(envelopes)
    assert len(vault.certificates.chains()) == 2


def test_a_chain_slipped_into_the_database_is_not_believed(vault: Vault) -> None:
    stranger = replace(fixed.IN_CHARGE_CERTIFICATE, signing_key=fixed.STRANGER.public)
    forged = issue(stranger, fixed.STRANGER).to_json()

    def slip_in(connection: Connection) -> None:
        for keyid, kept in ((key_id(fixed.STRANGER.public), f'["{forged}"]'), ("spoilt", "[[")):
            connection.execute("INSERT INTO certificates VALUES (?, ?, ?)", (keyid, "s9", kept))

    vault._database.write(slip_in)
    with pytest.raises((TrustError, VaultDamaged)):
        vault.certificates.find(key_id(fixed.STRANGER.public))
    with pytest.raises(VaultDamaged):
        vault.certificates.find("spoilt")


def test_a_record_in_anothers_name_is_noticed(vault: Vault) -> None:
    """The next person's name on the last person's record: the ledger does not walk."""
    save(vault, dose_given(), author=Author(staff=COLLEAGUE.staff, key=IN_CHARGE.key))
    with pytest.raises(LedgerBroken) as found:
        vault.ledger.check(vault.certificates.find)
    assert "another person" in found.value.why
