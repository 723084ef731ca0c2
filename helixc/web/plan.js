// The plan as a picture: each tensor as a block cut by the mesh, and what of the chosen one each GPU holds.
const planPicture = (() => {
  const WIDE = 204, HIGH = 80, MOST_CUTS = 32, MOST_GPUS = 256, DARKEST = 0.4;
  let own = -1; // the GPU whose block is framed in every tensor

  const shown = () => data.tensors.filter((tensor) => {
    const layer = byId("plan-layer").value;
    return (layer === "" || tensor.layer === Number(layer)) && (byId("computed").checked || !["computed", "moved"].includes(tensor.what));
  });
  const cuts = (dim) => ways(dim.atoms);
  const splits = (tensor) => tensor.dims.filter((dim) => cuts(dim) > 1).sort((a, b) => cuts(b) - cuts(a));

  /** A colour for the place of a block along an axis: the hue tells the outermost atom, the strength the rest. */
  function shade(block, dim) {
    if (!dim) return { fill: "var(--free)", "fill-opacity": 0.55 };
    const inner = cuts(dim) / atomOf.get(dim.atoms[0]).size;
    const strength = inner > 1 ? 1 - (0.55 * (block % inner)) / Math.max(1, inner - 1) : 1;
    return { fill: PALETTE[Math.floor(block / inner) % PALETTE.length], "fill-opacity": strength.toFixed(2) };
  }

  /** How much darker a row is than the first one. */
  const darker = (row, down) => (down && cuts(down) > 1 ? (DARKEST * row) / (cuts(down) - 1) : 0);

  function picture(tensor) {
    const [across, down] = splits(tensor);
    const columnsCut = Math.min(MOST_CUTS, across ? cuts(across) : 1), rowsCut = Math.min(MOST_CUTS, down ? cuts(down) : 1);
    const [width, height] = [WIDE / columnsCut, HIGH / rowsCut];
    const image = draw("svg", { viewBox: `-1 -1 ${WIDE + 2} ${HIGH + 2}`, "aria-hidden": "true", preserveAspectRatio: "none" });
    for (let column = 0; column < columnsCut; column += 1) {
      for (let row = 0; row < rowsCut; row += 1) {
        const place = { x: column * width, y: row * height, width, height };
        image.append(draw("rect", { ...place, class: "cell", ...shade(column, across) }));
        if (row) image.append(draw("rect", { ...place, class: "darker", "fill-opacity": darker(row, down).toFixed(2) }));
      }
    }
    if (tensor.partial.length) for (let x = -HIGH; x < WIDE; x += 12) image.append(draw("line", { x1: Math.max(0, x), y1: x < 0 ? -x : 0, x2: Math.min(WIDE, x + HIGH), y2: Math.min(HIGH, WIDE - x), class: "hatch" }));
    image.append(draw("rect", { x: 0, y: 0, width: WIDE, height: HIGH, class: "frame" }));
    const [column, row] = own < 0 ? [0, 0] : [across, down].map((dim) => (dim ? rank(own, dim.atoms) : 0));
    if (own >= 0 && column < columnsCut && row < rowsCut) image.append(draw("rect", { x: column * width, y: row * height, width, height, class: "own" }));
    return image;
  }

  function wordsOf(tensor) {
    const [across, down] = splits(tensor), arrow = (dim) => (dim === across ? "→ " : dim === down ? "↓ " : "");
    const lines = tensor.dims.map((dim) => (cuts(dim) > 1 ? `${arrow(dim)}${dim.name} ${dim.size} over ${dim.atoms.join(", ")}: ${Math.ceil(dim.size / cuts(dim))} each` : `${dim.name} ${dim.size}`));
    const copies = data.gpus / tensor.dims.reduce((product, dim) => product * cuts(dim), 1) / ways(tensor.partial);
    if (tensor.partial.length) lines.push(`hatched: partial ${tensor.combine} over ${tensor.partial.join(", ")}`);
    lines.push(copies === data.gpus && copies > 1 ? `whole on each of ${copies} GPUs` : copies > 1 ? `each block on ${copies} GPUs` : data.gpus > 1 ? "each block on one GPU" : "on one GPU");
    return lines;
  }

  function card(tensor) {
    const layer = data.layers[tensor.layer];
    return make("button", { class: "tensor", type: "button", "aria-pressed": String(view.tensor === tensor), onclick: () => choose(tensor) },
      make("strong", {}, tensor.name.startsWith(`${layer}.`) ? tensor.name : `${layer}.${tensor.name}`),
      make("span", { class: "small" }, `${tensor.what}, ${tensor.dtype}, ${tensor.size} per GPU`),
      picture(tensor), ...wordsOf(tensor).map((line) => make("span", { class: "small" }, line)));
  }

  function choose(tensor) {
    view.tensor = tensor;
    redraw();
    const node = makerOf(tensor.value);
    if (node >= 0) select(node);
  }

  function redraw() {
    const tensors = shown();
    if (!tensors.includes(view.tensor)) view.tensor = tensors.find((tensor) => splits(tensor).length) ?? tensors[0] ?? null;
    const place = byId("tensors").scrollTop;
    byId("tensors").replaceChildren(...tensors.map(card));
    byId("tensors").scrollTop = place;
    redrawMesh();
  }

  function sliceOf(gpu, dim) {
    const size = Math.ceil(dim.size / cuts(dim)), block = rank(gpu, dim.atoms);
    const [first, last] = [block * size, Math.min(dim.size, (block + 1) * size) - 1];
    return last > first ? `${dim.name} ${first} to ${last}` : `${dim.name} ${first}`;
  }

  function gpuBox(gpu) {
    const where = data.atoms.map((atom) => `${atom.name} ${coordinate(gpu, atom.name)}`).join(", ");
    const box = make("button", { class: "gpu", type: "button", "aria-pressed": String(gpu === own), onclick: () => { own = gpu === own ? -1 : gpu; redraw(); } }, make("b", {}, `GPU ${gpu}`), make("span", {}, where));
    if (view.tensor) {
      const [across, down] = splits(view.tensor);
      box.append(...splits(view.tensor).map((dim) => make("span", {}, sliceOf(gpu, dim))));
      const colour = shade(across ? rank(gpu, across.atoms) : 0, across);
      box.style.borderLeftColor = `color-mix(in srgb, #000000 ${Math.round(100 * darker(down ? rank(gpu, down.atoms) : 0, down))}%, ${colour.fill})`;
    }
    return box;
  }

  function redrawMesh() {
    const levels = data.places, inside = levels.length > 1 ? levels.at(-2).inside : data.gpus;
    const count = Math.min(data.gpus, MOST_GPUS), members = [];
    for (let first = 0; first < count; first += inside) {
      const names = levels.slice(0, -1).map((level) => `${level.name} ${Math.floor(first / level.inside) % level.size}`).join(", ");
      const gpus = [];
      for (let gpu = first; gpu < Math.min(first + inside, count); gpu += 1) gpus.push(gpuBox(gpu));
      members.push(make("div", { class: "member" }, make("span", {}, names), make("div", { class: "gpus" }, ...gpus)));
    }
    byId("mesh").replaceChildren(...members);
    const axes = data.axes.map((axis) => `${axis.name} ${axis.size}`).join(" x ") || "one GPU";
    put("mesh-heading", `Mesh ${axes}` + (view.tensor ? `: who holds which slice of ${view.tensor.name}` : "") + (count < data.gpus ? ` (GPUs 0 to ${count - 1} of ${data.gpus})` : ""));
  }

  function start() {
    byId("plan-layer").append(make("option", { value: "" }, "all"), ...data.layers.map((name, number) => make("option", { value: number }, name)));
    for (const id of ["plan-layer", "computed"]) byId(id).addEventListener("change", redraw);
    redraw();
  }
  return { start };
})();
