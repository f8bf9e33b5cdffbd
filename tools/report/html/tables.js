// Functions, source lines, regions, notes, console.

function functions_section(result, flame) {
  const list = result.functions, whole = result.totals.cycles, energy = list.some((f) => f.self_energy);
  if (!list.length) return false;
  const in_tree = new Set(result.call_tree.map((t) => t.name));
  const most = list.reduce((m, f) => Math.max(m, f.self_cycles), 1);
  const most_inclusive = list.reduce((m, f) => Math.max(m, f.inclusive_cycles), 1);
  const file_of = (f) => f.file.split("/").pop();
  const columns = [
    {
      title: "function",
      kind: "name",
      value: (f) => f.name.toLowerCase(),
      cell: (f) => {
        const name = name_of(f.name || "[unnamed]");
        const label = flame && in_tree.has(f.name) ?
          el(
            "button",
            {type: "button", class: "link", title: "show in the flame graph", on: {click: () => flame.find(f.name)}},
            name) :
          name;
        return f.inlined ? el("span", {}, label, el("span", {class: "tag"}, "inlined")) : label;
      }
    },
    {
      title: "file",
      kind: "name",
      priority: 1,
      value: (f) => f.file,
      cell: (f) => f.file ? el("span", {title: shown_name(f.file, 1000)}, name_of(file_of(f), 60)) : "–"
    },
    {
      title: "self",
      unit: "cycles",
      hint: "callees not included",
      kind: "num",
      value: (f) => f.self_cycles,
      cell: (f) => count(f.self_cycles)
    },
    {
      title: "share",
      hint: "self, of the run's cycles",
      kind: "num gauge",
      value: (f) => f.self_cycles,
      cell: (f) => percent(f.self_cycles, whole),
      part: (f) => f.self_cycles / most
    },
    {
      title: "inclusive",
      unit: "cycles",
      hint: "callees included",
      kind: "num",
      value: (f) => f.inclusive_cycles,
      cell: (f) => count(f.inclusive_cycles)
    },
    {
      title: "share",
      hint: "inclusive, of the run's cycles",
      kind: "num",
      priority: 1,
      value: (f) => f.inclusive_cycles,
      cell: (f) => percent(f.inclusive_cycles, whole),
      part: (f) => f.inclusive_cycles / most_inclusive
    },
    {title: "calls", kind: "num", value: (f) => f.calls, cell: (f) => f.calls ? count(f.calls) : "–"},
    {
      title: "cycles/insn",
      hint: "self cycles per instruction",
      kind: "num",
      priority: 1,
      value: (f) => f.self_instructions ? f.self_cycles / f.self_instructions : null,
      cell: (f) => f.self_instructions ? decimal(f.self_cycles / f.self_instructions, 2) : "–"
    },
    {
      title: "code",
      hint: "bytes of code",
      kind: "num",
      priority: 2,
      value: (f) => f.size_bytes,
      cell: (f) => f.size_bytes ? bytes(f.size_bytes) : "–"
    },
  ];
  if (energy)
    columns.push({
      title: "energy",
      unit: "µJ",
      hint: "self, at the supply pin",
      kind: "num",
      value: (f) => f.self_energy ? f.self_energy.value_j : null,
      cell: (f) => f.self_energy ? small_decimal(f.self_energy.value_j * 1e6, 3) : "unknown"
    });
  const table = data_table($("functions-table"), columns, {
    label: "Functions",
    rows: list,
    page: 25,
    sorted: 2,
    heading: 0,
    matches: (f, text) => f.name.toLowerCase().includes(text) || f.file.toLowerCase().includes(text),
  });
  $("functions-search").addEventListener("input", (e) => table.filter(e.target.value));
  $("functions-remark").textContent = plural(list.length, "function") + "; self: callees not included";
  return true;
}

function lines_section(result) {
  const list = result.lines, whole = result.totals.cycles, most_shown = 50;
  if (!list.length) return false;
  const most = Math.max(1, list[0].cycles);
  data_table(
    $("lines-table"),
    [
      {
        title: "line",
        kind: "name",
        value: (l) => l.file + ":" + String(l.line).padStart(8),
        cell: (l) => l.line ?
          el("span", {title: shown_name(l.file, 1000)}, name_of(l.file.split("/").pop(), 60), ":" + l.line) :
          name_of(l.file || "no line known")
      },
      {
        title: "function",
        kind: "name",
        priority: 1,
        value: (l) => l.function,
        cell: (l) => l.function ? name_of(l.function) : "–"
      },
      {title: "cycles", kind: "num", value: (l) => l.cycles, cell: (l) => count(l.cycles)},
      {
        title: "share",
        kind: "num gauge",
        value: (l) => l.cycles,
        cell: (l) => percent(l.cycles, whole),
        part: (l) => l.cycles / most
      },
      {title: "instructions", kind: "num", value: (l) => l.instructions, cell: (l) => count(l.instructions)},
      {
        title: "cycles/insn",
        kind: "num",
        priority: 1,
        value: (l) => l.instructions ? l.cycles / l.instructions : null,
        cell: (l) => l.instructions ? decimal(l.cycles / l.instructions, 2) : "–"
      },
    ],
    {label: "Source lines", rows: list.slice(0, most_shown), page: 15, sorted: 2, heading: 0});
  if (list.length > most_shown) {
    const rest = list.slice(most_shown).reduce((s, l) => s + l.cycles, 0);
    $("lines-note").textContent = plural(list.length - most_shown, "more line") + " with " + count(rest) + " cycles, " +
      percent(rest, whole) + ", in the saved result.";
  }
  return true;
}

function regions_section(result) {
  const whole = result.totals.cycles, rows = [];
  for (const r of result.roi) {
    r.hits.forEach((h, i) => rows.push({name: r.name, pass: i + 1, cycles: h.cycles, instructions: h.instructions}));
    if (r.left_out) rows.push({name: r.name, more: r.left_out});
  }
  const passes = new Map();
  for (const r of result.regions) {
    const name = r.name || "region " + r.id, pass = (passes.get(name) || 0) + 1;
    passes.set(name, pass);
    rows.push({name, pass, cycles: r.cycles, instructions: r.instructions});
  }
  const figure = (r, text) => r.more ? "" : text;
  const most = rows.reduce((m, r) => Math.max(m, r.cycles || 0), 1);
  data_table(
    $("regions-table"),
    [
      {title: "region", kind: "name", value: (r) => r.name, cell: (r) => name_of(r.name)},
      {
        title: "pass",
        kind: "num",
        value: (r) => r.pass,
        first: "ascending",
        cell: (r) => r.more ? count(r.more) + " more not saved" : count(r.pass)
      },
      {title: "cycles", kind: "num", value: (r) => r.cycles, cell: (r) => figure(r, count(r.cycles))},
      {
        title: "share",
        hint: "of the run's cycles",
        kind: "num gauge",
        value: (r) => r.cycles,
        cell: (r) => figure(r, percent(r.cycles, whole)),
        part: (r) => (r.cycles || 0) / most
      },
      {title: "instructions", kind: "num", value: (r) => r.instructions, cell: (r) => figure(r, count(r.instructions))},
    ],
    {label: "Regions", rows, page: 30, heading: 0});
  return rows.length > 0;
}

function notes_section(result) {
  const guessed = (kind) => kind === "not_modelled" || kind === "warning";
  data_table(
    $("notes-table"),
    [
      {
        title: "kind",
        value: (d) => d.kind,
        cell: (d) =>
          el("span", {class: "tag" + (guessed(d.kind) ? " warning" : "")}, shown_name(d.kind, 40).replace("_", " "))
      },
      {title: "where", kind: "name", value: (d) => d.where, cell: (d) => d.where ? name_of(d.where) : "–"},
      {title: "what", kind: "text wide", cell: (d) => shown_name(d.text, 600)},
      {title: "times", kind: "num", value: (d) => d.count, cell: (d) => count(d.count)},
    ],
    {
      label: "Notes",
      rows: result.diagnostics,
      page: 30,
      heading: 1,
      empty: "Nothing to note: everything that this run touched is modelled."
    });
}

function console_section(result) {
  const text = result.console, most = 50000;
  if (!text) return false;
  $("console-text").textContent = text.slice(0, most).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "\ufffd");
  if (text.length > most)
    $("console-note").textContent = "the first " + count(most) + " of " + count(text.length) + " characters";
  return true;
}
