// The data of the page, and ways to make elements. Texts of strangers are only ever set as text.

const data = JSON.parse(document.getElementById("riskscan-data").textContent);
const text = (number) => data.texts[number];
const UP = 0, DOWN = 1;

// Gaps and lengths back to numbers: [2, 3, 4, 1] are 2, 3, 4 and 9.
function expanded(runs) {
  const found = [];
  let next = 0;
  for (let at = 0; at < runs.length; at += 2) {
    next += runs[at];
    for (let count = runs[at + 1]; count > 0; count -= 1) found.push(next++);
  }
  return found;
}

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const grouped = (number) => String(number).replace(/(?<=\d)(?=(?:\d{3})+$)/g, "\u202f");
const plural = (number, noun, nouns = `${noun}s`) => `${grouped(number)} ${number === 1 ? noun : nouns}`;
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Source lines with their marks, as the page's own frames show them.
function frame(lines) {
  const shown = element("div", "frame");
  shown.setAttribute("translate", "no");
  for (const [line, before, marked, after, skipped] of lines) {
    const code = element("code", "", before);
    if (marked) code.append(element("mark", "", marked));
    code.append(after);
    if (skipped) shown.append(element("div", "gap", "⋮"));
    shown.append(element("div", "line", element("span", "no", String(line)), code));
  }
  return shown;
}
