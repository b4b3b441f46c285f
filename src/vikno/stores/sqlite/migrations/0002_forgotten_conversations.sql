-- A conversation goes with the last of its keys and effects. Until now it stayed, with the answers in its state.

DELETE FROM conversation
WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.conversation = conversation.id)
AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.conversation = conversation.id);
