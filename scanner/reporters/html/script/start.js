// Wire everything up. Without this the page tells the same in tables.

document.documentElement.classList.add("js");

if (document.getElementById("panel")) {
  startMap();
  document.getElementById("outage-clear").addEventListener("click", () => takeDown(null));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current && event.target.type !== "search") takeDown(null);
  });
  const slider = document.getElementById("incidents");
  if (slider) {
    const replay = (position) => takeDown(data.incidents[position - 1] || null);
    slider.addEventListener("input", () => replay(Number(slider.value)));
    const move = (by) => replay(Math.min(data.incidents.length, Math.max(0, Number(slider.value) + by)));
    document.getElementById("incident-earlier").addEventListener("click", () => move(-1));
    document.getElementById("incident-later").addEventListener("click", () => move(1));
  }
  addEventListener("hashchange", () => {
    const scenario = fromHash();
    if (!scenario) return;
    takeDown(scenario, true);
    document.getElementById("map").scrollIntoView();
  });
  takeDown(fromHash() || null, true);
}
startFindings();

// On paper nothing can be opened: what matters is, and closes again afterwards.
let opened = [];
addEventListener("beforeprint", () => {
  opened = all("details[data-print]:not([open])");
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
