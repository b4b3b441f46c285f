-- Conditions of indexes are evaluated for each row that is written, and for `status IN (…)` SQLite makes a table in
-- memory each time, for each index, before and after: most of what a notice cost. A row of ORs is compared at once.
DROP INDEX notice_letter;
DROP INDEX notice_letters;
DROP INDEX notice_became;

-- What an operator has to look at, of one account and of all.
CREATE INDEX notice_letter ON notice (account)
    WHERE status = 'permanent-failure' OR status = 'technical-failure' OR status = 'expired' OR status = 'unknown';
CREATE INDEX notice_letters ON notice (id)
    WHERE status = 'permanent-failure' OR status = 'technical-failure' OR status = 'expired' OR status = 'unknown';

-- What became of notices, in the order it did.
CREATE INDEX notice_became ON notice (changed_ms)
    WHERE case_id IS NOT NULL AND (status = 'sent' OR status = 'delivered' OR status = 'read'
        OR status = 'permanent-failure' OR status = 'technical-failure' OR status = 'expired' OR status = 'unknown');
