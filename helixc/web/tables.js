// The overview, the details of what is selected, and the table of collectives.
const overview = {
  start() {
    byId("title").textContent = data.title;
    document.title = `${data.title} - helixc`;
    const word = data.verdict.word, badge = byId("verdict");
    badge.textContent = `proof: ${word}`;
    badge.classList.add(word === "equal" ? "good" : word === "differs" ? "bad" : "warn");
    byId("fits").textContent = data.memory.fits ? "fits in memory" : "does not fit in memory";
    byId("fits").classList.add(data.memory.fits ? "good" : "bad");
    byId("facts").append(...data.facts.map(([name, text]) => make("div", { class: text.length > 60 ? "wide" : "" }, make("dt", {}, name), make("dd", {}, text))));
    byId("proof").append(...data.verdict.lines.map((line) => make("p", { class: "note" }, line)));
    const notes = data.notes.map((note) => make("li", {}, note));
    const told = new Set(data.notes), findings = data.findings.filter((one) => !told.has(one.message)).map(overview.finding);
    const box = byId("findings");
    box.querySelector("summary").textContent = `${findings.length} findings and ${notes.length} notes`;
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
  const box = byId("details");
  function redraw() {
    const node = data.nodes[view.node];
    if (!node) {
      box.replaceChildren(make("p", { class: "note" }, "Choose a node in the graph or a bar in the timeline. Drag to pan, turn the wheel to move, Ctrl and the wheel to zoom; arrow keys go from node to node."));
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
  const HEADS = [["Kind", "kind"], ["Value", "name"], ["Layer", "layer"], ["Over", "over"], ["Groups", "groups"], ["Received per GPU", "bytes"], ["Time", "picoseconds"], ["Exposed", ""], ["Why it is there", ""]];
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
      make("td", {}, make("button", { type: "button" }, one.kind)), make("td", {}, one.name), make("td", {}, one.layer), make("td", {}, one.over), make("td", { class: "number" }, one.groups),
      make("td", { class: "number" }, one.size), make("td", { class: "number" }, one.time), make("td", { class: "number" }, one.exposed), why(one));
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
    const heads = HEADS.map(([text, key]) => make("th", { scope: "col" }, key ? make("button", { type: "button", onclick: () => sort(key), "aria-label": `Sort by ${text}` }, text) : text));
    table.append(make("thead", {}, make("tr", {}, ...heads)), body);
    redraw();
  }
  parts.push({ selected: redraw });
  return { start };
})();
