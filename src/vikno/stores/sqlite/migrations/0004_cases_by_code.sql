-- Whoever holds a receipt has a number and a code; their digest finds the case, however the number was typed.
CREATE INDEX cases_code ON cases (code);
