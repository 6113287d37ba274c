-- The in-charge's leave to go on without a code (DESIGN 4.4).
ALTER TABLE visits ADD COLUMN override_seq INTEGER;

-- What was left in it was thrown away.
ALTER TABLE vials ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0;

-- Events about vials, a view of the ledger like those above. They are rare beside doses, and no dose writes here.
-- `vials` counts unopened ones; `doses` is a vial's, or of a discard what was thrown away.
CREATE TABLE stock (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    vaccine TEXT NOT NULL,
    batch TEXT NOT NULL,
    vials INTEGER NOT NULL,
    doses INTEGER NOT NULL,
    expiry TEXT
) STRICT;
CREATE INDEX stock_batch ON stock (vaccine, batch, kind, vials);
CREATE INDEX stock_received ON stock (vaccine, batch, expiry, seq, doses) WHERE kind = 'stock_received';

-- The first record of each day, by its time at the centre: where a day is read from. Written once a day.
CREATE TABLE day_starts (
    day INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

-- Serious adverse events, which central is told of before anything else.
CREATE TABLE serious (
    seq INTEGER PRIMARY KEY
) STRICT;

-- Doses given on an override: their certificates wait for the person (DESIGN 4.4).
CREATE TABLE overridden (
    seq INTEGER PRIMARY KEY
) STRICT;

-- The views above and the older ones are computed anew when the vault is next opened (vault/views.py).
INSERT INTO meta VALUES ('views_are_old', x'');

-- Accepted is most of what central says; what is not, or not without more, is asked for by itself.
CREATE INDEX confirmation_said ON confirmation (seq) WHERE status <> 'accepted' OR reasons <> '[]';

ALTER TABLE batches ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;

-- Records of the centre's other desks, as they arrived, with central's newest answer. Each was verified before it came
-- in. `arrival` only grows, `day` is that of its time at this centre, `stock` tells a kind that stock is computed from,
-- `overridden` a dose given on an override.
CREATE TABLE peer_records (
    arrival INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    day INTEGER NOT NULL,
    stock INTEGER NOT NULL,
    overridden INTEGER NOT NULL,
    keyid TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL CHECK (length(signature) = 64),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    status TEXT NOT NULL,
    reasons TEXT NOT NULL,
    UNIQUE (device, seq)
) STRICT;
CREATE INDEX peer_records_day ON peer_records (day, device, seq);
CREATE INDEX peer_records_stock ON peer_records (device, seq) WHERE stock = 1;
CREATE INDEX peer_records_overridden ON peer_records (device, seq) WHERE overridden = 1;
CREATE INDEX peer_records_said ON peer_records (device, seq) WHERE status <> 'accepted' OR reasons <> '[]';

-- What came as another desk's record and was left out, each once, and why.
CREATE TABLE peer_rejects (
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (device, seq, hash)
) STRICT, WITHOUT ROWID;

-- The centre's other desks, as central last told of them. `seen_at` is central's clock, UTC.
CREATE TABLE peer_desks (
    device TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL CHECK (length(head) = 32),
    claimed INTEGER NOT NULL,
    seen_at TEXT
) STRICT, WITHOUT ROWID;

-- How central counted what a close of this or another desk covers; an empty list where it agrees.
CREATE TABLE close_answers (
    device TEXT NOT NULL,
    seq INTEGER NOT NULL,
    differences TEXT NOT NULL,
    PRIMARY KEY (device, seq)
) STRICT, WITHOUT ROWID;
