-- What version 10 has brought, in use: a campaign that is ready, with a chunk and a row that was left out.
INSERT INTO campaign VALUES (1, 1, 1, 'Late', 'c-7', 'live', 'file', x'7b7d', 'ready', 0, '["flight"]', 1, 2, 1,
    '{"twice": 1}', 60, 0, x'7b7d', x'', NULL, 3000, 3000, NULL, NULL, 0);
INSERT INTO audience VALUES (1, 1, 1, 0, 2, x'5ea1ed');
INSERT INTO audience_refused VALUES (1, 4, 'twice');
