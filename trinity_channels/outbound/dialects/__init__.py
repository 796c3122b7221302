"""From an agent's Markdown to a channel's dialect: parse, lay out as lines, render, pack into messages."""
