// Telegram on the phone page: text with its entities, and the button that opens a bot.

import { $, make } from "./chat.js";
import { formatted } from "./format.js";
import { open, say } from "./phone.js";

const start = make("button", "start", "Start");
start.type = "button";
start.hidden = true;
start.addEventListener("click", () => say({ text: "/start" }));
$("composer").before(start);

await open({
  content: ({ text, entities }) => [make("div", "body", ...formatted(text, entities))],
  look: ({ started }) => {
    start.hidden = started;
  },
});
