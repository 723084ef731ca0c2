// The matrix of who receives how much from whom: a row for each receiver, a column for each sender.
const traffic = (() => {
  const root = byId("matrix"), { names, patterns, moved, block } = data.traffic;
  const count = names.length, STEPS = 5, WIDTH = 640;
  let cell = 20, left = 90, over = 24, at = [0, 0], sums = [], most = 0;

  const kindOf = (one) => data.rows[one.row].kind;
  function chosen() {
    const kind = byId("matrix-kind").value;
    if (kind !== "selected") return moved.filter((one) => kind === "" || kindOf(one) === kind);
    return moved.filter((one) => one.row === data.nodes[view.node]?.[ROW]);
  }
  function add() {
    sums = names.map(() => new Array(count).fill(0));
    for (const one of chosen()) {
      const each = one.bytes / one.peers;
      patterns[one.pattern].forEach((row, to) => row.forEach((pairs, from) => { sums[to][from] += pairs * each; }));
    }
    most = sums.flat().reduce((high, bytes) => Math.max(high, bytes), 0);
  }
  /** How strong a colour is: steps of a factor, so that small traffic can be seen beside large. */
  const strength = (bytes) => (bytes === 0 ? 0 : 0.14 + 0.86 * Math.max(0, 1 + Math.log2(bytes / most) / 10));
  const sentence = (to, from) => `${names[to]} receives ${byteText(sums[to][from])} ${to === from ? "from within" : `from ${names[from]}`}`;

  function redraw() {
    add();
    const longest = Math.max(...names.map((name) => name.length));
    left = Math.max(70, Math.min(190, 16 + longest * 6.6));
    cell = Math.max(8, Math.min(34, (WIDTH - left - 20) / count));
    const every = Math.ceil(15 / cell), short = names.every((name) => /^GPU \d+$/.test(name));
    over = short ? 40 : 24;
    const size = count * cell;
    root.setAttribute("viewBox", `0 0 ${left + size + 20} ${over + size + 8}`);
    root.style.width = `${left + size + 20}px`;
    root.replaceChildren(draw("text", { x: left, y: 13, class: "axis-text" }, "sends →"), draw("text", { x: 4, y: over - 6, class: "axis-text" }, "receives ↓"));
    names.forEach((name, place) => {
      if (place % every) return;
      root.append(draw("text", { x: left - 6, y: over + (place + 0.5) * cell + 4, "text-anchor": "end", class: "axis-text" }, shorten(name, 26)));
      if (short) root.append(draw("text", { x: left + (place + 0.5) * cell, y: over - 6, "text-anchor": "middle", class: "axis-text" }, name.slice(4)));
    });
    sums.forEach((row, to) => row.forEach((bytes, from) => root.append(draw("rect", {
      x: left + from * cell, y: over + to * cell, width: cell, height: cell, class: "pair", "fill-opacity": strength(bytes).toFixed(3),
    }))));
    root.append(...borders(size), draw("rect", { x: left, y: over, width: size, height: size, class: "frame" }),
      draw("rect", { x: left + at[1] * cell, y: over + at[0] * cell, width: cell, height: cell, class: "at" }));
    tell();
    legend();
  }

  /** Lines where members of the cluster's levels end. */
  function borders(size) {
    const lines = [];
    for (const { inside } of data.places.slice(0, -1)) {
      const step = inside / block;
      if (step <= 1 || step !== Math.floor(step)) continue;
      for (let place = step; place < count; place += step) {
        const far = place * cell;
        lines.push(draw("path", { d: `M${left} ${over + far}h${size}M${left + far} ${over}v${size}`, class: "border" }));
      }
    }
    return lines;
  }

  function tell() {
    put("matrix-at", sentence(...at));
    const total = sums.flat().reduce((sum, bytes) => sum + bytes, 0), within = sums.reduce((sum, row, place) => sum + (block > 1 ? row[place] : 0), 0);
    put("matrix-total", total === 0 ? "Nothing is exchanged." : `${byteText(total)} in one step among all GPUs${block > 1 ? `, ${byteText(within)} of it within one row's own GPUs (the diagonal)` : ""}.`);
  }
  function legend() {
    const steps = most ? Array.from({ length: STEPS }, (_, place) => most / 8 ** place) : [];
    byId("matrix-legend").replaceChildren(...steps.map((bytes) => {
      const swatch = make("span", { class: "swatch" });
      swatch.style.background = `color-mix(in srgb, var(--collective) ${Math.round(100 * strength(bytes))}%, var(--back))`;
      return make("li", {}, swatch, byteText(bytes));
    }));
  }

  function move(to, from) {
    at = [Math.min(count - 1, Math.max(0, to)), Math.min(count - 1, Math.max(0, from))];
    const mark = root.querySelector(".at");
    mark.setAttribute("x", left + at[1] * cell);
    mark.setAttribute("y", over + at[0] * cell);
    tell();
  }
  function cellAt(event) {
    const box = root.getBoundingClientRect(), scale = (left + count * cell + 20) / box.width;
    const from = Math.floor(((event.clientX - box.left) * scale - left) / cell), to = Math.floor(((event.clientY - box.top) * scale - over) / cell);
    return from >= 0 && to >= 0 && from < count && to < count ? [to, from] : null;
  }
  root.addEventListener("pointermove", (event) => {
    const hit = cellAt(event);
    showTip(hit ? sentence(...hit) : "", event.clientX, event.clientY);
  });
  root.addEventListener("pointerleave", () => showTip("", 0, 0));
  root.addEventListener("click", (event) => { const hit = cellAt(event); if (hit) move(...hit); });
  root.addEventListener("keydown", (event) => {
    const step = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key];
    if (step) { move(at[0] + step[0], at[1] + step[1]); event.preventDefault(); }
  });

  /** What each collective brings every GPU in the whole step, most first. */
  function list() {
    const sorted = [...moved].sort((a, b) => b.bytes - a.bytes), rows = sorted.map((one) => {
      const row = data.rows[one.row];
      return make("tr", { onclick: () => { byId("matrix-kind").value = "selected"; select(data.nodes.findIndex((node) => node[ROW] === one.row)); } },
        make("td", {}, make("button", { type: "button" }, row.title), ...barOf(one.bytes / sorted[0].bytes)), make("td", {}, layerName(row)), make("td", { class: "number" }, one.size));
    });
    byId("moved").append(make("thead", {}, make("tr", {}, ...["Collective", "Layer", "Received per GPU"].map((text) => make("th", { scope: "col" }, text)))), make("tbody", {}, ...rows));
  }

  function start() {
    if (data.gpus === 1) { byId("traffic-section").hidden = true; return; }
    const kinds = [...new Set(moved.map(kindOf))].sort();
    byId("matrix-kind").append(make("option", { value: "" }, "all"), ...kinds.map((kind) => make("option", { value: kind }, kind)), make("option", { value: "selected" }, "the selected one"));
    byId("matrix-kind").addEventListener("change", redraw);
    put("matrix-note", block > 1 ? `${data.gpus} GPUs in ${count} rows of ${block}.` : "");
    root.setAttribute("aria-label", `Matrix of ${count} receivers and ${count} senders; arrow keys go from pair to pair.`);
    at = [0, Math.min(1, count - 1)];
    list();
    redraw();
  }
  const again = () => { if (data.gpus > 1) redraw(); };
  parts.push({ selected: () => { if (byId("matrix-kind").value === "selected") again(); } });
  return { start };
})();
