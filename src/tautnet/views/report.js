// The report's pictures and table: draws the run that the page carries as JSON, and follows the slider.
// Numbers and label places are plain functions, tested apart from the page; all the rest needs `d3` and a document.

/** A number in plain notation, as everywhere in the report (the verdict's `number`). */
export function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const rounded = Number(significant(value, digits));
  const size = Math.abs(rounded);
  if (rounded === 0) return "0";
  if (size >= 1e-6 && size < 1e15) {
    const [whole, fraction] = String(rounded).split(".");
    return count(whole) + (fraction ? `.${fraction}` : "");
  }
  const [mantissa, power] = rounded.toExponential().split("e");
  return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** Significant digits; a number half-way between two goes to the even one, which toPrecision does not do. */
function significant(value, digits) {
  const up = value.toPrecision(digits);
  const [mantissa, power] = Math.abs(value).toExponential(30).split("e");
  const half = mantissa[digits + 1] === "5" && /^0*$/.test(mantissa.slice(digits + 2));
  if (!half || Number(mantissa[digits]) % 2) return up;
  return `${value < 0 ? "-" : ""}${mantissa.slice(0, digits + 1)}e${power}`;
}

/** How many digits labels of an axis need to be told apart and to stand where they say: three or more. */
export function digitsApart(ticks) {
  const different = [...new Set(ticks)].sort((a, b) => a - b);
  const steps = different.slice(1).map((value, i) => value - different[i]);
  const allowed = Math.min(...steps) / 100;
  const off = (value, digits) => Math.abs(Number(value.toPrecision(digits)) - value);
  let digits = 3;
  while (digits < 12 && different.some((value) => off(value, digits) > allowed)) digits += 1;
  return digits;
}

/** A whole number with its thousands apart. */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Places moved apart to at least `gap`, in their order and inside low..high, as little as that takes. */
export function spread(places, gap, low, high) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  const moved = [...places];
  order.forEach((i, n) => { moved[i] = Math.max(moved[i], n ? moved[order[n - 1]] + gap : low); });
  order.reverse().forEach((i, n) => { moved[i] = Math.min(moved[i], n ? moved[order[n - 1]] - gap : high); });
  return moved;
}

/** Where a strength stands on another penalty's path: start, chosen strength and end fall on start, chosen and end. */
export function samePlace(index, from, to) {
  const after = (penalty) => penalty.alphas.length - 1 - penalty.chosen;
  if (index <= from.chosen) return Math.round((index / Math.max(from.chosen, 1)) * to.chosen);
  return to.chosen + Math.round(((index - from.chosen) / after(from)) * after(to));
}

/** A text cut to a width, its end kept: long names often differ there; `measure` gives the width of a text. */
export function shorten(text, width, measure) {
  if (measure(text) <= width) return text;
  const characters = Array.from(text);
  const part = (from, to) => characters.slice(from, to).join("");
  const cut = (n) => `${part(0, n - (n >> 2))}…${part(characters.length - (n >> 2))}`;
  let [low, high] = [0, characters.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(cut(middle)) <= width) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

/** Values at which an axis has a label: powers of ten where there are enough, 1-2-5 where not; at most `most`. */
export function logTicks(low, high, most) {
  const powers = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high) + 1e-9; k += 1) powers.push(k);
  const fine = powers.flatMap((k) => [1, 2, 5].map((m) => Number(`${m}e${k}`))).filter((v) => v >= low && v <= high);
  if (fine.length <= Math.max(most, 3)) return fine;
  const inside = powers.map((k) => Number(`1e${k}`)).filter((v) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9));
  const step = Math.ceil(inside.length / Math.max(most, 1));
  return inside.filter((_, i) => (inside.length - 1 - i) % step === 0);
}

// What follows draws.

const [COLOURS, FEW, MANY, LABELS, COLUMNS] = [8, 40, 300, 14, 10];

const byId = (id) => document.getElementById(id);
const show = (id, text) => { byId(id).textContent = text; };

let brush = null;
const newBrush = () => Object.assign(document.createElement("canvas").getContext("2d"), { font: "12px sans-serif" });
const textWidth = (text) => 1.06 * (brush ??= newBrush()).measureText(text).width;

function set(selection, attributes) {
  for (const [name, value] of Object.entries(attributes)) selection.attr(name, value);
  return selection;
}

/** One new element, and one for each datum inside a new group. */
const put = (parent, tag, style, attributes) => set(parent.append(tag).attr("class", style), attributes);
const putAll = (parent, tag, style, data, attributes) =>
  set(parent.append("g").attr("class", style).selectAll(tag).data(data).join(tag), attributes);
const upright = (parent, style, place, y2, y1 = 0) => put(parent, "line", style, { x1: place, x2: place, y1, y2 });

/** An empty drawing as wide as its place, in pixels of text of the usual size: the plot inside its margins. */
function blank(id, height, margin = { top: 34, right: 16, bottom: 42, left: 50 }) {
  const pixel = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const width = Math.max(byId(id).getBoundingClientRect().width / pixel, 220);
  const root = d3.select(byId(id)).attr("viewBox", `0 0 ${width} ${height}`);
  root.selectAll("*").remove();
  const plot = root.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
  const inside = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  return { plot, ...inside, left: margin.left };
}

const widest = (values) => Math.max(0, ...values.map((value) => textWidth(number(value))));

/** Margins of a drawing whose upright axis has labels as long as those of some values. */
const marginsFor = (...values) => ({ top: 34, right: 16, bottom: 42, left: Math.max(50, 12 + widest(values)) });

/** Round values of a level axis, no more than have room for labels as long as those of its ends. */
function levelTicks(x) {
  const most = Math.max(x.range()[1] / Math.max(60, 20 + widest(x.domain())), 2);
  for (let n = most; n > 1; n -= 1) if (x.ticks(n).length <= most) return x.ticks(n);
  return x.ticks(1);
}

function axes({ plot, width, height, left }, x, y, xTicks, yTicks, xTitle, yTitle) {
  const axis = (kind, ticks) => {
    const digits = digitsApart(ticks);
    return kind.tickValues(ticks).tickFormat((v) => number(v, digits)).tickSizeOuter(0);
  };
  putAll(plot, "line", "grid", yTicks, { x2: width, y1: y, y2: y });
  put(plot, "g", "axis", { transform: `translate(0,${height})` }).call(axis(d3.axisBottom(x), xTicks));
  put(plot, "g", "axis", {}).call(axis(d3.axisLeft(y), yTicks));
  put(plot, "text", "small", { x: width, y: height + 34, "text-anchor": "end" }).text(xTitle);
  put(plot, "text", "small", { x: 6 - left, y: -20 }).text(yTitle);
}

/** A strength axis: one alpha alone gets room at both sides. */
function alphaScale(alphas, width) {
  const [low, high] = [alphas[0], alphas.at(-1)];
  return d3.scaleLog().domain(low === high ? [low / 2, high * 2] : [low, high]).range([0, width]);
}

const alphaTicks = (x) => logTicks(...x.domain(), x.range()[1] / 62);

/** A loss axis from zero, logarithmic where what matters lies far below the constant prediction. */
function lossScale(best, top, constant, height) {
  const log = best > 0 && best < 0.15 * constant;
  return (log ? d3.scaleLog().domain([best / 6, top]) : d3.scaleLinear().domain([0, top])).range([height, 0]);
}

const lossTicks = (y, most = y.range()[0] / 40) =>
  y.domain()[0] > 0 ? logTicks(...y.domain(), most) : y.ticks(Math.max(most, 2));

/** A place on a loss axis: lines run off the picture, where they are clipped; dots stay at its edge. */
const offAxis = (y, v) => y(Math.max(v, y.domain()[0] / 100));
const onAxis = (y, v) => y(Math.min(Math.max(v, y.domain()[0]), y.domain()[1]));

/** What is drawn in here ends at the edges of the plot. */
const clipped = ({ plot, width, height }) => plot.append("svg").attr("width", width).attr("height", height);

/** Pointer over a plot: hover shows a strength, a click keeps it. */
function follow({ plot, width, height }, x, alphas, listen) {
  const nearest = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * width;
    const distances = alphas.map((alpha) => Math.abs(x(alpha) - place));
    return distances.indexOf(Math.min(...distances));
  };
  put(plot, "rect", "catch", { width, height })
    .on("pointermove", (event) => listen.hover(nearest(event)))
    .on("pointerleave", () => listen.leave())
    .on("click", (event) => listen.keep(nearest(event)));
}

// A panel draws one penalty, and gives a function that shows one place on its path.

/** (a) Loss on new rows and on rows seen against alpha. */
function lossPanel(run, listen) {
  const known = run.penalties.flatMap((p) => p.cv.map((cv, i) => [cv, p.se[i]])).filter(([cv]) => cv !== null);
  const best = Math.min(...known.map(([cv]) => cv));
  const highest = Math.max(run.null, ...known.map(([cv, se]) => cv + se));
  const top = Math.max(Math.min(1.06 * highest, 2.2 * run.null), 1.1 * best);
  return (penalty) => {
    const area = blank("panel-loss", 320, marginsFor(top));
    const { plot, width, height } = area;
    const [x, y] = [alphaScale(penalty.alphas, width), lossScale(best, top, run.null, height)];
    axes(area, x, y, alphaTicks(x), lossTicks(y), "alpha", run.metric);
    const scored = penalty.alphas.map((_, i) => i).filter((i) => penalty.cv[i] !== null);
    const across = (i) => x(penalty.alphas[i]);
    const line = (values) => d3.line().x(across).y((i) => offAxis(y, values[i]))(scored);
    const edge = (sign) => (i) => offAxis(y, penalty.cv[i] + sign * penalty.se[i]);
    const inside = clipped(area);
    put(plot, "line", "null", { x2: width, y1: y(run.null), y2: y(run.null) });
    put(inside, "path", "band", { d: d3.area().x(across).y0(edge(-1)).y1(edge(1))(scored) });
    put(inside, "path", "seen line", { d: line(penalty.train) });
    put(inside, "path", "new line", { d: line(penalty.cv) });
    stoppedStrip(plot, penalty, x, height);
    choices(plot, penalty, x, width, height);
    const rule = upright(plot, "rule", 0, height);
    outerResult(plot, penalty, x, y);
    const dots = { new: put(plot, "circle", "new dot", {}), seen: put(plot, "circle", "seen dot", {}) };
    follow(area, x, penalty.alphas, listen);
    return (i) => {
      set(rule, { x1: across(i), x2: across(i) });
      const place = (value) => (value === null ? { r: 0 } : { r: 4.5, cx: across(i), cy: onAxis(y, value) });
      set(dots.new, place(penalty.cv[i]));
      set(dots.seen, place(penalty.train[i]));
      show("now-cv", number(penalty.cv[i]));
      show("now-train", number(penalty.train[i]));
    };
  };
}

/** A strip along the bottom where training was stopped on its way. */
function stoppedStrip(plot, penalty, x, height) {
  const half = penalty.alphas.length > 1 ? (x(penalty.alphas[1]) - x(penalty.alphas[0])) / 2 : 6;
  const left = (alpha) => Math.max(x(alpha) - half, 0);
  putAll(plot, "rect", "stopped", penalty.alphas.filter((_, i) => penalty.words[i].startsWith("stopped")), {
    x: left, width: (alpha) => Math.min(x(alpha) + half, x.range()[1]) - left(alpha), y: height - 5, height: 5,
  });
}

/** Upright lines where the two rules choose, with their names above, which do not run into each other. */
function choices(plot, penalty, x, width, height) {
  const [low, high] = [penalty.least, penalty.one_se].map((i) => x(penalty.alphas[i]));
  upright(plot, "choice least", low, height);
  upright(plot, "choice one-se", high, height);
  const name = (text, at, anchor) => put(plot, "text", "small", { x: at, y: -5, "text-anchor": anchor }).text(text);
  if (Math.abs(high - low) < 1) name("lowest = one-SE", Math.min(Math.max(low, 45), width - 32), "middle");
  else {
    const right = Math.max(Math.min(Math.max(high - 3, low + 9), width - 28), 46);
    name("lowest", Math.max(Math.min(low + 3, right - 6), 40), "end");
    name("one-SE", right, "start");
  }
}

/** What the outer folds said: each fold a ring, all of them together a diamond with its standard error. */
function outerResult(plot, penalty, x, y) {
  const place = x(penalty.alphas[penalty.chosen]);
  const { test_loss: loss, test_loss_se: error } = penalty;
  putAll(plot, "circle", "outer", penalty.fold_losses, {
    r: 3, cx: (_, k) => x(penalty.fold_alphas[k]), cy: (one) => onAxis(y, one),
  });
  upright(plot, "outer error", place, onAxis(y, loss - error), onAxis(y, loss + error));
  put(plot, "path", "outer whole", { d: "M0,-9L9,0L0,9L-9,0Z", transform: `translate(${place},${onAxis(y, loss)})` });
}

const norm = (penalty, j, i) => penalty.norms[j][i] ?? 0;
const colour = (penalty, j) => `c${penalty.rank[j] % COLOURS}`;

/** (b) Norms of the predictors along the path: those alive are named, those gone are faint. */
const normPanel = (run, listen) => (penalty, found) => {
  const area = blank("panel-norms", 320);
  const { plot, width, height } = area;
  const x = alphaScale(penalty.alphas, width);
  const largest = Math.max(...penalty.norms.map((values) => Math.max(0, ...values))) || 1;
  const y = d3.scaleSqrt().domain([0, 1.05 * largest]).range([height, 0]);
  const ticks = [0, 1, 4, 16].map((k) => y.ticks(40).findLast((v) => v <= (largest * k) / 16) ?? 0);
  axes(area, x, y, alphaTicks(x), [...new Set(ticks)], "alpha", "norm of weights");
  const all = run.predictors.length <= MANY;
  const shown = penalty.order.filter((j, rank) => all || rank < FEW || found.has(j));
  const line = d3.line().x((_, i) => x(penalty.alphas[i])).y((v) => y(v));
  const second = (j) => penalty.rank[j] % (2 * COLOURS) >= COLOURS;
  const lines = putAll(plot, "path", "norms", [...shown].reverse(), {
    class: (j) => colour(penalty, j) + (second(j) ? " dashed" : "") + (found.has(j) ? " found" : ""),
    // The path of one that has left runs on along zero.
    d: (j) => line(penalty.alphas.map((_, i) => norm(penalty, j, i))),
  });
  const rule = upright(plot, "rule", 0, height);
  const name = nameLines(area, put(plot, "rect", "veil", {}), put(plot, "g", "labels", {}), run, penalty);
  follow(area, x, penalty.alphas, listen);
  return (i) => {
    const place = x(penalty.alphas[i]);
    set(rule, { x1: place, x2: place });
    lines.classed("gone", (j) => norm(penalty, j, i) === 0);
    const first = (j) => (found.has(j) ? Number.MAX_VALUE : norm(penalty, j, i));
    const alive = shown.filter((j) => norm(penalty, j, i) > 0);
    const named = alive.sort((a, b) => first(b) - first(a)).slice(0, LABELS);
    name(place, named, named.map((j) => y(norm(penalty, j, i))));
    show("now-named", penalty.kept[i] > named.length && named.length ? `; ${named.length} are named` : "");
    show("now-kept", count(penalty.kept[i]));
  };
};

/** Names beside the upright line at `place`, on a veil over the curves, each tied to its curve. */
const nameLines = ({ width, height }, veil, labels, run, penalty) => (place, named, starts) => {
  const longest = Math.min(Math.max(0, ...named.map((j) => textWidth(run.predictors[j]))), 190);
  const side = place + longest + 20 < width || place < width / 2 ? 1 : -1;
  const room = Math.min((side > 0 ? width - place : place) - 20, longest + 1);
  const heights = spread(starts, 13, 2, height - 7);
  const [top, bottom] = named.length ? [Math.min(...heights) - 8, Math.max(...heights) + 8] : [0, 0];
  set(veil, { x: side > 0 ? place + 13 : place - 16 - room, width: room + 3, y: top, height: bottom - top });
  const tie = (_, n) => `M${place},${starts[n]}L${place + side * 13},${heights[n]}`;
  set(labels.selectAll("path").data(named).join("path"), { class: (j) => colour(penalty, j), d: tie });
  set(labels.selectAll("text").data(named).join("text"), {
    x: place + side * 16, y: (_, n) => heights[n], dy: "0.33em", "text-anchor": side > 0 ? "start" : "end",
  }).text((j) => shorten(run.predictors[j], room, textWidth));
};

/** (c) Histogram of all weights, those that are exactly zero apart. */
const weightPanel = () => (penalty) => {
  const area = blank("panel-weights", 340, marginsFor(penalty.n_weights));
  const { plot, width, height } = area;
  const [bin, middle] = [width / penalty.bins[0].length, penalty.bins[0].length / 2];
  const x = d3.scaleLinear().domain([-penalty.limit, penalty.limit]).range([0, width]);
  const y = d3.scaleLog().domain([0.6, 1.6 * penalty.n_weights]).range([height, 0]).clamp(true);
  const ticks = x.ticks(Math.max(width / 80, 3));
  axes(area, x, y, ticks, logTicks(1, penalty.n_weights, height / 34), "weight", "number of weights");
  const bars = putAll(plot, "rect", "bars", penalty.bins[0], { x: (_, k) => k * bin, width: 0.92 * bin });
  const zeros = upright(plot, "zeros", width / 2, height, height);
  const words = put(plot, "text", "small", { x: width / 2, "text-anchor": "middle" });
  const top = (n) => (n ? y(n) : height);
  return (i) => {
    const zero = penalty.zeros[i];
    // The histogram counts zeros into the bin that begins there.
    const counts = penalty.bins[i].map((n, k) => (k === middle ? Math.max(n - zero, 0) : n));
    set(bars.data(counts), { y: top, height: (n) => height - top(n) });
    zeros.attr("y2", top(zero));
    const near = [zero, ...counts.slice(middle - 2, middle + 2)];
    words.attr("y", Math.min(...near.map(top)) - 7).text(zero ? "exactly zero" : "");
    show("now-squares", number(penalty.squares[i]));
    show("now-magnitudes", number(penalty.magnitudes[i]));
    show("now-zeros", count(zero));
    show("now-largest", number(penalty.largest[i]));
  };
};

/** (d) The network: inputs as bars by their norm, hidden units filled while they live. */
const networkPanel = (run) => (penalty) => {
  const { plot, width, height } = blank("panel-network", 340, { top: 8, right: 4, bottom: 8, left: 4 });
  const inputs = penalty.order.slice(0, FEW);
  const pitch = Math.min(height / inputs.length, 22);
  const size = Math.min(pitch - 0.5, 11.5);
  const nameRoom = pitch >= 9 ? Math.min(0.28 * width, 130) : 0;
  const [start, long] = [nameRoom + 6, Math.min(0.2 * width, 90)];
  const middle = (_, rank) => (height - pitch * inputs.length) / 2 + (rank + 0.5) * pitch;
  const target = width - Math.min(0.11 * width, 56);
  const [left, right] = [start + long + 0.1 * width, target - 0.08 * width];
  const { places, radius, box } = hiddenGrid(penalty.units[0].length, left, right, height);
  const over = `${box.x},-10 ${box.x + box.width},-10 ${target},${height / 2 - 8}`;
  if (run.skip) put(plot, "path", "link skip", { d: `M${start + long},${middle(0, 0)}C${over}` });
  if (places.length) put(plot, "rect", "layer", { ...box, rx: 8 });
  const entry = (rank) => box.y + 8 + ((rank + 0.5) / inputs.length) * (box.height - 16);
  const into = (j, rank) => curve(start + long, middle(j, rank), box.x, entry(rank));
  const links = putAll(plot, "path", "links", inputs, { d: into });
  const out = put(plot, "path", "link out", { d: curve(box.x + box.width, height / 2, target - 9, height / 2) });
  put(plot, "circle", "target", { cx: target, cy: height / 2, r: 8 });
  const targetRoom = 2 * Math.min(width - target, target - box.x - box.width - 2);
  put(plot, "text", "small", { x: target, y: height / 2 + 24, "text-anchor": "middle" })
    .text(shorten(run.target, targetRoom, textWidth));
  putAll(plot, "text", "names", nameRoom ? inputs : [], { x: nameRoom, y: middle, dy: "0.34em", "font-size": size })
    .text((j) => shorten(run.predictors[j], (nameRoom * 12) / size, textWidth));
  const slot = { x: start, y: (j, rank) => middle(j, rank) - 0.3 * pitch, height: 0.6 * pitch, rx: 1.5 };
  putAll(plot, "rect", "slots", inputs, { ...slot, width: long });
  const bars = putAll(plot, "rect", "inputs", inputs, slot);
  const place = { cx: (xy) => xy[0], cy: (xy) => xy[1] };
  const units = putAll(plot, "circle", "units", places, { ...place, r: radius });
  const cores = putAll(plot, "circle", "cores", places, place);
  return (i) => {
    const largest = Math.max(...inputs.map((j) => norm(penalty, j, i))) || 1;
    const share = (j) => norm(penalty, j, i) / largest;
    bars.attr("width", (j) => (share(j) ? Math.max(share(j) * long, 1.5) : 0));
    const through = !places.length || penalty.alive[i] > 0;
    out.classed("gone", !through);
    links.classed("gone", (j) => !through || share(j) === 0).attr("stroke-width", (j) => 0.5 + 2.5 * share(j));
    units.classed("gone", (_, n) => penalty.units[i][n] === "0");
    cores.attr("r", (_, n) => radius * Math.sqrt(penalty.units[i][n] / 9));
    show("now-units", count(penalty.alive[i]));
    show("now-inputs", `${count(penalty.kept[i])} of ${count(run.predictors.length)}`);
  };
};

const curve = (x0, y0, x1, y1) => `M${x0},${y0}C${(x0 + x1) / 2},${y0} ${(x0 + x1) / 2},${y1} ${x1},${y1}`;

/** Places of n hidden units, row by row in a box between inputs and target. */
function hiddenGrid(n, left, right, height) {
  const columns = Math.max(Math.min(Math.ceil(Math.sqrt((n * (right - left)) / height)), COLUMNS, n), 1);
  const rows = Math.ceil(n / columns);
  const pitch = Math.min((right - left) / columns, (height - 16) / Math.max(rows, 1), 26);
  const [wide, tall] = [n ? columns * pitch : 0, rows * pitch];
  const [x, y] = [(left + right - wide) / 2, (height - tall) / 2];
  const place = (k) => [x + ((k % columns) + 0.5) * pitch, y + (Math.floor(k / columns) + 0.5) * pitch];
  const box = { x: x - 8, y: y - 8, width: wide + 16, height: tall + 16 };
  return { places: Array.from({ length: n }, (_, k) => place(k)), radius: Math.max(0.42 * pitch, 1), box };
}

/** The linked picture: one state, the penalty and the place on its path, and four panels that follow it. */
function picture(run) {
  const [slider, found] = [byId("alpha"), new Set()];
  const first = run.penalties.find((p) => p.name === run.first) ?? run.penalties[0];
  const state = { penalty: first, index: first.chosen };
  for (const one of run.penalties) one.order.forEach((j, rank) => { (one.rank ??= [])[j] = rank; });
  const listen = { hover: (i) => follows(i), leave: () => follows(state.index), keep: (i) => move(i) };
  const panels = [lossPanel(run, listen), normPanel(run, listen), weightPanel(), networkPanel(run)];
  let moves = [];

  function follows(i) {
    for (const at of moves) at(i);
    show("now-alpha", number(state.penalty.alphas[i]));
    show("now-words", state.penalty.words[i]);
  }

  function move(i) {
    const { penalty } = state;
    state.index = i;
    slider.value = i;
    const loss = penalty.cv[i] === null ? "" : `, ${run.metric} ${number(penalty.cv[i])} on new rows`;
    const kept = `${count(penalty.kept[i])} of ${count(run.predictors.length)} predictors`;
    slider.setAttribute("aria-valuetext", `alpha ${number(penalty.alphas[i])}${loss}, ${kept}`);
    follows(i);
  }

  function draw() {
    moves = panels.map((panel) => panel(state.penalty, found));
    slider.max = state.penalty.alphas.length - 1;
    move(state.index);
  }

  for (const choice of document.querySelectorAll("input[name=penalty]")) {
    choice.checked = choice.value === state.penalty.name;
    choice.addEventListener("change", () => {
      const next = run.penalties.find((p) => p.name === choice.value);
      state.index = samePlace(state.index, state.penalty, next);
      state.penalty = next;
      draw();
    });
  }
  slider.addEventListener("input", () => move(Number(slider.value)));
  for (const button of document.querySelectorAll("button[data-rule]")) {
    button.addEventListener("click", () => move(state.penalty[button.dataset.rule]));
  }
  byId("find")?.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    const hits = run.predictors.flatMap((name, j) => (wanted && name.toLowerCase().includes(wanted) ? [j] : []));
    found.clear();
    hits.slice(0, FEW).forEach((j) => found.add(j));
    show("found", wanted ? `${count(hits.length)} found` : "");
    draw();
  });
  return draw;
}

/** Loss against the number of predictors kept: a line for each way to keep few. */
function countsPanel(run) {
  const points = run.counts.map((one) => one.kept.map((k, i) => ({ k, loss: one.loss[i], se: one.se[i] })));
  const [all, most] = [points.flat(), Math.max(...run.counts.flatMap((one) => one.kept))];
  const top = Math.min(1.06 * Math.max(run.null, ...all.map((p) => p.loss + p.se)), 1.4 * run.null);
  const area = blank("panel-counts", 320, marginsFor(top));
  const { plot, width, height } = area;
  // Few predictors have more room than many.
  const x = d3.scaleSqrt().domain([0, most]).range([0, width]);
  const y = lossScale(Math.min(...all.map((p) => p.loss)), top, run.null, height);
  const ticks = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter((k) => k < 0.85 * most);
  axes(area, x, y, [...ticks, most], lossTicks(y), "number of predictors kept", run.metric);
  const inside = clipped(area);
  put(plot, "line", "null", { x2: width, y1: y(run.null), y2: y(run.null) });
  const name = (_, n) => `c${n}`;
  putAll(inside, "path", "counts", points, { class: name, d: d3.line().x((p) => x(p.k)).y((p) => offAxis(y, p.loss)) });
  points.forEach((own, n) => {
    const drawn = own.filter((p) => p.loss <= top);
    const ends = { y1: (p) => onAxis(y, p.loss - p.se), y2: (p) => onAxis(y, p.loss + p.se) };
    putAll(plot, "line", `counts c${n}`, drawn, { x1: (p) => x(p.k), x2: (p) => x(p.k), ...ends });
    putAll(plot, "circle", `counts c${n}`, drawn, { r: 3, cx: (p) => x(p.k), cy: (p) => onAxis(y, p.loss) });
  });
  const middle = (_, n) => 8 + 17 * n;
  putAll(plot, "text", "labels", run.counts, { x: width - 32, y: middle, dy: "0.33em", "text-anchor": "end" })
    .text((one) => one.name);
  putAll(plot, "path", "counts", run.counts, { class: name, d: (_, n) => `M${width - 26},${middle(_, n)}H${width}` });
}

/** Training without a penalty, step by step. */
function nonePanel(run) {
  const { steps, train, test, folds, best } = run.none;
  const top = 1.1 * Math.max(...test, ...train, run.null);
  const area = blank("panel-none", 320, marginsFor(top));
  const { plot, width, height } = area;
  const x = d3.scaleLog().domain([steps[0], Math.max(steps.at(-1), steps[0] + 1)]).range([0, width]);
  const y = lossScale(test[best], top, run.null, height);
  axes(area, x, y, alphaTicks(x), lossTicks(y), "steps of training", run.metric);
  const line = d3.line().x((_, i) => x(steps[i])).y((v) => offAxis(y, v));
  const inside = clipped(area);
  put(plot, "line", "null", { x2: width, y1: y(run.null), y2: y(run.null) });
  putAll(inside, "path", "folds", folds, { d: line });
  put(inside, "path", "seen line", { d: line(train) });
  put(inside, "path", "new line", { d: line(test) });
  const place = x(steps[best]);
  const late = place > 0.6 * width;
  upright(plot, "choice least", place, height);
  put(plot, "circle", "new dot", { r: 5, cx: place, cy: y(test[best]) });
  put(plot, "text", "small", { x: late ? place + 3 : Math.max(place - 3, 12), y: -5 })
    .attr("text-anchor", late ? "end" : "start").text(`best step, ${count(steps[best])}: ${number(test[best])}`);
}

/** Predicted probabilities beside observed shares. */
function calibrationPanel(run) {
  const area = blank("panel-calibration", 320);
  const [x, y] = [[0, area.width], [area.height, 0]].map((range) => d3.scaleLinear().domain([0, 1]).range(range));
  axes(area, x, y, x.ticks(5), y.ticks(5), "predicted probability", "observed share");
  const across = (bin) => x(bin.predicted);
  put(area.plot, "line", "null", { x1: x(0), y1: y(0), x2: x(1), y2: y(1) });
  putAll(area.plot, "line", "outer", run.calibration, {
    x1: across, x2: across, y1: (bin) => y(bin.ci_low), y2: (bin) => y(bin.ci_high),
  });
  putAll(area.plot, "circle", "bins", run.calibration, { r: 4.5, cx: across, cy: (bin) => y(bin.observed) });
}

/** Share of rows without an event against time, a curve of steps for each third by predicted risk. */
function survivalPanel(run) {
  const area = blank("panel-survival", 320);
  const { plot, width, height } = area;
  const x = d3.scaleLinear().domain([0, Math.max(...run.survival.map((part) => part.times.at(-1)))]).range([0, width]);
  const y = d3.scaleLinear().domain([0, 1]).range([height, 0]);
  axes(area, x, y, levelTicks(x), y.ticks(5), run.target, "share without an event");
  const steps = (part) => `M0,${y(1)}${part.times.map((t, i) => `H${x(t)}V${y(part.survival[i])}`).join("")}`;
  putAll(plot, "path", "norms", run.survival, { class: (_, k) => `c${k}`, d: steps });
  const middle = (_, k) => 8 + 17 * k;
  putAll(plot, "text", "labels", run.survival, { x: width - 32, y: middle, dy: "0.33em", "text-anchor": "end" })
    .text((part) => `${part.risk} risk`);
  const sample = { class: (_, k) => `c${k}`, d: (_, k) => `M${width - 26},${middle(_, k)}H${width}` };
  putAll(plot, "path", "norms", run.survival, sample);
}

/** Points of observed against predicted values, or of residuals against predicted ones. */
function pointsPanel(id, xs, ys, yTitle, diagonal) {
  const area = blank(id, 320, marginsFor(...ys, ...(diagonal ? xs : [])));
  const reach = (values) => d3.scaleLinear().domain([Math.min(...values), Math.max(...values)]).nice();
  const x = reach(diagonal ? [...xs, ...ys] : xs).range([0, area.width]);
  const y = reach(diagonal ? [...xs, ...ys] : [0, ...ys]).range([area.height, 0]);
  axes(area, x, y, levelTicks(x), y.ticks(5), "predicted", yTitle);
  const [low, high] = x.domain();
  put(area.plot, "line", "null", { x1: x(low), x2: x(high), y1: y(diagonal ? low : 0), y2: y(diagonal ? high : 0) });
  putAll(area.plot, "circle", "points", xs, { r: 2.6, cx: x, cy: (_, i) => y(ys[i]) });
}

/** Buttons in the heads of a table sort its first body; a second press turns the order round. */
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    const value = (row) => row.cells[column].querySelector("data")?.value ?? row.cells[column].textContent.trim();
    const inOrder = (a, b) => a - b || a.localeCompare?.(b) || 0;
    const key = (row) => (column ? Number(value(row).replace("–", "-Infinity")) : value(row));
    const rows = [...table.tBodies[0].rows].sort((a, b) => sign * inOrder(key(a), key(b)));
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    table.tBodies[0].append(...rows);
  }));
}

/** Draw everything, and again whenever the width of the page changes. */
function drawReport() {
  const run = JSON.parse(byId("run").textContent);
  document.querySelectorAll("table.sortable").forEach(sortable);
  const drawings = [];
  if (run.penalties.length) drawings.push(picture(run));
  if (run.counts.length) drawings.push(() => countsPanel(run));
  if (run.none) drawings.push(() => nonePanel(run));
  if (run.calibration) drawings.push(() => calibrationPanel(run));
  if (run.survival) drawings.push(() => survivalPanel(run));
  if (run.points) {
    const { observed, predicted } = run.points;
    const residuals = observed.map((v, i) => v - predicted[i]);
    drawings.push(() => pointsPanel("panel-fit", predicted, observed, "observed", true));
    drawings.push(() => pointsPanel("panel-residuals", predicted, residuals, "observed − predicted", false));
  }
  const drawAll = () => drawings.forEach((draw) => draw());
  drawAll();
  addEventListener("resize", drawAll);
}

if (typeof document !== "undefined") drawReport();
