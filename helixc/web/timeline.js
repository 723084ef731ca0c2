// The timeline: two lanes for each GPU on a canvas; a click on a bar selects its node.
const timeline = (() => {
  const canvas = byId("timeline"), context = canvas.getContext("2d");
  const LANE = 15, AXIS = 22, NAMES = 118, MOST_GPUS = 64;
  // Above the GPUs stand the turns of repeats and the layers in them.
  const spans = [["turns", turns.filter((turn) => turn.name)], ["layers", sections]].filter(([, bars]) => bars.length).map(([name, bars]) => [name, bars.map(spanOf)]);
  const TOP = AXIS + spans.length * (LANE + 1) + 6;
  const bars = data.nodes.map((_, number) => number).filter((number) => data.nodes[number][TIME] > 0);
  bars.sort((a, b) => data.nodes[a][START] - data.nodes[b][START]);
  let from = 0, to = Math.max(1, data.length), colours = {}, across = 0; // its width is asked of the page once for each drawing

  /** A block's name, start and end: what runs beside it does not stretch it. */
  function spanOf(block) {
    const nodes = block.nodes.map((number) => data.nodes[number]).filter((node) => node[TIME] > 0);
    const start = nodes.reduce((low, node) => Math.min(low, node[START]), Infinity), end = nodes.reduce((high, node) => Math.max(high, node[START] + node[TIME]), 0);
    return { text: block.name ?? (block.layer < 0 ? "" : data.layers[block.layer]), start, end };
  }
  const gpus = () => shownGpus().slice(0, MOST_GPUS);
  const laneOf = (row) => (row.family === "collective" ? 1 : 0);
  const xOf = (time) => NAMES + ((time - from) / (to - from)) * (across - NAMES);
  const timeAt = (x) => from + ((x - NAMES) / (across - NAMES)) * (to - from);

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["paper", "ink", "soft", "line", "lane", "select", "path", "warn", "untold", ...FAMILIES.flatMap(([key]) => [key, `${key}-text`]), "untold-text"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
  }

  function redraw() {
    const shown = gpus(), height = TOP + shown.length * (2 * LANE + 6) + 6;
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    across = canvas.clientWidth;
    canvas.width = Math.round(across * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    context.textBaseline = "middle";
    context.clearRect(0, 0, across, height);
    const tops = shown.map((_, place) => TOP + place * (2 * LANE + 6));
    shown.forEach((gpu, place) => drawLanes(gpu, tops[place]));
    drawAxis(height);
    spans.forEach(([name, bars], place) => drawSpans(name, bars, AXIS + place * (LANE + 1)));
    drawBars(tops[0]);
    copyLanes(tops, ratio);
    put("time-note", `${timeText(from)} to ${timeText(to)}; drag to pan, Ctrl and wheel to zoom; click a turn or a layer to fill the window with it` + (shown.length < shownGpus().length ? `; GPUs 0 to ${shown.length - 1} of ${data.gpus}, all alike` : ""));
  }

  /** All GPUs do the same at the same time: the lanes of the first are a picture of those of the others. */
  function copyLanes([first, ...others], ratio) {
    if (!others.length || across <= NAMES) return;
    const size = [across - NAMES, 2 * LANE + 3], lanes = new OffscreenCanvas(...size.map((part) => Math.max(1, Math.round(part * ratio))));
    lanes.getContext("2d").drawImage(canvas, NAMES * ratio, (first - 1) * ratio, size[0] * ratio, size[1] * ratio, 0, 0, lanes.width, lanes.height);
    for (const top of others) context.drawImage(lanes, NAMES, top - 1, ...size);
  }

  function drawLanes(gpu, y) {
    context.fillStyle = colours.lane;
    context.fillRect(NAMES, y, across, LANE);
    context.fillRect(NAMES, y + LANE + 1, across, LANE);
    context.fillStyle = colours.ink;
    context.fillText(view.one && data.gpus > 1 ? "all GPUs" : `GPU ${gpu}`, 8, y + LANE);
    context.fillStyle = colours.soft;
    context.fillText("compute", 58, y + LANE / 2);
    context.fillText("comm.", 58, y + LANE * 1.5 + 1);
  }

  function drawSpans(name, all, y) {
    context.fillStyle = colours.soft;
    context.fillText(name, 58, y + LANE / 2);
    let last = -Infinity;
    all.forEach(({ text, start, end }, place) => {
      const x = Math.max(NAMES, xOf(start)), far = xOf(Math.min(end, to));
      if (start > to || end < from || far - last < 0.7) return;
      last = far;
      context.fillStyle = place % 2 ? colours.lane : colours.line;
      context.fillRect(x, y, Math.max(0.5, far - x - 0.5), LANE);
      label(text, x, y, far - x, colours.ink, context.measureText(text).width + 8);
    });
  }

  /** Text on a bar, cut where the bar ends; none on a narrow one. */
  function label(text, x, y, width, colour, least) {
    if (width <= least) return;
    context.save();
    context.beginPath();
    context.rect(x, y, width - 4, LANE);
    context.clip();
    context.fillStyle = colour;
    context.fillText(text, x + 4, y + LANE / 2 - 0.5);
    context.restore();
  }

  function drawBars(y) {
    const last = [-1, -1];
    for (const number of bars) {
      const node = data.nodes[number], row = rowOf(node);
      if (node[START] > to) break;
      if (node[START] + node[TIME] < from) continue;
      const lane = laneOf(row), x = Math.max(NAMES, xOf(node[START])), end = Math.max(x + 1, xOf(node[START] + node[TIME]));
      if (end - x < 1.5 && Math.floor(x) === last[lane] && number !== view.node) continue;
      last[lane] = Math.floor(x);
      drawBar(number, row, x, y + lane * (LANE + 1), end - x);
    }
  }

  function drawBar(number, row, x, y, width) {
    const hidden = isDim(number) || (view.layer >= 0 && row.layer !== view.layer);
    context.globalAlpha = hidden ? 0.18 : 1;
    context.fillStyle = colours[row.family];
    context.fillRect(x, y, Math.max(1, width - 0.5), LANE);
    if (row.path) { context.fillStyle = colours.path; context.fillRect(x, y + LANE - 2.5, Math.max(1, width - 0.5), 2.5); }
    label(row === UNTOLD_ROW ? data.nodes[number][TURNS] : row.title, x, y, width, colours[`${row.family}-text`], 46);
    context.globalAlpha = 1;
    if (number === view.node || isFound(number)) {
      context.strokeStyle = number === view.node ? colours.select : colours.warn;
      context.lineWidth = 2.5;
      context.strokeRect(x - 0.5, y + 0.5, Math.max(3, width), LANE - 1);
    }
  }

  function drawAxis(height) {
    const step = tickStep(to - from, Math.max(3, across / 130));
    context.fillStyle = colours.soft;
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
      const x = Math.round(xOf(time)) + 0.5;
      context.beginPath();
      context.moveTo(x, AXIS - 6);
      context.lineTo(x, height);
      context.stroke();
      context.fillText(timeText(time), x + 3, 10);
    }
  }

  function zoom(factor, at = (from + to) / 2) {
    const least = Math.max(1, data.length / 1e6);
    const span = Math.min(data.length, Math.max(least, (to - from) / factor));
    const share = (at - from) / (to - from);
    from = Math.min(Math.max(0, at - span * share), data.length - span);
    to = from + span;
    redraw();
  }
  function pan(time) {
    const span = to - from;
    from = Math.min(Math.max(0, from + time), data.length - span);
    to = from + span;
    redraw();
  }
  const fit = () => { from = 0; to = Math.max(1, data.length); redraw(); };

  /** The turn or layer above the GPUs that the mouse is on. */
  function spanAt(event) {
    const box = canvas.getBoundingClientRect(), time = timeAt(event.clientX - box.left);
    const [, bars] = spans[Math.floor((event.clientY - box.top - AXIS) / (LANE + 1))] ?? [];
    return event.clientX - box.left < NAMES ? undefined : bars?.find(({ start, end }) => start <= time && time < end);
  }
  function show({ start, end }) {
    [from, to] = [start, Math.max(end, start + 1)];
    redraw();
  }
  function barAt(event) {
    const box = canvas.getBoundingClientRect(), y = event.clientY - box.top - TOP, x = event.clientX - box.left;
    const place = Math.floor(y / (2 * LANE + 6)), lane = y % (2 * LANE + 6) <= LANE ? 0 : 1, time = timeAt(x), slack = ((to - from) / across) * 2;
    const gpu = gpus()[place];
    if (gpu === undefined || x < NAMES || y < 0) return null;
    const number = bars.find((one) => {
      const node = data.nodes[one], row = rowOf(node);
      return (laneOf(row) === lane || row === UNTOLD_ROW) && node[START] - slack <= time && time <= node[START] + node[TIME] + slack;
    });
    return number === undefined ? null : { number, gpu };
  }
  /** Bring what is selected into view. */
  function reveal() {
    const node = data.nodes[view.node];
    if (node && (node[START] < from || node[START] + node[TIME] > to) && to - from < data.length) pan(node[START] + node[TIME] / 2 - (from + to) / 2);
  }

  let drag = null;
  canvas.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, from, moved: false }; });
  canvas.addEventListener("pointermove", (event) => {
    if (drag) {
      if (Math.abs(event.clientX - drag.x) > 4) drag.moved = true;
      if (drag.moved) pan(drag.from - from - ((event.clientX - drag.x) / (across - NAMES)) * (to - from));
      return;
    }
    const span = spanAt(event);
    if (span) { showTip(`${span.text}\n${timeText(span.start)} + ${timeText(span.end - span.start)}`, event.clientX, event.clientY); return; }
    const hit = barAt(event), node = hit && data.nodes[hit.number];
    showTip(hit ? `${rowOf(node).title}\n${layerName(rowOf(node))} ${node[TURNS]}\n${timeText(node[START])} + ${timeText(node[TIME])}` : "", event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", () => { showTip("", 0, 0); drag = null; });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = drag && !drag.moved, hit = clicked && barAt(event), span = clicked && spanAt(event);
    drag = null;
    if (hit) select(hit.number, hit.gpu);
    else if (span) show(span);
  });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), timeAt(event.clientX - canvas.getBoundingClientRect().left));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { const place = bars.indexOf(view.node) + step; if (bars[place] !== undefined) select(bars[place]); event.preventDefault(); }
    else if (event.key === "+") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") fit();
  });

  function start() {
    readColours();
    const lanes = data.gpus === 1 ? "two lanes" : `two lanes for each of ${data.gpus} GPUs`;
    canvas.setAttribute("aria-label", `Timeline of ${timeText(data.length)}: ${lanes}, ${bars.length} bars each. Left and right select the bars one after the other.`);
    redraw();
  }
  window.addEventListener("resize", redraw);
  parts.push({ selected: () => { reveal(); redraw(); }, changed: redraw, theme: start });
  return { start, redraw, zoom, fit };
})();
