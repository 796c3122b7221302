// The page: asks the simulator every moment what the chosen person sees, and draws what changed.

import { $, call, chosen, guarding, make, offerPeople, time } from "./chat.js";

const POLL_MS = 700;
const EMOJI = { eyes: "👀" };
const guarded = guarding(refresh);
let drawn = "";

function row(message) {
  const made = make("li", `message${message.mine ? " mine" : ""}${message.reply ? " reply" : ""}`);
  const where = `${message.where} ${time(message.at * 1000)}`.trim();
  made.append(make("strong", "", message.by), make("span", "where", where));
  made.append(make("div", "text", message.text));
  for (const name of message.reactions) made.append(make("span", "reaction", EMOJI[name] ?? `:${name}:`));
  return made;
}

async function refresh() {
  const who = $("person").value;
  if (!who) return;
  const { messages } = await call(`${chosen()}/messages`);
  const state = JSON.stringify([who, messages]);
  if (state === drawn || who !== $("person").value) return;
  drawn = state;
  $("chat").replaceChildren(...messages.map(row));
  $("chat").scrollTop = $("chat").scrollHeight;
}

async function people(wanted) {
  await offerPeople(wanted);
  $("text").disabled = $("send").disabled = !$("person").value;
}

$("person").addEventListener("change", () => guarded());
$("add").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const { name } = await call("phones", { name: $("name").value });
    $("name").value = "";
    await people(name);
    $("text").focus();
  });
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  guarded(() => call(`${chosen()}/say`, { text, channel: $("where").value }));
});

await guarded(people);
setInterval(guarded, POLL_MS);
