-- Keys of the staff that count no more, and since when: a record of this desk says so ('record', a view), or central
-- ('central', kept as it was told). The certificates stay: what was signed before stands.
CREATE TABLE removed_keys (
    keyid TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('record', 'central')),
    staff TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (keyid, source)
) STRICT, WITHOUT ROWID;

-- Days whose people have left this machine (DESIGN 5.5): their rows say what was booked and no more of whom. `day` is
-- the proleptic Gregorian ordinal.
CREATE TABLE purged_days (
    day INTEGER PRIMARY KEY,
    at TEXT NOT NULL
) STRICT;

-- Of a day whose people have left: appointments that may be one person's bear one mark. A mark is random and says
-- nothing of whom; who is alone has none.
CREATE TABLE same_person (
    day INTEGER NOT NULL,
    appointment TEXT NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (day, appointment)
) STRICT, WITHOUT ROWID;

-- Records of this desk's own that central holds others in the place of, after an old copy of the vault was put back:
-- out of the ledger, as they were signed, and never dropped (DESIGN 7.3, 7.4).
CREATE TABLE strays (
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    staff TEXT NOT NULL,
    appointment TEXT,
    keyid TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (seq, hash)
) STRICT, WITHOUT ROWID;

-- Who looked without a visit, and what was noticed: counted before a sheet opens. No dose writes here.
CREATE INDEX ledger_looks ON ledger (staff, seq) WHERE kind = 'record_viewed';
CREATE INDEX ledger_noticed ON ledger (seq) WHERE kind = 'noticed';
