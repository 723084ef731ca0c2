// The memory curve of one GPU, and the tensors that are alive when it is fullest.
const memory = (() => {
  const root = byId("memory"), { points, weights, states, capacity, peak } = data.memory, kept = weights + states;
  const LEFT_EDGE = 64, BOTTOM = 26, RIM = 12;
  const most = points.reduce((high, [, size]) => Math.max(high, size), 0) + kept;

  function redraw() {
    const width = root.clientWidth || 700, height = root.clientHeight || 300;
    const high = (capacity < 4 * most ? Math.max(most, capacity) : most) * 1.08 || 1;
    const x = (time) => LEFT_EDGE + (time / Math.max(1, data.length)) * (width - LEFT_EDGE - RIM);
    const y = (bytes) => height - BOTTOM - (bytes / high) * (height - BOTTOM - RIM);
    root.replaceChildren();
    drawAxes(x, y, high, width, height);
    root.append(draw("rect", { x: x(0), y: y(weights), width: x(data.length) - x(0), height: y(0) - y(weights), class: "area-weights" }));
    root.append(draw("rect", { x: x(0), y: y(kept), width: x(data.length) - x(0), height: y(weights) - y(kept), class: "area-states" }));
    let path = `M${x(0)} ${y(kept)}`;
    points.forEach(([time, size], place) => {
      const until = place + 1 < points.length ? points[place + 1][0] : data.length;
      path += `L${x(time)} ${y(size + kept)}L${x(until)} ${y(size + kept)}`;
    });
    root.append(draw("path", { d: `${path}L${x(data.length)} ${y(kept)}Z`, class: "area-values" }));
    if (capacity <= high) {
      root.append(draw("line", { x1: x(0), x2: x(data.length), y1: y(capacity), y2: y(capacity), class: "limit" }));
      root.append(draw("text", { x: x(0) + 6, y: y(capacity) - 5 }, `a GPU has ${byteText(capacity)}`));
    }
    const node = data.nodes[view.node];
    if (node) root.append(draw("line", { x1: x(node[START]), x2: x(node[START]), y1: RIM, y2: height - BOTTOM, class: "cursor" }));
    root.setAttribute("aria-label", `Memory over the step: weights ${byteText(weights)}, states ${byteText(states)}, at most ${byteText(most)} of ${byteText(capacity)}, fullest while ${data.memory.fullest} is made`);
  }

  function drawAxes(x, y, high, width, height) {
    const bytes = tickStep(high, 6), time = tickStep(Math.max(1, data.length), Math.max(2, width / 140));
    for (let at = 0; at <= high; at += bytes) {
      root.append(draw("line", { x1: LEFT_EDGE, x2: width - RIM, y1: y(at), y2: y(at), class: "axis" }));
      root.append(draw("text", { x: LEFT_EDGE - 6, y: y(at) + 4, "text-anchor": "end", class: "axis-text" }, byteText(at)));
    }
    for (let at = 0; at <= data.length; at += time) root.append(draw("text", { x: x(at), y: height - 8, class: "axis-text" }, timeText(at)));
  }

  function start() {
    const head = make("thead", {}, make("tr", {}, ...["Alive when fullest", "What", "Bytes"].map((text) => make("th", {}, text))));
    const rows = [...peak];
    const areas = [["weights", weights, "area-weights", "weights"], ["states", states, "area-states", "states kept from step to step"]].filter(([, bytes]) => bytes);
    for (const [name, bytes] of areas) rows.push({ name: `all ${name}`, value: "", kind: name, size: byteText(bytes), bytes });
    rows.sort((a, b) => b.bytes - a.bytes);
    const body = make("tbody", {}, ...rows.slice(0, 60).map((live) => make("tr", { onclick: () => { const node = makerOf(live.value); if (node >= 0) select(node); } },
      make("td", {}, ...(live.value ? [make("button", { type: "button" }, live.name)] : [live.name]), ...barOf(live.bytes / rows[0].bytes)), make("td", {}, live.kind), make("td", { class: "number" }, live.size))));
    put("memory-heading", data.gpus > 1 ? `Memory of one GPU (all ${data.gpus} hold as much)` : "Memory of the GPU");
    byId("memory-legend").append(...[...areas, ["", 0, "area-values", "values while they are alive"]].map(([, , key, text]) => make("li", {}, make("span", { class: `swatch ${key}` }), text)));
    byId("peak").append(head, body);
    redraw();
  }
  window.addEventListener("resize", redraw);
  parts.push({ selected: redraw, theme: redraw });
  return { start };
})();
