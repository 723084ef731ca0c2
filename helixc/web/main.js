// Wires the controls to the parts and starts them.
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  put("theme", name === "dark" ? "Light" : "Dark");
  for (const part of parts) part.theme?.();
}

/** Paper is white: a dark page prints as a light one. */
let before = "light";
window.addEventListener("beforeprint", () => { before = document.documentElement.dataset.theme; setTheme("light"); });
window.addEventListener("afterprint", () => setTheme(before));

function options(id, rows, choose) {
  byId(id).append(...rows.map(([value, text]) => make("option", { value }, text)));
  byId(id).addEventListener("change", (event) => { choose(event.target.value); changed(); });
}

function found() {
  const hits = data.nodes.map((_, number) => number).filter(isFound);
  put("found", view.words ? `${hits.length} found` : "");
  return hits;
}

function wire() {
  const kinds = [...new Set(data.rows.map((row) => row.kind))].sort();
  options("gpu", [["-1", "all"], ...Array.from({ length: Math.min(data.gpus, 4096) }, (_, gpu) => [gpu, `GPU ${gpu}`])], (value) => { view.onlyGpu = Number(value); });
  options("layer", [["-1", "all"], ...data.layers.map((name, number) => [number, name])], (value) => { view.layer = Number(value); });
  options("kind", [["", "all"], ...kinds.map((kind) => [kind, kind])], (value) => { view.kind = value; });
  byId("one").checked = view.one;
  byId("one").addEventListener("change", (event) => { view.one = event.target.checked; changed(); });
  byId("path").addEventListener("change", (event) => { view.path = event.target.checked; graph.refresh(); timeline.redraw(); });
  byId("search").addEventListener("input", (event) => { view.words = event.target.value.trim().toLowerCase(); found(); graph.refresh(); timeline.redraw(); });
  byId("search").addEventListener("keydown", (event) => {
    const hits = found();
    if (event.key === "Enter" && hits.length) select(hits.find((number) => number > view.node) ?? hits[0]);
  });
  byId("fold").addEventListener("click", () => { closeAll(); changed(); graph.fit(false); });
  byId("unfold").addEventListener("click", () => { view.closed.clear(); changed(); });
  byId("closer").addEventListener("click", () => graph.zoom(1.25));
  byId("farther").addEventListener("click", () => graph.zoom(0.8));
  byId("fit").addEventListener("click", () => graph.fit(true));
  byId("time-closer").addEventListener("click", () => timeline.zoom(1.5));
  byId("time-farther").addEventListener("click", () => timeline.zoom(1 / 1.5));
  byId("time-fit").addEventListener("click", () => timeline.fit());
  byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
}

byId("legend").append(...FAMILIES.map(([key, text]) => {
  const swatch = make("span", { class: "swatch" });
  swatch.style.background = `var(--${key})`;
  return make("li", {}, swatch, text);
}), make("li", {}, "rim: on the longest path"), make("li", {}, "ring and line: a collective and its members"));

// Equal turns are one; of what is still too much only the first sections are open.
const MOST_OPEN = 260, FIRST_OPEN = 6;
for (const one of stretches) if (openNodes() > MOST_OPEN) for (const block of [one, ...one.sections]) view.closed.add(block);
if (openNodes() > MOST_OPEN) sections.slice(FIRST_OPEN).forEach((section) => view.closed.add(section));
setTheme(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
wire();
for (const part of [overview, details, graph, timeline, memory, collectives, traffic, planPicture]) part.start();
byId("graph").dataset.ready = "yes";
