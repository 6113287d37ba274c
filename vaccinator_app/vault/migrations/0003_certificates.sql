-- The rule in force when it was booked; none when it is the vaccine's own.
ALTER TABLE roster ADD COLUMN interval_days INTEGER;
ALTER TABLE roster ADD COLUMN min_age_years INTEGER;

-- What became of the certificate of a dose, and of the message about it (DESIGN 7.5).
ALTER TABLE confirmation ADD COLUMN certificate TEXT NOT NULL DEFAULT '';
ALTER TABLE confirmation ADD COLUMN message TEXT NOT NULL DEFAULT '';
