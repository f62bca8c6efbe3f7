// Draws every figure with data-island="chart" from the JSON inside it. Without JavaScript
// the static picture and the table stay.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colours = () => dark.matches
    ? { ink: "#e8edf4", soft: "#a3b0c2", line: "#2f3b4d", good: "#56b4e9", bad: "#ff9b5c", band: "#3a4b63" }
    : { ink: "#16202e", soft: "#55637a", line: "#dbe1ea", good: "#0072b2", bad: "#d55e00", band: "#c9d9ea" };
  const round = (v) => (v == null ? "–" : Math.abs(v) >= 100 ? Math.round(v).toLocaleString() : v.toFixed(1));

  const whisker = (c) => (params, api) => {
    const y = api.coord([0, api.value(0)])[1];
    const [a, b] = [1, 2].map((i) => api.coord([api.value(i), api.value(0)])[0]);
    const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: c.ink, lineWidth: 1.3 } });
    return { type: "group", children: [line(a, y, b, y), line(a, y - 5, a, y + 5), line(b, y - 5, b, y + 5)] };
  };

  // Whiskers do not widen an axis by themselves.
  const reach = (s, pick, ends) => {
    const far = pick(0, ...s.values, ...ends.filter((v) => v != null));
    if (s.unit.includes("0–100")) return far > 0 ? 100 : 0;
    const step = 10 ** Math.floor(Math.log10(Math.abs(far) || 1)) / 2;
    return Math.sign(far) * Math.ceil(Math.abs(far) / step) * step;
  };

  function bars(s, c, narrow) {
    return {
      grid: { left: narrow ? 130 : 290, right: 30, top: 6, bottom: 40 },
      xAxis: { type: "value", min: reach(s, Math.min, s.low), max: reach(s, Math.max, s.high), name: s.unit, nameLocation: "middle", nameGap: 26, nameTextStyle: { color: c.soft }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line } } },
      yAxis: { type: "category", data: s.labels, inverse: true, axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.ink, width: narrow ? 120 : 275, fontSize: narrow ? 10 : 12, lineHeight: 12, overflow: narrow ? "break" : "truncate" } },
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" }, confine: true, formatter: (p) => text(s, p[0].dataIndex) },
      series: [
        { type: "bar", barMaxWidth: 18, data: s.values.map((v) => ({ value: v, itemStyle: { color: v >= 0 ? c.good : c.bad, borderRadius: 2 } })) },
        { type: "custom", silent: true, z: 5, renderItem: whisker(c), encode: { x: [1, 2], y: 0 }, data: s.values.map((v, i) => [i, s.low[i], s.high[i]]).filter((d) => d[1] != null) },
      ],
    };
  }

  function line(s, c) {
    return {
      grid: { left: 44, right: 20, top: 16, bottom: 34 },
      xAxis: { type: "category", data: s.labels, axisLabel: { color: c.soft }, axisLine: { lineStyle: { color: c.line } } },
      yAxis: { type: "value", scale: true, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line } } },
      tooltip: { trigger: "axis", confine: true, formatter: (p) => text(s, p[0].dataIndex) },
      series: [
        { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, data: s.low },
        { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, areaStyle: { color: c.band, opacity: 0.6 }, data: s.high.map((h, i) => (h == null ? null : h - s.low[i])) },
        { type: "line", data: s.values, symbolSize: 6, lineStyle: { width: 2.5 }, itemStyle: { color: c.good } },
      ],
    };
  }

  function graph(s, c, narrow, box) {
    const wide = box.clientWidth - (narrow ? 70 : 130), high = box.clientHeight - 80;
    const felt = (f) => (f == null ? c.soft : f >= 70 ? c.good : c.bad);
    return {
      tooltip: { confine: true },
      series: [{
        type: "graph", layout: "none", roam: false, left: narrow ? 35 : 65, top: 30, width: wide, height: high,
        edgeSymbol: ["none", "arrow"], edgeSymbolSize: 8, emphasis: { focus: "adjacency" },
        label: { show: true, position: "bottom", color: c.ink, fontSize: narrow ? 9 : 11, width: 110, lineHeight: narrow ? 11 : 13, overflow: "break" },
        data: s.points.map((p, i) => ({ id: String(i), name: p.label, x: p.x * wide, y: p.y * high, symbolSize: 10 + 26 * Math.sqrt(p.size), itemStyle: { color: felt(p.feeling) }, tooltip: { formatter: () => escape(p.label) + (p.feeling == null ? "" : "<br>score " + round(p.feeling)) } })),
        links: s.arrows.map((a) => ({ source: String(a.source), target: String(a.target), lineStyle: { width: 0.8 + 7 * a.weight, color: c.soft, opacity: 0.5, curveness: 0.18 }, tooltip: { formatter: () => escape(a.text) } })),
      }],
    };
  }

  const escape = (t) => t.replace(/[&<>"]/g, (x) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[x]);
  const text = (s, i) => `${escape(s.labels[i])}<br><b>${round(s.values[i])}</b> (${round(s.low[i])} to ${round(s.high[i])})`;
  const kinds = { bars, line, graph };
  const drawn = [];

  for (const figure of document.querySelectorAll('figure[data-island="chart"]')) {
    const spec = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const box = figure.querySelector(".plot");
    box.textContent = "";
    box.style.height = spec.kind === "bars" ? `${60 + 30 * spec.labels.length}px` : spec.kind === "graph" ? "440px" : "280px";
    const chart = echarts.init(box, null, { renderer: "svg" });
    const draw = () => {
      chart.resize();
      chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, aria: { enabled: true }, ...kinds[spec.kind](spec, colours(), box.clientWidth < 560, box) }, true);
    };
    draw();
    drawn.push(draw);
  }
  const again = () => drawn.forEach((draw) => draw());
  dark.addEventListener("change", again);
  addEventListener("resize", again);
  addEventListener("beforeprint", again);
  document.documentElement.dataset.charts = String(drawn.length);
})();
