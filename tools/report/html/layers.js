// Layers: their table, why their cycles went where, and the energy split. One list of rows serves all three; it sums to
// the run: layers, between layers, phases outside of inference.

const energy_parts = [
  {key: "core", title: "core", what: "instructions and stalls", colour: "--e-core"},
  {key: "flash", title: "flash", what: "reads of the flash array", colour: "--e-flash"},
  {key: "ram", title: "SRAM", what: "data accesses", colour: "--e-ram"},
  {key: "static", title: "static", what: "leakage, clock tree, enabled peripherals while awake", colour: "--e-static"},
  {key: "sleep", title: "sleep", what: "waiting for interrupts", colour: "--e-sleep"},
];
const total_fj = (split) => energy_parts.reduce((s, p) => s + split[p.key], 0);
const split_minus = (a, b) =>
  Object.fromEntries(energy_parts.map((p) => [p.key, Math.max(0, a[p.key] - (b ? b[p.key] : 0))]));
const split_plus = (a, b) => Object.fromEntries(energy_parts.map((p) => [p.key, a[p.key] + (b ? b[p.key] : 0)]));

function reasons_minus(a, b) {
  const out = {...a};
  for (const [key, n] of Object.entries(b)) out[key] = Math.max(0, (out[key] || 0) - n);
  return out;
}

function layer_rows(result, titles) {
  const {layers, networks, totals} = result;
  if (!networks.some((n) => n.inferences > 0)) return [];
  const rows = layers.map((l, order) => {
    const work = l.macs * l.invocations;
    return {
      order,
      number: (networks.length > 1 ? l.network + "." : "") + l.index,
      op: l.op,
      name: l.name.split(";")[0],
      layer: l,
      shapes: [l.input_shapes[0], l.output_shapes[0]].map((s) => s ? shape(s) : "?").join(" → "),
      macs: l.macs || null,
      cycles: l.cycles,
      per_mac: work > 0 ? l.cycles / work : null,
      time_s: l.time_s,
      energy: l.energy,
      split: l.energy && l.energy.femtojoules,
      reasons: l.cycles_by_reason,
    };
  });
  let inside = 0, inside_time = 0, inside_split = null, rest_reasons = totals.cycles_by_reason;
  for (const l of layers) rest_reasons = reasons_minus(rest_reasons, l.cycles_by_reason);
  networks.forEach((n) => {
    inside += n.cycles;
    inside_time += n.time_s;
    if (n.energy) inside_split = inside_split ? split_plus(inside_split, n.energy.femtojoules) : n.energy.femtojoules;
    const own = layers.filter((l) => networks[l.network] === n);
    rows.push({
      rest: true,
      op: networks.length > 1 ? "between layers of " + shown_name(n.name, 40) : "between layers",
      cycles: n.between_layers_cycles,
      time_s: Math.max(0, n.time_s - own.reduce((s, l) => s + l.time_s, 0)),
      energy: n.between_layers_energy,
      split: n.between_layers_energy && n.between_layers_energy.femtojoules
    });
  });
  const names = {
    startup: "start-up, before main",
    setup: "set-up of the network",
    init: "init of operators",
    prepare: "prepare of operators",
    before: "before inferences",
    between: "between inferences",
    after: "after inferences",
    interrupts: "interrupts meanwhile",
    threads: "other threads meanwhile",
    other: "looked like a network",
    program: "outside of inference",
  };
  const sums = new Map();
  for (const p of result.phases) {
    const sum = sums.get(p.kind) || {
      rest: true,
      op: names[p.kind] || shown_name(p.kind, 40),
      cycles: 0,
      time_s: 0,
      energy: null,
      split: null,
      parts: [],
      operators: []
    };
    sum.cycles += p.cycles;
    sum.parts.push(...p.parts || []);
    if (p.layer >= 0) sum.operators.push({name: "#" + rows[p.layer].number + " " + rows[p.layer].op, cycles: p.cycles});
    sum.time_s += p.time_s;
    if (p.energy) sum.split = split_plus(p.energy.femtojoules, sum.split);
    sums.set(p.kind, sum);
  }
  for (const sum of sums.values()) sum.tip = phase_tip(sum, titles);
  rows.push(...sums.values());
  if (!sums.size) rows.push({
    rest: true,
    op: "outside of inference",
    cycles: Math.max(0, totals.cycles - inside),
    time_s: Math.max(0, totals.time_s - inside_time),
    energy: null,
    split: totals.energy && split_minus(totals.energy.femtojoules, inside_split)
  });
  rows.rest_reasons = rest_reasons;
  return rows;
}

const row_joules = (r) => r.energy ? r.energy.value_j : r.split ? total_fj(r.split) * 1e-15 : null;

/// What a phase was spent with, and the operators that took most of it.
function phase_tip(sum, titles) {
  const most = 8, operators = sum.operators.sort((a, b) => b.cycles - a.cycles);
  return [sum.op].concat(
    family_lines(sum.parts, sum.cycles, titles),
    operators.slice(0, most).map((o) => o.name + ": " + count(o.cycles) + " cycles"),
    operators.length > most ? [plural(operators.length - most, "more operator")] : []);
}

/// What only layers have.
const own_figure = (r, value, format) => value ? format(value) : r.layer ? "–" : "";

function layer_tip(l) {
  const runs = plural(l.invocations, "invocation");
  const lines = [
    l.op + " " + l.name,
    "function " + l.function + (l.kernel ? ", kernel " + l.kernel : ""),
    l.invocations > 1 ? runs + ", " + count(l.min_cycles) + " to " + count(l.max_cycles) + " cycles" : runs,
    "parameters " + bytes(l.parameter_bytes) + ", arena " + bytes(l.arena_bytes),
  ];
  for (const b of l.bytes_moved || [])
    lines.push(b.region + ": " + bytes(b.read) + " read, " + bytes(b.written) + " written, " + bytes(b.instructions) +
               " of code");
  const e = l.energy;
  if (e) lines.push("energy " + joules(e.low_j) + " to " + joules(e.high_j) + ", " + e.tier);
  return lines;
}

function layers_section(result, rows) {
  const {totals, networks} = result;
  const most_inferences = networks.reduce((m, n) => Math.max(m, n.inferences), 0);
  $("layers-remark").textContent = most_inferences > 1 ? "all " + count(most_inferences) + " inferences together" : "";
  if (!rows.length) {
    $("layers-table").replaceChildren();
    const silent = result.silent_runtimes || [];
    $("layers-note").textContent = networks.length ?
      "The firmware holds a network, but no inference ran to its end." :
      silent.length ? "No layer was seen to run, though " + shown_name(silent[0].runtime, 120) + " is in the image." :
      "No network was recognised in this firmware, so its cycles are split by function and line only.";
    return;
  }
  const own = rows.filter((r) => !r.rest);
  const most = (value) => own.reduce((m, r) => Math.max(m, value(r) || 0), 0);
  const most_cycles = most((r) => r.cycles), most_per_mac = most((r) => r.per_mac), most_joules = most(row_joules);
  const ms_digits = column_digits(own.map((r) => r.time_s * 1e3)),
        uj_digits = column_digits(own.map((r) => (row_joules(r) || 0) * 1e6));
  const part = (value, whole) => (r) => r.total || !whole ? 0 : (value(r) || 0) / whole;
  const columns = [
    {
      title: "#",
      hint: "number of the operator in the model",
      kind: "num",
      value: (r) => r.order,
      cell: (r) => r.number || "",
      first: "ascending"
    },
    {title: "op", hint: "operator", value: (r) => r.op, cell: (r) => shown_name(r.op, 60)},
    {
      title: "name",
      hint: "output tensor",
      kind: "name",
      priority: 2,
      value: (r) => r.name,
      cell: (r) => r.name ? name_of(r.name) : ""
    },
    {title: "in → out", kind: "text shape", priority: 1, cell: (r) => r.shapes || ""},
    {
      title: "MACs",
      hint: "multiply-accumulates of one invocation",
      kind: "num",
      priority: 1,
      value: (r) => r.macs,
      cell: (r) => own_figure(r, r.macs, count)
    },
    {
      title: "cycles",
      hint: "core cycles, callees included",
      kind: "num",
      value: (r) => r.cycles,
      cell: (r) => count(r.cycles)
    },
    {
      title: "share",
      hint: "of the run's cycles",
      kind: "num gauge",
      value: (r) => r.cycles,
      cell: (r) => percent(r.cycles, totals.cycles),
      part: part((r) => r.cycles, most_cycles)
    },
    {
      title: "cycles/MAC",
      hint: "core cycles per multiply-accumulate",
      kind: "num",
      value: (r) => r.per_mac,
      cell: (r) => own_figure(r, r.per_mac, (v) => decimal(v, 2)),
      part: part((r) => r.per_mac, most_per_mac)
    },
    {
      title: "time",
      unit: "ms",
      hint: "simulated time",
      kind: "num",
      value: (r) => r.time_s,
      cell: (r) => small_decimal(r.time_s * 1e3, ms_digits),
      part: part((r) => r.time_s, most((r) => r.time_s))
    },
  ];
  if (totals.energy)
    columns.push({
      title: "energy",
      unit: "µJ",
      hint: "at the supply pin",
      kind: "num",
      value: row_joules,
      cell: (r) => row_joules(r) === null ? "unknown" : small_decimal(row_joules(r) * 1e6, uj_digits),
      part: part(row_joules, most_joules)
    });
  const total = {
    total: true,
    op: "total",
    cycles: totals.cycles,
    time_s: totals.time_s,
    energy: totals.energy,
    split: totals.energy && totals.energy.femtojoules
  };
  const kind = (r) => r.total ? "total" : r.rest ? "rest" : "";
  data_table($("layers-table"), columns, {
    label: "Layers with their cycles, time and energy",
    rows: own,
    pinned: rows.filter((r) => r.rest).concat(total),
    heading: 1,
    page: 300,
    mark: (r) => ({
      "data-cycles": r.cycles,
      "data-fj": r.split ? total_fj(r.split) : undefined,
      class: kind(r),
      tip: r.layer ? layer_tip(r.layer) : r.tip,
    }),
  });
  $("layers-note").textContent = totals.energy ? "" : "Energy per layer is unknown: " + energy_unknown(result);
}

// ---- why

function why_section(result, rows, titles) {
  const whole = result.totals.cycles, by = result.totals.cycles_by_reason;
  const keys = Object.keys(titles).filter((k) => by[k] > 0);
  if (!keys.length || !whole) return false;
  const parts_of = (reasons) =>
    keys.map((key) => ({key, title: titles[key], value: reasons[key] || 0, colour: "--r-" + key}));
  const bars = [{label: "whole run", cycles: whole, reasons: by, all: true}];
  for (const r of rows)
    if (!r.rest && r.cycles > 0) bars.push({label: "#" + r.number + " " + r.op, cycles: r.cycles, reasons: r.reasons});
  const rest = Object.values(rows.rest_reasons || {}).reduce((s, n) => s + n, 0);
  if (rest > 0) bars.push({label: "outside of layers", cycles: rest, reasons: rows.rest_reasons});
  const most = bars.reduce((m, b) => b.all ? m : Math.max(m, b.cycles), 0);
  const host = $("why-bars");
  const draw = () => {
    const to_scale = $("why-true").checked;
    const length = (b) => to_scale && !b.all && most ? b.cycles / most : 1;
    bar_rows(
      host, bars, (b) => count(b.cycles),
      (b) => stacked_bar(parts_of(b.reasons), b.cycles, (v) => count(v) + " cycles", length(b)));
  };
  for (const id of ["why-equal", "why-true"]) $(id).addEventListener("change", draw);
  if (bars.length < 3) $("why").querySelector(".tools").hidden = true;
  draw();
  const sorted = parts_of(by).sort((a, b) => b.value - a.value);
  legend($("why-legend"), sorted, whole, count);
  link_legend($("why-legend"), host);
  data_table(
    $("why-table"),
    [
      {title: "", kind: "text", cell: (b) => shown_name(b.label, 60)},
      {title: "cycles", kind: "num", value: (b) => b.cycles, cell: (b) => count(b.cycles)}
    ].concat(sorted.map((p) => ({
                          title: p.title,
                          kind: "num",
                          value: (b) => b.reasons[p.key] || 0,
                          cell: (b) => b.reasons[p.key] ? count(b.reasons[p.key]) : "–"
                        }))),
    {
      label: "Cycles by reason",
      page: 300,
      rows: bars.slice(1),
      pinned: bars.slice(0, 1),
      heading: 0,
      empty: "no layers"
    });
  return true;
}

// ---- energy

function energy_unknown(result) {
  const remarks = result.energy_model.remarks;
  return remarks.length ? remarks.join("; ") : "there is no energy table for this board.";
}

function energy_section(result, rows) {
  const model = result.energy_model, energy = result.totals.energy, host = $("energy-body");
  if (!energy) {
    host.replaceChildren(el("p", {class: "unknown"}, el("b", {}, "Energy is unknown. "), energy_unknown(result)));
    return;
  }
  $("energy-remark").textContent = "at the supply pin, whole run";
  const parts = (split) =>
    energy_parts.map((p) => ({key: p.key, title: p.title, value: split[p.key], colour: p.colour, data: "data-fj"}));
  const fj = (v) => joules(v * 1e-15);
  const whole = total_fj(energy.femtojoules);
  const bars = el("div", {class: "bars"});
  const list = [{label: "whole run", split: energy.femtojoules, all: true}].concat(
    rows.filter((r) => r.split && total_fj(r.split) > 0)
      .map((r) => ({label: r.rest ? r.op : "#" + r.number + " " + r.op, split: r.split})));
  bar_rows(bars, list, (b) => fj(total_fj(b.split)), (b) => stacked_bar(parts(b.split), total_fj(b.split), fj));
  const key = el("ul", {class: "legend", id: "energy-legend"});
  legend(key, parts(energy.femtojoules), whole, fj);
  const facts = el("dl", {class: "facts"});
  fact(facts, "energy", joules(energy.value_j) + ", " + joules(energy.low_j) + " to " + joules(energy.high_j));
  fact(
    facts, "power",
    watts(model.average_power_w) + " on average, " + watts(model.average_power_low_w) + " to " +
      watts(model.average_power_high_w));
  fact(facts, "supply", (model.supply_title || model.supply) + (model.volts ? ", " + model.volts + thin + "V" : ""));
  fact(facts, "contains", model.scope);
  fact(facts, "tier", tier_words(energy.tier), model.source ? ": " + model.source : "");
  for (const remark of model.remarks) fact(facts, "remark", remark);
  host.replaceChildren(el("div", {class: "split"}, bars, key), facts);
  link_legend(key, bars);
}
