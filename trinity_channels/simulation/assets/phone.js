// What the page adds to htmx: Enter sends, and what was sent leaves the field. Without it, the buttons do the same.
"use strict";

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-composer] textarea");
  if (field && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    field.form.requestSubmit();
  }
});

document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (!ctx.response.raw.ok) return;
  ctx.sourceElement.closest("[data-composer]")?.reset();
  ctx.sourceElement.closest("[popover]")?.hidePopover();
});
