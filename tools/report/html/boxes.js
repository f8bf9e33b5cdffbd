// Charts of boxes in rows (flame graph, timeline): each box is a button, so that pointer, keyboard and screen reader
// reach the same things. Places are fractions of the chart's width.

/// Draws boxes {x, width, row, label, tip, spoken, hue, class, key, open()} into `host`.
/// on_focus(box) is told what pointer or keyboard is on.
function box_chart(host, label, on_focus) {
  const plane = el("div", {class: "plane", role: "group", "aria-label": label});
  host.replaceChildren(plane);
  let boxes = [], nodes = [];
  const middle = (b) => b.x + b.width / 2;

  function draw(list, focus_key) {
    boxes = list;
    const rows = boxes.reduce((most, b) => Math.max(most, b.row), -1) + 1;
    plane.style.setProperty("--rows", rows);
    nodes = boxes.map(
      (b) => el(
        "button", {
          type: "button",
          tabindex: -1,
          class: "box " + (b.class || ""),
          "aria-label": b.spoken,
          tip: b.tip,
          "data-cycles": b.cycles,
          "data-key": b.key,
          style: {
            left: (100 * b.x).toFixed(4) + "%",
            width: (100 * b.width).toFixed(4) + "%",
            "--row": b.row,
            "--hue": b.hue
          },
        },
        b.width > 0.012 ? b.label : ""));
    plane.replaceChildren(...nodes);
    const start = Math.max(0, boxes.findIndex((b) => b.key === focus_key));
    if (nodes[start]) nodes[start].tabIndex = 0;
    return nodes[start];
  }
  function neighbour(b, key) {
    const in_row = (row) => boxes.filter((o) => o.row === row);
    const nearest = (list) => list.sort((p, q) => Math.abs(middle(p) - middle(b)) - Math.abs(middle(q) - middle(b)))[0];
    if (key === "ArrowLeft") return in_row(b.row).filter((o) => o.x < b.x).sort((p, q) => q.x - p.x)[0];
    if (key === "ArrowRight") return in_row(b.row).filter((o) => o.x > b.x).sort((p, q) => p.x - q.x)[0];
    if (key === "Home") return boxes[0];
    if (key === "ArrowUp") return nearest(in_row(b.row - 1));
    const below = in_row(b.row + 1).filter((o) => o.x < b.x + b.width && o.x + o.width > b.x);
    return below.sort((p, q) => q.width - p.width)[0];
  }
  const box_at = (target) => {
    const i = nodes.indexOf(target.closest(".box"));
    return i < 0 ? null : boxes[i];
  };
  plane.addEventListener("click", (e) => {
    const b = box_at(e.target);
    if (b && b.open) b.open();
  });
  plane.addEventListener("pointerover", (e) => {
    const b = box_at(e.target);
    if (b) on_focus(b);
  });
  plane.addEventListener("focusin", (e) => {
    const b = box_at(e.target);
    if (b) on_focus(b);
  });
  plane.addEventListener("keydown", (e) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home"].includes(e.key)) return;
    const b = box_at(e.target), to = b && neighbour(b, e.key);
    e.preventDefault();
    if (!to) return;
    nodes.forEach((n) => {
      n.tabIndex = -1;
    });
    const node = nodes[boxes.indexOf(to)];
    node.tabIndex = 0;
    node.focus();
  });
  return {draw, plane, width: () => Math.max(plane.clientWidth, 300)};
}

/// One of a few quiet hues, the same for the same name everywhere.
function hue_of(name) {
  let hash = 2166136261;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return "var(--hue-" + (hash >>> 8) % 6 + ")";
}

/// Runs `draw` again when the width of `host` changes.
function on_resize(host, draw) {
  let width = host.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(host.clientWidth - width) < 8) return;
    width = host.clientWidth;
    draw();
  }).observe(host);
}
