-- Campaigns: one message to many people.

-- name: make_campaign
INSERT INTO campaign (organisation, template, name, reference, key, source, terms, status, flow, columns, reading, rows,
    chunks, refused, looked, cursor, counted, preview, created_ms, changed_ms, swept_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'draft', 0, '[]', 0, 0, 0, '{}', 0, 0, x'7b7d', x'', ?8, ?8, 0) RETURNING id;

-- name: read_campaign
SELECT id, organisation, template, name, reference, key, source, terms, status, flow, columns, reading, rows, chunks,
    refused, looked, cursor, counted, preview, begins_ms, created_ms, changed_ms, began_ms, ended_ms, swept_ms
FROM campaign WHERE id = ?;

-- name: list_campaigns
SELECT id FROM campaign WHERE organisation = ? AND id < ? ORDER BY id DESC LIMIT ?;

-- name: list_all_campaigns
SELECT id FROM campaign WHERE id < ? ORDER BY id DESC LIMIT ?;

-- name: find_open_campaigns
SELECT id FROM campaign
WHERE ended_ms IS NULL AND (began_ms IS NOT NULL OR begins_ms IS NOT NULL)
AND (status = 'running' OR status = 'stopped' OR status = 'ready' AND begins_ms <= ?) ORDER BY id;

-- name: begin_reading
UPDATE campaign SET status = 'reading', columns = ?, reading = reading + 1, rows = 0, chunks = 0, refused = '{}',
    looked = 0, preview = x'', changed_ms = ?
WHERE id = ? AND began_ms IS NULL AND (status = 'draft' OR status = 'reading' OR status = 'ready');

-- name: forget_refusals
DELETE FROM audience_refused WHERE campaign = ?;

-- name: keep_chunk
INSERT INTO audience (campaign, reading, chunk, rows, sealed) VALUES (?, ?, ?, ?, ?);

-- name: keep_refusal
INSERT INTO audience_refused (campaign, line, reason) VALUES (?, ?, ?) ON CONFLICT (campaign, line) DO NOTHING;

-- name: grow
UPDATE campaign SET rows = rows + ?, chunks = chunks + ?, refused = ?, looked = ?, changed_ms = ? WHERE id = ?;

-- name: end_reading
UPDATE campaign SET status = CASE WHEN ?1 AND rows > 0 THEN 'ready' ELSE 'draft' END, changed_ms = ?2
WHERE id = ?3 AND reading = ?4 AND status = 'reading';

-- name: read_chunk
SELECT sealed FROM audience
WHERE campaign = ?1 AND reading = (SELECT reading FROM campaign WHERE id = ?1) AND chunk = ?2;

-- name: read_refusals
SELECT line, reason FROM audience_refused WHERE campaign = ? ORDER BY line LIMIT 1000;

-- name: change_campaign
UPDATE campaign SET status = ?1, flow = ?2, changed_ms = max(?3, changed_ms + 1),
    began_ms = CASE WHEN ?1 = 'running' THEN coalesce(began_ms, ?3) ELSE began_ms END,
    ended_ms = CASE WHEN ?1 = 'done' OR ?1 = 'stopped' AND began_ms IS NULL THEN ?3 ELSE ended_ms END
WHERE id = ?4;

-- name: end_stopped
UPDATE campaign SET ended_ms = ? WHERE id = ? AND status = 'stopped' AND ended_ms IS NULL;

-- name: set_beginning
UPDATE campaign SET begins_ms = ?, changed_ms = ? WHERE id = ? AND status = 'ready';

-- name: move_on
UPDATE campaign SET cursor = cursor + 1, counted = ?, changed_ms = ? WHERE id = ?;

-- name: keep_preview
UPDATE campaign SET preview = ? WHERE id = ? AND reading = ?;

-- name: mark_swept
UPDATE campaign SET swept_ms = ? WHERE id = ?;

-- name: look_at_flow
SELECT id, status, reason, completed_ms FROM notification WHERE flow = ? AND id > ? ORDER BY id LIMIT ?;

-- name: statuses_of_tries
SELECT status FROM notice WHERE notification = ?;

-- name: end_notification
UPDATE notification SET status = ?1, reason = 'stopped', due_ms = NULL, changed_ms = max(?2, changed_ms + 1),
    completed_ms = ?2
WHERE id = ?3 AND completed_ms IS NULL;

-- name: find_old_chunks
-- Of readings that are over, or all where the campaign has ended.
SELECT a.id FROM audience AS a JOIN campaign AS c ON c.id = a.campaign
WHERE a.campaign = ? AND (a.reading < c.reading OR c.ended_ms IS NOT NULL OR c.status = 'draft')
ORDER BY a.campaign, a.reading, a.chunk LIMIT ?;

-- name: forget_chunk
DELETE FROM audience WHERE id = ?;

-- name: forget_campaign
DELETE FROM campaign WHERE id = ? AND began_ms IS NULL
AND NOT EXISTS (SELECT 1 FROM audience AS a WHERE a.campaign = campaign.id);

-- name: lines_of_consent
SELECT g.id, a.conversation FROM agreed AS g JOIN address AS a ON a.id = g.person
WHERE g.id > ?1 AND g.id <= ?1 + ?2
AND (g.organisation = (SELECT slug FROM organisation WHERE id = ?3) OR g.organisation = '*') AND (g.content = ?4 OR g.content = '*');

-- name: last_line
SELECT max(id) FROM agreed;

-- name: read_met
SELECT id, account, sealed, lang FROM address WHERE id = ? AND sealed IS NOT NULL AND status = 'alive';

-- name: find_who_follow
SELECT a.id, a.account, a.sealed, a.lang FROM address AS a
WHERE a.id > ?1 AND a.id <= ?1 + ?2 AND a.sealed IS NOT NULL AND a.status = 'alive' AND EXISTS (
    SELECT 1 FROM follow AS f JOIN cases AS c ON c.id = f.case_id
    WHERE f.address = a.id AND c.authority = ?3 AND c.service = ?4);
