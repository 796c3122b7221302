// Draws the mailbox. Texts only ever become text nodes; the code of a mail is set off so that it can be read at a glance.

const CODE = /\b\d{6}\b/;

export function make(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export async function call(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options || {});
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

function mail({ to, subject, text }) {
  const code = CODE.exec(text);
  const body = code
    ? [text.slice(0, code.index), make("strong", "code", code[0]), text.slice(code.index + code[0].length)]
    : [text];
  const head = make("summary", "", make("span", "subject", subject), make("span", "to", `to ${to}`));
  if (code) head.append(make("strong", "code", code[0]));
  return make("li", "", make("details", "", head, make("p", "text", ...body)));
}

let drawn = "";

export async function drawMails() {
  const { mails } = await call("mailbox.json");
  const state = JSON.stringify(mails);
  if (state === drawn) return;
  drawn = state;
  const rows = mails.length ? mails.map(mail) : [make("li", "empty", "No mail yet.")];
  document.getElementById("mails").replaceChildren(...rows);
}
