// Search and filters, and the list of resources, some at a time.

const PAGE = 100;
const FEW = 12;
let listed = PAGE;
let filtered = false;
const everything = document.getElementById("findings-shown").textContent;

const findings = all("[data-rule]").map((rule) => {
  const about = rule.querySelector("summary").textContent.toLowerCase();
  return { rule, rows: all("[data-finding]", rule).map((row) => ({ row, words: `${about} ${row.textContent.toLowerCase()}` })) };
});

function wanted() {
  const form = document.getElementById("filters");
  return {
    words: document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean),
    severity: form.elements.severity.value,
    axis: form.elements.axis.value,
    outcome: form.elements.outcome.value,
    file: form.elements.file.value,
  };
}

function fits({ row, words }, want) {
  return ["severity", "axis", "outcome", "file"].every((name) => !want[name] || row.dataset[name] === want[name])
    && want.words.every((word) => words.includes(word));
}

function filter() {
  const want = wanted();
  const any = want.words.length > 0 || want.severity || want.axis || want.outcome || want.file;
  let shown = 0, total = 0;
  const open = [];
  for (const { rule, rows } of findings) {
    let here = 0;
    for (const one of rows) {
      one.row.hidden = !fits(one, want);
      if (!one.row.hidden) here += 1;
    }
    shown += here;
    total += rows.length;
    rule.hidden = here === 0;
    if (here) open.push(rule);
  }
  // What was looked for is shown at once where it is little; what a filter opened it closes again.
  if (any && open.length <= FEW) for (const rule of open) rule.open = true;
  else if (filtered) for (const { rule } of findings) rule.open = false;
  filtered = Boolean(any);
  document.getElementById("findings-shown").textContent = any ? `${grouped(shown)} of ${plural(total, "finding")}` : everything;
  listed = PAGE;
  listResources(want.words);
}

function listResources(words) {
  const list = document.getElementById("resource-list");
  const found = data.resources.filter(([id, file]) => {
    const own = `${text(id)} ${text(file)}`.toLowerCase();
    return words.every((word) => own.includes(word));
  });
  const table = element("table", "resource-table");
  const head = element("tr", "", element("th", "", "Resource"), element("th", "", "Declared at"));
  for (const cell of head.children) cell.scope = "col";
  const body = element("tbody", "", ...found.slice(0, listed).map(([id, file, line]) => {
    const name = element("th", "", element("code", "", text(id)));
    name.scope = "row";
    const row = element("tr", "", name, element("td", "at", `${text(file)}:${line}`));
    row.dataset.resource = text(id);
    return row;
  }));
  table.append(element("thead", "", head), body);
  const told = element("p", "note", `${grouped(Math.min(found.length, listed))} of ${plural(found.length, "resource")}`);
  list.replaceChildren(told, table);
  if (found.length > listed) {
    const more = element("button", "", `Show ${Math.min(PAGE, found.length - listed)} more`);
    more.type = "button";
    more.addEventListener("click", () => {
      listed += PAGE;
      listResources(words);
    });
    list.append(element("p", "", more));
  }
}

// Of very many findings the lines are made when their rule is opened.
function frameRows(rule) {
  for (const row of all("[data-excerpt]", rule)) {
    row.querySelector(".where").after(frame(data.excerpts[Number(row.dataset.excerpt)]));
  }
}

function startFindings() {
  for (const { rule } of findings) {
    if (rule.querySelector("[data-excerpt]")) rule.addEventListener("toggle", () => frameRows(rule), { once: true });
  }
  const form = document.getElementById("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  listResources([]);
}
