-- Notices: what waits to be sent, and what became of it.

-- name: last_notice
-- Ids of new notices follow this one; the transaction holds the write lock, so nobody else gives them.
SELECT seq FROM sqlite_sequence WHERE name = 'notice';

-- name: keep_notice
INSERT INTO notice (id, address, account, lane, status, due_ms, expires_ms, tries, created_ms, changed_ms,
    case_id, subject, message, reason, payload)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, '', '', ?);

-- name: find_older
-- A newer notice with the same subject takes the place of those that wait. (Found first: to change what it looks
-- through, where a trigger watches, SQLite makes a table in memory.)
SELECT id FROM notice WHERE address = ? AND due_ms IS NOT NULL AND subject = ?;

-- name: replace_older
UPDATE notice SET status = 'replaced', due_ms = NULL, changed_ms = ? WHERE id = ?;

-- name: find_due
-- The next one of each conversation in which none is on its way. One made for later holds nobody back; one that
-- waits for its next try does, since those after it would overtake it. Other senders' hold nobody back.
SELECT n.id, a.conversation, n.account, n.payload, n.subject, n.status, n.tries, n.created_ms, n.changed_ms,
    n.expires_ms, n.message, n.reason, n.notification, n.step
FROM notice AS n
JOIN address AS a ON a.id = n.address
WHERE n.account = ?1 AND n.lane = ?2 AND n.flow = ?5 AND n.due_ms <= ?3
AND NOT EXISTS (
    SELECT 1 FROM notice AS s WHERE s.account = n.account AND s.address = n.address AND s.status = 'sending')
AND NOT EXISTS (
    SELECT 1 FROM notice AS e
    WHERE e.address = n.address AND e.id < n.id AND e.lane = n.lane AND e.flow = n.flow
    AND (e.due_ms <= ?3 OR e.status = 'temporary-failure'))
ORDER BY n.due_ms, n.id LIMIT ?4;

-- name: expire
-- One that was found, and with it all of its person's and lane that are due and past their time.
UPDATE notice SET status = 'expired', due_ms = NULL, changed_ms = ?1
WHERE address = (SELECT address FROM notice WHERE id = ?2) AND lane = (SELECT lane FROM notice WHERE id = ?2)
AND due_ms <= ?1 AND expires_ms <= ?1;

-- name: take
UPDATE notice SET status = 'sending', due_ms = NULL, tries = tries + 1, changed_ms = ? WHERE id = ?;

-- name: give_back
-- It has not left.
UPDATE notice SET
    status = CASE WHEN tries > 1 THEN 'temporary-failure' ELSE 'created' END,
    due_ms = ?, tries = tries - 1, changed_ms = ?
WHERE id = ? AND status = 'sending';

-- name: settle
UPDATE notice SET status = ?, due_ms = ?, message = ?, reason = ?, changed_ms = ?
WHERE id = ? AND status = 'sending';

-- name: settle_sent
-- Also one that was thought lost with its process. (RETURNING would make a table in memory each time.)
UPDATE notice SET status = 'sent', due_ms = NULL, message = ?, reason = '', changed_ms = ?
WHERE id = ? AND (status = 'sending' OR status = 'unknown');

-- name: read_account
-- Of one that was sent, if receipts came before it.
SELECT account FROM notice WHERE id = ?;

-- name: drop_forlorn
-- It was on its way when its person left or stopped following, or had it by another way: it does not wait for another
-- try.
UPDATE notice SET status = 'dropped', due_ms = NULL
WHERE id = ? AND due_ms IS NOT NULL AND (
    EXISTS (SELECT 1 FROM address AS a WHERE a.id = notice.address AND a.status <> 'alive')
    OR case_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM follow AS f WHERE f.case_id = notice.case_id AND f.address = notice.address)
    OR notification IS NOT NULL AND EXISTS (
        SELECT 1 FROM notification AS m WHERE m.id = notice.notification AND m.completed_ms IS NOT NULL));

-- name: replace_overtaken
-- It was on its way when a newer one with its subject was made.
UPDATE notice SET status = 'replaced', due_ms = NULL
WHERE id = ? AND due_ms IS NOT NULL AND subject <> '' AND EXISTS (
    SELECT 1 FROM notice AS newer
    WHERE newer.address = notice.address AND newer.id > notice.id AND newer.subject = notice.subject);

-- name: count_waiting
SELECT count(*) FROM (
    SELECT 1 FROM notice WHERE account = ? AND lane = ? AND due_ms IS NOT NULL LIMIT ?);

-- name: recover
UPDATE notice SET status = 'unknown', changed_ms = ? WHERE account = ? AND status = 'sending';

-- name: find_message
-- Platforms may give an id again after a long time; the latest is meant.
SELECT id, status FROM notice WHERE account = ? AND message = ? AND message <> '' ORDER BY id DESC LIMIT 1;

-- name: change_status
UPDATE notice SET status = ?, reason = ?, changed_ms = ? WHERE id = ?;

-- name: drop_waiting_of_case
UPDATE notice SET status = 'dropped', due_ms = NULL, changed_ms = ?
WHERE address = ? AND due_ms IS NOT NULL AND case_id = ?;

-- name: replay
-- Not if nobody is there, not what a newer one has overtaken, and not what an organisation's plan sees to.
UPDATE notice SET status = 'created', due_ms = ?1, expires_ms = ?2, changed_ms = ?1, tries = 0, message = '', reason = ''
WHERE id = ?3 AND status IN ('permanent-failure', 'technical-failure', 'expired', 'unknown') AND notification IS NULL
AND EXISTS (SELECT 1 FROM address AS a WHERE a.id = notice.address AND a.status = 'alive')
AND (case_id IS NULL OR EXISTS (
    SELECT 1 FROM follow AS f WHERE f.case_id = notice.case_id AND f.address = notice.address))
AND NOT (subject <> '' AND EXISTS (
    SELECT 1 FROM notice AS newer
    WHERE newer.address = notice.address AND newer.id > notice.id AND newer.subject = notice.subject));

-- name: read_inbox
SELECT n.id, a.conversation, n.account, n.payload, n.subject, n.status, n.tries, n.created_ms, n.changed_ms,
    n.expires_ms, n.message, n.reason
FROM address AS a
JOIN notice AS n ON n.address = a.id
WHERE a.conversation = ? AND n.id < ? AND n.notification IS NULL
ORDER BY n.id DESC LIMIT ?;

-- name: read_letters
SELECT n.id, a.conversation, n.account, n.payload, n.subject, n.status, n.tries, n.created_ms, n.changed_ms,
    n.expires_ms, n.message, n.reason
FROM notice AS n
JOIN address AS a ON a.id = n.address
WHERE (n.status = 'permanent-failure' OR n.status = 'technical-failure' OR n.status = 'expired' OR n.status = 'unknown')
AND n.account = ? AND n.id > ? AND n.notification IS NULL
ORDER BY n.id LIMIT ?;

-- name: read_all_letters
SELECT n.id, a.conversation, n.account, n.payload, n.subject, n.status, n.tries, n.created_ms, n.changed_ms,
    n.expires_ms, n.message, n.reason
FROM notice AS n
JOIN address AS a ON a.id = n.address
WHERE (n.status = 'permanent-failure' OR n.status = 'technical-failure' OR n.status = 'expired' OR n.status = 'unknown')
AND n.id > ? AND n.notification IS NULL
ORDER BY n.id LIMIT ?;

-- name: forget_notices
-- The oldest that are settled, or past their time whatever they are, a bounded number at a time.
DELETE FROM notice WHERE id IN (
    SELECT id FROM notice
    WHERE created_ms < ?1 AND (due_ms IS NULL AND status <> 'sending' OR expires_ms < ?1) AND notification IS NULL
    ORDER BY created_ms LIMIT ?2);

-- name: forget_notices_of
DELETE FROM notice WHERE address = ?;
