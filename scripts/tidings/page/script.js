"use strict";
// Plots of the page: light curves and spectrograms, drawn by uPlot, to be zoomed by pointer, buttons and keys.
const data = JSON.parse(document.getElementById("plots").textContent);
const ink = () => getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
const line = () => getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
const blue = "#0072B2", orange = "#E69F00";

function axes(one) {
  const common = {stroke: ink, grid: {stroke: line, width: 1}, ticks: {stroke: line, width: 1}};
  const y = {...common, label: one.ylabel, size: 84, labelGap: 4};
  // Whole decades and their halves and fifths, not the odd number that the axis begins with.
  if (one.log) y.filter = (plot, marks) => marks.map(mark => /^[125]0*$/.test(String(mark)) ? mark : null);
  return [{...common, label: one.xlabel}, y];
}

// Zooming keeps what is in the middle; nothing outside of the data can be looked at.
function move(plot, full, factor, shift) {
  const {min, max} = plot.scales.x, width = (max - min) * factor;
  const middle = (min + max) / 2 + shift * (max - min);
  const low = Math.max(full[0], Math.min(middle - width / 2, full[1] - width));
  plot.setScale("x", {min: low, max: Math.min(full[1], low + width)});
}

function controls(holder, plot, full) {
  const bar = document.createElement("div");
  bar.className = "controls";
  const acts = [["+", "Zoom in", .5, 0], ["−", "Zoom out", 2, 0], ["←", "Earlier", 1, -.25], ["→", "Later", 1, .25]];
  for (const [sign, name, factor, shift] of acts) bar.append(button(sign, name, () => move(plot, full, factor, shift)));
  bar.append(button("All", "Show all", () => plot.setScale("x", {min: full[0], max: full[1]})));
  holder.after(bar);
  holder.addEventListener("keydown", event => {
    const act = {"+": [.5, 0], "=": [.5, 0], "-": [2, 0], ArrowLeft: [1, -.25], ArrowRight: [1, .25]}[event.key];
    if (act) move(plot, full, ...act);
    else if (event.key === "0" || event.key === "Home") plot.setScale("x", {min: full[0], max: full[1]});
    else return;
    event.preventDefault();
  });
  return bar;
}

function button(sign, name, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.title = name;
  made.setAttribute("aria-label", name);
  made.addEventListener("click", act);
  return made;
}

function readout(holder) {
  const made = document.createElement("p");
  made.className = "readout";
  made.setAttribute("aria-live", "polite");
  holder.after(made);
  return made;
}

function shown(holder, plot) {
  const {min, max} = plot.scales.x;
  holder.dataset.min = min;
  holder.dataset.max = max;
}

function curve(holder, one) {
  const told = readout(holder), full = [one.x[0], one.x[one.x.length - 1]];
  const bars = plot => {
    const {ctx} = plot, [first, last] = plot.series[0].idxs;
    ctx.save();
    ctx.beginPath();
    ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
    ctx.clip();
    ctx.strokeStyle = blue;
    ctx.beginPath();
    for (let i = first; i <= last && last - first < 800; i++) {
      if (one.y[i] === null) continue;
      const x = plot.valToPos(one.x[i], "x", true);
      ctx.moveTo(x, plot.valToPos(one.y[i] - one.error[i], "y", true));
      ctx.lineTo(x, plot.valToPos(one.y[i] + one.error[i], "y", true));
    }
    ctx.stroke();
    ctx.restore();
  };
  const tell = plot => {
    const i = plot.cursor.idx;
    told.textContent = i == null ? "Point at the curve to read it." :
      `${one.x[i].toFixed(2)} s: ${one.y[i]} ± ${one.error[i]} counts/s, background ${one.background[i]}`;
  };
  const steps = uPlot.paths.stepped({align: 0});
  return [full, {
    scales: {x: {time: false}},
    series: [{}, {stroke: blue, width: 1, points: {show: false}, paths: steps, label: "rate"},
             {stroke: orange, width: 2, points: {show: false}, label: "background"}],
    hooks: {draw: [bars], setCursor: [tell], ready: [tell], setScale: [plot => shown(holder, plot)]},
  }, [one.x, one.y, one.background]];
}

function map(holder, one) {
  const told = readout(holder), [nx, ny] = one.shape, full = one.time;
  const bytes = Uint8Array.from(atob(one.steps), letter => letter.charCodeAt(0));
  const picture = document.createElement("canvas");
  picture.width = nx;
  picture.height = ny;
  const context = picture.getContext("2d"), pixels = context.createImageData(nx, ny);
  for (let y = 0; y < ny; y++) for (let x = 0; x < nx; x++) {
    const colour = data.colours[bytes[y * nx + x]], at = 4 * ((ny - 1 - y) * nx + x);
    pixels.data.set([...colour, 255], at);
  }
  context.putImageData(pixels, 0, 0);
  const draw = plot => {
    const {ctx, bbox} = plot, x0 = plot.valToPos(full[0], "x", true), x1 = plot.valToPos(full[1], "x", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(picture, x0, bbox.top, x1 - x0, bbox.height);
    ctx.restore();
  };
  const tell = plot => {
    const {left, top} = plot.cursor;
    if (left == null || left < 0) { told.textContent = "Point at the map to read it."; return; }
    const t = plot.posToVal(left, "x"), f = plot.posToVal(top, "y");
    const unit = one.log ? Math.log(f / one.frequency[0]) / Math.log(one.frequency[1] / one.frequency[0])
                         : (f - one.frequency[0]) / (one.frequency[1] - one.frequency[0]);
    const x = Math.floor((t - full[0]) / (full[1] - full[0]) * nx), y = Math.floor(unit * ny);
    if (x < 0 || y < 0 || x >= nx || y >= ny) return;
    const energy = one.peak * (bytes[y * nx + x] / 255) ** 2;
    told.textContent = `${t.toFixed(4)} s, ${f.toFixed(1)} Hz: energy ${energy.toFixed(1)} (noise: 1)`;
  };
  const y = {range: () => one.frequency, distr: one.log ? 3 : 1, log: 10};
  return [full, {
    scales: {x: {time: false}, y},
    series: [{}, {stroke: "transparent", points: {show: false}}],
    hooks: {drawAxes: [draw], setCursor: [tell], ready: [tell], setScale: [plot => shown(holder, plot)]},
  }, [full, one.frequency]];
}

for (const holder of document.querySelectorAll(".plot")) {
  const one = data.plots[holder.dataset.plot];
  const [full, options, values] = (one.kind === "map" ? map : curve)(holder, one);
  const size = () => ({width: holder.clientWidth - 2, height: Math.min(420, Math.max(260, holder.clientWidth * .55))});
  const plot = new uPlot({...options, ...size(), axes: axes(one), legend: {show: false},
                          cursor: {drag: {x: true, y: false}}}, values, holder);
  plot.setScale("x", {min: full[0], max: full[1]});
  controls(holder, plot, full);
  new ResizeObserver(() => plot.setSize(size())).observe(holder);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());
}
document.documentElement.dataset.ready = "yes";
