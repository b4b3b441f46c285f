-- Who sends: organisations, keys, templates.

-- name: keep_organisation
INSERT INTO organisation (slug, name, category, country, audience, mark, per_day, per_person_day, weight, guests,
    standing, reason, reviewer, created_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'submitted', '', '', ?11)
ON CONFLICT (slug) DO UPDATE SET
    standing = CASE WHEN (name, category, country, mark) = (excluded.name, excluded.category, excluded.country,
        excluded.mark) THEN standing ELSE 'submitted' END,
    name = excluded.name, category = excluded.category, country = excluded.country, audience = excluded.audience,
    mark = excluded.mark, per_day = excluded.per_day, per_person_day = excluded.per_person_day,
    weight = excluded.weight, guests = excluded.guests;

-- name: read_organisation
SELECT slug, name, category, country, audience, mark, per_day, per_person_day, weight, guests, id, standing, reason,
    reviewer, created_ms
FROM organisation WHERE id = ?;

-- name: read_organisation_by_slug
SELECT slug, name, category, country, audience, mark, per_day, per_person_day, weight, guests, id, standing, reason,
    reviewer, created_ms
FROM organisation WHERE slug = ?;

-- name: read_organisations
-- There are as many as write to people.
SELECT slug, name, category, country, audience, mark, per_day, per_person_day, weight, guests, id, standing, reason,
    reviewer, created_ms
FROM organisation ORDER BY id;

-- name: review_organisation
UPDATE organisation SET standing = ?, reviewer = ?, reason = ? WHERE id = ?;

-- name: keep_organisation_key
INSERT INTO organisation_key (organisation, kind, label, sealed, created_ms) VALUES (?, ?, ?, ?, ?) RETURNING id;

-- name: read_organisation_keys
SELECT id, organisation, kind, label, sealed, created_ms, revoked_ms FROM organisation_key
WHERE organisation = ? ORDER BY id;

-- name: revoke_organisation_key
UPDATE organisation_key SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL;

-- name: find_template
SELECT id FROM template WHERE organisation = ? AND slug = ?;

-- name: keep_template
INSERT INTO template (organisation, slug, kind) VALUES (?, ?, ?) RETURNING id;

-- name: unarchive_template
UPDATE template SET archived_ms = NULL WHERE id = ?;

-- name: last_version
SELECT id, version, name, content, text FROM template_version WHERE template = ? ORDER BY version DESC LIMIT 1;

-- name: keep_version
INSERT INTO template_version (template, version, name, content, text, status, created_ms, changed_ms, author, reviewer,
    reason)
VALUES (?1, ?2, ?3, ?4, ?5, 'submitted', ?6, ?6, ?7, '', '') RETURNING id;

-- name: read_version
SELECT t.id, v.id, t.organisation, t.slug, v.name, t.kind, v.content, v.version, v.text, v.status, v.created_ms,
    v.changed_ms, v.author, v.reviewer, v.reason, t.archived_ms IS NOT NULL
FROM template_version AS v JOIN template AS t ON t.id = v.template
WHERE v.id = ?;

-- name: read_numbered_version
SELECT t.id, v.id, t.organisation, t.slug, v.name, t.kind, v.content, v.version, v.text, v.status, v.created_ms,
    v.changed_ms, v.author, v.reviewer, v.reason, t.archived_ms IS NOT NULL
FROM template AS t JOIN template_version AS v ON v.template = t.id
WHERE t.id = ? AND v.version = ?;

-- name: read_versions
-- Of one template, the last first.
SELECT t.id, v.id, t.organisation, t.slug, v.name, t.kind, v.content, v.version, v.text, v.status, v.created_ms,
    v.changed_ms, v.author, v.reviewer, v.reason, t.archived_ms IS NOT NULL
FROM template AS t CROSS JOIN template_version AS v ON v.template = t.id
WHERE t.id = ? ORDER BY v.version DESC;

-- name: read_approved_version
SELECT t.id, v.id, t.organisation, t.slug, v.name, t.kind, v.content, v.version, v.text, v.status, v.created_ms,
    v.changed_ms, v.author, v.reviewer, v.reason, t.archived_ms IS NOT NULL
FROM template AS t CROSS JOIN template_version AS v ON v.template = t.id
WHERE t.id = ? AND v.status = 'approved' ORDER BY v.version DESC LIMIT 1;

-- name: read_last_version
SELECT t.id, v.id, t.organisation, t.slug, v.name, t.kind, v.content, v.version, v.text, v.status, v.created_ms,
    v.changed_ms, v.author, v.reviewer, v.reason, t.archived_ms IS NOT NULL
FROM template AS t CROSS JOIN template_version AS v ON v.template = t.id
WHERE t.id = ? ORDER BY v.version DESC LIMIT 1;

-- name: read_templates
SELECT id FROM template WHERE organisation = ?;

-- name: read_waiting_versions
-- Of each template the latest one, or NULL.
SELECT t.id, (SELECT max(v.version) FROM template_version AS v WHERE v.template = t.id AND v.status = 'submitted')
FROM template AS t WHERE t.organisation = ?;

-- name: count_waiting_versions
SELECT COUNT(*) FROM template_version WHERE template = ? AND status = 'submitted';

-- name: find_template_by_number
SELECT id FROM template WHERE organisation = ? AND id = ?;

-- name: review_template
UPDATE template_version SET status = ?, reviewer = ?, reason = ?, changed_ms = ? WHERE id = ?;

-- name: archive_template
UPDATE template SET archived_ms = ? WHERE id = ? AND archived_ms IS NULL;
