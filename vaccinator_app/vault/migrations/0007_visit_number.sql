-- A visit's number on the roster, by which a list is put in order; 0 for somebody who is not on it. To look each of a
-- day's visits up there cost more with every day that the desk had seen.
ALTER TABLE visits ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE visits SET number = coalesce((SELECT r.id FROM roster r WHERE r.appointment = visits.appointment), 0);
