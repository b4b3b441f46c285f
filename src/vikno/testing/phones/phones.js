// Shows what is on every phone, and does what is tapped. All text is set as text, never as markup.
const say = document.body.dataset;
const names = { telegram: "Telegram", viber: "Viber", sms: "SMS", email: "E-mail" };
const web = /https?:\/\/[^\s<>"«»“”]+/g;
const $ = (query, within = document) => within.querySelector(query);
const made = (tag, fields = {}, ...inside) => {
  const one = Object.assign(document.createElement(tag), fields);
  one.append(...inside);
  return one;
};
let last = "";
let busy = false;

async function ask(path, body) {
  const asked = body ? { method: "POST", body: JSON.stringify(body) } : {};
  const answer = await fetch(`/demo/${path}?lang=${document.documentElement.lang}`, asked);
  if (answer.ok) show(await answer.json());
}

async function act(path, body) {
  busy = true;
  try { await ask(path, body); } finally { busy = false; }
}

// Make what is inside anew, but only when it is to be something else: who is at a button stays there.
function fill(whole, content, make) {
  const now = JSON.stringify(content);
  if (whole.dataset.now === now) return false;
  whole.dataset.now = now;
  whole.replaceChildren(...make());
  return true;
}

// What opens on the web opens beside the demo.
const link = (address, text) => made("a", { href: address, textContent: text, target: "_blank", rel: "noopener" });

function linked(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(web)) {
    const address = found[0].replace(/[.,;:!?)\]…]+$/, "");
    parts.push(text.slice(done, found.index), link(address, address));
    done = found.index + address.length;
  }
  return [...parts, text.slice(done)];
}

const toEnd = (screen) => { screen.scrollTop = screen.scrollHeight; };
const atEnd = (one) => one.scrollHeight - one.scrollTop - one.clientHeight < 8;
const hint = (keys) => keys.classList.toggle("more", !atEnd(keys));
// A screen becomes smaller when buttons come, or the window turns: its end stays in sight.
const size = (one) => `${one.clientWidth} ${one.clientHeight}`;
const sizes = new ResizeObserver((seen) => seen.forEach(({ target }) => {
  if (target.className !== "screen") return hint(target);
  target.dataset.size = size(target);
  if (!("back" in target.dataset)) toEnd(target);
}));

function phone(kind) {
  const found = document.getElementById(`phone-${kind}`);
  if (found) return found;
  const words = made("input", { name: "said", autocomplete: "off", maxLength: 400 });
  words.setAttribute("aria-label", say.write);
  words.placeholder = say.write;
  const form = made("form", { className: "row" }, words, made("button", { className: "main", textContent: say.send }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = words.value.trim();
    words.value = "";
    if (said) act("do", { phone: kind, do: "write", said });
  });
  const screen = made("div", { className: "screen", tabIndex: 0 });
  screen.setAttribute("role", "log");
  screen.setAttribute("aria-label", names[kind] ?? kind);
  screen.addEventListener("scroll", () => {
    if (atEnd(screen)) delete screen.dataset.back;
    else if (screen.dataset.size === size(screen)) screen.dataset.back = "";  // else the window did it, and no finger
  });
  const keys = made("div", { className: "keys" });
  keys.addEventListener("scroll", () => hint(keys));
  const allow = made("button", { className: "main allow", textContent: say.allow, hidden: true });
  allow.onclick = () => act("do", { phone: kind, do: "allow" });
  const whole = made("article", { className: "phone", id: `phone-${kind}` },
    made("header", {}, made("h2"), made("span", { className: "leave" })),
    made("div", { className: "acts" }), screen, keys, allow, form);
  $("#phones").append(whole);
  sizes.observe(screen);
  sizes.observe(keys);
  return whole;
}

// A button of a message, or of the keyboard below all (`id` is 0).
function button(kind, key, id = 0, off = false) {
  if (key.url) return link(key.url, key.label);
  const one = made("button", { textContent: key.label, disabled: off });
  if (key.pressed) one.className = "pressed";
  if (key.pressed) one.setAttribute("aria-label", `${key.label}, ${say.pressed}`);
  one.onclick = () => act("do", { phone: kind, do: "press", said: key.label, message: id });
  return one;
}

function message(kind, line, off) {
  if (line.by === "app") return made("p", { className: "note", textContent: say[line.text] ?? line.text });
  const subject = line.subject ? [made("b", { textContent: line.subject })] : [];
  const rows = (line.rows ?? []).map((row) =>
    made("div", { className: "buttons" }, ...row.map((key) => button(kind, key, line.id, off))));
  return made("div", { className: line.by === "me" ? "said me" : "said" }, ...subject,
    made("span", {}, ...linked(line.text)), ...rows);
}

// Only what is new is put there: a reader hears that, and not the whole conversation again.
function showLines(kind, screen, seen) {
  const off = seen.can === "allow";
  const before = new Map([...screen.children].map((one) => [one.dataset.id, one]));
  const newest = before.size ? Number([...before.keys()].at(-1)) : -1;
  const kept = new Set(seen.lines.map((line) => String(line.id)));
  for (const [id, one] of before) if (!kept.has(id)) one.remove();
  if (!seen.lines.length) screen.replaceChildren(made("p", { className: "empty", textContent: say.empty }));
  let more = false;
  for (const line of seen.lines) {
    const now = JSON.stringify([line, off]);
    const old = before.get(String(line.id));
    if (old?.dataset.now === now) continue;
    const one = message(kind, line, off);
    Object.assign(one.dataset, { id: line.id, now });
    if (old) old.replaceWith(one);
    else screen.append(one);
    more ||= line.id > newest;
  }
  if (more) toEnd(screen);
}

function showScan(kind, acts, state) {
  const papers = state.orders.map((one) => ({ token: one.token, text: `${say.receipt} …${one.number.slice(-4)}` }));
  fill(acts, papers, () => {
    const choice = made("select", {}, ...papers.map((one) => new Option(one.text, one.token)),
      new Option(say.poster, state.poster.token));
    choice.setAttribute("aria-label", say.what);
    const scan = made("button", { textContent: papers.length ? say.scan : say.scanPoster });
    scan.onclick = () => act("do", { phone: kind, do: "open", said: choice.value });
    return papers.length ? [choice, scan] : [scan];
  });
}

function showPhone(kind, seen, state) {
  const whole = phone(kind);
  fill($("h2", whole), seen.name, () => [names[kind] ?? kind, " ", made("small", { textContent: seen.name })]);
  fill($(".leave", whole), seen.can, () => {
    const stop = made("button", { textContent: say[`stop_${kind}`] ?? say.stop });
    stop.onclick = () => act("do", { phone: kind, do: "stop" });
    return seen.can === "stop" ? [stop] : [];
  });
  showScan(kind, $(".acts", whole), state);
  const off = seen.can === "allow";
  $(".allow", whole).hidden = !off;
  const keys = $(".keys", whole);
  fill(keys, [seen.keys, off], () => off ? [] : seen.keys.map((key) => button(kind, key)));
  showLines(kind, $(".screen", whole), seen);
  hint(keys);
}

function showOrder(order) {
  const steps = order.ahead.map((stage) => {
    const step = made("button", { textContent: `${say.next} ${stage.text}` });
    step.onclick = () => act("stage", { number: order.number, stage: stage.id });
    return step;
  });
  return made("div", { className: "order" },
    made("figure", {}, made("img", { src: order.qr, alt: order.url }), made("figcaption", {},
      made("b", { textContent: order.title }), made("br"), `${say.number} ${order.number}`, made("br"),
      `${say.code} ${order.code}`, made("br"), link(order.url, order.url))),
    made("div", { className: "steps" }, made("p", { textContent: order.stage }), ...steps));
}

function show(state) {
  const now = JSON.stringify(state);
  if (now === last) return;
  const before = last ? JSON.parse(last) : {};
  last = now;
  if (!before.poster) {
    $("#poster img").src = state.poster.qr;
    $("#poster img").alt = state.poster.url;
    Object.assign($("#poster a"), { href: state.poster.url, textContent: state.poster.url });
    Object.assign($("#staff"), { href: state.office, textContent: state.office });
    $("#key").textContent = state.key;
    $("#service").replaceChildren(...state.services.map((one) => new Option(one.title, one.key)));
  }
  fill($("#orders"), state.orders, () => state.orders.map(showOrder));
  for (const [kind, seen] of Object.entries(state.phones)) showPhone(kind, seen, state);
}

$("#order").addEventListener("submit", (event) => {
  event.preventDefault();
  act("order", { service: $("#service").value });
});
await ask("state");
setInterval(() => busy || document.hidden || ask("state").catch(() => {}), 700);
