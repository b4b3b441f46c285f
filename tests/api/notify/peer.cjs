// The client of GOV.UK Notify for Node, asked over lines of JSON: node peer.cjs URL KEY
//
// In: {"call": "sendSms", "given": [...]}; {"$file": "text"} stands for a file. Out: {"answer": ...} or {"refused": ...}.

const axios = require('axios');
const { NotifyClient } = require('notifications-node-client');
const readline = require('node:readline');

const [url, key] = process.argv.slice(2);
const made = new Set();

/** The same client, which remembers what it was asked. */
const remembering = (client) =>
  new Proxy(client, {
    get(target, name) {
      const found = target[name];
      if (typeof found !== 'function') return found;
      return (...given) => {
        made.add(name);
        return found.apply(target, given);
      };
    },
  });

const client = remembering(new NotifyClient(url, key));

const revived = (_, value) => (value && value.$file !== undefined ? Buffer.from(value.$file) : value);

async function answered({ call, given }) {
  if (call === 'calls') {
    const every = [];
    for (const name in NotifyClient.prototype) every.push(name);
    return { every, made: [...made] };
  }
  if (call === 'setClient') return client.setClient(axios.create({ headers: { 'X-Ours': 'yes' } }));
  if (call === 'setProxy') {
    const proxied = remembering(new NotifyClient('http://notify.invalid', key));
    const { hostname, port } = new URL(url);
    proxied.setProxy({ protocol: 'http', host: hostname, port: Number(port) });
    return (await proxied.getTemplateById(...given)).data;
  }
  const found = await client[call](...given);
  return found && found.status ? { status: found.status, data: found.data } : found;
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  let said;
  try {
    said = { answer: (await answered(JSON.parse(line, revived))) ?? null };
  } catch (error) {
    said = { refused: { status: error.response?.status, data: error.response?.data, message: String(error.message ?? error) } };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
});
