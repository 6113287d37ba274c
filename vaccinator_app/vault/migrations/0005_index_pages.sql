-- A part of the index of words lies in one page of the file. FTS5's own size of 4050 bytes is for plain pages: of ours
-- SQLCipher keeps 80 for itself, so that each part had its end in a second one. Where such an end is the last that is
-- read and damaged, SQLCipher 4.19 gives zeros for it and no error: people would not be found, and nobody told why.
INSERT INTO roster_words (roster_words, rank) VALUES ('pgsz', 3900);
INSERT INTO roster_words (roster_words) VALUES ('optimize');
