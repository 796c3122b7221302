// WhatsApp's own text formatting, as DOM nodes. Text only ever becomes text nodes, so nothing in a message can run.
// https://faq.whatsapp.com/539178204879377

const TAGS = { "*": "strong", "_": "em", "~": "s" };

// In this order where two begin at the same place: code hides marks, an address hides underscores.
const INLINE = [
  /`(?<code>[^`\n]+)`/u,
  /(?<url>https?:\/\/[^\s<>]*[^\s<>.,;:!?)'"\]*_~])/u,
  /(?<![\p{L}\p{N}])(?<mark>[*_~])(?=\S)(?<inner>[^\n]*?\S)\k<mark>(?![\p{L}\p{N}])/u,
];

function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

function link(url) {
  const made = element("a", url);
  made.href = url;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

function inline(text) {
  const found = INLINE.map((pattern) => pattern.exec(text)).filter(Boolean).sort((a, b) => a.index - b.index)[0];
  if (!found) return text ? [text] : [];
  const { code, url, mark, inner } = found.groups;
  const node = code ? element("code", code) : url ? link(url) : element(TAGS[mark], ...inline(inner));
  const rest = text.slice(found.index + found[0].length);
  return [...(found.index ? [text.slice(0, found.index)] : []), node, ...inline(rest)];
}

function line(text) {
  const [, bullet] = /^[-*] (.+)$/u.exec(text) ?? [];
  if (bullet) {
    const item = element("span", "• ", ...inline(bullet));
    item.className = "item";
    return [item];
  }
  const [, quote] = /^> (.+)$/u.exec(text) ?? [];
  return quote ? [element("blockquote", ...inline(quote))] : inline(text);
}

// Blocks stand on lines of their own already; everything else needs its line break back.
function lines(text) {
  return text.split("\n").flatMap((one, index, all) => {
    const nodes = line(one);
    const block = nodes.length === 1 && ["BLOCKQUOTE", "SPAN"].includes(nodes[0].tagName);
    return block || index === all.length - 1 ? nodes : [...nodes, "\n"];
  });
}

export function formatted(text) {
  return text.split(/```/u).flatMap((part, index, all) => {
    const closed = index < all.length - 1;
    if (index % 2 === 0) {
      // A code block stands on lines of its own, so the breaks around it are its own too.
      const after = index > 0 ? part.replace(/^\n/u, "") : part;
      return lines(closed ? after.replace(/\n$/u, "") : after);
    }
    return closed ? [element("pre", part.replace(/^\n|\n$/gu, ""))] : lines("```" + part);
  });
}
