-- Unix milliseconds of the newest update, or of when the log was last looked at because of its age; 0: not known.
ALTER TABLE documents ADD COLUMN edited INTEGER NOT NULL DEFAULT 0;
