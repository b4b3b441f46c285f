-- Who hears what became of messages as GOV.UK Notify tells it, and what has to be told again.

-- name: set_notify_callback
-- One that was there goes on from where it was.
INSERT INTO notify_callback (organisation, url, sealed, at_ms, one) VALUES (?, ?, ?, ?, 0)
ON CONFLICT (organisation) DO UPDATE SET url = excluded.url, sealed = excluded.sealed;

-- name: drop_notify_callback
DELETE FROM notify_callback WHERE organisation = ?;

-- name: drop_notify_again
DELETE FROM notify_again WHERE organisation = ?;

-- name: read_notify_callbacks
-- There are as many as organisations have systems.
SELECT organisation, url, sealed, at_ms, one FROM notify_callback ORDER BY organisation;

-- name: move_notify_callback
-- Unless somebody else has told these meanwhile.
UPDATE notify_callback SET at_ms = ?, one = ? WHERE organisation = ? AND at_ms = ? AND one = ?;

-- name: keep_notify_again
INSERT INTO notify_again (notification, completed_ms, organisation, status, tries, next_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (notification, completed_ms) DO UPDATE SET tries = excluded.tries, next_ms = excluded.next_ms;

-- name: find_notify_again
-- In the order in which an index has those of one organisation, so that a look ends with the last that is given.
SELECT organisation, notification, completed_ms, status, tries, next_ms FROM notify_again
WHERE organisation = ? AND next_ms <= ? ORDER BY notification, completed_ms LIMIT ?;

-- name: try_notify_again
UPDATE notify_again SET tries = ?, next_ms = ? WHERE notification = ? AND completed_ms = ?;

-- name: forget_notify_again
DELETE FROM notify_again WHERE notification = ? AND completed_ms = ?;
