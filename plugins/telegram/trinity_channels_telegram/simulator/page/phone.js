// The phone page: asks the simulator every moment what the chosen person sees, and draws what changed.

import { formatted } from "./format.js";

const POLL_MS = 600;
const TICKS = {
  1: { sign: "✓", name: "sent", label: "Sent" },
  2: { sign: "✓✓", name: "delivered", label: "Delivered" },
};

const $ = (id) => document.getElementById(id);
const person = $("person");
const chat = $("chat");
const field = $("text");
let drawn = "";

async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options || {});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.description);
  return answer;
}

const chosen = () => `phones/${encodeURIComponent(person.value)}`;
const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
const day = (at) => new Date(at).toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });

function make(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function ticks(message) {
  const { sign, name, label } = TICKS[message.ticks];
  const made = make("span", `ticks ${name}`, sign);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", label);
  made.title = label;
  return made;
}

function button(title) {
  const made = make("button", "", title);
  made.type = "button";
  made.addEventListener("click", () => guarded(() => call(`${chosen()}/say`, { button: title })));
  return made;
}

function bubble(message) {
  const side = message.mine ? "mine" : "theirs";
  const made = make("li", `bubble ${side}`);
  made.append(make("span", "unseen", message.mine ? "You: " : "They: "));
  made.append(make("div", "body", ...formatted(message.text, message.entities)));
  if (message.buttons.length) made.append(make("div", "buttons", ...message.buttons.map(button)));
  made.append(make("span", "meta", time(message.at), ticks(message)));
  return made;
}

function draw(messages) {
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const rows = messages.flatMap((message, index) => {
    const newDay = index === 0 || day(messages[index - 1].at) !== day(message.at);
    return newDay ? [make("li", "day", day(message.at)), bubble(message)] : [bubble(message)];
  });
  chat.replaceChildren(...rows);
  if (atEnd) chat.scrollTop = chat.scrollHeight;
}

async function refresh() {
  if (!person.value) return;
  const who = person.value;
  const seen = await call(`${chosen()}/messages`);
  if (who !== person.value) return;
  $("contact").textContent = seen.with.name;
  $("avatar").textContent = [...seen.with.name][0];
  const presence = $("presence");
  const status = seen.typing ? "typing…" : seen.with.address;
  if (presence.textContent !== status) presence.textContent = status;
  presence.classList.toggle("typing", seen.typing);
  $("start").hidden = seen.started;
  $("clock").textContent = `${day(seen.now)}\n${time(seen.now)}`;
  const state = JSON.stringify([who, seen.messages]);
  if (state !== drawn) {
    draw(seen.messages);
    drawn = state;
  }
}

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

async function guarded(work) {
  try {
    await work();
    await refresh();
    problem("");
  } catch (error) {
    problem(error instanceof TypeError ? "The simulator does not answer." : error.message);
  }
}

async function people(select) {
  const { phones } = await call("phones");
  person.replaceChildren(...phones.map(({ name }) => new Option(name, name)));
  const wanted = select || decodeURIComponent(location.hash.slice(1));
  if (phones.some(({ name }) => name === wanted)) person.value = wanted;
  choose();
  offer(phones.length === 0);
}

function choose() {
  const nobody = !person.value;
  field.disabled = $("send").disabled = person.disabled = nobody;
  if (!nobody) history.replaceState(null, "", `#${encodeURIComponent(person.value)}`);
}

function offer(open) {
  $("new-person").hidden = !open;
  $("add").setAttribute("aria-expanded", String(open));
  if (open) $("new-name").focus();
}

function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}

person.addEventListener("change", () => {
  choose();
  chat.replaceChildren();
  guarded(async () => {});
});
$("add").addEventListener("click", () => offer($("new-person").hidden));
$("start").addEventListener("click", () => guarded(() => call(`${chosen()}/say`, { text: "/start" })));
$("later").addEventListener("click", () => guarded(() => call("advance", { hours: 25 })));
$("new-person").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const { name } = await call("phones", { name: $("new-name").value });
    $("new-name").value = "";
    await people(name);
    field.focus();
  });
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || !person.value) return;
  field.value = "";
  fit();
  chat.scrollTop = chat.scrollHeight;
  guarded(() => call(`${chosen()}/say`, { text }));
});
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

await guarded(people);
setInterval(() => guarded(async () => {}), POLL_MS);
