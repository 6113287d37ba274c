-- What this desk is, and where it stands with central. One value a key; see vault/identity.py and vault/exchange.py.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Everything that happened, once, for ever (DESIGN 3.1). Columns before `keyid` repeat what the payload says.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    staff TEXT NOT NULL,
    appointment TEXT,
    keyid TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END;

CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END;

-- Also keeps INSERT OR REPLACE from putting one record in another's place.
CREATE TRIGGER ledger_has_no_gap BEFORE INSERT ON ledger
WHEN NEW.seq <> coalesce((SELECT max(seq) FROM ledger), 0) + 1
BEGIN SELECT RAISE(ABORT, 'the ledger has no gap and no second record of one number'); END;

-- What central signed for (DESIGN 7.2). `at` is central's clock, UTC.
CREATE TABLE receipts (
    id INTEGER PRIMARY KEY,
    upto INTEGER NOT NULL,
    at TEXT NOT NULL,
    signed BLOB NOT NULL
) STRICT;
CREATE INDEX receipts_upto ON receipts (upto, id);

-- Central's answer for each record. Its own table: no decision of central ever touches the ledger.
CREATE TABLE confirmation (
    seq INTEGER PRIMARY KEY REFERENCES ledger (seq) ON DELETE RESTRICT,
    status TEXT NOT NULL,
    reasons TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    receipt INTEGER REFERENCES receipts (id) ON DELETE RESTRICT
) STRICT;
CREATE INDEX confirmation_open ON confirmation (seq) WHERE status <> 'accepted';

-- Chains of DSSE envelopes, the subject's own first, as JSON.
CREATE TABLE certificates (
    keyid TEXT PRIMARY KEY,
    staff TEXT NOT NULL,
    chain TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The appointments of this centre. `id` puts day, minute of the slot and a number side by side (vault/appointments.py),
-- so that one day's people lie together and in order here and in the index of words. `slot` is microseconds since 1970,
-- `slot_offset` seconds east of UTC.
CREATE TABLE roster (
    id INTEGER PRIMARY KEY,
    appointment TEXT NOT NULL UNIQUE,
    token INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    name TEXT NOT NULL,
    year_of_birth INTEGER NOT NULL,
    gender TEXT NOT NULL,
    photo_id TEXT NOT NULL,
    photo_id_last4 TEXT NOT NULL,
    mobile_last4 TEXT NOT NULL,
    slot INTEGER NOT NULL,
    slot_offset INTEGER NOT NULL,
    vaccine TEXT NOT NULL,
    dose INTEGER NOT NULL,
    booking TEXT NOT NULL,
    previous TEXT,
    code_tag BLOB NOT NULL,
    slip_hash BLOB NOT NULL
) STRICT;
CREATE INDEX roster_cancelled ON roster (id) WHERE cancelled = 1;

-- What a day's rows of the roster add up to: the last number and the highest token given, and how many are not
-- cancelled. `day` here and below is the proleptic Gregorian ordinal of the session date.
CREATE TABLE days (
    day INTEGER PRIMARY KEY,
    last_number INTEGER NOT NULL,
    highest_token INTEGER NOT NULL,
    booked INTEGER NOT NULL
) STRICT;

-- Words people are found by; what stands in it is decided in vault/words.py, and split there.
CREATE VIRTUAL TABLE roster_words USING fts5 (
    words,
    content = '',
    contentless_delete = 1,
    detail = none,
    tokenize = 'ascii',
    prefix = '1 2 3 4 5 6 7 8 9 10 11 12'
);

-- People of a large page whose words are still to be indexed (vault/indexing.py).
CREATE TABLE unworded (
    id INTEGER PRIMARY KEY
) STRICT;

-- Views, computed from the ledger and rebuilt from it at will (DESIGN 6.3). A dose dirties as few pages as may be: that
-- is what it costs to save one. `day` is the roster's, 0 for somebody who is not on it; `batch` and `vial` are those of
-- the dose that stands.
CREATE TABLE visits (
    day INTEGER NOT NULL,
    appointment TEXT NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    arrived_at TEXT,
    dose_seq INTEGER,
    dose_at TEXT,
    voided INTEGER NOT NULL,
    further TEXT,
    batch TEXT,
    vial INTEGER,
    PRIMARY KEY (day, appointment)
) STRICT, WITHOUT ROWID;

CREATE TABLE vials (
    batch TEXT NOT NULL,
    vial INTEGER NOT NULL,
    vaccine TEXT NOT NULL,
    doses INTEGER NOT NULL,
    opened_at TEXT NOT NULL,
    PRIMARY KEY (batch, vial)
) STRICT, WITHOUT ROWID;

CREATE TABLE voids (
    target INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

-- Visits under way (DESIGN 3.5). `saved` counts up with each save.
CREATE TABLE drafts (
    appointment TEXT NOT NULL,
    staff TEXT NOT NULL,
    saved INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (appointment, staff)
) STRICT, WITHOUT ROWID;

CREATE TABLE batches (
    vaccine TEXT NOT NULL,
    batch TEXT NOT NULL,
    expiry TEXT NOT NULL,
    doses_per_vial INTEGER NOT NULL,
    PRIMARY KEY (vaccine, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE centres (
    centre TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
