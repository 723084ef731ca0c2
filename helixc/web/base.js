// What all parts of the page share: the data, elements made from text alone, the mesh, what is selected.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const drawingSpace = byId("graph").namespaceURI;

const ROW = 0, TURNS = 1, START = 2, TIME = 3, READS = 4; // the parts of a node
const UNTOLD = -1;
const UNTOLD_ROW = { title: "turns not told", kind: "turns", family: "untold", layer: -1, in: [], out: "", atoms: null, path: true };
const FAMILIES = [
  ["product", "matrix product"], ["kernel", "several operators as one kernel"], ["other", "other operator"],
  ["free", "input or relabelling"], ["collective", "collective"],
];
const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b5a300", "#7d7d7d"];

const rowOf = (node) => (node[ROW] === UNTOLD ? UNTOLD_ROW : data.rows[node[ROW]]);
const layerName = (row) => (row.layer < 0 ? "" : data.layers[row.layer]);

/** Text in which an ellipsis stands for the middle of words that nobody reads. */
const readable = (text) => (text.length > 250 ? text.replace(/(\S{120})\S{60,}(\S{40})/g, "$1…$2") : text);
const put = (id, text) => { byId(id).textContent = readable(text); };

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.map((child) => (typeof child === "string" ? readable(child) : child))); // strings become text, never markup
  return element;
}
const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(drawingSpace, tag), attributes, children);
const shorten = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** A bar as long as a share of 1. */
function barOf(share) {
  const bar = make("span", { class: "bar" });
  bar.style.width = `${Math.max(1, 100 * share)}%`;
  return [bar];
}
const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function withUnit(value, units) {
  let index = 0;
  while (Math.abs(value) >= 999.95 && index < units.length - 1) { value /= 1000; index += 1; }
  return `${value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3)} ${units[index]}`;
}
const timeText = (picoseconds) => (picoseconds === 0 ? "0 s" : withUnit(picoseconds, ["ps", "ns", "µs", "ms", "s", "ks"]));
const byteText = (bytes) => withUnit(bytes, ["B", "kB", "MB", "GB", "TB", "PB"]);

/** Steps between ticks of an axis: 1, 2 or 5 times a power of ten, at most `most` of them. */
function tickStep(length, most) {
  const power = 10 ** Math.floor(Math.log10(length / most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => length / step <= most);
}

const atomOf = new Map(data.atoms.map((atom) => [atom.name, atom]));
const coordinate = (gpu, name) => Math.floor(gpu / atomOf.get(name).stride) % atomOf.get(name).size;
const ways = (atoms) => atoms.reduce((product, name) => product * atomOf.get(name).size, 1);
const rank = (gpu, atoms) => atoms.reduce((sum, name) => sum * atomOf.get(name).size + coordinate(gpu, name), 0);
/** A number that the GPUs of one group over `atoms` share. */
const groupOf = (gpu, atoms) => atoms.reduce((base, name) => base - coordinate(gpu, name) * atomOf.get(name).stride, gpu);

const view = { node: -1, gpu: 0, onlyGpu: -1, layer: -1, kind: "", words: "", one: false, path: false, closed: new Set(), tensor: null };
const parts = []; // each part of the page: what it does when something was selected, and when what is shown changes

function select(node, gpu = view.gpu) {
  view.node = node;
  view.gpu = gpu;
  for (const part of parts) part.selected?.();
}
function changed() {
  for (const part of parts) part.changed?.();
}
/** The first node that makes a value, or -1. */
function makerOf(value) {
  const row = data.rows.findIndex((one) => one.value === value);
  return data.nodes.findIndex((node) => row >= 0 && node[ROW] === row);
}

const searched = data.nodes.map((node) => {
  const row = rowOf(node);
  return [row.title, row.value ?? "", row.kind, layerName(row), node[TURNS], row.out].join(" ").toLowerCase();
});
const isFound = (number) => view.words !== "" && searched[number].includes(view.words);
function isDim(number) {
  const row = rowOf(data.nodes[number]);
  return (view.kind !== "" && row.kind !== view.kind) || (view.words !== "" && !isFound(number)) || (view.path && !row.path);
}

function showTip(text, x, y) {
  const tip = byId("tip");
  tip.hidden = text === "";
  tip.textContent = text;
  tip.style.left = `${Math.min(x + 14, window.innerWidth - 300)}px`;
  tip.style.top = `${Math.min(y + 14, window.innerHeight - 90)}px`;
}
