// One outage at a time: what the precomputed scenario says of each service, with its reasons.

const scenarios = [...data.single, ...data.incidents];
const byId = new Map(data.single.map((scenario) => [scenario.id, scenario]));
let current = null;

// The state of a service from its two verdicts, as in every other report.
function stateOf(automatic, manual) {
  if (automatic === UP) return "up";
  if (manual === UP && automatic === DOWN) return "by hand";
  return manual === DOWN ? "down" : "unknown";
}

const WORDS = { down: "stops", "by hand": "by hand", unknown: "unknown", up: "up" };
const RANK = ["down", "unknown", "by hand", "up"];
const OPENED = matchMedia("(max-width: 68rem)").matches ? 1 : 3; // reasons of so few services are shown at once
const CRITICALITIES = ["critical", "high", "medium", "low"];
const VERDICTS = ["up", "down", "unknown"];

// What is told of each service that is hit. Some share one answer.
function hitBy(scenario) {
  const hit = new Map(scenario.services.map((outage) => [outage[0], outage]));
  for (const [answer, runs] of scenario.alike || []) {
    for (const number of expanded(runs)) hit.set(number, [number, ...answer]);
  }
  return hit;
}

function outcomes(scenario) {
  const hit = scenario ? hitBy(scenario) : new Map();
  return data.services.map(([name, kind, criticality], number) => {
    const outage = hit.get(number);
    const [automatic, manual] = outage ? [outage[1], outage[2]] : [UP, UP];
    return { number, name, kind, criticality, automatic, manual, state: stateOf(automatic, manual), outage };
  });
}

function step(number) {
  const [told, file, line, before, marked, after] = data.steps[number];
  const item = element("li");
  const to = element("span", "to", text(told));
  if (file === undefined) {
    item.append(to);
    return item;
  }
  const at = element("span", "at", `${text(file)}:${line}`);
  if (before === undefined) {
    item.append(to, " ", at);
    return item;
  }
  item.append(element("details", "hop", element("summary", "", to, " ", at), frame([[line, before, marked, after]])));
  return item;
}

const doing = (advice) => element("ul", "advice", ...advice.map((it) => element("li", "", text(it))));

function reasons([, , , condition, path, beside, more, advice], shared) {
  const told = element("div", "reasons");
  if (condition >= 0) told.append(element("p", "condition", text(condition)));
  if (path.length) told.append(element("p", "lab", "Because"), element("ol", "path", ...path.map(step)));
  if (beside.length) {
    const list = element("ul", "path", ...beside.map(step));
    if (more) list.append(element("li", "", `and ${more} more`));
    told.append(element("details", "also", element("summary", "", `${beside.length + more} more of it down as well`), list));
  }
  if (!shared) told.append(element("p", "lab", "What to do"), doing(advice));
  return told;
}

function serviceRow(outcome, opening = false, shared = false) {
  const item = element("li", `verdict ${outcome.state.replace(" ", "-")}`);
  item.dataset.service = outcome.name;
  item.dataset.automatic = VERDICTS[outcome.automatic];
  item.dataset.manual = VERDICTS[outcome.manual];
  const kind = outcome.kind === "custody" ? `custody, ${outcome.criticality}` : outcome.criticality;
  const line = [element("span", "nm", outcome.name), " ", element("span", "what", kind), " ", element("span", "word", WORDS[outcome.state])];
  if (!outcome.outage) {
    item.append(element("p", "line", ...line));
    return item;
  }
  const details = element("details", "", element("summary", "line", ...line), reasons(outcome.outage, shared));
  details.open = opening;
  item.append(details);
  return item;
}

function headline(scenario, found) {
  if (!scenario) return data.services.length ? "Nothing is down." : "Nothing is down, and no service is known.";
  const parts = [];
  for (const [state, one, many] of [
    ["down", "stops", "stop"],
    ["by hand", "comes back by hand", "come back by hand"],
    ["unknown", "is unknown", "are unknown"],
  ]) {
    const number = found.filter((outcome) => outcome.state === state).length;
    if (number) parts.push(`${number} ${number === 1 ? one : many}`);
  }
  if (!found.length) return "No service is known here.";
  return parts.length ? `Of ${found.length} services and custody items, ${parts.join(", ")}.` : `All ${found.length} services and custody items stay up.`;
}

function count(name, number) {
  for (const shown of all(`[data-count="${name}"]`)) {
    shown.textContent = grouped(number);
    shown.classList.toggle("zero", number === 0);
  }
}

function showCounts(scenario, found) {
  const names = { down: "stopped", "by hand": "recoverable", unknown: "unknown", up: "survive" };
  for (const [state, name] of Object.entries(names)) {
    for (const [kind, prefix] of [["service", "services"], ["custody", "custody"]]) {
      count(`${prefix}-${name}`, found.filter((outcome) => outcome.kind === kind && outcome.state === state).length);
    }
  }
  for (const name of ["stopped", "doubtful", "recoverable"]) {
    count(`resources-${name}`, scenario ? expanded(scenario[name]).length : 0);
  }
}

function showScenario(scenario, found) {
  const told = headline(scenario, found);
  const region = document.getElementById("outage");
  region.replaceChildren(
    element("p", "scenario", scenario ? `${text(scenario.name)} ${scenario.title ? "" : "is down"}`.trim() : "Everything is up."),
    element("p", "says", told),
  );
  showVerdicts(found);
  const peek = document.getElementById("peek");
  peek.hidden = !scenario;
  peek.textContent = scenario ? `${text(scenario.name)}: ${told}` : "";
  document.getElementById("outage-clear").hidden = !scenario;
}

// What is hit, the worst and most critical first, then what stays up, folded into a line.
function showVerdicts(found) {
  const order = (outcome) => RANK.indexOf(outcome.state) * 8 + CRITICALITIES.indexOf(outcome.criticality);
  const hit = found.filter((outcome) => outcome.outage).sort((a, b) => order(a) - order(b));
  const up = found.filter((outcome) => !outcome.outage);
  const advised = new Set(hit.map((outcome) => String(outcome.outage[7])));
  const shared = hit.length > 1 && advised.size === 1;
  const parts = [];
  if (shared) parts.push(element("p", "lab", "What to do about all of them"), doing(hit[0].outage[7]));
  if (hit.length) parts.push(element("ul", "verdicts", ...hit.map((outcome, at) => serviceRow(outcome, at < OPENED, shared))));
  if (up.length) {
    const words = `${grouped(up.length)} ${up.length === 1 ? "stays" : "stay"} up`;
    parts.push(element("details", "staying", element("summary", "", words), element("ul", "verdicts", ...up.map((outcome) => serviceRow(outcome)))));
  }
  document.getElementById("verdicts").replaceChildren(...parts);
}

function showIncident(scenario) {
  const slider = document.getElementById("incidents");
  if (!slider) return;
  const position = data.incidents.indexOf(scenario) + 1;
  slider.value = String(position);
  const told = document.getElementById("incident");
  slider.setAttribute("aria-valuetext", position ? `${scenario.day}: ${scenario.title}` : "none");
  if (!position) {
    const latest = data.incidents[data.incidents.length - 1];
    told.textContent = `None chosen. The latest is of ${latest.day || "an unknown day"}: ${latest.title}.`;
    return;
  }
  told.replaceChildren(
    element("b", "", scenario.day || "undated"), " ", scenario.title, ". ",
    ...scenario.notes.map((note) => `${text(note)} `), element("span", "id", scenario.id),
  );
}

// Take a scenario down, or bring everything back with null.
function takeDown(scenario, keepHash = false) {
  current = scenario;
  const found = outcomes(scenario);
  document.documentElement.classList.toggle("outage", scenario !== null);
  showScenario(scenario, found);
  showCounts(scenario, found);
  showIncident(scenario);
  showMap(scenario, found);
  if (!keepHash) history.replaceState(null, "", scenario ? hashOf(scenario) : location.pathname + location.search);
}

function hashOf(scenario) {
  const key = scenario.title ? "incident" : "down";
  return `#${key}=${encodeURIComponent(scenario.id).replace(/%(3A|2F|40)/g, decodeURIComponent)}`;
}

function fromHash() {
  const found = /^#(down|incident)=(.+)$/.exec(location.hash);
  if (!found) return undefined;
  let id;
  try {
    id = decodeURIComponent(found[2]);
  } catch {
    return undefined;
  }
  return found[1] === "down" ? byId.get(id) : data.incidents.find((incident) => incident.id === id);
}
