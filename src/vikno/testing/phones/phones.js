// Shows what is on every phone, and does what is tapped. All text is set as text, never as markup.
const say = document.body.dataset;
const names = { telegram: "Telegram", viber: "Viber", sms: "SMS", email: "E-mail" };
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
  const whole = made("article", { className: "phone", id: `phone-${kind}` },
    made("h2"), made("div", { className: "acts" }), screen, made("div", { className: "keys" }), form);
  $("#phones").append(whole);
  return whole;
}

function showPhone(kind, seen, state) {
  const whole = phone(kind);
  const now = JSON.stringify([seen, state.orders.map((one) => one.token)]);
  if (whole.dataset.now === now) return;
  whole.dataset.now = now;
  $("h2", whole).replaceChildren(names[kind] ?? kind, " ", made("small", { textContent: seen.name }));
  const scan = made("button", { textContent: say.scan });
  scan.onclick = () => act("do", { phone: kind, do: "open", said: state.poster.token });
  const acts = [scan];
  for (const order of state.orders.slice(0, 2)) {
    const receipt = made("button", { textContent: `${say.receipt} ${order.number.slice(-4)}` });
    receipt.onclick = () => act("do", { phone: kind, do: "open", said: order.token });
    acts.push(receipt);
  }
  if (seen.lines.length && !seen.stopped) {
    const stop = made("button", { textContent: say.stop });
    stop.onclick = () => act("do", { phone: kind, do: "stop" });
    acts.push(stop);
  }
  $(".acts", whole).replaceChildren(...acts);
  const screen = $(".screen", whole);
  screen.replaceChildren(...(seen.lines.length ? seen.lines.map((line) => {
    const subject = line.subject ? [made("b", { textContent: line.subject })] : [];
    return made("div", { className: line.by === "me" ? "said me" : "said" }, ...subject, line.text);
  }) : [made("p", { className: "empty", textContent: say.empty })]));
  screen.scrollTop = screen.scrollHeight;
  $(".keys", whole).replaceChildren(...seen.keys.map((label) => {
    const key = made("button", { textContent: label });
    key.onclick = () => act("do", { phone: kind, do: "press", said: label });
    return key;
  }));
}

function showOrder(order) {
  const steps = order.ahead.map((stage) => {
    const step = made("button", { textContent: `${say.next} ${stage.text}` });
    step.onclick = () => act("stage", { number: order.number, stage: stage.id });
    return step;
  });
  const link = made("a", { href: order.url, textContent: order.url });
  return made("div", { className: "order" },
    made("figure", {}, made("img", { src: order.qr, alt: order.url }), made("figcaption", {},
      made("b", { textContent: order.title }), made("br"), `${say.number} ${order.number}`, made("br"),
      `${say.code} ${order.code}`, made("br"), link)),
    made("p", { textContent: order.stage }), ...steps);
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
  if (JSON.stringify(before.orders) !== JSON.stringify(state.orders)) {
    $("#orders").replaceChildren(...state.orders.map(showOrder));
  }
  for (const [kind, seen] of Object.entries(state.phones)) showPhone(kind, seen, state);
}

$("#order").addEventListener("submit", (event) => {
  event.preventDefault();
  act("order", { service: $("#service").value });
});
await ask("state");
setInterval(() => busy || document.hidden || ask("state").catch(() => {}), 700);
