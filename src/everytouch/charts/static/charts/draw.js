// Turns a chart's spec (everytouch.charts.Chart as JSON) into an ECharts option. Used by the
// report, which carries it inside, and by the app's island.
globalThis.everytouchDraw = (() => {
  const palette = (dark) => dark
    ? { ink: "#e8edf4", soft: "#a3b0c2", line: "#2f3b4d", good: "#56b4e9", bad: "#ff9b5c", band: "#3a4b63", more: ["#56b4e9", "#e69f00", "#2fbf94", "#f0e442", "#cc79a7", "#ff9b5c", "#8fa3bf", "#b4a7ff", "#7fd1ff"] }
    : { ink: "#16202e", soft: "#55637a", line: "#dbe1ea", good: "#0072b2", bad: "#d55e00", band: "#c9d9ea", more: ["#0072b2", "#e69f00", "#009e73", "#b8a800", "#cc79a7", "#d55e00", "#55637a", "#6a5acd", "#3aa0d8"] };
  const round = (v) => (v == null ? "–" : Math.abs(v) >= 100 ? Math.round(v).toLocaleString() : v.toFixed(1));
  const escape = (t) => t.replace(/[&<>"]/g, (x) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[x]);
  const text = (s, i) => `${escape(s.labels[i])}<br><b>${round(s.values[i])}</b> (${round(s.low[i])} to ${round(s.high[i])})`;

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
      grid: { outerBoundsMode: "none", left: narrow ? 130 : 290, right: 30, top: 6, bottom: 40 },
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
      grid: { outerBoundsMode: "none", left: 48, right: 20, top: 34, bottom: 34 },
      xAxis: { type: "category", data: s.labels, axisLabel: { color: c.soft }, axisLine: { lineStyle: { color: c.line } } },
      yAxis: { type: "value", scale: true, name: s.unit, nameTextStyle: { color: c.soft, align: "left", padding: [0, 0, 0, -34] }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line } } },
      tooltip: { trigger: "axis", confine: true, formatter: (p) => text(s, p[0].dataIndex) },
      series: [
        { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, data: s.low },
        { type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, areaStyle: { color: c.band, opacity: 0.6 }, data: s.high.map((h, i) => (h == null ? null : h - s.low[i])) },
        { type: "line", data: s.values, symbolSize: 6, lineStyle: { width: 2.5 }, itemStyle: { color: c.good } },
        ...(s.meant.length ? [{ type: "line", data: s.meant, connectNulls: true, symbol: "diamond", symbolSize: 8, lineStyle: { width: 2, type: "dashed" }, itemStyle: { color: c.bad } }] : []),
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
        label: { show: true, position: "bottom", color: c.ink, fontSize: narrow ? 9 : 11, width: 110, lineHeight: narrow ? 11 : 13, overflow: "break" }, labelLayout: { hideOverlap: narrow },
        data: s.points.map((p, i) => ({ id: String(i), name: p.label, x: p.x * wide, y: p.y * high, symbolSize: 10 + 26 * Math.sqrt(p.size), itemStyle: { color: felt(p.feeling) }, tooltip: { formatter: () => escape(p.label) + (p.feeling == null ? "" : "<br>score " + round(p.feeling)) } })),
        links: s.arrows.map((a) => ({ source: String(a.source), target: String(a.target), lineStyle: { width: 0.8 + 7 * a.weight, color: c.soft, opacity: 0.5, curveness: 0.18 }, tooltip: { formatter: () => escape(a.text) } })),
      }],
    };
  }

  // Points of a plane: x from left to right, y upwards, both on their own scale.
  function scatter(s, c, narrow) {
    const axis = (name, gap) => ({ type: "value", scale: true, name, nameLocation: "middle", nameGap: gap, nameTextStyle: { color: c.soft }, axisLabel: { color: c.soft }, splitLine: { lineStyle: { color: c.line } } });
    return {
      grid: { outerBoundsMode: "none", left: 60, right: narrow ? 30 : 130, top: 20, bottom: 50 },
      xAxis: axis(s.unit, 30), yAxis: axis(s.across, 40),
      tooltip: { confine: true, formatter: (p) => `${escape(p.name)}<br>${escape(s.unit)} ${round(p.value[0])}<br>${escape(s.across)} ${round(p.value[1])}` },
      series: [{
        type: "scatter", symbolSize: 14, itemStyle: { color: c.good, opacity: 0.85 }, data: s.points.map((p) => ({ name: p.label, value: [p.x, p.y], itemStyle: { color: p.feeling != null && p.feeling < 0 ? c.bad : c.good } })),
        label: { show: !narrow, position: "right", formatter: "{b}", color: c.ink, fontSize: 11 }, labelLayout: { hideOverlap: true, moveOverlap: "shiftY" },
      }],
    };
  }

  function sankey(s, c, narrow, box) {
    const names = [...new Set(s.points.map((p) => p.label))], last = Math.max(1, ...s.points.map((p) => p.x));
    const right = narrow ? 60 : 140, room = Math.min(right, (box.clientWidth - right - 8) / last) - 20;
    return {
      tooltip: { confine: true },
      series: [{
        type: "sankey", left: 8, right, top: 10, bottom: 10, nodeGap: 10, nodeWidth: 14, draggable: false, layoutIterations: 32,
        data: s.points.map((p, i) => ({ name: String(i), depth: p.x, itemStyle: { color: c.more[names.indexOf(p.label) % c.more.length] }, label: { formatter: p.label } })),
        links: s.arrows.map((a) => ({ source: String(a.source), target: String(a.target), value: a.weight, tooltip: { formatter: () => escape(a.text) } })),
        label: { color: c.ink, fontSize: narrow ? 9 : 12, width: room, overflow: "truncate" }, labelLayout: { hideOverlap: true }, lineStyle: { color: "source", opacity: 0.3, curveness: 0.5 }, tooltip: { formatter: (p) => escape(p.dataType === "node" ? s.points[Number(p.name)].label : "") },
      }],
    };
  }

  // Cells: the darker the more. Where they are narrow, what stands in them is in the tooltip alone.
  function matrix(s, c, narrow, box) {
    const most = Math.max(...s.points.map((p) => p.size)) || 1, left = narrow ? 110 : 220;
    const wide = (box.clientWidth - left - 20) / s.labels.length;
    const cell = (params, api) => {
      const p = s.points[params.dataIndex], [x, y] = api.coord([p.x, p.y]), [w, h] = api.size([1, 1]);
      return { type: "rect", shape: { x: x - w / 2 + 1, y: y - h / 2 + 1, width: w - 2, height: h - 2 }, style: { fill: c.good, opacity: 0.05 + 0.6 * p.size / most }, textContent: wide < 34 ? undefined : { style: { text: p.label, fill: c.ink, fontSize: 11 } }, textConfig: { position: "inside" } };
    };
    return {
      grid: { outerBoundsMode: "none", left, right: 20, top: 28, bottom: 8 },
      xAxis: { type: "category", position: "top", data: s.labels, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: c.soft, hideOverlap: true } },
      yAxis: { type: "category", data: s.lines, inverse: true, axisTick: { show: false }, axisLine: { show: false }, axisLabel: { color: c.ink, width: left - 12, fontSize: narrow ? 10 : 12, overflow: "truncate" } },
      tooltip: { confine: true, formatter: (p) => { const one = s.points[p.dataIndex]; return `${escape(s.lines[one.y])}, ${escape(s.labels[one.x])}<br><b>${escape(one.label)}</b>`; } },
      series: [{ type: "custom", renderItem: cell, data: s.points.map((p) => [p.x, p.y]) }],
    };
  }

  const kinds = { bars, line, graph, scatter, sankey, matrix };
  const heights = { bars: (s, narrow) => 60 + (narrow && s.labels.some((label) => label.length > 40) ? 40 : 30) * s.labels.length, line: () => 280, graph: () => 440, scatter: () => 380, sankey: () => 380, matrix: (s) => 44 + 28 * s.lines.length };

  // Draws a spec into a box and returns a function that draws it again (size or theme changed).
  return function (spec, box, isDark) {
    box.textContent = "";
    box.style.height = `${heights[spec.kind](spec, box.clientWidth < 560)}px`;
    const chart = echarts.init(box, null, { renderer: "svg" });
    const draw = () => {
      chart.resize();
      chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, aria: { enabled: true }, ...kinds[spec.kind](spec, palette(isDark()), box.clientWidth < 560, box) }, true);
    };
    draw();
    return draw;
  };
})();
