-- What version 8 has brought, in use: an organisation that has told somebody something, and is not done with it.
INSERT INTO organisation VALUES (1, 'sky', 'Sky', 'airline', 'ua', 'ua', '', 1000, 5, 1, '[]', 'approved', '', 'r', 1000);
INSERT INTO organisation_key VALUES (1, 1, 'live', 'booking', x'5ea1ed', 1000, NULL);
INSERT INTO template VALUES (1, 1, 'late', 'message', NULL);
INSERT INTO template_version VALUES (1, 1, 1, 'Late', 'service', x'7b7d', 'approved', 1000, 1000, 'a', 'r', '');
INSERT INTO choices VALUES (1, CAST('{"order":["viber"]}' AS BLOB));
INSERT INTO agreed VALUES (1, 1, 'sky', 'service', 'given', 'portal', 'uk', '1', 'Так', 1000, x'5ea1');
INSERT INTO flow VALUES (1, 1, 0, 'running');
INSERT INTO plan VALUES (1, x'd16e57', x'7b7d', 1);
INSERT INTO notification VALUES (1, 1, 1, 1, 1, '', 1, x'5ea1ed', 'uk', 'live', 'message', 'initiated', 'K-7', 'created', '',
    0, 3000, 3000, NULL, NULL, 9000, NULL, 0);
INSERT INTO notice VALUES (5, 1, 'viber/main', 'notice', 'created', 3000, 9000, 0, 3000, 3000, NULL, '', '', '', x'', 1, 1, 0);
INSERT INTO trace VALUES (1, 1, 3000, CAST('{"what":"planned"}' AS BLOB));
INSERT INTO request VALUES (1, 'r-1', 'd16e57', 1, 1, 3000);
