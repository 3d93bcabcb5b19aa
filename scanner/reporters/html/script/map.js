// The map: each box and each resource in it shows what the outage does to it.

const marks = all("[data-r]");
const entries = all("[data-s]");
const rows = all(".row[data-members]").map((row) => ({
  members: expanded(JSON.parse(row.dataset.members)),
  shown: row.querySelector(".more"),
  told: row.querySelector(".more").textContent,
}));
const tallies = all(".tally").map((shown) => ({ shown, members: expanded(JSON.parse(shown.dataset.members)) }));
const STATES = ["standing", "stopped", "doubtful", "recoverable"];

function sets(scenario) {
  return Object.fromEntries(STATES.map((name) => [name, new Set(scenario ? expanded(scenario[name]) : [])]));
}

// How a resource is shown: what comes back by hand before what stops, since it is among that.
function markOf(number, found) {
  if (found.doubtful.has(number)) return "unknown";
  if (found.stopped.has(number)) return found.recoverable.has(number) ? "by-hand" : "down";
  return found.standing.has(number) ? "hit" : "";
}

const entered = all(".row[data-services]").map((row) => ({
  members: expanded(JSON.parse(row.dataset.services)),
  shown: row.querySelector(".more"),
  told: row.querySelector(".more").textContent,
}));

function showMap(scenario, outcomes) {
  const down = new Set(scenario ? scenario.down || [scenario.id] : []);
  for (const box of document.querySelectorAll("[data-domain]")) {
    const pressed = down.has(box.dataset.domain);
    box.setAttribute("aria-pressed", String(pressed));
    const place = box.closest(".box");
    if (box.classList.contains("label")) place.classList.toggle("failed", pressed);
  }
  const found = sets(scenario);
  for (const mark of marks) mark.dataset.state = markOf(Number(mark.dataset.r), found);
  for (const entry of entries) entry.dataset.state = scenario ? outcomes[Number(entry.dataset.s)].state.replace(" ", "-") : "";
  for (const row of entered) {
    const hit = scenario ? row.members.filter((number) => outcomes[number].outage).length : 0;
    row.shown.textContent = hit ? `${row.told}; ${hit} of ${row.members.length} hit` : row.told;
  }
  for (const { shown, members } of tallies) shown.textContent = scenario ? tally(members, found) : "";
  for (const row of rows) {
    const stopped = row.members.filter((number) => found.stopped.has(number)).length;
    row.shown.textContent = stopped ? `${row.told}; ${stopped} of ${row.members.length} stop` : row.told;
  }
}

function tally(members, found) {
  const stopped = members.filter((number) => found.stopped.has(number)).length;
  const doubtful = members.filter((number) => found.doubtful.has(number)).length;
  const parts = [stopped ? `${grouped(stopped)} of ${grouped(members.length)} here stop` : "", doubtful ? `${grouped(doubtful)} in doubt` : ""];
  return parts.filter(Boolean).join(", ") || "all here up";
}

function press(button) {
  const scenario = byId.get(button.dataset.domain);
  takeDown(!scenario || current === scenario ? null : scenario);
}

// The domains that are not drawn, as buttons: only as many as match what is searched for, and few at once.
const LISTED = 60;
function fillAggregate(details) {
  const ids = expanded(JSON.parse(details.dataset.members)).map((number) => data.single[number]);
  const search = element("input");
  search.type = "search";
  search.setAttribute("aria-label", `Search ${ids.length} more domains`);
  const list = element("ul", "listed");
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    const found = ids.filter((scenario) => `${scenario.id} ${text(scenario.name)}`.toLowerCase().includes(wanted));
    list.replaceChildren(...found.slice(0, LISTED).map((scenario) => {
      const button = element("button", "vendor", scenario.id);
      button.type = "button";
      button.dataset.domain = scenario.id;
      button.setAttribute("aria-pressed", String(current === scenario));
      return element("li", "", button);
    }));
    if (found.length > LISTED) list.append(element("li", "", `and ${found.length - LISTED} more`));
  };
  search.addEventListener("input", show);
  details.append(search, list);
  show();
}

function startMap() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-domain]");
    if (button) press(button);
  });
  for (const details of all("[data-aggregate]")) {
    details.addEventListener("toggle", () => fillAggregate(details), { once: true });
  }
}
