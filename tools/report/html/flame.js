// The call tree as a flame graph, root on top. Only what is wider than a pixel is drawn; the rest is one box and a
// word.

const flame_limits = {
  boxes: 2500,
  levels: 48,
  pixels: 1.5
};

function flame_graph(result) {
  const tree = result.call_tree;
  if (!tree.length) return null;
  // Children as linked lists: a tree of 100,000 nodes is laid out only where it shows.
  const n = tree.length, child = new Int32Array(n).fill(-1), sibling = new Int32Array(n).fill(-1);
  for (let i = n - 1; i > 0; --i) {
    sibling[i] = child[tree[i].parent];
    child[tree[i].parent] = i;
  }
  const total = Math.max(tree[0].inclusive_cycles, 1);
  const title = (i) => shown_name(tree[i].name || "[unnamed]", 200);
  let focus = 0, wanted = "", matches = null;

  const chart = box_chart(
    $("flame-chart"), "Call tree: arrow keys move, Enter zooms, Escape shows the whole run", (b) => describe(b.node));
  const detail = $("flame-detail");

  function lines_of(i) {
    const t = tree[i];
    const lines = [
      title(i), "inclusive " + count(t.inclusive_cycles) + " cycles, " + percent(t.inclusive_cycles, total),
      "self " + count(t.self_cycles) + " cycles, " + percent(t.self_cycles, total), plural(t.calls, "call")
    ];
    if (i && focus) lines.push(percent(t.inclusive_cycles, tree[focus].inclusive_cycles) + " of " + title(focus));
    return lines;
  }
  function describe(i) {
    if (i === undefined) return;
    const [name, ...rest] = lines_of(i);
    detail.replaceChildren(el("b", {}, el("bdi", {}, name)), " " + rest.join(" · "));
  }
  const box_of = (i, x, width, row, above) => ({
    node: i,
    key: String(i),
    x,
    width,
    row,
    label: el("bdi", {}, title(i)),
    hue: hue_of(tree[i].name),
    class: (above ? "above" : "") + (matches ? matches[i] ? " match" : " other" : ""),
    cycles: tree[i].inclusive_cycles,
    tip: () => lines_of(i),
    open: () => zoom(i),
    spoken: title(i) + ", " + percent(tree[i].inclusive_cycles, total) + " of cycles, " +
      count(tree[i].inclusive_cycles) + ", self " + percent(tree[i].self_cycles, total),
  });

  function draw(take_focus) {
    const boxes = [], smallest = flame_limits.pixels / chart.width();
    const path = [];
    for (let i = focus; i; i = tree[i].parent) path.push(tree[i].parent);
    path.reverse();
    // A deep stack's ancestors would push the graph off the screen: the nearest ones stay.
    const above = path.length > 8 ? [0, ...path.slice(-7)] : path;
    above.forEach((i, row) => boxes.push(box_of(i, 0, 1, row, true)));
    const base = above.length;
    let narrow = 0, deeper = false, crowded = false;
    const queue = [[focus, 0, 1, base]];
    for (let q = 0; q < queue.length; ++q) {
      const [i, x, width, row] = queue[q];
      boxes.push(box_of(i, x, width, row, false));
      const children = [];
      let sum = 0;
      for (let c = child[i]; c >= 0; c = sibling[c]) {
        const cycles = tree[c].inclusive_cycles;
        sum += cycles;
        if (cycles > 0) children.push(c);
      }
      if (!children.length) continue;
      if (row - base + 1 >= flame_limits.levels) {
        deeper = true;
        continue;
      }
      const per_cycle = width / Math.max(tree[i].inclusive_cycles, sum, 1);
      children.sort((a, b) => tree[b].inclusive_cycles - tree[a].inclusive_cycles || a - b);
      let at = x, rest = 0, rest_cycles = 0;
      for (const c of children) {
        const w = tree[c].inclusive_cycles * per_cycle;
        if (w < smallest || queue.length >= flame_limits.boxes) {
          crowded = crowded || w >= smallest;
          ++rest;
          rest_cycles += tree[c].inclusive_cycles;
        } else {
          queue.push([c, at, w, row + 1]);
          at += w;
        }
      }
      narrow += rest;
      const w = rest_cycles * per_cycle;
      if (rest && w >= smallest) {
        const words = plural(rest, "narrower call") + ", " + count(rest_cycles) + " cycles";
        boxes.push({
          x: at,
          width: w,
          row: row + 1,
          label: "+" + count(rest),
          class: "rest",
          tip: [words, "zoom in to see them"],
          spoken: words,
          hue: "var(--rule)"
        });
      }
    }
    const start = chart.draw(boxes, String(focus));
    if (take_focus && start) start.focus({preventScroll: true});
    const words = [];
    if (narrow)
      words.push(
        plural(narrow, "call") + " narrower than a pixel " + (narrow === 1 ? "is" : "are") +
        " drawn together: click a box to zoom in");
    if (deeper) words.push("levels deeper than " + flame_limits.levels + " are left out until you zoom in");
    if (crowded) words.push("the " + count(flame_limits.boxes) + " widest boxes are drawn");
    if (path.length > above.length) words.push(plural(path.length - above.length, "caller") + " of this box not shown");
    $("flame-note").textContent = words.join("; ");
    $("flame-reset").disabled = focus === 0;
    describe(focus);
  }
  function zoom(i) {
    const from_inside = chart.plane.contains(document.activeElement);
    focus = i;
    draw(from_inside);
  }
  function search(text) {
    wanted = text.trim().toLowerCase();
    matches = null;
    let found = 0, cycles = 0;
    if (wanted) {
      matches = new Uint8Array(n);
      const inside = new Uint8Array(n);  // below a match: its cycles are counted already
      for (let i = 0; i < n; ++i) {
        const up = i > 0 && (inside[tree[i].parent] || matches[tree[i].parent]);
        matches[i] = tree[i].name.toLowerCase().includes(wanted) ? 1 : 0;
        inside[i] = up ? 1 : 0;
        if (matches[i]) {
          ++found;
          if (!up) cycles += tree[i].inclusive_cycles;
        }
      }
    }
    $("flame-found").textContent = !wanted ? "" :
      found ? plural(found, "box", "boxes") + ", " + percent(cycles, total) + " of cycles" :
              "no match";
    draw(false);
  }
  $("flame-search").addEventListener("input", (e) => search(e.target.value));
  $("flame-reset").addEventListener("click", () => zoom(0));
  $("flame").addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !focus || e.target === $("flame-search")) return;
    e.preventDefault();
    zoom(0);
  });
  on_resize($("flame-chart"), () => draw(false));
  draw(false);
  return {
    find(name) {
      $("flame-search").value = name;
      search(name);
      $("flame").scrollIntoView();
    },
    root_cycles: () => Number(chart.plane.querySelector('[data-key="0"]').dataset.cycles),
    self_cycles: tree.reduce((s, t) => s + t.self_cycles, 0),
  };
}
