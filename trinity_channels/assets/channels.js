// All that pages and phones do beyond htmx; each works on without it, except for copying.
"use strict";

const exact = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "long" });
const brief = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" });
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

// Times in the reader's own zone; the exact one stands in the title.
function tell(time) {
  const at = new Date(time.dateTime);
  const seconds = Math.round((at - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || [];
  const ago = unit ? words.format(Math.trunc(seconds / size), unit) : seconds > 0 ? "in a moment" : "just now";
  time.title = exact.format(at);
  time.textContent = time.dataset.form === "ago" ? ago : brief.format(at);
}

const tellAll = () => document.querySelectorAll("time[data-form]").forEach(tell);

// Copies what stands in the element with the id `data-copy`.
async function copy(source, said) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    said.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(source);
    said.textContent = "Selected; press Ctrl+C to copy.";
  }
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) copy(document.getElementById(button.dataset.copy), document.getElementById("said"));
});
// Selects that filter a list take effect at once.
document.addEventListener("change", ({ target }) => target.closest("form[data-submit]")?.requestSubmit());
// On phones Enter sends, and what was sent leaves the field.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("textarea")?.closest("[data-composer]");
  if (!form || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!ctx.response.raw.ok) return;
  ctx.sourceElement.closest("[data-composer]")?.reset();
  ctx.sourceElement.closest("[popover]")?.hidePopover();
});
document.addEventListener("htmx:after:swap", ({ target }) => {
  tellAll();
  // What changed may be counted in the navigation.
  if (!target.closest("[data-count]")) document.querySelectorAll("[data-count]").forEach((one) => htmx.trigger(one, "refresh"));
});
// A page that is left aborts its streams: htmx reports one that breaks off as an error. It opens them again if the page comes back.
const streams = new Set();
document.addEventListener("htmx:sse:after:connection", ({ detail: { connection } }) => streams.add(connection));
addEventListener("pagehide", () => streams.forEach((stream) => stream.abortController.abort()));
tellAll();
setInterval(tellAll, 30000);
