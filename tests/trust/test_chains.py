"""Whatever chain somebody puts together, it holds exactly when every rule of P.7 is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import fixed
from vaccinator_app.domain.people import Role
from vaccinator_app.trust.certificates import CERTIFICATE_TYPE, Certificate, Subject, issue, read, verify_chain
from vaccinator_app.trust.dsse import Envelope
from vaccinator_app.trust.errors import BadCertificate
from vaccinator_app.trust.keys import SigningKey

DAY = timedelta(days=1)
KEYS = [SigningKey(bytes([n]) * 32) for n in range(1, 6)]
"""Central, two in-charges, a colleague, a machine; anybody may sign anything, for anybody's key."""
ROOT = KEYS[0].public

certificates = st.builds(
    Certificate,
    subject=st.sampled_from([Subject.STAFF, Subject.STAFF, Subject.STAFF, Subject.DEVICE]),
    id=st.sampled_from(["s1", "s2"]),
    centre=st.sampled_from([fixed.CENTRE] * 5 + ["091002"]),
    name=st.just("N. N."),
    role=st.sampled_from([Role.IN_CHARGE, Role.IN_CHARGE, Role.VACCINATOR, Role.VERIFIER]),
    signing_key=st.sampled_from([key.public for key in KEYS]),
    sealing_key=st.just(bytes(32)),
    not_before=st.sampled_from([fixed.NOON - DAY] * 5 + [fixed.NOON + DAY]),
    not_after=st.sampled_from([fixed.NOON + DAY] * 5 + [fixed.NOON - DAY / 2]),
).map(lambda one: replace(one, role=None, sealing_key=b"") if one.subject is Subject.DEVICE else one)

links = st.tuples(certificates, st.sampled_from(KEYS))
"""A statement, and who signed it."""


def holds(chain: list[tuple[Certificate, SigningKey]]) -> bool:
    """The rules, said another way than the verifier says them."""
    if len(chain) not in (1, 2):
        return False
    own, signer = chain[0]
    good = all(c.centre == fixed.CENTRE and c.not_before <= fixed.NOON <= c.not_after for c, _ in chain)
    if len(chain) == 1:
        return good and signer.public == ROOT and own.subject is Subject.STAFF and own.signing_key != ROOT
    boss, above = chain[1]
    by_central = above.public == ROOT and boss.role is Role.IN_CHARGE and boss.signing_key != ROOT
    by_boss = signer.public == boss.signing_key != own.signing_key
    return good and by_central and by_boss and own.role in (Role.VACCINATOR, Role.VERIFIER)


@settings(max_examples=150, deadline=None)
@given(st.lists(links, min_size=1, max_size=3), st.booleans())
def test_a_chain_holds_when_every_rule_is_kept_and_never_else(
    chain: list[tuple[Certificate, SigningKey]], linked: bool
) -> None:
    if linked:
        # left to chance hardly any would hold
        bosses = [replace(one, signing_key=KEYS[1].public) for one, _ in chain[1:2]]
        signers = [KEYS[1] if bosses else KEYS[0], KEYS[0]]
        chain = list(zip([chain[0][0], *bosses], signers, strict=False))
    envelopes = [issue(certificate, signer) for certificate, signer in chain]
    if holds(chain):
        assert verify_chain(envelopes, ROOT, subject=Subject.STAFF, centre=fixed.CENTRE, at=fixed.NOON) == chain[0][0]
    else:
        with pytest.raises(BadCertificate):
            verify_chain(envelopes, ROOT, subject=Subject.STAFF, centre=fixed.CENTRE, at=fixed.NOON)


def test_a_field_that_stands_twice_is_refused_whoever_signed_it() -> None:
    """One reader takes the first, another the last: two people see two roles."""
    payload = issue(fixed.VACCINATOR_CERTIFICATE, KEYS[0]).payload
    twice = payload[:-1] + b',"role":"in_charge"}'
    assert read(Envelope.seal(CERTIFICATE_TYPE, payload, KEYS[0]), ROOT) == fixed.VACCINATOR_CERTIFICATE
    with pytest.raises(BadCertificate):
        read(Envelope.seal(CERTIFICATE_TYPE, twice, KEYS[0]), ROOT)


def test_an_in_charge_certifies_verifiers_and_nobody_their_own_key() -> None:
    boss = issue(replace(fixed.IN_CHARGE_CERTIFICATE, signing_key=KEYS[1].public), KEYS[0])
    door = replace(fixed.VACCINATOR_CERTIFICATE, role=Role.VERIFIER)
    found = verify_chain([issue(door, KEYS[1]), boss], ROOT, subject=Subject.STAFF, centre=fixed.CENTRE, at=fixed.NOON)
    assert found == door
    own = replace(door, signing_key=KEYS[1].public)
    with pytest.raises(BadCertificate, match="certifies itself"):
        verify_chain([issue(own, KEYS[1]), boss], ROOT, subject=Subject.STAFF, centre=fixed.CENTRE, at=fixed.NOON)
