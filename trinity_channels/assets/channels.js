// All that pages do beyond htmx; each works on without it, except for copying.
"use strict";

// Times in the reader's own zone; the exact one stands in the title.
const exact = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "long" });
const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];

function tell(time) {
  const at = new Date(time.dateTime);
  time.title = exact.format(at);
  if (time.dataset.form !== "ago") {
    time.textContent = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" }).format(at);
    return;
  }
  const seconds = Math.round((at - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) || ["second", 0];
  time.textContent = size ? words.format(Math.trunc(seconds / size), unit) : seconds > 0 ? "in a moment" : "just now";
}

function tellAll(root) {
  root.querySelectorAll("time[datetime]").forEach(tell);
}

// Buttons that copy what stands in the element with the id `data-copy`.
async function copy(button) {
  const value = document.getElementById(button.dataset.copy).textContent;
  const said = document.getElementById("said");
  try {
    await navigator.clipboard.writeText(value);
    said.textContent = "Copied.";
  } catch {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    said.textContent = "Selected; press Ctrl+C to copy.";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
// Selects that filter a list take effect at once.
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-submit]")) event.target.form.requestSubmit();
});
document.addEventListener("htmx:after:swap", (event) => {
  tellAll(document);
  // What changed may be counted in the navigation.
  if (!event.target.closest("[data-count]")) document.querySelectorAll("[data-count]").forEach((one) => htmx.trigger(one, "refresh"));
});
tellAll(document);
setInterval(() => tellAll(document), 30000);
