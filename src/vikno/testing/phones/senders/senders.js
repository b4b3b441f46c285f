// Shows who was told, how and why, and presses the story's buttons. All text is set as text, never as markup.
const say = document.body.dataset;
const lang = document.documentElement.lang;
const $ = (query, within = document) => within.querySelector(query);
const made = (tag, fields = {}, ...inside) => {
  const one = Object.assign(document.createElement(tag), fields);
  one.append(...inside);
  return one;
};
const rows = new Map();
let busy = false;

async function asked(path, body) {
  const request = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const mark = path.includes("?") ? "&" : "?";
  const answer = await fetch(`/demo/senders/${path}${mark}lang=${lang}`, request);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

// Made anew only when it is to be something else: who reads or is at a button stays there.
function fill(whole, content, make) {
  const now = JSON.stringify(content);
  if (whole.dataset.now === now) return;
  whole.dataset.now = now;
  whole.replaceChildren(...make());
}
const write = (query, text) => { if ($(query).textContent !== text) $(query).textContent = text; };

const link = (address, text, language) =>
  made("a", { href: address, textContent: text, target: "_blank", rel: "noopener", lang: language ?? "" });

function rule(one) {
  const about = [one.id, one.status, one.since, one.version && `${say.version} ${one.version}`].filter(Boolean);
  const sources = one.sources.map((source) =>
    source.url ? link(source.url, source.title, source.lang) : made("span", { textContent: source.title, lang: source.lang ?? "" }));
  return made("div", { className: "rule" }, made("b", { textContent: one.title, lang: one.lang ?? "" }),
    made("small", { textContent: about.join(" · ") }), ...sources);
}

// ---- the channels ----

function channel(one, people) {
  const dots = people.map((who) => made("i", { className: `dot ${who.state}`, title: who.name }));
  const map = made("div", { className: "dots" }, ...dots);
  map.setAttribute("aria-hidden", "true");
  const delivered = one.delivered ?? say.noReceipts;
  const facts = [[say.planned, one.planned], [say.sent, one.sent], [say.delivered, delivered],
    [say.withheld, one.withheld], [say.failed, one.failed], [say.cost, one.cost]];
  return made("article", { className: "channel" }, made("h3", { textContent: one.name }), map,
    made("dl", {}, ...facts.map(([name, value]) =>
      made("div", { className: value === delivered && one.delivered === null ? "words" : "" },
        made("dt", { textContent: name }), made("dd", { textContent: value })))));
}

function reason(one) {
  const said = made("p", {}, made("b", { textContent: one.count }), ` ${one.channel}: ${one.text}`);
  return made("li", {}, said, ...(one.rule ? [rule(one.rule)] : []));
}

// ---- every passenger ----

function row(who) {
  const inside = made("div", { className: "trace" });
  const summary = made("summary", {}, made("i", { className: "dot" }), made("b", {}), made("span", {}), made("small", {}));
  const details = made("details", {}, summary, inside);
  details.addEventListener("toggle", () => details.open && explain(who.n, details));
  return made("li", {}, details);
}

async function explain(n, details) {
  const inside = $(".trace", details);
  if (!inside.childElementCount) inside.textContent = say.loading;
  try {
    const why = await asked(`why?n=${n}`);
    fill(inside, why, () => [made("p", { className: "hint", textContent: why.to }), made("ol", {}, ...why.steps.map(step))]);
  } catch { inside.textContent = say.failedTo; }
}

const step = (one) => made("li", { className: one.tone }, made("time", { textContent: one.at }),
  made("div", {}, made("span", { textContent: one.text }), ...one.rules.map(rule)));

function showPeople(people) {
  for (const who of people) {
    if (!rows.has(who.n)) {
      rows.set(who.n, row(who));
      $("#list").append(rows.get(who.n));
    }
    const one = rows.get(who.n);
    const now = JSON.stringify(who);
    if (one.dataset.now === now) continue;
    Object.assign(one.dataset, { now, state: who.state, shown: who.shown });
    const [dot, name, text, cost] = $("summary", one).children;
    dot.className = `dot ${who.state}`;
    name.textContent = who.name;
    text.textContent = who.text;
    cost.textContent = who.cost;
    if ($("details", one).open) explain(who.n, $("details", one));
  }
  filter();
}

function filter() {
  const wanted = $("#filter").value;
  const fits = { all: () => true, detour: (one) => one.state === "detour",
    lost: (one) => ["unwanted", "failed"].includes(one.state), four: (one) => one.shown === "true" }[wanted];
  let some = 0;
  for (const one of rows.values()) {
    one.hidden = !fits(one.dataset);
    some += !one.hidden;
  }
  write("#count", some ? `${some} / ${rows.size}` : say.none);
}

// ---- all of it ----

function show(state) {
  write("#time", state.time);
  write("#day", state.day);
  fill($("#ban"), state.ban, () => [rule(state.ban)]);
  document.body.classList.toggle("banned", state.banned);
  document.body.classList.toggle("before", !state.told);
  for (const name of ["tell", "midnight", "morning"]) $(`#${name}`).disabled = busy || !state.can[name];
  if (state.ended && state.banned) write("#tell + p", say.again);
  const { figures, people } = state;
  const said = !state.told ? say.before : state.ended ? say.told : state.banned ? say.banned : say.working;
  write("#status", said);
  fill($("#sum"), [figures.reached, figures.waiting, figures.not_reached, figures.cost], () => [
    [say.reached, figures.reached], [say.underWay, figures.waiting], [say.notReached, figures.not_reached],
    [`${say.cost}:`, figures.cost],
  ].map(([name, value]) => made("span", {}, `${name} `, made("b", { textContent: value }))));
  const of = (kind) => people.filter((who) => who.kind === kind);
  fill($("#channels"), [figures.channels, people.map((who) => who.state)], () =>
    figures.channels.map((one) => channel(one, of(one.kind))));
  fill($("#against"), figures.against, () => figures.against.length ? figures.against.map(reason)
    : [made("li", { className: "empty", textContent: say.nothing })]);
  fill($("#last"), state.phones, () => state.phones.map((one) => made("figure", {},
    made("figcaption", {}, made("b", { textContent: one.name }), ` ${figures.channels.find((it) => it.kind === one.kind)?.name ?? one.kind}`),
    made("div", { className: one.text ? "said" : "empty", textContent: one.text || say.nothing, tabIndex: 0 }))));
  showPeople(people);
}

async function look() {
  try { show(await asked("state")); } catch { write("#status", say.failedTo); }
}

async function press(name) {
  busy = true;
  for (const one of document.querySelectorAll("#acts button")) one.disabled = true;
  try {
    const state = await asked("do", { do: name });
    busy = false;
    show(state);
  } catch { write("#status", say.failedTo); } finally { busy = false; }
}

for (const name of ["tell", "midnight", "morning"]) $(`#${name}`).onclick = () => press(name);
$("#filter").onchange = filter;
await look();
setInterval(() => busy || document.hidden || look(), 700);

// ---- the marketplace: decided once, nothing moves there ----

function decided(one, who) {
  const instead = one.instead.length ? [made("p", {}, made("b", { textContent: say.instead }), ` ${one.instead.join(", ")}`)] : [];
  const why = one.why ? [made("p", { textContent: one.why })] : [];
  return made("div", { className: one.may ? "decided may" : "decided" }, made("small", { textContent: who }),
    made("p", { className: "verdict", textContent: one.text }), ...why, ...one.rules.map(rule), ...instead);
}

const market = await asked("market");
$("#answer").append(made("b", { textContent: market.sender }), made("span", { textContent: market.text }));
$("#days").append(...market.days.map((day) => {
  const draft = day.draft ? [made("small", { textContent: say.draft })] : [];
  return made("article", {}, made("h3", {}, day.day, ...draft), ...day.decided.map((one, at) => decided(one, market.senders[at])));
}));
