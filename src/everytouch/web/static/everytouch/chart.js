// The chart island: draws every figure with data-island="chart" from the JSON inside it. ECharts
// is loaded only where there is one. Without JavaScript the tables stay.
const root = document.documentElement;
const dark = () => root.getAttribute("data-bs-theme") === "dark";
const drawn = new Map();
let library = null;

const script = (address) => new Promise((done, failed) => {
  const element = document.createElement("script");
  Object.assign(element, { src: address, async: false, onload: done, onerror: failed });
  document.head.append(element);
});

function loaded() {
  library ??= Promise.all([script(root.dataset.echarts), script(root.dataset.draw)]);
  return library;
}

async function mount(scope) {
  const figures = [...scope.querySelectorAll('figure[data-island="chart"]')];
  if (scope.matches?.('figure[data-island="chart"]')) figures.push(scope);
  if (!figures.length) return;
  await loaded();
  for (const figure of figures) {
    if (drawn.has(figure) || !figure.isConnected) continue;
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    drawn.set(figure, everytouchDraw(spec, figure.querySelector(".plot"), dark));
  }
  root.dataset.charts = String(document.querySelectorAll(".plot svg").length);
}

function again() {
  for (const [figure, draw] of drawn) figure.isConnected ? draw() : drawn.delete(figure);
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The picture as it stands, on the card's own ground.
function picture(figure) {
  const svg = figure.querySelector(".plot svg").cloneNode(true);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const { width, height } = figure.querySelector(".plot").getBoundingClientRect();
  for (const [name, value] of Object.entries({ width, height, fill: dark() ? "#182433" : "#ffffff" })) ground.setAttribute(name, value);
  svg.prepend(ground);
  for (const [name, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) svg.setAttribute(name, value);
  return { blob: new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }), width, height };
}

async function png(figure, name) {
  const { blob, width, height } = picture(figure);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await blob.text())}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: width * 2, height: height * 2 });
  canvas.getContext("2d").drawImage(image, 0, 0, width * 2, height * 2);
  canvas.toBlob((made) => save(made, `${name}.png`));
}

document.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  const figure = event.target.closest("figure");
  if (!figure || !["svg", "png"].includes(what)) return;
  const name = figure.id.replace("figure-", "");
  if (what === "svg") save(picture(figure).blob, `${name}.svg`);
  else png(figure, name);
});

document.addEventListener("htmx:load", (event) => mount(event.target));
addEventListener("theme", again);
addEventListener("resize", again);
addEventListener("beforeprint", again);
mount(document.body);
