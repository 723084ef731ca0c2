// Where everything in the graph stands: a column for each GPU, a row for each statement, in program order.
const NARROW = { column: 190, box: 146, letters: 20 }, WIDE = { column: 380, box: 320, letters: 46 };
const TALL = 36, LOW = 21, GAP = 11, BUS = 17, BAND = 26, TOP = 30, LEFT = 14;
const MOST_NODES = 4000;

/** Stretches of nodes of one layer in one turn. */
const sections = (() => {
  const found = [];
  data.nodes.forEach((node, number) => {
    const layer = rowOf(node).layer, last = found.at(-1);
    if (last && last.layer === layer && last.turns === node[TURNS]) last.nodes.push(number);
    else found.push({ layer, turns: node[TURNS], nodes: [number] });
  });
  for (const section of found) {
    section.title = [section.layer < 0 ? "" : data.layers[section.layer], section.turns].filter(Boolean).join(", ");
    section.time = section.nodes.reduce((sum, number) => sum + data.nodes[number][TIME], 0);
  }
  return found;
})();

const total = (numbers) => numbers.reduce((sum, number) => sum + data.nodes[number][TIME], 0);

/** Turns of a repeat, one after the other: each the sections that have its name. */
const turns = (() => {
  const found = [];
  for (const section of sections) {
    if (found.length && section.turns && found.at(-1).name === section.turns) found.at(-1).sections.push(section);
    else found.push({ name: section.turns, sections: [section] });
  }
  for (const turn of found) {
    turn.nodes = turn.sections.flatMap((section) => section.nodes);
    turn.key = turn.nodes.map((number) => data.nodes[number][ROW]).join();
  }
  return found;
})();

/** `layer 1 to 79`; whole names where more than the last word differs. */
function rangeText(first, last) {
  const [before, after] = [first, last].map((name) => name.replace(/\S+$/, ""));
  return first === last ? first : `${first} to ${before === after ? last.slice(after.length) : last}`;
}

/** Turns that do the same as the one before them: they can be drawn as one. */
const stretches = (() => {
  const found = [];
  turns.forEach((turn, place) => {
    if (!turn.name || place === 0 || turn.key !== turns[place - 1].key) return;
    const last = found.at(-1);
    if (last && last.turns.at(-1) === turns[place - 1]) last.turns.push(turn);
    else found.push({ turns: [turn], like: turns[place - 1] });
  });
  for (const one of found) {
    one.sections = one.turns.flatMap((turn) => turn.sections);
    one.nodes = one.turns.flatMap((turn) => turn.nodes);
    one.time = total(one.nodes);
    one.title = `${rangeText(one.turns[0].name, one.turns.at(-1).name)}, ${one.turns.length === 1 ? "equal" : "each equal"} to ${one.like.name}`;
    for (const section of one.sections) section.stretch = one;
  }
  return found;
})();

function shownGpus() {
  if (view.onlyGpu >= 0) return [view.onlyGpu];
  return view.one ? [0] : [...Array(data.gpus).keys()];
}
/** What is drawn in a frame of its own: sections, and stretches of equal turns that are folded. */
function blocks() {
  const shown = sections.filter((section) => view.layer < 0 || section.layer === view.layer);
  return [...new Set(shown.map((section) => (view.layer < 0 && view.closed.has(section.stretch) ? section.stretch : section)))];
}
const openNodes = () => blocks().reduce((sum, one) => sum + (view.closed.has(one) ? 1 : one.nodes.length), 0);
const isTooMuch = () => openNodes() * data.gpus > MOST_NODES;
function closeAll() {
  for (const one of [...sections, ...stretches]) view.closed.add(one);
}

/** Columns are drawn as one where they are equal and too many. */
function columns() {
  const gpus = shownGpus();
  return gpus.length > 1 && isTooMuch() ? [gpus[0]] : gpus;
}

/** The groups of a collective among the columns, each on a line on which no other group is in its way. */
function buses(atoms, gpus) {
  const groups = new Map();
  gpus.forEach((gpu, column) => {
    const key = groupOf(gpu, atoms);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(column);
  });
  const ends = [];
  return [...groups.values()].map((members) => {
    let line = ends.findIndex((end) => end < members[0]);
    if (line < 0) line = ends.push(-1) - 1;
    ends[line] = members.at(-1);
    return { members, line };
  });
}

/** All boxes and lines; `anchors` has for each node what stands for it in the drawing. */
function layOut() {
  const gpus = columns();
  const sizes = gpus.length === 1 ? WIDE : NARROW;
  const plan = { gpus, sizes, bands: [], items: [], anchors: new Map(), width: LEFT * 2 + gpus.length * sizes.column, height: 0 };
  let y = TOP;
  for (const section of blocks()) {
    const band = { section, y, closed: view.closed.has(section) };
    y += BAND;
    if (band.closed) {
      const item = { section, y, height: TALL };
      plan.items.push(item);
      for (const number of section.nodes) plan.anchors.set(number, item);
      y += TALL + GAP;
    } else {
      for (const number of section.nodes) y = placeNode(plan, number, y);
    }
    band.height = y - band.y - 3;
    plan.bands.push(band);
    y += 5;
  }
  plan.height = y + 10;
  return plan;
}

function placeNode(plan, number, y) {
  const row = rowOf(data.nodes[number]);
  const item = { number, row, y, height: row.family === "free" ? LOW : TALL };
  if (row.atoms && plan.gpus.length > 1) {
    item.buses = buses(row.atoms, plan.gpus);
    item.height = BUS * (1 + Math.max(...item.buses.map((bus) => bus.line)));
    item.lineOf = plan.gpus.map((_, column) => item.buses.find((bus) => bus.members.includes(column)).line);
  }
  plan.items.push(item);
  plan.anchors.set(number, item);
  return y + item.height + GAP;
}

const centreOf = ({ column: width }, column) => LEFT + column * width + width / 2 - 14;
const busY = (item, line) => item.y + BUS * (line + 0.5);
const topOf = (item, column) => (item.buses ? busY(item, item.lineOf[column]) - 5 : item.y);
const bottomOf = (item, column) => (item.buses ? busY(item, item.lineOf[column]) + 5 : item.y + item.height);

/** The arrows in every column, each once: [from, to, whether something stands between them]. */
function links(plan) {
  const seen = new Set(), found = [];
  const place = new Map(plan.items.map((item, index) => [item, index]));
  for (const [number, target] of plan.anchors) {
    for (const read of data.nodes[number][READS]) {
      const source = plan.anchors.get(read);
      if (!source || source === target) continue;
      const key = `${place.get(source)} ${place.get(target)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      found.push([source, target, place.get(target) - place.get(source) > 1]);
    }
  }
  return found;
}
