// Elements of the page. Text reaches the document as text nodes and attributes only: no name in a file is ever markup.

const $ = (id) => document.getElementById(id);

/// el("td", {class: "num", "data-cycles": 12, style: {"--part": 0.5}, on: {click: f}}, "text", node, ...)
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "style")
      for (const [property, v] of Object.entries(value)) node.style.setProperty(property, v);
    else if (key === "on")
      for (const [event, f] of Object.entries(value)) node.addEventListener(event, f);
    else if (key === "tip")
      tips.set(node, value);
    else
      node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

const name_of = (text, most) =>
  el("bdi", {class: "name", title: text.length > 24 ? shown_name(text, 1000) : null}, shown_name(text, most));

// ---- tooltips: what the pointer is on, in words

const tips = new WeakMap();

/// A tip is a list of lines, the first one in bold, or a function that makes one.
function start_tips() {
  const box = $("tip");
  const hide = () => {
    box.hidden = true;
  };
  document.addEventListener("pointermove", (e) => {
    let node = e.target instanceof Element ? e.target : null;
    while (node && !tips.has(node)) node = node.parentElement;
    if (!node || e.pointerType === "touch") return hide();
    const tip = tips.get(node);
    const lines = typeof tip === "function" ? tip() : tip;
    box.replaceChildren(...lines.map((line, i) => el(i ? "div" : "b", {}, shown_name(line, 400))));
    box.hidden = false;
    const x = Math.min(e.clientX + 14, innerWidth - box.offsetWidth - 8);
    const below = e.clientY + 18 + box.offsetHeight < innerHeight;
    box.style.left = Math.max(8, x) + "px";
    box.style.top = (below ? e.clientY + 18 : Math.max(8, e.clientY - 10 - box.offsetHeight)) + "px";
  });
  document.addEventListener("pointerleave", hide);
  document.addEventListener("scroll", hide, {passive: true, capture: true});
}

// ---- a table that sorts by a click, filters, and shows a page of its rows at a time

/// columns: {title, hint, unit, kind: "num"|"name"|"text", value(row) to sort by, cell(row), part(row) 0..1 for a bar,
/// priority: hidden first on narrow screens when larger, first: "ascending"|"descending"}.
/// options: {label, rows, pinned: rows that stay below, mark(row): attributes of the row, page, sorted: column or -1,
/// matches(row, text), empty: a sentence}
function data_table(host, columns, options) {
  const page = options.page || Infinity;
  let sorted = options.sorted === undefined ? -1 : options.sorted;
  let direction = sorted >= 0 ? first_direction(columns[sorted]) : 1;
  let shown = page, filter = "";
  const heads = columns.map(
    (c, i) => el(
      "th", {scope: "col", class: cell_class(c)},
      c.value ? el(
                  "button", {type: "button", class: "sort", title: c.hint, on: {click: () => sort(i)}}, c.title,
                  c.unit ? el("span", {class: "unit"}, " " + c.unit) : "",
                  el("span", {class: "arrow", "aria-hidden": "true"})) :
                el("span", {title: c.hint}, c.title)));
  const body = el("tbody"), foot = el("tfoot");
  const more = el("button", {
    type: "button",
    class: "more",
    on: {
      click: () => {
        shown += 10 * page;
        draw();
      }
    }
  });
  const note = el("p", {class: "note", role: "status"});
  const table =
    el("table", {}, el("caption", {class: "hidden"}, options.label), el("thead", {}, el("tr", {}, heads)), body, foot);
  host.replaceChildren(
    el("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": options.label}, table),
    el("div", {class: "after"}, note, more));

  function first_direction(c) {
    return (c.first || (/^num/.test(c.kind) ? "descending" : "ascending")) === "ascending" ? 1 : -1;
  }
  function cell_class(c) {
    return (c.kind || "text") + (c.priority ? " p" + c.priority : "") + (c.wide ? " wide" : "");
  }
  function sort(i) {
    if (i === sorted && direction === -first_direction(columns[i]) && options.sorted === undefined)
      sorted = -1;
    else if (i === sorted)
      direction = -direction;
    else {
      sorted = i;
      direction = first_direction(columns[i]);
    }
    draw();
  }
  function compare(a, b) {
    const x = columns[sorted].value(a), y = columns[sorted].value(b);
    const known = (v) => v !== null && v !== undefined && !Number.isNaN(v);
    if (!known(x) || !known(y)) return known(x) ? -1 : known(y) ? 1 : 0;
    return (x < y ? -1 : x > y ? 1 : 0) * direction;
  }
  function row_of(r, pinned) {
    const attributes = options.mark ? options.mark(r) : {};
    if (pinned) attributes.class = (attributes.class || "") + " pinned";
    return el("tr", attributes, columns.map((c, i) => {
      const part = c.part ? c.part(r) : undefined;
      const bar = part > 0 ? {"--part": Math.max(0.004, Math.min(1, part)).toFixed(4)} : undefined;
      const head = options.heading === i;
      return el(
        head ? "th" : "td", {class: cell_class(c) + (bar ? " bar" : ""), scope: head && "row", style: bar}, c.cell(r));
    }));
  }
  function draw() {
    heads.forEach((h, i) => {
      if (i === sorted)
        h.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else
        h.removeAttribute("aria-sort");
    });
    let rows = filter ? options.rows.filter((r) => options.matches(r, filter)) : options.rows;
    const found = rows.length;
    if (sorted >= 0) rows = rows.slice().sort(compare);
    body.replaceChildren(...rows.slice(0, shown).map((r) => row_of(r, false)));
    foot.replaceChildren(...(options.pinned || []).map((r) => row_of(r, true)));
    more.hidden = found <= shown;
    more.textContent = "show " + count(Math.min(found - shown, 10 * page)) + " more";
    note.textContent = filter && !found ? "nothing matches “" + shown_name(filter, 40) + "”" :
      found > shown                     ? count(shown) + " of " + count(found) + (filter ? " matches" : "") + " shown" :
      filter                            ? plural(found, "match", "matches") :
      !found                            ? options.empty || "none" :
                                          "";
    note.hidden = !note.textContent;
  }
  draw();
  return {
    filter(text) {
      filter = text.trim().toLowerCase();
      shown = page;
      draw();
    },
    all() {
      shown = Infinity;
      draw();
    }
  };
}

// ---- a bar of parts, each with a colour, a name and, where there is room, its share

/// parts: [{title, value, colour}] with colour the name of a CSS variable.
function stacked_bar(parts, whole, describe, length = 1) {
  const shown = parts.filter((p) => p.value > 0);
  const sum = shown.reduce((s, p) => s + p.value, 0);
  const words = shown.slice().sort((a, b) => b.value - a.value).map((p) => p.title + " " + percent(p.value, whole));
  return el(
    "div", {
      class: "stacked",
      role: "img",
      "aria-label": words.join(", ") || "nothing",
      style: {width: (100 * length).toFixed(3) + "%"}
    },
    shown.map(
      (p) => el(
        "span", {
          class: "part",
          "data-part": p.key,
          style: {"flex-grow": (p.value / sum).toFixed(6), "--colour": "var(" + p.colour + ")"},
          tip: [p.title, describe(p.value), percent(p.value, whole)],
        },
        p.value / sum * length >= 0.045 ? el("span", {}, decimal(100 * p.value / sum, 0) + thin + "%") : "")));
}

/// Rows of label, amount and stacked bar; {all: true} sets a row apart from the others.
function bar_rows(host, rows, amount, bar) {
  const most = 120;
  host.replaceChildren(...rows.slice(0, most).map(
    (b) => el(
      "div", {class: "row" + (b.all ? " all" : "")}, el("span", {class: "label"}, shown_name(b.label, 60)),
      el("span", {class: "num"}, amount(b)), el("div", {class: "track"}, bar(b)))));
  if (rows.length > most)
    host.append(el("p", {class: "note"}, "and " + count(rows.length - most) + " more, without bars"));
}

/// Swatch, name, amount, share: what the colours of stacked bars mean, as a table.
function legend(host, parts, whole, describe) {
  host.replaceChildren(...parts.map(
    (p) => el(
      "li", {"data-part": p.key, [p.data || "data-value"]: p.value},
      el("span", {class: "swatch", style: {"--colour": "var(" + p.colour + ")"}}), el("span", {class: "what"}, p.title),
      el("span", {class: "num"}, describe(p.value)), el("span", {class: "num share"}, percent(p.value, whole)))));
}

/// Hovering a legend's row dims the other parts in `bars`.
function link_legend(host, bars) {
  const mark = (key) =>
    bars.querySelectorAll(".part").forEach((p) => p.classList.toggle("dim", key !== null && p.dataset.part !== key));
  host.addEventListener("pointerover", (e) => {
    const row = e.target.closest("li");
    mark(row ? row.dataset.part : null);
  });
  host.addEventListener("pointerleave", () => mark(null));
}

/// low ... value ... high on one line.
function range_mark(low, value, high) {
  const from = Math.min(low, value), to = Math.max(high, value), span = to - from;
  if (!(span > 0)) return "";
  const at = (v) => (100 * (v - from) / span).toFixed(2) + "%";
  return el("div", {class: "range", "aria-hidden": "true"}, el("i", {style: {left: at(value)}}));
}
