// When clocks, layers and functions ran: one axis of simulated time.

const timeline_limits = {
  boxes: 2500,
  depth: 10,
  pixels: 1
};

/// Seconds since reset at a cycle, and back, over the clocks in their order.
function time_axis(clocks) {
  let cycle = 0, time = 0;
  const spans = clocks.filter((c) => c.cycles > 0 && c.clock_hz > 0).map((c) => {
    const span = {from: cycle, time, hz: c.clock_hz, cycles: c.cycles};
    cycle += c.cycles;
    time += c.cycles / c.clock_hz;
    return span;
  });
  const of = (at) => {
    const s = spans.findLast((p) => p.from <= at) || spans[0];
    return s ? s.time + (at - s.from) / s.hz : 0;
  };
  return {spans, of, end: time};
}

function timeline_chart(result) {
  const t = result.timeline, axis = time_axis(result.totals.clocks);
  if (!(axis.end > 0) || !(t.layers.length || t.spans.length)) return null;
  const note = [];
  const top = t.spans.reduce((least, s) => Math.min(least, s.depth), Infinity);
  const calls = t.spans.filter((s) => s.depth - top < timeline_limits.depth && s.end > s.begin);
  const band = (list) => list.reduce((most, b) => Math.max(most, b.row), -1) + 1;
  const items = [];
  const add = (begin, end, row, label, kind, hue) =>
    items.push({from: axis.of(begin), to: axis.of(end), begin, end, row, label, kind, hue});
  for (const c of axis.spans) add(c.from, c.from + c.cycles, 0, clock_rate(c.hz), "clock", "var(--rule)");
  for (const s of t.layers) {
    const l = result.layers[s.layer];
    add(s.begin, s.end, 1, "#" + l.index + " " + l.op, "layer", hue_of(l.op));
  }
  for (const s of calls)
    add(s.begin, s.end, 2 + s.depth - top, t.names[s.name] || "[unnamed]", "call", hue_of(t.names[s.name]));
  const rows = band(items);
  let from = 0, to = axis.end;

  const host = $("timeline-chart");
  const chart = box_chart(
    host, "Timeline: clock, layers, then calls by depth; arrow keys move, Enter zooms, Escape shows the whole run",
    () => {});
  const ticks = el("div", {class: "ticks", "aria-hidden": "true"});
  host.prepend(ticks);

  function draw(take_focus) {
    const span = to - from, smallest = timeline_limits.pixels / chart.width();
    const boxes = [];
    const seen = items.filter((i) => i.to > from && i.from < to);
    const wide = seen.filter((i) => (i.to - i.from) / span >= smallest);
    const kept = wide.length <= timeline_limits.boxes ?
      wide :
      wide.sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, timeline_limits.boxes);
    const narrow = seen.length - kept.length;
    for (const [index, i] of kept.entries()) {
      const x = Math.max(0, (i.from - from) / span), width = Math.min(1, (i.to - from) / span) - x;
      const words = [
        i.label, duration(i.to - i.from) + ", " + count(i.end - i.begin) + " cycles",
        "from " + duration(i.from) + ", cycle " + count(i.begin)
      ];
      boxes.push({
        key: String(index),
        x,
        width,
        row: i.row,
        label: el("bdi", {}, shown_name(i.label, 120)),
        class: i.kind,
        hue: i.hue,
        tip: words,
        spoken: i.kind + " " + shown_name(words.join(", ")),
        cycles: i.end - i.begin,
        open: () => {
          from = i.from;
          to = i.to;
          draw(chart.plane.contains(document.activeElement));
        }
      });
    }
    const start = chart.draw(boxes);
    chart.plane.style.setProperty("--rows", rows);
    if (take_focus && start) start.focus({preventScroll: true});
    draw_ticks(span);
    const whole = from === 0 && to === axis.end;
    $("timeline-reset").disabled = whole;
    $("timeline-range").textContent = whole ? "" : duration(from) + " to " + duration(to) + ", " + duration(span);
    const words = note.slice();
    if (narrow) words.push(plural(narrow, "span") + " too narrow to be drawn: click a box to zoom in");
    $("timeline-note").textContent = words.join("; ");
  }
  function draw_ticks(span) {
    const rough = span / Math.max(2, Math.min(8, chart.width() / 110));
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough);
    const [size, unit] =
      [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]].find((u) => step >= u[0] * 0.9999) || [1e-9, "ns"];
    const digits = Math.max(0, -Math.floor(Math.log10(step / size) + 1e-9));
    const list = [];
    for (let k = Math.ceil(from / step - 1e-9); k * step <= to + step * 1e-9; ++k) {
      const x = (k * step - from) / span;
      list.push(el(
        "span", {class: x > 0.93 ? "last" : "", style: {left: (100 * x).toFixed(3) + "%"}},
        decimal(k * step / size, digits) + thin + unit));
    }
    ticks.replaceChildren(...list);
  }
  if (t.left_out)
    note.push(plural(t.left_out, "call") + " of fewer than " + count(t.shortest_cycles) + " cycles not saved");
  if (t.layers_left_out) note.push(plural(t.layers_left_out, "invocation") + " of layers not saved");
  const deep = t.spans.length - calls.length;
  if (deep) note.push(plural(deep, "call") + " deeper than " + timeline_limits.depth + " levels not drawn");
  const reset = () => {
    from = 0;
    to = axis.end;
    draw(false);
  };
  $("timeline-reset").addEventListener("click", reset);
  $("timeline").addEventListener("keydown", (e) => {
    if (e.key === "Escape") reset();
  });
  on_resize(host, () => draw(false));
  draw(false);
  return {layer_spans: t.layers.length};
}
