-- A store of version 2 in use: one conversation of the web that has been answered twice, one of a messenger.
INSERT INTO conversation VALUES (1, 'web:anna', '2', 3, 2000), (2, 'telegram:17', '1', 1, 3000);
INSERT INTO inbox VALUES (1, 'e1', 2, 2, 1000), (1, 'e2', 3, 1, 2000), (2, 'u1', 1, 1, 3000);
INSERT INTO outbox VALUES
    (1, 1, 'e1', 1, CAST('Добрий день!' AS BLOB), 1000, 'done'),
    (2, 1, 'e1', 2, CAST('Де подаєте документи?' AS BLOB), 1000, 'done'),
    (3, 1, 'e2', 3, CAST('Скільки років?' AS BLOB), 2000, 'done'),
    (4, 2, 'u1', 1, CAST('Добрий день!' AS BLOB), 3000, 'waiting');
UPDATE conversation SET state = CAST(state AS BLOB);
