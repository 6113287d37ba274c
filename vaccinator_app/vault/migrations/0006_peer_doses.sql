-- The appointment of a dose that another desk gave or voided: who opens a sheet asks for the doses of one person, and
-- must not look through all that the neighbours recorded that day. Not every payload here need be what this release
-- would take in: one that SQLite cannot read has none.
ALTER TABLE peer_records ADD COLUMN appointment TEXT;
UPDATE peer_records SET appointment = json_extract(CAST(payload AS TEXT), '$.body.appointment')
WHERE CASE WHEN json_valid(CAST(payload AS TEXT))
           THEN json_extract(CAST(payload AS TEXT), '$.kind') IN ('dose_given', 'voided') END;
CREATE INDEX peer_records_dose ON peer_records (appointment) WHERE appointment IS NOT NULL;
