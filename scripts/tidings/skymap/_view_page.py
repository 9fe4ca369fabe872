"""The page of the interactive view: HTML, style and script. `tidings.skymap.view` adds data and D3."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title</title>
<!--
$licences
-->
<style>
body { margin: 0; font: 14px/1.4 system-ui, sans-serif; color: #202020; background: #fff; }
header { padding: 8px 12px; display: flex; flex-wrap: wrap; gap: 4px 18px; align-items: baseline; }
h1 { font-size: 17px; margin: 0; }
label { white-space: nowrap; }
canvas { display: block; margin: auto; cursor: grab; touch-action: none; }
#where { min-height: 1.4em; padding: 4px 12px; text-align: center; }
#help { padding: 0 12px 8px; text-align: center; color: #606060; font-size: 12px; }
</style>
</head>
<body>
<header><h1>$title</h1><span id="layers"></span></header>
<canvas id="sky" aria-label="Sky map, seen from inside: east is to the left"></canvas>
<div id="where">&nbsp;</div>
<div id="help">Drag to turn, scroll to zoom, double-click to go back. East is to the left.</div>
<script>
$d3
</script>
<script id="data" type="application/json">
$data
</script>
<script>
$script
</script>
</body>
</html>
"""

SCRIPT = """"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const above = document.querySelector("header");
const canvas = document.getElementById("sky"), where = document.getElementById("where");
const context = canvas.getContext("2d");
// The sky is seen from inside: mirrored.
const projection = d3.geoOrthographic().reflectX(true).clipAngle(90).precision(0.3);
const path = d3.geoPath(projection, context);
const colours = ["#FFFFFF", "#FEE8B6", "#FDB366", "#E4632D", "#A01C18", "#4A0B10"].map(
  c => [1, 3, 5].map(i => parseInt(c.slice(i, i + 2), 16)));
const dashes = [[], [6, 4], [2, 3], [7, 3, 2, 3]];
const shown = {density: true, regions: true, galaxies: true, grid: true};
let size = 0, zoom = 1, still = true, timer = 0;

function colour(part) {
  const x = Math.min(part, 1) * (colours.length - 1), i = Math.min(Math.floor(x), colours.length - 2);
  return "rgb(" + colours[i].map((v, k) => Math.round(v + (colours[i + 1][k] - v) * (x - i))) + ")";
}

// d3 wants the inside to the right of a ring as it is seen from outside: S, W, N, E.
const tiles = data.tiles.density.map((density, i) => {
  const c = data.tiles.corners.slice(8 * i, 8 * i + 8), corner = k => [c[2 * k], c[2 * k + 1]];
  const ring = [corner(0), corner(3), corner(2), corner(1), corner(0)];
  return {shape: {type: "Polygon", coordinates: [ring]}, fill: colour(density / data.tiles.largest)};
});
const regions = data.regions.map((r, i) => ({
  shape: {type: "MultiLineString", coordinates: r.lines},
  dash: dashes[(data.regions.length - 1 - i) % dashes.length]}));

function stroke(shape, style, width, dash = []) {
  context.beginPath(); path(shape); context.setLineDash(dash);
  context.strokeStyle = style; context.lineWidth = width; context.stroke(); context.setLineDash([]);
}

function onFace(lon, lat) {
  const [l, p] = projection.rotate();
  return d3.geoDistance([lon, lat], [-l, -p]) < Math.PI / 2 ? projection([lon, lat]) : null;
}

function draw() {
  context.clearRect(0, 0, size, size);
  context.beginPath(); path({type: "Sphere"}); context.fillStyle = "#FFFFFF"; context.fill();
  // Thousands of tiles: only when the sky is at rest.
  if (shown.density && (still || tiles.length < 1500)) for (const t of tiles) {
    context.beginPath(); path(t.shape); context.fillStyle = t.fill; context.fill();
    context.strokeStyle = t.fill; context.lineWidth = 0.6; context.stroke();
  }
  if (shown.grid) grid();
  if (shown.regions) for (const r of regions) stroke(r.shape, "#202020", 1.3, r.dash);
  const far = Math.max(0.4, Math.min(1, zoom / data.zoom));
  if (shown.galaxies) for (const g of data.galaxies.slice().reverse()) {
    const at = onFace(g.ra, g.dec);
    if (!at) continue;
    context.beginPath(); context.arc(at[0], at[1], far * (2 + 5 * Math.sqrt(g.relative)), 0, 2 * Math.PI);
    context.fillStyle = "#0072B2B0"; context.fill();
    context.strokeStyle = "#FFFFFF"; context.lineWidth = 0.6; context.stroke();
  }
  for (const m of data.marks) {
    const at = onFace(m.ra, m.dec);
    if (!at) continue;
    context.beginPath();
    context.moveTo(at[0] - 6, at[1] - 6); context.lineTo(at[0] + 6, at[1] + 6);
    context.moveTo(at[0] - 6, at[1] + 6); context.lineTo(at[0] + 6, at[1] - 6);
    for (const [style, width] of [["#FFFFFF", 5], ["#007A5A", 2]]) {
      context.strokeStyle = style; context.lineWidth = width; context.stroke();
    }
    text(m.name, at[0] + 9, at[1] + 4, "#007A5A");
  }
  stroke({type: "Sphere"}, "#202020", 1);
}

function text(words, x, y, style) {
  context.font = "12px system-ui, sans-serif"; context.lineWidth = 3; context.strokeStyle = "#FFFFFF";
  context.strokeText(words, x, y); context.fillStyle = style; context.fillText(words, x, y);
}

function step(width) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15];
  return steps.find(s => width / s <= 6) || 30;
}

// Lines and their names around the middle: of the whole sky there would be too many when enlarged.
function grid() {
  const [l, p] = projection.rotate(), width = zoom > 1.2 ? Math.min(180, 130 / zoom) : 180;
  const polar = Math.abs(p) + width / 2 > 85, cosine = Math.cos(p * Math.PI / 180);
  const lat = step(width), lon = polar ? 30 : step(Math.min(180, width / cosine));
  const middle = [Math.round(-l / lon) * lon, Math.round(-p / lat) * lat], lines = [];
  const low = Math.max(-90, middle[1] - 7 * lat), high = Math.min(90, middle[1] + 7 * lat);
  const span = lon * Math.min(7, Math.floor(180 / lon)), range = (a, b, n) =>
    Array.from({length: n + 1}, (_, i) => a + (b - a) * i / n);
  for (let k = -span; k <= span; k += lon)
    lines.push(range(low, high, 30).map(y => [middle[0] + k, y]));
  for (let y = low; y <= high + 1e-9; y += lat)
    lines.push(range(middle[0] - span, middle[0] + span, 60).map(x => [x, y]));
  stroke({type: "MultiLineString", coordinates: lines}, "#BDBDBD", 0.6);
  const along = Math.abs(middle[1]) > 75 ? Math.sign(middle[1]) * 75 : middle[1];
  const tell = (x, y, value, sign) => {
    const at = onFace(x, y);
    if (at) text(sign + Number(value.toFixed(3)) + "\\u00B0", at[0] + 3, at[1] - 3, "#606060");
  };
  for (let k = -span; k < span + (span < 180 ? 1e-9 : -lon / 2); k += lon) {
    const x = middle[0] + k;
    tell(x, along, ((x % 360) + 360) % 360, "");
  }
  for (let y = low; y <= high + 1e-9; y += lat)
    if (Math.abs(y) < 89 && Math.abs(y - along) > lat / 2) tell(middle[0], y, y, y > 0 ? "+" : "");
}

function scaled() { projection.scale(zoom * (size / 2 - 2)).translate([size / 2, size / 2]); }

function moving() {
  still = false; requestAnimationFrame(draw);
  clearTimeout(timer); timer = setTimeout(() => { still = true; requestAnimationFrame(draw); }, 150);
}

function home() {
  projection.rotate([-data.centre[0], -data.centre[1]]);
  zoom = data.zoom; scaled(); moving();
}

function resize() {
  const ratio = window.devicePixelRatio || 1;
  size = Math.max(240, Math.min(window.innerWidth - 16, window.innerHeight - above.offsetHeight - 70));
  canvas.width = canvas.height = size * ratio;
  canvas.style.width = canvas.style.height = size + "px";
  context.setTransform(ratio, 0, 0, ratio, 0, 0); scaled(); draw();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function told(x, y) {
  const away = Math.hypot(x - size / 2, y - size / 2);
  const sky = away < projection.scale() ? projection.invert([x, y]) : null;
  if (!sky || !isFinite(sky[0])) return "\\u00A0";
  const digits = Math.max(1, Math.ceil(Math.log10(zoom)) + 2);
  const [ra, dec] = [(sky[0] + 360) % 360, sky[1]].map(angle => angle.toFixed(digits) + "\\u00B0");
  let words = "RA " + ra + ", Dec " + dec;
  if (shown.galaxies) for (const g of data.galaxies) {
    const at = onFace(g.ra, g.dec);
    if (at && Math.hypot(at[0] - x, at[1] - y) < 7) { words += " \\u2014 " + g.text; break; }
  }
  return words;
}

let from = null;
canvas.addEventListener("pointerdown", event => {
  from = place(event); canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointerup", () => { from = null; });
canvas.addEventListener("pointermove", event => {
  const [x, y] = place(event);
  if (from) {
    const [l, p] = projection.rotate(), step = 180 / Math.PI / projection.scale();
    const lon = l - (x - from[0]) * step / Math.max(Math.cos(p * Math.PI / 180), 0.2);
    projection.rotate([lon, Math.max(-90, Math.min(90, p - (y - from[1]) * step))]);
    from = [x, y]; moving();
  }
  where.textContent = told(x, y);
});
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  zoom = Math.max(1, Math.min(2000, zoom * Math.exp(-event.deltaY * 0.0015))); scaled(); moving();
}, {passive: false});
canvas.addEventListener("dblclick", home);
window.addEventListener("resize", resize);

const layers = document.getElementById("layers"), short = x => Number(x.toPrecision(3));
const wording = {
  density: "probability, up to " + short(data.tiles.largest) + " per square degree",
  regions: data.regions.map(r => r.level + " % (" + short(r.area) + " deg\\u00B2)").join(", "),
  galaxies: data.galaxies.length + " galaxies", grid: "grid"};
for (const key of Object.keys(shown)) {
  if (key === "galaxies" && !data.galaxies.length) continue;
  const box = document.createElement("input"), label = document.createElement("label");
  box.type = "checkbox"; box.checked = true;
  box.addEventListener("change", () => { shown[key] = box.checked; draw(); });
  label.append(box, " " + wording[key] + "\\u2003"); layers.append(label);
}
resize(); home();
"""
