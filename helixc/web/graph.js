// The graph: draws the layout, pans, zooms, folds, and marks what is selected, found or filtered.
const graph = (() => {
  const root = byId("graph");
  const world = draw("g");
  let plan = null, scale = 1, left = 0, top = 0, marks = new Map(), lines = new Map();

  root.append(
    draw("defs", {}, draw("marker", { id: "tip-of-arrow", viewBox: "0 0 6 6", refX: 5, refY: 3, markerWidth: 6, markerHeight: 6, orient: "auto" },
      draw("path", { d: "M0 0L6 3L0 6z", fill: "context-stroke" }))), world);

  const nodesText = (block) => (block.like && block.turns.length > 1 ? `${block.turns.length} times ${counted(block.turns[0].nodes.length, "node")}` : counted(block.nodes.length, "node"));
  const centred = (column) => centreOf(plan.sizes, column);

  function redraw() {
    plan = layOut();
    marks = new Map();
    lines = new Map();
    world.replaceChildren();
    for (const band of plan.bands) world.append(...drawBand(band));
    plan.gpus.forEach((gpu, column) => {
      const text = plan.gpus.length === 1 && view.onlyGpu < 0 && data.gpus > 1 ? `GPUs 0 to ${data.gpus - 1}, all alike` : `GPU ${gpu}`;
      world.append(draw("text", { x: centred(column), y: 19, "text-anchor": "middle", class: "column-title" }, text));
    });
    for (const link of links(plan)) drawLink(link);
    for (const item of plan.items) drawItem(item);
    note();
    refresh();
  }

  function note() {
    const texts = [];
    if (view.onlyGpu < 0 && !view.one && isTooMuch()) texts.push(`${openNodes()} nodes on ${data.gpus} GPUs are too many to draw; all GPUs do the same, so one stands for all. Fold layers, or choose one.`);
    if (data.folded) texts.push(`Folded: ${data.folded}.`);
    put("graph-note", texts.join(" "));
    byId("graph-note").hidden = texts.length === 0;
  }

  function drawBand({ section, y, height, closed }) {
    const title = draw("text", { x: LEFT + 6, y: y + 17, class: "band-title", tabindex: 0, role: "button", "aria-expanded": String(!closed) },
      `${closed ? "▸" : "▾"} ${section.title || "model"} · ${nodesText(section)} · ${timeText(section.time)}`);
    const turn = () => { if (closed) view.closed.delete(section); else view.closed.add(section); redraw(); };
    title.addEventListener("click", turn);
    title.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); turn(); } });
    return [draw("rect", { x: LEFT - 6, y, width: plan.width - 2 * LEFT + 12, height, rx: 6, class: "band" }), title];
  }

  function drawItem(item) {
    if (item.buses) item.buses.forEach((bus) => drawBus(item, bus));
    else plan.gpus.forEach((gpu, column) => drawBox(item, gpu, column));
  }

  function keep(item, mark) {
    if (item.number === undefined) return;
    if (!marks.has(item.number)) marks.set(item.number, []);
    marks.get(item.number).push(mark);
  }

  function drawBox(item, gpu, column) {
    const x = centred(column) - plan.sizes.box / 2;
    const [name, small, kind] = wordsOf(item);
    const box = draw("g", { class: `node ${kind}${item.row?.path ? " path" : ""}` },
      draw("rect", { x, y: item.y, width: plan.sizes.box, height: item.height, rx: 5 }),
      draw("text", { x: x + 8, y: item.y + (small ? 15 : 14), class: "name" }, shorten(name, plan.sizes.letters)));
    if (small) box.append(draw("text", { x: x + 8, y: item.y + 29, class: "small" }, shorten(small, plan.sizes.letters + 6)));
    box.append(draw("title", {}, `${name}\n${item.row?.out ?? ""}`));
    box.addEventListener("click", () => (item.section ? open(item.section) : select(item.number, gpu)));
    keep(item, box);
    world.append(box);
  }

  function wordsOf(item) {
    if (item.section) return [nodesText(item.section), timeText(item.section.time), "closed"];
    if (item.row === UNTOLD_ROW) return [data.nodes[item.number][TURNS], timeText(data.nodes[item.number][TIME]), "untold"];
    const groups = item.row.atoms ? ` · ${data.gpus / ways(item.row.atoms)} groups of ${ways(item.row.atoms)}` : "";
    return [item.row.title, item.row.family === "free" ? "" : (item.row.time || "no time") + groups, item.row.family];
  }

  function drawBus(item, { members, line }) {
    const y = busY(item, line), from = centred(members[0]), to = centred(members.at(-1));
    const text = `${item.row.title} · ${item.row.time}`;
    const bus = draw("g", { class: `node bus collective-line${item.row.path ? " path" : ""}` },
      draw("line", { x1: from, y1: y, x2: to, y2: y }),
      ...members.map((column) => draw("circle", { cx: centred(column), cy: y, r: 5 })),
      draw("text", { x: from + 9, y: y - 4, class: "small halo" }, shorten(text, members.length > 1 ? 40 : 20)),
      draw("title", {}, `${text}\nGPUs ${members.map((column) => plan.gpus[column]).join(", ")}`));
    bus.addEventListener("click", () => select(item.number, plan.gpus[members[0]]));
    keep(item, bus);
    world.append(bus);
  }

  function drawLink([source, target, far]) {
    plan.gpus.forEach((_, column) => {
      const x = centred(column), from = bottomOf(source, column), to = topOf(target, column);
      const bow = 8 + Math.min(1, (to - from) / 700) * 42;
      const [start, end] = [source, target].map((item) => x + (item.buses ? 5 : plan.sizes.box / 2)), side = x + plan.sizes.box / 2 + bow;
      const [high, low] = [source.buses ? from - 5 : from - 8, target.buses ? to + 5 : to + 8];
      const path = far ? `M${start} ${high}C${side} ${high + 8},${side} ${low - 8},${end} ${low}` : `M${x} ${from}L${x} ${to}`;
      const line = draw("path", { d: path, class: "edge", "marker-end": "url(#tip-of-arrow)" });
      for (const item of [source, target]) {
        if (!lines.has(item)) lines.set(item, []);
        lines.get(item).push(line);
      }
      world.append(line);
    });
  }

  function refresh() {
    for (const [number, boxes] of marks) {
      for (const box of boxes) {
        box.classList.toggle("selected", number === view.node);
        box.classList.toggle("found", isFound(number));
        box.classList.toggle("dim", isDim(number));
      }
    }
    for (const line of world.querySelectorAll(".near")) line.classList.remove("near");
    for (const line of lines.get(plan.anchors.get(view.node)) ?? []) line.classList.add("near");
  }

  function open(...blocks) { for (const one of blocks) view.closed.delete(one); redraw(); }
  const move = () => world.setAttribute("transform", `translate(${left} ${top}) scale(${scale})`);

  function zoom(factor, x = root.clientWidth / 2, y = root.clientHeight / 2) {
    const next = Math.min(4, Math.max(0.02, scale * factor));
    left = x - (x - left) * (next / scale);
    top = y - (y - top) * (next / scale);
    scale = next;
    move();
  }
  function fit(whole) {
    const across = root.clientWidth / plan.width, down = root.clientHeight / plan.height;
    scale = whole ? Math.min(across, down, 1.5) : Math.min(1.15, Math.max(0.8, across));
    left = Math.max(0, (root.clientWidth - plan.width * scale) / 2);
    top = whole ? Math.max(0, (root.clientHeight - plan.height * scale) / 2) : 0;
    move();
  }
  /** Bring what is selected into view. */
  function reveal() {
    const section = sections.find((one) => one.nodes.includes(view.node));
    const around = [section?.stretch, section].filter((one) => view.closed.has(one));
    if (around.length) open(...around);
    const item = plan.anchors.get(view.node);
    if (!item) return;
    const y = top + item.y * scale, x = left + centred(Math.max(0, plan.gpus.indexOf(view.gpu))) * scale;
    if (y < 20 || y > root.clientHeight - 60) top += root.clientHeight / 3 - y;
    if (x < 60 || x > root.clientWidth - 60) left += root.clientWidth / 2 - x;
    move();
  }

  let drag = null;
  root.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, left, top, moved: false }; });
  root.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    if (Math.abs(x) + Math.abs(y) > 4 && !drag.moved) { drag.moved = true; root.setPointerCapture(event.pointerId); root.classList.add("dragging"); }
    if (drag.moved) { left = drag.left + x; top = drag.top + y; move(); }
  });
  for (const kind of ["pointerup", "pointercancel"]) root.addEventListener(kind, () => { drag = null; root.classList.remove("dragging"); });
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = root.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    else { left -= event.deltaX; top -= event.deltaY; move(); }
  }, { passive: false });
  root.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (event.target === root && step) { select(Math.min(data.nodes.length - 1, Math.max(0, view.node + step))); event.preventDefault(); }
    else if (event.key === "+") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit(true);
  });

  function start() { redraw(); fit(false); }
  parts.push({ selected: () => { reveal(); refresh(); }, changed: redraw });
  return { start, redraw, zoom, fit, refresh };
})();
