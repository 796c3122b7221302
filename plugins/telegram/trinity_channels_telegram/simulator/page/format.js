// A message's text with its entities, as DOM nodes. Text only ever becomes text nodes, so nothing in a message can run.
// https://core.telegram.org/bots/api#messageentity: offsets count UTF-16 units, as JavaScript's strings do.

const TAGS = {
  blockquote: "blockquote",
  bold: "strong",
  bot_command: "b",
  code: "code",
  italic: "em",
  mention: "b",
  pre: "pre",
  strikethrough: "s",
  underline: "u",
};
const BLOCKS = ["blockquote", "pre"];

function element({ type, url }, children) {
  const made = document.createElement(url ? "a" : TAGS[type] ?? "span");
  if (url) {
    made.href = url;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
  }
  if (type === "spoiler") made.className = "spoiler";
  made.append(...children);
  return made;
}

// `entities` are sorted by offset, and those around others stand before them.
export function formatted(text, entities, start = 0, end = text.length) {
  const nodes = [];
  let at = start;
  let rest = entities;
  while (rest.length) {
    const [one, ...others] = rest;
    const close = one.offset + one.length;
    if (one.offset > at) nodes.push(text.slice(at, one.offset));
    const inside = others.filter(({ offset }) => offset < close);
    nodes.push(element(one, formatted(text, inside, one.offset, close)));
    rest = others.slice(inside.length);
    // A block ends its line by itself; the break after it would show as an empty line.
    at = BLOCKS.includes(one.type) && text[close] === "\n" ? close + 1 : close;
  }
  return at < end ? [...nodes, text.slice(at, end)] : nodes;
}
