-- To whom: addresses that are one person's, what they chose and agreed to.

-- name: read_asked
-- Those that were asked for, each with the number of its person.
SELECT a.conversation, coalesce(a.person, a.id), a.person IS NULL, a.id, a.conversation, a.account, a.status, a.lang,
    a.zone, a.heard_ms > 0
FROM json_each(?) AS j CROSS JOIN address AS a ON a.conversation = j.value;

-- name: read_first_way
-- The address that those of its person stand for.
SELECT id, conversation, account, status, lang, zone, heard_ms > 0 FROM address WHERE id = ? AND sealed IS NOT NULL;

-- name: read_other_ways
-- Those that stand for the first; few have any.
SELECT a.person, a.id, a.conversation, a.account, a.status, a.lang, a.zone, a.heard_ms > 0
FROM json_each(?) AS j CROSS JOIN address AS a ON a.person = j.value AND a.person IS NOT NULL
WHERE a.sealed IS NOT NULL;

-- name: read_chosen
SELECT c.person, c.chosen FROM json_each(?) AS j CROSS JOIN choices AS c ON c.person = j.value;

-- name: read_consents
-- Of these addresses, what was said about this organisation and content or about all.
SELECT a.id, a.person, a.organisation, a.content, a.consent FROM json_each(?1) AS j CROSS JOIN agreed AS a ON a.person = j.value
WHERE (a.organisation = (SELECT slug FROM organisation WHERE id = ?2) OR a.organisation = '*')
AND (a.content = ?3 OR a.content = '*');

-- name: count_told
-- What this organisation has sent to these addresses, and how much of it since a moment; test keys send nothing.
SELECT j.value,
    (SELECT count(*) FROM (SELECT 1 FROM notification AS n WHERE n.person = j.value AND n.organisation = ?2
        AND n.key <> 'test' AND n.status <> 'permanent-failure' AND n.status <> 'technical-failure' LIMIT 1000)),
    (SELECT count(*) FROM (SELECT 1 FROM notification AS n WHERE n.person = j.value AND n.organisation = ?2
        AND n.created_ms >= ?3
        AND n.key <> 'test' AND n.status <> 'permanent-failure' AND n.status <> 'technical-failure' LIMIT 1000))
FROM json_each(?1) AS j;

-- name: read_name
SELECT conversation FROM address WHERE id = ?;

-- name: find_person
SELECT coalesce(person, id), id FROM address WHERE conversation = ?;

-- name: find_ways
-- The numbers of a person's addresses: the first, and those that stand for it.
SELECT id FROM address WHERE id = ?1 UNION ALL SELECT id FROM address WHERE person = ?1;

-- name: link
UPDATE address SET person = ? WHERE id = ?;

-- name: unlink
UPDATE address SET person = NULL WHERE id = ?;

-- name: heirs
-- The others of a person whose first address goes away.
SELECT id FROM address WHERE person = ? ORDER BY id;

-- name: inherit
UPDATE address SET person = CASE WHEN id = ?1 THEN NULL ELSE ?1 END WHERE person = ?2;

-- name: read_choices
SELECT chosen FROM choices WHERE person = ?;

-- name: keep_choices
INSERT INTO choices (person, chosen) VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET chosen = excluded.chosen;

-- name: forget_choices
DELETE FROM choices WHERE person = ?;

-- name: last_agreed
SELECT id, seal FROM agreed WHERE id = (SELECT max(id) FROM agreed);

-- name: keep_agreed
INSERT INTO agreed (id, person, organisation, content, consent, channel, lang, version, shown, at_ms, seal)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_agreed
SELECT id, person, organisation, content, consent, channel, lang, version, shown, at_ms, seal FROM agreed
WHERE person = ? ORDER BY id DESC LIMIT 1000;

-- name: read_ledger
SELECT id, person, organisation, content, consent, channel, lang, version, shown, at_ms, seal FROM agreed
WHERE id > ? ORDER BY id LIMIT ?;
