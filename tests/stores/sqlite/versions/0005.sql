-- What version 5 has brought, in use: an authority's system that hears.
INSERT INTO subscriber VALUES (1, 'dms', 'https://dms.example/hear', x'5ea1ed', 1000, 1000, 0, 0, 0, 0, 1000, '');
