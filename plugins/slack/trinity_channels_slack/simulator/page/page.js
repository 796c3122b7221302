// The page: asks the simulator every moment what the chosen person sees, and draws what changed. Text only ever becomes
// text nodes, so nothing in a message can run.

const POLL_MS = 700;
const EMOJI = { eyes: "👀" };
const $ = (id) => document.getElementById(id);
let drawn = "";

async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options || {});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

function make(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function row(message) {
  const made = make("li", `message${message.mine ? " mine" : ""}${message.reply ? " reply" : ""}`, "");
  const time = new Date(message.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  made.append(make("strong", "", message.by), make("span", "where", `${message.where} ${time}`));
  made.append(make("div", "text", message.text));
  for (const name of message.reactions) made.append(make("span", "reaction", EMOJI[name] ?? `:${name}:`));
  return made;
}

async function refresh() {
  const who = $("person").value;
  if (!who) return;
  const { messages } = await call(`phones/${encodeURIComponent(who)}/messages`);
  const state = JSON.stringify([who, messages]);
  if (state === drawn || who !== $("person").value) return;
  drawn = state;
  $("chat").replaceChildren(...messages.map(row));
  $("chat").scrollTop = $("chat").scrollHeight;
}

async function guarded(work) {
  try {
    await work();
    await refresh();
    $("problem").hidden = true;
  } catch (error) {
    $("problem").textContent = error instanceof TypeError ? "The simulator does not answer." : error.message;
    $("problem").hidden = false;
  }
}

async function people(chosen) {
  const { phones } = await call("phones");
  $("person").replaceChildren(...phones.map(({ name }) => new Option(name, name)));
  if (chosen) $("person").value = chosen;
  $("text").disabled = $("send").disabled = !$("person").value;
}

$("person").addEventListener("change", () => guarded(async () => {}));
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
  guarded(() => call(`phones/${encodeURIComponent($("person").value)}/say`, { text, channel: $("where").value }));
});

await guarded(people);
setInterval(() => guarded(async () => {}), POLL_MS);
