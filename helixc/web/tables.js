// The overview, the details of what is selected, and the table of collectives.
const overview = {
  start() {
    put("title", data.title);
    document.title = `${data.title} - helixc`;
    const word = data.verdict.word, badge = byId("verdict");
    badge.textContent = `proof: ${word}`;
    badge.classList.add(word === "equal" ? "good" : word === "differs" ? "bad" : "warn");
    put("fits", data.memory.fits ? "fits in memory" : "does not fit in memory");
    byId("fits").classList.add(data.memory.fits ? "good" : "bad");
    byId("facts").append(...data.facts.map(([name, text]) => make("div", { class: text.length > 60 ? "wide" : "" }, make("dt", {}, name), make("dd", {}, text))));
    byId("proof").append(...data.verdict.lines.map((line) => make("p", { class: "note" }, line)));
    const notes = data.notes.map((note) => make("li", {}, note));
    const told = new Set(data.notes), findings = data.findings.filter((one) => !told.has(one.message)).map(overview.finding);
    const box = byId("findings");
    box.querySelector("summary").textContent = [[findings.length, "finding"], [notes.length, "note"]].filter(([number]) => number).map(([number, what]) => counted(number, what)).join(" and ");
    box.querySelector("ul").append(...findings, ...notes);
    box.hidden = findings.length + notes.length === 0;
  },
  finding(found) {
    const item = make("li", {}, make("b", { class: found.severity === "note" ? "" : "warn" }, `${found.severity} ${found.code}`), ` ${found.message}`);
    if (found.source) item.append(make("pre", {}, `${found.source.at}\n${found.source.line}`));
    if (found.legal.length) item.append(` Legal: ${found.legal.join("; ")}`);
    return item;
  },
};

const details = (() => {
  const box = byId("details"), MOST = 12;
  const times = new Map(); // by row: its first node, and the time of all its nodes
  data.nodes.forEach((node, number) => {
    const key = node[ROW] === UNTOLD ? `turns ${number}` : node[ROW], [first, time] = times.get(key) ?? [number, 0];
    times.set(key, [first, time + node[TIME]]);
  });
  const busy = total([...data.nodes.keys()]) || 1, dearest = [...times.values()].filter(([, time]) => time > 0).sort((a, b) => b[1] - a[1]).slice(0, MOST);
  function redraw() {
    const node = data.nodes[view.node];
    if (!node) {
      box.replaceChildren(make("h3", {}, "Where the time goes"), ...dearest.map(share),
        make("p", { class: "note" }, "Choose a node in the graph or a bar in the timeline to see what it reads, costs and comes from. Drag to pan, turn the wheel to move, Ctrl and the wheel to zoom; arrow keys go from node to node."));
      return;
    }
    const row = rowOf(node);
    const facts = [
      ["layer", layerName(row)], ["turn", node[TURNS]], ["starts at", timeText(node[START])], ["time", row.range ?? timeText(node[TIME])],
      ["bound by", row.time ? row.bound : ""], ["constants", row.time ? row.constants : ""], ["longest path", row.path ? "on it" : "not on it"],
      ["does", row.does], ["over", row.over], ["group", row.atoms ? members(row) : ""], ["received", row.received], ["algorithm", row.algorithm], ["why", row.why],
    ];
    box.replaceChildren(
      make("h3", {}, row === UNTOLD_ROW ? node[TURNS] : row.title),
      make("dl", {}, ...facts.filter(([, text]) => text).flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)])),
      ...row.in.map((text) => make("pre", {}, `reads ${text}`)),
      ...(row.out ? [make("pre", {}, `yields ${row.out}`)] : []),
      ...(row.source ? [make("pre", {}, `${row.source.at}\n${row.source.line}`)] : []),
      ...neighbours("Reads from", node[READS]), ...neighbours("Read by", readersOf(view.node)));
  }
  /** A statement with the part of all busy time that its runs take. */
  function share([number, time]) {
    const row = rowOf(data.nodes[number]), part = time / busy;
    return make("div", { class: "share" }, make("button", { type: "button", onclick: () => select(number) }, row === UNTOLD_ROW ? data.nodes[number][TURNS] : row.title),
      make("span", {}, `${layerName(row)}${layerName(row) ? ", " : ""}${timeText(time)}, ${(100 * part).toFixed(1)} %`), ...barOf(part / (dearest[0][1] / busy)));
  }
  function members(row) {
    const group = groupOf(view.gpu, row.atoms), all = [];
    for (let gpu = 0; gpu < data.gpus && all.length < 33; gpu += 1) if (groupOf(gpu, row.atoms) === group) all.push(gpu);
    return `GPUs ${all.slice(0, 32).join(", ")}${all.length > 32 ? ", ..." : ""}`;
  }
  function neighbours(title, numbers) {
    if (!numbers.length) return [];
    const links = numbers.map((number) => make("button", { type: "button", onclick: () => select(number) }, [rowOf(data.nodes[number]).title, data.nodes[number][TURNS]].filter(Boolean).join(", ")));
    return [make("p", { class: "note" }, title), make("div", {}, ...links)];
  }
  const readersOf = (wanted) => data.nodes.map((_, number) => number).filter((number) => data.nodes[number][READS].includes(wanted));
  parts.push({ selected: redraw });
  return { start: redraw };
})();

const collectives = (() => {
  const table = byId("collectives"), body = make("tbody");
  // What stands in each column but the last: its heading, the field that says it, and the class of its cells.
  const CELLS = [["Kind", "kind"], ["Value", "name"], ["Layer", "layer"], ["Over", "over"], ["Groups", "groups", "number"], ["Received per GPU", "size", "number"], ["Time", "time", "number"], ["Exposed", "exposed", "number"]];
  const SORTED_BY = { size: "bytes", time: "picoseconds", exposed: "exposed_picoseconds" };
  let rows = [...data.collectives], by = "", down = true;

  function sort(key) {
    down = by === key ? !down : true;
    by = key;
    const order = (a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0);
    rows = [...data.collectives].sort((a, b) => (down ? -order(a, b) : order(a, b)));
    redraw();
  }
  function redraw() {
    body.replaceChildren(...rows.map(row));
  }
  function row(one) {
    const chosen = data.nodes[view.node]?.[ROW] === one.row;
    return make("tr", { class: chosen ? "selected" : "", onclick: () => select(data.nodes.findIndex((node) => node[ROW] === one.row)) },
      ...CELLS.map(([name, key, kind]) => make("td", { class: kind, "data-name": name.toLowerCase() }, key === "kind" ? make("button", { type: "button" }, one.kind) : one[key])), why(one));
  }
  function why(one) {
    const cell = make("td", { class: "why" }, one.why, make("div", { class: "note" }, `from ${one.held} to ${one.needed}${one.algorithm ? `; ${one.algorithm}` : ""}`));
    if (one.source) cell.append(make("pre", {}, `${one.source.at}: ${one.source.line}`));
    if (one.alternatives.length) cell.append(make("ul", {}, ...one.alternatives.map((other) => make("li", {}, `passed over: ${other.how} (${other.size}, ${other.time}${other.whole ? " for the whole program" : ""})`))));
    return cell;
  }
  function start() {
    if (!rows.length) {
      table.append(make("caption", {}, "There are none: no GPU needs anything of another."));
      return;
    }
    table.append(make("caption", {}, "Bytes and times are those of one turn of the layer."));
    const heads = CELLS.map(([text, key, kind]) => make("th", { scope: "col", class: kind }, make("button", { type: "button", onclick: () => sort(SORTED_BY[key] ?? key), "aria-label": `Sort by ${text}` }, text)));
    heads.push(make("th", { scope: "col" }, "Why it is there"));
    table.append(make("thead", {}, make("tr", {}, ...heads)), body);
    redraw();
  }
  parts.push({ selected: redraw });
  return { start };
})();
