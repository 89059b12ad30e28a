-- When a version was kept, in milliseconds of a clock that nobody sets: its age goes by this one, what people are shown by `time`.
ALTER TABLE versions ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
UPDATE versions SET kept = time;
