-- By whose night somebody is left in peace: a name of the time zone database, NULL for that of the country.
ALTER TABLE address ADD COLUMN zone TEXT;
