// The report's pictures and table: draws the run that the page carries as JSON, and follows the slider.
// Numbers and label places are plain functions, tested apart from the page; all the rest needs `d3` and a document.

/** A number to three sensible digits, as everywhere in the report (the verdict's `number`). */
export function number(value) {
  if (value === null || value === undefined) return "–";
  const rounded = Number(threeDigits(value));
  const size = Math.abs(rounded);
  if (rounded === 0) return "0";
  if (size >= 1000 && size < 1e6) return String(rounded).replace(/\B(?=(\d{3})+$)/g, ",");
  if (size >= 1e-4 && size < 1e6) return String(rounded);
  const [digits, power] = rounded.toExponential().split("e");
  return `${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** Three significant digits; a number half-way between two goes to the even one, which toPrecision does not do. */
function threeDigits(value) {
  const up = value.toPrecision(3);
  const [digits, power] = Math.abs(value).toExponential(30).split("e");
  if (!/^\d\.\d{2}50*$/.test(digits) || Number(digits[3]) % 2) return up;
  return `${value < 0 ? "-" : ""}${digits.slice(0, 4)}e${power}`;
}

/** A whole number with its thousands apart. */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Places moved apart to at least `gap`, in their order and inside low..high, as little as that takes. */
export function spread(places, gap, low, high) {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  const moved = [...places];
  let floor = low;
  for (const i of order) {
    moved[i] = Math.max(moved[i], floor);
    floor = moved[i] + gap;
  }
  let ceiling = high;
  for (const i of order.reverse()) {
    moved[i] = Math.min(moved[i], ceiling);
    ceiling = moved[i] - gap;
  }
  return moved;
}

/** Where a strength stands on another path: start, chosen strength and end fall on start, chosen and end. */
export function samePlace(index, from, to) {
  const share = index <= from.chosen
    ? index / Math.max(from.chosen, 1)
    : 1 + (index - from.chosen) / (from.last - from.chosen);
  const place = share <= 1 ? share * to.chosen : to.chosen + (share - 1) * (to.last - to.chosen);
  return Math.min(Math.max(Math.round(place), 0), to.last);
}

/** A text cut to a width, its end kept: long names often differ there; `measure` gives the width of a text. */
export function shorten(text, width, measure) {
  if (measure(text) <= width) return text;
  const characters = Array.from(text);
  const cut = (n) => [...characters.slice(0, n - (n >> 2)), "…", ...characters.slice(characters.length - (n >> 2))].join("");
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

const COLOURS = 8;
const FEW = 40;
const MANY = 300;
const LABELS = 14;
const COLUMNS = 10;

const byId = (id) => document.getElementById(id);

const textWidth = (() => {
  const widths = new Map();
  let context = null;
  return (text) => {
    context ??= Object.assign(document.createElement("canvas").getContext("2d"), { font: "12px sans-serif" });
    if (!widths.has(text)) widths.set(text, 1.06 * context.measureText(text).width);
    return widths.get(text);
  };
})();

/** An empty drawing as wide as its place: the selection and the inner width and height. */
function blank(id, height, margin = { top: 34, right: 16, bottom: 42, left: 50 }) {
  const svg = byId(id);
  const width = Math.max(svg.getBoundingClientRect().width, 220);
  const root = d3.select(svg).attr("viewBox", `0 0 ${width} ${height}`);
  root.selectAll("*").remove();
  const plot = root.append("g").attr("transform", `translate(${margin.left},${margin.top})`);
  return { root, plot, width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
}

function axes({ plot, width, height }, x, y, xTicks, yTicks, xTitle, yTitle) {
  plot.append("g").attr("class", "grid").selectAll("line").data(yTicks).join("line")
    .attr("x2", width).attr("y1", y).attr("y2", y);
  const format = (v) => number(v);
  plot.append("g").attr("class", "axis").attr("transform", `translate(0,${height})`)
    .call(d3.axisBottom(x).tickValues(xTicks).tickFormat(format).tickSizeOuter(0));
  plot.append("g").attr("class", "axis").call(d3.axisLeft(y).tickValues(yTicks).tickFormat(format).tickSizeOuter(0));
  plot.append("text").attr("class", "title").attr("x", width).attr("y", height + 34).attr("text-anchor", "end").text(xTitle);
  plot.append("text").attr("class", "title").attr("x", -44).attr("y", -12).text(yTitle);
}

/** A strength axis: one alpha alone gets room at both sides. */
function alphaScale(alphas, width) {
  const [low, high] = [alphas[0], alphas.at(-1)];
  return d3.scaleLog().domain(low === high ? [low / 2, high * 2] : [low, high]).range([0, width]);
}

/** A loss axis from zero, logarithmic where what matters lies far below the constant prediction. */
function lossScale(best, top, null_, height) {
  const log = best > 0 && best < 0.15 * null_;
  const scale = log ? d3.scaleLog().domain([best / 6, top]) : d3.scaleLinear().domain([0, top]);
  return scale.range([height, 0]);
}

/** A place on a loss axis: lines run off the picture, where they are clipped; dots stay at its edge. */
const offAxis = (y, v) => y(Math.max(v, y.domain()[0] / 100));
const onAxis = (y, v) => y(Math.min(Math.max(v, y.domain()[0]), y.domain()[1]));

/** What is drawn in here ends at the edges of the plot. */
const clipped = ({ plot, width, height }) => plot.append("svg").attr("width", width).attr("height", height);

const lossTicks = (y, height) => {
  const [low, high] = y.domain();
  return low > 0 ? logTicks(low, high, height / 40) : y.ticks(Math.max(height / 50, 2));
};

/** Pointer over a plot: hover shows a strength, a click keeps it. */
function follow({ plot, width, height }, x, alphas, listen) {
  const nearest = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * width;
    const distances = alphas.map((alpha) => Math.abs(x(alpha) - place));
    return distances.indexOf(Math.min(...distances));
  };
  plot.append("rect").attr("class", "catch").attr("width", width).attr("height", height)
    .on("pointermove", (event) => listen.hover(nearest(event)))
    .on("pointerleave", () => listen.leave())
    .on("click", (event) => listen.keep(nearest(event)));
}

/** (a) Loss on new rows and on rows seen against alpha. */
function lossPanel(run, listen) {
  let draw = null;
  const all = run.penalties;
  const finite = (values) => values.filter((v) => v !== null);
  const best = Math.min(...all.flatMap((p) => finite(p.cv)));
  const highest = Math.max(...all.flatMap((p) => finite(p.cv.map((v, i) => (v === null ? null : v + p.se[i])))));
  const top = Math.max(Math.min(1.06 * Math.max(highest, run.null), 2.2 * run.null), 1.1 * best);
  return {
    draw(penalty) {
      const area = blank("panel-loss", 320);
      const { plot, width, height } = area;
      const x = alphaScale(penalty.alphas, width);
      const y = lossScale(best, top, run.null, height);
      axes(area, x, y, logTicks(...x.domain(), width / 62), lossTicks(y, height), "alpha", run.metric);
      const known = penalty.alphas.map((_, i) => i).filter((i) => penalty.cv[i] !== null);
      const place = (values) => d3.line().x((i) => x(penalty.alphas[i])).y((i) => offAxis(y, values(i)));
      const inside = clipped(area);
      plot.append("line").attr("class", "null").attr("x2", width).attr("y1", y(run.null)).attr("y2", y(run.null));
      inside.append("path").attr("class", "band").attr("d", d3.area().x((i) => x(penalty.alphas[i]))
        .y0((i) => offAxis(y, penalty.cv[i] - penalty.se[i])).y1((i) => offAxis(y, penalty.cv[i] + penalty.se[i]))(known));
      inside.append("path").attr("class", "seen line").attr("d", place((i) => penalty.train[i])(known));
      inside.append("path").attr("class", "new line").attr("d", place((i) => penalty.cv[i])(known));
      stoppedStrip(plot, penalty, x, height);
      choices(plot, penalty, x, width, height);
      const rule = plot.append("line").attr("class", "rule").attr("y2", height);
      outerResult(plot, penalty, x, y);
      const dots = { new: plot.append("circle").attr("class", "new dot"), seen: plot.append("circle").attr("class", "seen dot") };
      draw = { x, y, rule, dots, penalty };
      follow(area, x, penalty.alphas, listen);
    },
    at(i) {
      const { x, y, rule, dots, penalty } = draw;
      const place = x(penalty.alphas[i]);
      const [cv, train] = [penalty.cv[i], penalty.train[i]];
      rule.attr("x1", place).attr("x2", place);
      dots.new.attr("r", cv === null ? 0 : 4.5).attr("cx", place).attr("cy", cv === null ? 0 : onAxis(y, cv));
      dots.seen.attr("r", cv === null ? 0 : 4.5).attr("cx", place).attr("cy", cv === null ? 0 : onAxis(y, train));
      byId("now-cv").textContent = number(cv);
      byId("now-train").textContent = number(train);
    },
  };
}

function stoppedStrip(plot, penalty, x, height) {
  const half = penalty.alphas.length > 1 ? (x(penalty.alphas[1]) - x(penalty.alphas[0])) / 2 : 6;
  const stopped = penalty.alphas.filter((_, i) => penalty.words[i].startsWith("stopped"));
  const left = (alpha) => Math.max(x(alpha) - half, 0);
  plot.append("g").attr("class", "stopped").selectAll("rect").data(stopped).join("rect").attr("x", left)
    .attr("width", (alpha) => Math.min(x(alpha) + half, x.range()[1]) - left(alpha)).attr("y", height - 5).attr("height", 5);
}

/** Upright lines where the two rules choose, with their names above, which do not run into each other. */
function choices(plot, penalty, x, width, height) {
  const [low, high] = [x(penalty.alphas[penalty.least]), x(penalty.alphas[penalty.one_se])];
  const near = Math.abs(high - low) < 1;
  const mark = (place, style, text, anchor) => {
    plot.append("line").attr("class", `choice ${style}`).attr("x1", place).attr("x2", place).attr("y2", height);
    const room = anchor === "end" ? place > 70 : place > width - 56;
    plot.append("text").attr("class", "small").attr("y", -5).attr("x", place + (room ? 3 : -3) * (near ? 0 : 1))
      .attr("text-anchor", near ? (place > width - 60 ? "end" : "middle") : room ? "end" : "start").text(text);
  };
  if (near) mark(low, "least", "lowest = one-SE", "middle");
  else {
    mark(low, "least", "lowest", "end");
    mark(high, "one-se", "one-SE", "start");
  }
}

/** What the outer folds said: each fold hollow, all of them together with their standard error. */
function outerResult(plot, penalty, x, y) {
  const outer = plot.append("g").attr("class", "outer");
  outer.selectAll("circle").data(penalty.fold_losses).join("circle").attr("r", 3)
    .attr("cx", (_, k) => x(penalty.fold_alphas[k])).attr("cy", (loss) => onAxis(y, loss));
  const place = x(penalty.alphas[penalty.chosen]);
  outer.append("line").attr("x1", place).attr("x2", place)
    .attr("y1", onAxis(y, penalty.test_loss - penalty.test_loss_se))
    .attr("y2", onAxis(y, penalty.test_loss + penalty.test_loss_se));
  outer.append("path").attr("class", "whole").attr("d", "M0,-9L9,0L0,9L-9,0Z")
    .attr("transform", `translate(${place},${onAxis(y, penalty.test_loss)})`);
}

const norm = (penalty, j, i) => penalty.norms[j][i] ?? 0;

/** (b) Norms of the predictors along the path: those alive are named, those gone are faint. */
function normPanel(run, listen) {
  let draw = null;
  return {
    draw(penalty, found) {
      const area = blank("panel-norms", 320);
      const { plot, width, height } = area;
      const x = alphaScale(penalty.alphas, width);
      const largest = Math.max(...penalty.norms.map((values) => Math.max(0, ...values))) || 1;
      const y = d3.scaleSqrt().domain([0, 1.05 * largest]).range([height, 0]);
      const ticks = [0, 1, 4, 16].map((k) => y.ticks(40).findLast((v) => v <= (largest * k) / 16) ?? 0);
      axes(area, x, y, logTicks(...x.domain(), width / 62), [...new Set(ticks)], "alpha", "norm of weights");
      const shown = run.predictors.length > MANY
        ? penalty.order.filter((j, rank) => rank < FEW || found.has(j))
        : penalty.order;
      const line = d3.line().x((_, i) => x(penalty.alphas[i])).y((v) => y(v));
      // The path of one that has left runs on along zero.
      const whole = (j) => penalty.alphas.map((_, i) => norm(penalty, j, i));
      const lines = plot.append("g").attr("class", "norms").selectAll("path").data([...shown].reverse()).join("path")
        .attr("class", (j) => `c${penalty.rank[j] % COLOURS}${penalty.rank[j] % (2 * COLOURS) >= COLOURS ? " dashed" : ""}`)
        .classed("found", (j) => found.has(j)).attr("d", (j) => line(whole(j)));
      const rule = plot.append("line").attr("class", "rule").attr("y2", height);
      draw = { x, y, rule, penalty, shown, found, width, height, lines, veil: plot.append("rect").attr("class", "veil"), labels: plot.append("g").attr("class", "labels") };
      follow(area, x, penalty.alphas, listen);
    },
    at(i) {
      const { x, penalty, rule, shown, found, lines } = draw;
      const place = x(penalty.alphas[i]);
      rule.attr("x1", place).attr("x2", place);
      lines.classed("gone", (j) => norm(penalty, j, i) === 0);
      const alive = shown.filter((j) => norm(penalty, j, i) > 0);
      const first = (j) => (found.has(j) ? Infinity : norm(penalty, j, i));
      const named = alive.sort((a, b) => first(b) - first(a)).slice(0, LABELS);
      nameLines(draw, place, named, i);
      const unnamed = penalty.kept[i] - named.length;
      byId("now-named").textContent = unnamed > 0 && named.length ? `; the largest ${named.length} are named` : "";
      byId("now-kept").textContent = count(penalty.kept[i]);
      byId("now-total").textContent = count(run.predictors.length);
    },
  };

  function nameLines({ y, penalty, width, height, labels, veil }, place, named, i) {
    const longest = Math.min(Math.max(0, ...named.map((j) => textWidth(run.predictors[j]))), 190);
    const right = place + longest + 20 < width || place < width / 2;
    const room = Math.min((right ? width - place : place) - 20, longest + 1);
    const heights = spread(named.map((j) => y(norm(penalty, j, i))), 13, 2, height - 7);
    const side = right ? 1 : -1;
    veil.attr("x", right ? place + 13 : place - 16 - room).attr("width", room + 3).attr("y", Math.min(...heights, height) - 8)
      .attr("height", named.length ? Math.max(...heights) - Math.min(...heights) + 16 : 0);
    const join = (tag) => labels.selectAll(tag).data(named).join(tag);
    join("path").attr("class", (j) => `c${penalty.rank[j] % COLOURS}`)
      .attr("d", (j, n) => `M${place},${y(norm(penalty, j, i))}L${place + side * 13},${heights[n]}`);
    join("text").attr("x", place + side * 16).attr("y", (_, n) => heights[n]).attr("dy", "0.33em")
      .attr("text-anchor", right ? "start" : "end").text((j) => shorten(run.predictors[j], room, textWidth));
  }
}

/** (c) Histogram of all weights, those that are exactly zero apart. */
function weightPanel() {
  let draw = null;
  return {
    draw(penalty) {
      const area = blank("panel-weights", 340);
      const { plot, width, height } = area;
      const bins = penalty.bins[0].length;
      const x = d3.scaleLinear().domain([-penalty.limit, penalty.limit]).range([0, width]);
      const y = d3.scaleLog().domain([0.6, 1.6 * penalty.n_weights]).range([height, 0]).clamp(true);
      const ticks = x.ticks(Math.max(width / 80, 3));
      axes(area, x, y, ticks, logTicks(1, penalty.n_weights, height / 34), "weight", "number of weights");
      const bars = plot.append("g").attr("class", "bars").selectAll("rect").data(penalty.bins[0]).join("rect")
        .attr("x", (_, k) => (k * width) / bins + 0.5).attr("width", Math.max(width / bins - 1, 1));
      const zeros = plot.append("line").attr("class", "zeros").attr("x1", width / 2).attr("x2", width / 2).attr("y1", height);
      const words = plot.append("text").attr("class", "small").attr("x", width / 2).attr("text-anchor", "middle");
      draw = { y, height, bars, zeros, words, penalty };
    },
    at(i) {
      const { y, height, bars, zeros, words, penalty } = draw;
      const zero = penalty.zeros[i];
      const middle = penalty.bins[i].length / 2;
      // The histogram counts zeros into the bin that begins there.
      const counts = penalty.bins[i].map((n, k) => (k === middle ? Math.max(n - zero, 0) : n));
      const top = (n) => (n ? y(n) : height);
      bars.data(counts).attr("y", top).attr("height", (n) => height - top(n));
      zeros.attr("y2", top(zero));
      words.attr("y", Math.min(top(zero), ...counts.slice(middle - 2, middle + 2).map(top)) - 7).text(zero ? "exactly zero" : "");
      byId("now-squares").textContent = number(penalty.squares[i]);
      byId("now-magnitudes").textContent = number(penalty.magnitudes[i]);
      byId("now-zeros").textContent = count(zero);
      byId("now-weights").textContent = count(penalty.n_weights);
      byId("now-largest").textContent = number(penalty.largest[i]);
    },
  };
}

/** (d) The network: inputs as bars by their norm, hidden units filled while they live. */
function networkPanel(run) {
  let draw = null;
  return {
    draw(penalty) {
      const area = blank("panel-network", 340, { top: 8, right: 4, bottom: 8, left: 4 });
      const { plot, width, height } = area;
      const inputs = penalty.order.slice(0, FEW);
      const pitch = Math.min(height / inputs.length, 22);
      const top = (height - pitch * inputs.length) / 2;
      const nameRoom = pitch >= 9 ? Math.min(0.28 * width, 130) : 0;
      const long = Math.min(0.2 * width, 90);
      const end = nameRoom + 6 + long;
      const middle = (rank) => top + (rank + 0.5) * pitch;
      const [target, grid] = [width - Math.min(0.11 * width, 56), hiddenGrid(penalty, end, width, height)];
      if (grid.places.length) {
        plot.append("rect").attr("class", "layer").attr("x", grid.left - 8).attr("width", grid.right - grid.left + 16)
          .attr("y", grid.entry(0) - 8).attr("height", grid.entry(1) - grid.entry(0) + 16).attr("rx", 8);
      }
      const links = plot.append("g").attr("class", "links").selectAll("path").data(inputs).join("path")
        .attr("d", (_, rank) => curve(end, middle(rank), grid.left - 8, grid.entry((rank + 0.5) / inputs.length)));
      plot.append("path").attr("class", "link out").attr("d", curve(grid.right + 8, height / 2, target - 9, height / 2));
      plot.append("circle").attr("class", "target").attr("cx", target).attr("cy", height / 2).attr("r", 8);
      plot.append("text").attr("class", "small").attr("x", target).attr("y", height / 2 + 24).attr("text-anchor", "middle")
        .text(shorten(run.target, 2 * Math.min(width - target, target - grid.right - 10), textWidth));
      plot.append("g").selectAll("text").data(nameRoom ? inputs : []).join("text").attr("class", "small name")
        .attr("x", nameRoom).attr("y", (_, rank) => middle(rank)).attr("dy", "0.34em").attr("text-anchor", "end")
        .attr("font-size", Math.min(pitch - 0.5, 12)).text((j) => shorten(run.predictors[j], nameRoom * (12 / Math.min(pitch, 12)), textWidth));
      plot.append("g").attr("class", "slots").selectAll("rect").data(inputs).join("rect").attr("x", nameRoom + 6)
        .attr("width", long).attr("y", (_, rank) => middle(rank) - 0.3 * pitch).attr("height", 0.6 * pitch).attr("rx", 1.5);
      const bars = plot.append("g").attr("class", "inputs").selectAll("rect").data(inputs).join("rect").attr("x", nameRoom + 6)
        .attr("y", (_, rank) => middle(rank) - 0.3 * pitch).attr("height", 0.6 * pitch).attr("rx", 1.5);
      const units = plot.append("g").attr("class", "units").selectAll("circle").data(grid.places).join("circle")
        .attr("cx", (place) => place[0]).attr("cy", (place) => place[1]).attr("r", grid.radius);
      const cores = plot.append("g").attr("class", "cores").selectAll("circle").data(grid.places).join("circle")
        .attr("cx", (place) => place[0]).attr("cy", (place) => place[1]);
      draw = { penalty, inputs, long, links, bars, units, cores, radius: grid.radius };
    },
    at(i) {
      const { penalty, inputs, long, links, bars, units, cores, radius } = draw;
      const largest = Math.max(...inputs.map((j) => norm(penalty, j, i))) || 1;
      const share = (j) => norm(penalty, j, i) / largest;
      bars.attr("width", (j) => (share(j) ? Math.max(share(j) * long, 1.5) : 0));
      links.classed("gone", (j) => share(j) === 0).attr("stroke-width", (j) => 0.5 + 2.5 * share(j));
      const levels = penalty.units[i];
      units.classed("gone", (_, n) => levels[n] === "0");
      cores.attr("r", (_, n) => radius * Math.sqrt(levels[n] / 9));
      byId("now-units").textContent = count(penalty.alive[i]);
      byId("now-inputs").textContent = `${count(penalty.kept[i])} of ${count(run.predictors.length)}`;
    },
  };
}

const curve = (x0, y0, x1, y1) => `M${x0},${y0}C${(x0 + x1) / 2},${y0} ${(x0 + x1) / 2},${y1} ${x1},${y1}`;

/** Places of the hidden units, column by column in a block between inputs and target. */
function hiddenGrid(penalty, end, width, height) {
  const n = penalty.units[0].length;
  const [left, right] = [end + 0.1 * width, width - Math.min(0.11 * width, 56) - 0.08 * width];
  const columns = Math.max(Math.min(Math.ceil(Math.sqrt((n * (right - left)) / height)), COLUMNS, n), 1);
  const rows = Math.max(Math.ceil(n / columns), 1);
  const pitch = Math.min((right - left) / columns, (height - 8) / rows, 26);
  const middle = (left + right) / 2;
  const [x0, y0] = [middle - ((columns - 1) * pitch) / 2, height / 2 - ((rows - 1) * pitch) / 2];
  const places = Array.from({ length: n }, (_, k) => [x0 + (k % columns) * pitch, y0 + Math.floor(k / columns) * pitch]);
  const tall = n ? rows * pitch : 20;
  return {
    places, radius: Math.max(0.42 * pitch, 1), left: n ? x0 - pitch / 2 : middle, right: n ? x0 + (columns - 0.5) * pitch : middle,
    entry: (share) => height / 2 - tall / 2 + share * tall,
  };
}

/** The linked picture: one state, the penalty and the place on its path, and four panels that follow it. */
function picture(run) {
  const slider = byId("alpha");
  const found = new Set();
  const start = Math.max(run.penalties.findIndex((p) => p.name === run.recommended), 0);
  const state = { penalty: run.penalties[start], index: run.penalties[start].chosen };
  for (const penalty of run.penalties) {
    penalty.rank = [];
    penalty.order.forEach((j, rank) => { penalty.rank[j] = rank; });
  }
  const listen = { hover: (i) => show(i), leave: () => show(state.index), keep: (i) => move(i) };
  const panels = [lossPanel(run, listen), normPanel(run, listen), weightPanel(), networkPanel(run)];

  function show(i) {
    const { penalty } = state;
    for (const panel of panels) panel.at(i);
    byId("now-alpha").textContent = number(penalty.alphas[i]);
    byId("now-words").textContent = penalty.words[i];
  }

  function move(i) {
    const { penalty } = state;
    state.index = i;
    slider.value = i;
    const loss = penalty.cv[i] === null ? "" : `, ${run.metric} ${number(penalty.cv[i])} on new rows`;
    const kept = `${count(penalty.kept[i])} of ${count(run.predictors.length)} predictors`;
    slider.setAttribute("aria-valuetext", `alpha ${number(penalty.alphas[i])}${loss}, ${kept}`);
    show(i);
  }

  function draw() {
    for (const panel of panels) panel.draw(state.penalty, found);
    slider.max = state.penalty.alphas.length - 1;
    move(state.index);
  }

  const ends = (penalty) => ({ chosen: penalty.chosen, last: penalty.alphas.length - 1 });
  for (const choice of document.querySelectorAll("input[name=penalty]")) {
    choice.checked = choice.value === state.penalty.name;
    choice.addEventListener("change", () => {
      const next = run.penalties.find((p) => p.name === choice.value);
      state.index = samePlace(state.index, ends(state.penalty), ends(next));
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
    const hits = wanted ? run.predictors.map((_, j) => j).filter((j) => run.predictors[j].toLowerCase().includes(wanted)) : [];
    found.clear();
    hits.slice(0, FEW).forEach((j) => found.add(j));
    byId("found").textContent = wanted ? `${count(hits.length)} found` : "";
    draw();
  });
  return draw;
}

/** Training without a penalty, step by step. */
function nonePanel(run) {
  const { steps, train, test, folds, best } = run.none;
  const area = blank("panel-none", 320);
  const { plot, width, height } = area;
  const top = 1.1 * Math.max(...test, ...train, run.null);
  const x = d3.scaleLog().domain([steps[0], Math.max(steps.at(-1), steps[0] + 1)]).range([0, width]);
  const y = lossScale(test[best], top, run.null, height);
  axes(area, x, y, logTicks(...x.domain(), width / 62), lossTicks(y, height), "steps of training", run.metric);
  const line = d3.line().x((_, i) => x(steps[i])).y((v) => offAxis(y, v));
  const inside = clipped(area);
  plot.append("line").attr("class", "null").attr("x2", width).attr("y1", y(run.null)).attr("y2", y(run.null));
  inside.append("g").attr("class", "folds").selectAll("path").data(folds).join("path").attr("d", line);
  inside.append("path").attr("class", "seen line").attr("d", line(train));
  inside.append("path").attr("class", "new line").attr("d", line(test));
  const place = x(steps[best]);
  plot.append("line").attr("class", "choice least").attr("x1", place).attr("x2", place).attr("y2", height);
  plot.append("circle").attr("class", "new dot").attr("r", 5).attr("cx", place).attr("cy", y(test[best]));
  const words = `best step, ${count(steps[best])}: ${number(test[best])}`;
  plot.append("text").attr("class", "small").attr("y", -5).attr("x", place > 0.6 * width ? place + 3 : Math.max(place - 3, 0))
    .attr("text-anchor", place > 0.6 * width ? "end" : "start").text(words);
}

/** Predicted probabilities beside observed shares. */
function calibrationPanel(run) {
  const area = blank("panel-calibration", 320);
  const { plot, width, height } = area;
  const scale = (range) => d3.scaleLinear().domain([0, 1]).range(range);
  const [x, y] = [scale([0, width]), scale([height, 0])];
  axes(area, x, y, x.ticks(5), y.ticks(5), "predicted probability", "observed share");
  plot.append("line").attr("class", "null").attr("x1", x(0)).attr("y1", y(0)).attr("x2", x(1)).attr("y2", y(1));
  const bins = plot.append("g").attr("class", "outer").selectAll("g").data(run.calibration).join("g");
  bins.append("line").attr("x1", (b) => x(b.predicted)).attr("x2", (b) => x(b.predicted))
    .attr("y1", (b) => y(b.ci_low)).attr("y2", (b) => y(b.ci_high));
  bins.append("circle").attr("class", "new dot").attr("r", 4.5).attr("cx", (b) => x(b.predicted)).attr("cy", (b) => y(b.observed));
}

/** Points of predicted against observed values, or of residuals against predicted ones. */
function pointsPanel(id, xs, ys, xTitle, yTitle, diagonal) {
  const area = blank(id, 320, { top: 34, right: 16, bottom: 42, left: 58 });
  const { plot, width, height } = area;
  const scale = (values, range) => d3.scaleLinear().domain([Math.min(...values), Math.max(...values)]).nice().range(range);
  const both = [...xs, ...ys];
  const [x, y] = [scale(diagonal ? both : xs, [0, width]), scale(diagonal ? both : [0, ...ys], [height, 0])];
  axes(area, x, y, x.ticks(Math.max(width / 90, 3)), y.ticks(5), xTitle, yTitle);
  const [low, high] = x.domain();
  plot.append("line").attr("class", "null").attr("x1", x(low)).attr("x2", x(high))
    .attr("y1", y(diagonal ? low : 0)).attr("y2", y(diagonal ? high : 0));
  plot.append("g").attr("class", "points").selectAll("circle").data(xs).join("circle").attr("r", 2.6)
    .attr("cx", (v) => x(v)).attr("cy", (_, i) => y(ys[i]));
}

/** Buttons in the heads of a table sort its first body; a second press turns the order round. */
function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const value = (row) => row.cells[column].querySelector("data")?.value ?? row.cells[column].textContent.trim();
    const compare = (a, b) => {
      const [p, q] = [Number(value(a)), Number(value(b))];
      if (Number.isNaN(p) || Number.isNaN(q)) return Number.isNaN(p) - Number.isNaN(q) || value(a).localeCompare(value(b));
      return p - q;
    };
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    body.append(...[...body.rows].sort((a, b) => (up ? compare(a, b) : compare(b, a))));
  }));
}

/** Draw everything, and again whenever the width of the page changes. */
function start() {
  const run = JSON.parse(byId("run").textContent);
  document.documentElement.classList.add("drawn");
  document.querySelectorAll("table.sortable").forEach(sortable);
  const drawings = [];
  if (run.penalties.length) drawings.push(picture(run));
  if (run.none) drawings.push(() => nonePanel(run));
  if (run.calibration) drawings.push(() => calibrationPanel(run));
  if (run.points) {
    const { observed, predicted } = run.points;
    const residuals = observed.map((v, i) => v - predicted[i]);
    drawings.push(() => pointsPanel("panel-fit", predicted, observed, "predicted", "observed", true));
    drawings.push(() => pointsPanel("panel-residuals", predicted, residuals, "predicted", "observed − predicted", false));
  }
  const all = () => drawings.forEach((draw) => draw());
  all();
  let width = document.documentElement.clientWidth;
  new ResizeObserver(() => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    all();
  }).observe(document.documentElement);
}

if (typeof document !== "undefined") start();
