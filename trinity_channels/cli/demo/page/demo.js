// The demo page: phones in a frame, and beside them what the owner sees.

import { call, drawMails, make } from "./mails.js";

const POLL_MS = 1000;
const FINAL = ["failed", "read", "unknown"];
const $ = (id) => document.getElementById(id);
const written = new Map();
let drawn = "";

function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = !text;
}

function button(className, label, work) {
  const made = make("button", className, label);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    await guarded(work);
    made.disabled = false;
  });
  return made;
}

function decision(request) {
  const decide = (approve) => () => call(`requests/${request.id}/decide`, { approve });
  return [button("yes", "Approve", decide(true)), button("", "Decline", decide(false))];
}

function writeFirst(request) {
  return button("", "Agent writes first", async () => {
    const { message } = await call(`requests/${request.id}/write-first`, {});
    written.set(request.id, { message });
  });
}

function row(request) {
  const made = make("li", "request", make("span", "who", request.email), make("span", "to", `on ${request.channel}`));
  if (request.status === "pending") made.append(...decision(request));
  else made.append(make("span", `state ${request.status}`, request.status === "approved" ? "approved" : "declined"));
  if (request.status === "approved") made.append(writeFirst(request));
  const fate = written.get(request.id);
  if (fate?.status) made.append(make("p", `fate ${fate.status}`, `Its message: ${fate.status}. ${fate.why}`));
  return made;
}

async function follow() {
  for (const fate of written.values()) {
    if (FINAL.includes(fate.status)) continue;
    const { status, error, error_code } = await call(`messages/${fate.message}`);
    fate.status = status;
    fate.why = [error_code, error].filter(Boolean).join(": ");
  }
}

async function drawRequests() {
  const { requests } = await call("requests");
  await follow();
  const state = JSON.stringify([requests, ...written.values()]);
  if (state === drawn) return;
  drawn = state;
  const rows = requests.length ? requests.map(row) : [make("li", "empty", "No requests are waiting.")];
  $("requests").replaceChildren(...rows);
}

async function guarded(work) {
  try {
    await work();
    await Promise.all([drawRequests(), drawMails()]);
    problem("");
  } catch (error) {
    problem(error instanceof TypeError ? "The demo does not answer. Was it stopped?" : error.message);
  }
}

function show(channel) {
  $("phone").src = `${channel.name}/#Zoe`;
  for (const hint of document.querySelectorAll("[data-for]")) hint.hidden = !channel.shows.includes(hint.dataset.for);
  for (const tab of $("tabs").children) tab.setAttribute("aria-pressed", String(tab.dataset.channel === channel.name));
}

function tab(channel) {
  const made = make("button", "", channel.title);
  made.type = "button";
  made.dataset.channel = channel.name;
  made.addEventListener("click", () => show(channel));
  return made;
}

const about = await call("about.json");
$("docs").href = `${about.host}/docs`;
if (about.channels.length > 1) $("tabs").append(...about.channels.map(tab));
show(about.channels[0]);
await guarded(async () => {});
setInterval(() => guarded(async () => {}), POLL_MS);
