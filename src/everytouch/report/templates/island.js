// Draws every figure with data-island="chart" from the JSON inside it. Without JavaScript
// the static picture and the table stay.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const drawn = [...document.querySelectorAll('figure[data-island="chart"]')].map((figure) => {
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    return everytouchDraw(spec, figure.querySelector(".plot"), () => dark.matches);
  });
  const again = () => drawn.forEach((draw) => draw());
  dark.addEventListener("change", again);
  addEventListener("resize", again);
  addEventListener("beforeprint", again);
  document.documentElement.dataset.charts = String(drawn.length);
})();
