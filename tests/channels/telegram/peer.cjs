// telegram-test-api as a Bot API server that a careful bot can talk with: node peer.cjs PORT
//
// Repaired here, where it differs from Telegram: the bot says that it is one, a press says of which chat it is, the
// webhook's secret is sent, times are seconds, what is done answers true, what is refused answers as an error does.

const { createRequire } = require('node:module');

const path = require.resolve('telegram-test-api');
const TelegramServer = require(path);
const inner = createRequire(path);
const axios = inner('axios');
const express = inner('express');

const plain = TelegramServer.formatUpdate;
TelegramServer.formatUpdate = (update) => {
  const told = plain(update);
  if (told.callback_query) told.callback_query.chat_instance = 'one';
  return told;
};

const server = new TelegramServer({ port: Number(process.argv[2]), host: '127.0.0.1', storeTimeout: 3600 });

axios.interceptors.request.use((request) => {
  const hook = Object.values(server.webhooks).find((one) => one.url === request.url);
  if (hook && hook.secret_token) request.headers['X-Telegram-Bot-Api-Secret-Token'] = hook.secret_token;
  return request;
});

const REPAIRS = {
  getMe: (result) => ({ ...result, is_bot: true }),
  sendMessage: (result) => ({ ...result, date: Math.floor(result.date / 1000) }),
};

const front = express();
front.use((request, response, next) => {
  const method = /^\/bot[^/]+\/(\w+)/.exec(request.path)?.[1];
  const send = response.json.bind(response);
  response.json = (said) => {
    if (!method) return send(said);
    if (!('ok' in said)) return send({ ok: false, error_code: response.statusCode, description: said.message });
    const result = said.result ?? true;
    return send({ ...said, result: REPAIRS[method]?.(result) ?? result });
  };
  next();
});
front.use(server.webServer);
front.settings.env = 'test';
server.webServer = front;

// A webhook that does not answer with a 2xx is nobody's handled promise there; it must not end the server.
process.on('unhandledRejection', () => {});
server.start();
