-- What version 7 has brought, in use: somebody has chosen by whose night they are left in peace.
UPDATE address SET zone = 'Europe/Warsaw' WHERE conversation = 'telegram/main:0f';
