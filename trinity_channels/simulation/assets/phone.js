// The phone page: asks the simulator every moment what the chosen person sees, and draws what changed. A channel's
// `channel.js` opens it.

import { $, call, chosen, guarding, make, offerPeople, time } from "./chat.js";

const POLL_MS = 600;
const TICKS = {
  "-1": { sign: "!", name: "failed", label: "Not delivered" },
  0: { sign: "○", name: "waiting", label: "On its way" },
  1: { sign: "✓", name: "sent", label: "Sent" },
  2: { sign: "✓✓", name: "delivered", label: "Delivered" },
  3: { sign: "✓✓", name: "read", label: "Read" },
};

const person = $("person");
const chat = $("chat");
const field = $("text");
const guarded = guarding(refresh);
let channel;
let drawn = "";

const day = (at) => new Date(at).toLocaleDateString([], { weekday: "short", day: "numeric", month: "short" });

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
  made.addEventListener("click", () => say({ button: title }));
  return made;
}

function bubble(message) {
  const side = message.mine ? "mine" : "theirs";
  const made = make("li", `bubble ${side}${message.ticks < 0 ? " failed" : ""}`);
  made.append(make("span", "unseen", message.mine ? "You: " : "They: "));
  made.append(...channel.content(message));
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
  $("clock").textContent = `${day(seen.now)}\n${time(seen.now)}`;
  channel.look?.(seen);
  const state = JSON.stringify([who, seen.messages]);
  if (state !== drawn) {
    draw(seen.messages);
    drawn = state;
  }
}

async function people(wanted = decodeURIComponent(location.hash.slice(1))) {
  const count = await offerPeople(wanted);
  choose();
  offer(count === 0);
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
  guarded();
});
$("add").addEventListener("click", () => offer($("new-person").hidden));
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
  say({ text });
});
field.addEventListener("input", fit);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

// Lets the chosen person write a `text` or tap a `button`.
export const say = (what) => guarded(() => call(`${chosen()}/say`, what));

// Starts drawing. `content(message)` makes what stands in a bubble; `look(seen)`, if there is one, is shown all that the
// simulator says.
export async function open({ content, look }) {
  channel = { content, look };
  await guarded(() => people());
  setInterval(guarded, POLL_MS);
}
