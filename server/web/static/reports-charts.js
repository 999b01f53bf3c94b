// @ts-check
// Charts of a report, in the colours of the page. Each says its gist to screen readers, and has its table beside it.
import { h } from "/static/dom.js";
import { rough, stepOf } from "/static/reports-series.js";
import { locale } from "/static/i18n.js";

/** @typedef {import("./reports-series.js").Series} Series */
/** @typedef {{kind: "bars" | "rows" | "lines", labels: string[], series: Series[], title: string, gist: string}} Drawing */

/** Of vendor/chartjs, which the page loads before. @type {any} */
const { Chart } = /** @type {any} */ (globalThis);

const ROW_PX = 30;
const AXES_PX = 70;
const HATCH_PX = 7;
const THICKEST_BAR_PX = 44;
const MOST_MARKED = 60;
/** Series differ by more than their colours. */
const LINES = [
  { dash: [], point: "circle" },
  { dash: [7, 4], point: "triangle" },
  { dash: [2, 3], point: "rectRot" },
];

/** @type {Map<HTMLCanvasElement, {chart: any, drawing: Drawing}>} */
const drawn = new Map();

new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

/** A chart, for the page to put in; `draw` draws it once it is there. @param {Drawing} drawing */
export function chartOf(drawing) {
  const canvas = h("canvas", { role: "img", "aria-label": `${drawing.title}. ${drawing.gist}`, "data-testid": `chart-${drawing.kind}` });
  const frame = h("div", { class: "chart" }, canvas);
  if (drawing.kind === "rows") frame.style.height = `${drawing.labels.length * ROW_PX + AXES_PX}px`;
  return { frame, draw: () => draw(canvas, drawing) };
}

/** Take away what is drawn. */
export function clearCharts() {
  for (const { chart } of drawn.values()) chart.destroy();
  drawn.clear();
}

function redraw() {
  const drawings = [...drawn].map(([canvas, { drawing }]) => /** @type {const} */ ([canvas, drawing]));
  clearCharts();
  for (const [canvas, drawing] of drawings) draw(canvas, drawing);
}

/** @param {HTMLCanvasElement} canvas @param {Drawing} drawing */
function draw(canvas, drawing) {
  const colours = coloursOf(canvas);
  const datasets = drawing.series.map((series, place) => (drawing.kind === "lines" ? line(series, place, colours) : bar(series, place, colours)));
  const chart = new Chart(canvas, { type: drawing.kind === "lines" ? "line" : "bar", data: { labels: drawing.labels, datasets }, options: options(drawing, colours) });
  drawn.set(canvas, { chart, drawing });
}

/** @param {Series} series @param {number} place @param {Colours} colours */
function bar({ name, values }, place, { series: [solid, hatched], surface }) {
  const colour = place ? hatched : solid;
  return {
    label: name,
    data: values,
    backgroundColor: place ? hatch(colour, surface) : colour,
    borderColor: colour,
    borderWidth: 1,
    maxBarThickness: THICKEST_BAR_PX,
    stack: "time",
  };
}

/** @param {Series} series @param {number} place @param {Colours} colours */
function line({ name, values }, place, { lines, surface }) {
  const { dash, point } = LINES[place];
  return {
    label: name,
    data: values,
    borderColor: lines[place],
    backgroundColor: surface,
    borderWidth: 2,
    borderDash: dash,
    pointStyle: point,
    pointRadius: values.length > MOST_MARKED ? 0 : 4,
    pointBorderWidth: 2,
    pointHoverRadius: 6,
    spanGaps: true,
  };
}

/** Nothing of it moves, whatever somebody prefers. @param {Drawing} drawing @param {Colours} colours */
function options({ kind, series, labels }, { ink, soft, grid, family }) {
  const isAcross = kind === "rows";
  const most = Math.max(1, ...labels.map((_label, place) => mostAt(series, place, kind !== "lines")));
  const time = {
    stacked: kind !== "lines",
    beginAtZero: true,
    grid: { color: grid },
    border: { color: soft },
    ticks: { color: soft, stepSize: stepOf(most), callback: rough, maxRotation: 0 },
  };
  const names = { stacked: kind !== "lines", grid: { display: false }, border: { color: soft }, ticks: { color: soft, autoSkip: !isAcross, maxRotation: 0, autoSkipPadding: 12 } };
  return {
    locale,
    animation: false,
    font: { family },
    maintainAspectRatio: false,
    indexAxis: isAcross ? "y" : "x",
    interaction: { mode: "index", axis: isAcross ? "y" : "x", intersect: false },
    scales: isAcross ? { x: time, y: names } : { x: names, y: time },
    plugins: {
      legend: { align: "start", labels: { color: ink, usePointStyle: kind === "lines" } },
      tooltip: { callbacks: { label: told } },
    },
  };
}

/** @param {{dataset: {label: string}, raw: number | null}} item */
function told({ dataset, raw }) {
  return `${dataset.label}: ${rough(raw ?? 0)}`;
}

/** @param {Series[]} series @param {number} place @param {boolean} areStacked */
function mostAt(series, place, areStacked) {
  const values = series.map((one) => one.values[place] ?? 0);
  return areStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values);
}

/** @param {string} colour @param {string} ground */
function hatch(colour, ground) {
  const tile = h("canvas", { width: HATCH_PX, height: HATCH_PX });
  const pen = tile.getContext("2d");
  if (!pen) return colour;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, HATCH_PX, HATCH_PX);
  pen.strokeStyle = colour;
  pen.lineWidth = 2.5;
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    pen.moveTo(shift - 1, HATCH_PX + 1);
    pen.lineTo(shift + HATCH_PX + 1, -1);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

/** @typedef {ReturnType<typeof coloursOf>} Colours */
/** The colours of the theme, which reports.css and app.css give. @param {Element} element */
function coloursOf(element) {
  const style = getComputedStyle(element);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return {
    series: [of("chart-automatic"), of("chart-manual")],
    lines: [of("chart-average"), of("chart-median"), of("chart-p90")],
    ink: of("ink"),
    soft: of("ink-soft"),
    grid: of("line"),
    surface: of("surface"),
    family: style.fontFamily,
  };
}
