-- A store of version 4 in use, which holds what one of version 3 holds: the conversations of version 2, and somebody on Telegram who follows a case.
INSERT INTO conversation VALUES (1, 'web:anna', '2', 3, 2000), (2, 'telegram:17', '1', 1, 3000);
INSERT INTO inbox VALUES (1, 'e1', 2, 2, 1000), (1, 'e2', 3, 1, 2000), (2, 'u1', 1, 1, 3000);
INSERT INTO outbox VALUES
    (1, 1, 'e1', 1, CAST('Добрий день!' AS BLOB), 1000, 'done'),
    (2, 1, 'e1', 2, CAST('Де подаєте документи?' AS BLOB), 1000, 'done'),
    (3, 1, 'e2', 3, CAST('Скільки років?' AS BLOB), 2000, 'done'),
    (4, 2, 'u1', 1, CAST('Добрий день!' AS BLOB), 3000, 'waiting');
UPDATE conversation SET state = CAST(state AS BLOB);
INSERT INTO address VALUES (1, 'telegram/main:0f', 'telegram/main', x'5ea1ed', 'alive', 'uk', 3000);
INSERT INTO cases VALUES (7, 'dms', 'A-17', 'ua/id-card', 'c0de', 'kyiv-1', 1000, 'checked', 2000);
INSERT INTO report VALUES (1, 7, 'dms', 'r1', 'checked', 2000, 2500, 'reached');
INSERT INTO follow VALUES (7, 1, 'uk', 1500);
INSERT INTO timer VALUES (7, 'slow', 9000);
INSERT INTO notice VALUES
    (3, 1, 'telegram/main', 'notice', 'sent', NULL, 9000, 1, 2500, 2600, 7, 'case/7', 'm1', '', CAST('Перевірено' AS BLOB)),
    (4, 1, 'telegram/main', 'notice', 'created', 2700, 9000, 0, 2700, 2700, 7, 'case/7', '', '', CAST('Ще триває' AS BLOB));
INSERT INTO aside VALUES (1, 'telegram/main', 1, 'update_unreadable', x'7b', 3000);
INSERT INTO attempt VALUES ('somebody', 3000, 2);
INSERT INTO api_key VALUES (1, 'dms', 'register', 'd16e57', 1000, NULL);
INSERT INTO access VALUES (1, 2500, 'api/1', 'stage', 'case/7');
