// What the cycles were spent with, by names of functions: works (printing, features) and helpers (soft-float) of the
// whole run, each with where it is. The rows sum to the run.

/// "Printing" holds what printing calls; helpers in code that has no work of its own stand beside the works.
const family_of = (part) => part.work || part.helper;
const family_title = (key, titles) => !key ? "other code" : Object.hasOwn(titles, key) ? titles[key] : shown_name(key, 40);

function family_rows(result, titles) {
  const families = new Map();
  const add = (parts, place) => {
    for (const p of parts || []) {
      const key = family_of(p);
      const f = families.get(key) ||
        {key, title: family_title(key, titles), cycles: 0, inside: 0, split: null, helpers: new Map()};
      f.cycles += p.cycles;
      f.inside += place === "layer" ? p.cycles : 0;
      if (p.energy) f.split = split_plus(p.energy.femtojoules, f.split);
      if (p.work && p.helper) f.helpers.set(p.helper, (f.helpers.get(p.helper) || 0) + p.cycles);
      families.set(key, f);
    }
  };
  for (const l of result.layers) add(l.parts, "layer");
  for (const n of result.networks) add(n.between_layers_parts, "between");
  for (const p of result.phases) add(p.parts, "phase");
  return [...families.values()].sort((a, b) => b.cycles - a.cycles);
}

/// Of a row's parts, those of one percent and more: "printing 52.0 %".
function family_lines(parts, whole, titles) {
  const sums = new Map();
  for (const p of parts || []) sums.set(family_of(p), (sums.get(family_of(p)) || 0) + p.cycles);
  return [...sums].sort((a, b) => b[1] - a[1]).filter(([, n]) => n * 100 >= whole).map(
    ([key, n]) => family_title(key, titles) + " " + percent(n, whole));
}

function families_section(result, titles) {
  const rows = family_rows(result, titles), whole = result.totals.cycles;
  if (!rows.some((f) => f.key && f.key !== "unnamed")) return false;
  const priced = result.totals.energy && rows.every((f) => f.split);
  const most = rows.reduce((m, f) => Math.max(m, f.cycles), 0);
  const fj = (f) => f.split ? total_fj(f.split) : 0;
  const helpers = (f) => [...f.helpers].sort((a, b) => b[1] - a[1]).filter(([, n]) => n * 100 >= f.cycles)
                           .map(([key, n]) => family_title(key, titles) + " " + percent(n, f.cycles)).join(", ");
  const columns = [
    {title: "what", value: (f) => f.title, cell: (f) => f.title},
    {
      title: "cycles",
      hint: "core cycles, what it calls included",
      kind: "num",
      value: (f) => f.cycles,
      cell: (f) => count(f.cycles)
    },
    {
      title: "share",
      hint: "of the run's cycles",
      kind: "num gauge",
      value: (f) => f.cycles,
      cell: (f) => percent(f.cycles, whole),
      part: (f) => f.total || !most ? 0 : f.cycles / most
    },
    {
      title: "in layers",
      hint: "cycles of these within layers",
      kind: "num",
      priority: 1,
      value: (f) => f.inside,
      cell: (f) => f.inside ? count(f.inside) : "–"
    },
    {
      title: "outside",
      hint: "cycles of these between layers and outside of inference",
      kind: "num",
      priority: 1,
      value: (f) => f.cycles - f.inside,
      cell: (f) => f.cycles > f.inside ? count(f.cycles - f.inside) : "–"
    },
  ];
  if (priced)
    columns.push({
      title: "energy",
      hint: "at the supply pin",
      kind: "num",
      value: fj,
      cell: (f) => joules(fj(f) * 1e-15)
    });
  columns.push({title: "with", hint: "helpers that it calls, share of its cycles", kind: "text", priority: 2, cell: helpers});
  const total = {total: true, title: "total", cycles: 0, inside: 0, split: null, helpers: new Map()};
  for (const f of rows) {
    total.cycles += f.cycles;
    total.inside += f.inside;
    if (f.split) total.split = split_plus(f.split, total.split);
  }
  data_table($("families-table"), columns, {
    label: "Cycles and energy by what they were spent with",
    rows,
    pinned: [total],
    heading: 0,
    mark: (f) => ({"data-cycles": f.cycles, "data-fj": f.split ? fj(f) : undefined, class: f.total ? "total" : ""})
  });
  return true;
}
