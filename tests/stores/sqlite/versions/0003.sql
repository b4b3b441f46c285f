-- What version 3 has brought, in use: somebody on Telegram who follows a case.
INSERT INTO address VALUES (1, 'telegram/main:0f', 'telegram/main', x'5ea1ed', 'alive', 'uk', 3000);
INSERT INTO cases VALUES (7, 'dms', 'A-17', 'ua/id-card', 'c0de', 'kyiv-1', 1000, 'checked', 2000);
INSERT INTO report VALUES (1, 7, 'dms', 'r1', 'checked', 2000, 2500, 'reached');
INSERT INTO follow VALUES (7, 1, 'uk', 1500);
INSERT INTO timer VALUES (7, 'slow', 9000);
INSERT INTO notice VALUES
    (2, 1, 'telegram/main', 'notice', 'expired', NULL, 2200, 0, 2000, 2200, NULL, '', '', '', CAST('Зачинено' AS BLOB)),
    (3, 1, 'telegram/main', 'notice', 'sent', NULL, 9000, 1, 2500, 2600, 7, 'case/7', 'm1', '', CAST('Перевірено' AS BLOB)),
    (4, 1, 'telegram/main', 'notice', 'created', 2700, 9000, 0, 2700, 2700, 7, 'case/7', '', '', CAST('Ще триває' AS BLOB));
INSERT INTO aside VALUES (1, 'telegram/main', 1, 'update_unreadable', x'7b', 3000);
INSERT INTO attempt VALUES ('somebody', 3000, 2);
INSERT INTO api_key VALUES (1, 'dms', 'register', 'd16e57', 1000, NULL);
INSERT INTO access VALUES (1, 2500, 'api/1', 'stage', 'case/7');
