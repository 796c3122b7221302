// WhatsApp on the phone page: files, marked-up text, and why something did not arrive.

import { make } from "./chat.js";
import { formatted } from "./format.js";
import { open } from "./phone.js";

function content({ media, text, failure }) {
  const parts = [make("div", "body", ...formatted(text))];
  if (media) parts.unshift(make("span", "attachment", `Attachment: ${media}`));
  if (failure) parts.push(make("span", "reason", `Did not arrive. ${failure}`));
  return parts;
}

await open({ content });
