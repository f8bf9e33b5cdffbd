// Memory: each region to scale, and where little of it is used, the used part once more, larger.

function memory_section(result) {
  const {memory} = result, host = $("memory-map");
  const blocks = memory.regions.map((r) => region_map(r, memory.stack));
  host.replaceChildren(
    ...blocks, blocks.length ? "" : el("p", {class: "note"}, "The board's memories are not in this result."));
  const symbols = memory.largest_symbols, most = symbols.reduce((m, s) => Math.max(m, s.bytes), 1);
  data_table(
    $("symbols-table"),
    [
      {title: "symbol", kind: "name", value: (s) => s.name, cell: (s) => name_of(s.name)},
      {
        title: "size",
        kind: "num gauge",
        value: (s) => s.bytes,
        cell: (s) => bytes(s.bytes),
        part: (s) => s.bytes / most
      },
    ],
    {
      label: "Largest symbols",
      rows: symbols,
      page: 12,
      sorted: 1,
      heading: 0,
      empty: "The firmware names no symbols."
    });
}

function region_map(region, stack) {
  const size = region.size_bytes, base = Number(region.base);
  const low = Number(stack.low), top = Number(stack.top);
  const in_region = stack.used_bytes > 0 && low >= base && low < base + size;
  const pieces =
    region.sections.filter((s) => s.bytes > 0).map((s, i) => ({title: s.name, bytes: s.bytes, colour: "--m-" + i % 5}));
  const known = pieces.reduce((sum, p) => sum + p.bytes, 0);
  if (region.static_bytes > known)
    pieces.push({title: known ? "other sections" : "image", bytes: region.static_bytes - known, colour: "--m-4"});
  const used = Math.max(known, region.static_bytes);
  const width = (n) => (100 * Math.min(1, size ? n / size : 0)).toFixed(4) + "%";
  const label = (name, n) => [name, bytes(n), size ? percent(n, size) + " of the region" : ""];
  // What the image's sections already cover isn't counted once more as stack.
  const outside = in_region && low >= base + used;
  const free = Math.max(0, size - used - (outside ? Math.min(top, base + size) - low : 0));
  const whole = el(
    "div",
    {class: "region", role: "img", "aria-label": region.name + ": " + bytes(used) + " of " + bytes(size) + " used"},
    pieces.map((p) => el("span", {
                 class: "part",
                 style: {width: width(p.bytes), "--colour": "var(" + p.colour + ")"},
                 tip: label(p.title, p.bytes)
               })),
    in_region ? el("span", {
      class: "part stack",
      style: {left: width(low - base), width: width(Math.max(0, Math.min(top, base + size) - low))},
      tip: label("stack, deepest", stack.used_bytes)
    }) :
                "");
  const children = [
    el(
      "h4", {}, name_of(region.name, 40), el("span", {class: "note"}, " " + region.kind + " at " + region.base),
      el("span", {class: "num"}, bytes(used) + " of " + bytes(size))),
    whole
  ];
  const share = size ? used / size : 0;
  if (pieces.length && share < 0.5) {
    children.push(el("div", {class: "zoom", "aria-hidden": "true", style: {"--share": width(used)}}));
  }
  if (pieces.length) {
    const of = share < 0.5 ? used : size;
    const row = el(
      "div", {class: "region close"},
      pieces.map(
        (p) => el(
          "span", {
            class: "part",
            style: {width: (100 * p.bytes / of).toFixed(4) + "%", "--colour": "var(" + p.colour + ")"},
            tip: label(p.title, p.bytes),
          },
          p.bytes / of > 0.12 ? el("span", {}, name_of(p.title, 30)) : "")));
    if (share < 0.5)
      children.push(row);
    else
      whole.classList.add("labelled");
  }
  const items = pieces.map(
    (p) => el(
      "li", {}, el("span", {class: "swatch", style: {"--colour": "var(" + p.colour + ")"}}), name_of(p.title, 40),
      el("span", {class: "num"}, bytes(p.bytes))));
  if (in_region)
    items.push(el(
      "li", {}, el("span", {class: "swatch stack"}), outside ? "stack, deepest" : "stack, deepest, inside of a section",
      el("span", {class: "num"}, bytes(stack.used_bytes))));
  items.push(el(
    "li", {}, el("span", {class: "swatch free"}), outside ? "free between image and stack" : "free",
    el("span", {class: "num"}, bytes(free))));
  children.push(el("ul", {class: "pieces"}, items));
  return el("div", {class: "map"}, children);
}
