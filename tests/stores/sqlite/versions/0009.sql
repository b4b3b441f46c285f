-- What version 9 has brought, in use: a system that hears, and an end that it did not take.
INSERT INTO notify_callback VALUES (1, 'https://sky.example/hear', x'5ea1ed', 3000, 1);
INSERT INTO notify_again VALUES (1, 3000, 1, 'delivered', 1, 303000);
