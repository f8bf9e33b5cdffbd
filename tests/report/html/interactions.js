// Uses the page of the sample result as a reader would, after the page's own script. Each check is a sentence; those
// that don't hold are written down.
(() => {
  const failures = [];
  let checks = 0;
  const equal = (what, seen, expected) => {
    ++checks;
    const [a, b] = [seen, expected].map((v) => JSON.stringify(v));
    if (a !== b) failures.push(what + ": " + a + ", expected " + b);
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const column = (table, n) => all(table + " tbody tr").map((row) => row.children[n].textContent);
  const header = (table, title) => all(table + " thead button").find((b) => b.textContent.startsWith(title));
  const type = (selector, text) => {
    one(selector).value = text;
    one(selector).dispatchEvent(new Event("input", {bubbles: true}));
  };
  const key = (name) =>
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
  const plain = (text) => text.replace(/\u202f/g, " ");
  const box = (name) => all("#flame-chart .box").find((b) => b.textContent === name);

  // layers: execution order, by cycles, back
  equal("layers in execution order", column("#layers-table", 1), ["CONV_2D", "SOFTMAX"]);
  const cycles = header("#layers-table", "cycles");
  cycles.click();
  equal("by cycles, largest first", column("#layers-table", 5), ["832,000", "60,000"]);
  equal("the header says so", cycles.closest("th").getAttribute("aria-sort"), "descending");
  cycles.click();
  equal("again: smallest first", column("#layers-table", 5), ["60,000", "832,000"]);
  equal(
    "rows that are no layer stay below", all("#layers-table tfoot tr").map((r) => r.children[1].textContent),
    ["between layers", "start-up, before main", "prepare of operators", "before inferences",
      "after inferences", "total"]);
  cycles.click();
  equal("a third time: execution order", column("#layers-table", 0), ["0", "1"]);
  equal("no column is sorted then", all("#layers-table [aria-sort]").length, 0);

  // functions: search, sort, jump to the flame graph
  equal("functions by self cycles", column("#functions-table", 0), ["dot_productinlined", "conv2d", "main", "softmax"]);
  header("#functions-table", "inclusive").click();
  equal("by inclusive cycles", column("#functions-table", 0)[0], "main");
  type("#functions-search", "CONV");
  equal("found in any case", column("#functions-table", 0), ["conv2d"]);
  type("#functions-search", "nowhere");
  equal("nothing found is said", one("#functions-table .note").textContent, "nothing matches “nowhere”");
  type("#functions-search", "");
  equal("all are back", column("#functions-table", 0).length, 4);
  all("#functions-table button.link").find((b) => b.textContent === "softmax").click();
  equal(
    "a function's name finds it in the flame graph", all("#flame-chart .match").map((b) => b.textContent), ["softmax"]);
  equal("with its share", plain(one("#flame-found").textContent), "1 box, 6.0 % of cycles");
  type("#flame-search", "");
  equal("an empty search marks nothing", all("#flame-chart .match, #flame-chart .other").length, 0);

  // flame graph: pointer and keyboard
  const width = (b) => b.style.width;
  equal("the root is as wide as the graph", width(box("Reset_Handler")), "100%");
  equal("a call is as wide as its cycles", width(box("conv2d")), "83.2%");
  equal("at the root there is nothing to reset", one("#flame-reset").disabled, true);
  box("conv2d").click();
  equal("zoomed in, it fills the graph", width(box("conv2d")), "100%");
  equal("below its callers", all("#flame-chart .above").map((b) => b.textContent), ["Reset_Handler", "main"]);
  equal("its sibling is gone", box("softmax"), undefined);
  equal("its cycles are told", plain(one("#flame-detail").textContent).includes("832,000 cycles, 83.2 %"), true);
  one("#flame-reset").click();
  equal("reset shows the whole run", width(box("conv2d")), "83.2%");
  equal(
    "one box is in the tab order", all("#flame-chart .box[tabindex='0']").map((b) => b.textContent), ["Reset_Handler"]);
  box("Reset_Handler").focus();
  key("ArrowDown");
  key("ArrowDown");
  equal("arrow down goes to the widest callee", document.activeElement.textContent, "conv2d");
  equal("what has the focus is told", one("#flame-detail b").textContent, "conv2d");
  key("ArrowRight");
  equal("arrow right goes to the next call", document.activeElement.textContent, "softmax");
  key("ArrowUp");
  equal("arrow up goes to the caller", document.activeElement.textContent, "main");
  document.activeElement.click();
  equal("the focus stays on the box that was opened", document.activeElement.textContent, "main");
  key("Escape");
  equal("Escape shows the whole run", one("#flame-reset").disabled, true);

  // why: bars to scale, legend
  const bar = (n) => all("#why-bars .stacked")[n].style.width;
  equal("each layer in full", [bar(1), bar(2)], ["100%", "100%"]);
  one("#why-true").click();
  equal("to scale", [bar(1), bar(2)], ["100%", (100 * 60000 / 832000).toFixed(3) + "%"]);
  one("#why-legend li[data-part=load_use]").dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
  equal(
    "the legend's row stands out", all("#why-bars .part:not(.dim)").every((p) => p.dataset.part === "load_use"), true);
  one("#why-legend").dispatchEvent(new PointerEvent("pointerleave"));
  equal("and no longer", all("#why-bars .part.dim").length, 0);

  // tooltips
  one("#why-bars .part").dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 50, clientY: 50}));
  equal("a tooltip in words", plain(one("#tip").innerText.replace(/\n/g, "; ")), "issue; 800,000 cycles; 80.0 %");
  document.body.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 1, clientY: 1}));
  equal("gone with the pointer", one("#tip").hidden, true);

  // timeline
  equal(
    "each invocation of a layer", all("#timeline-chart .layer").map((b) => b.textContent),
    ["#0 CONV_2D", "#1 SOFTMAX", "#0 CONV_2D", "#1 SOFTMAX"]);
  all("#timeline-chart .layer")[0].click();
  equal("zoomed in, it fills the chart", width(one("#timeline-chart .layer")), "100%");
  equal("from when to when", plain(one("#timeline-range").textContent), "1.383 ms to 4.858 ms, 3.475 ms");
  one("#timeline-reset").click();
  equal("and back", all("#timeline-chart .layer").length, 4);

  // in every width
  equal("nothing is wider than the window", document.documentElement.scrollWidth <= innerWidth, true);
  const ids = all("[id]").map((n) => n.id);
  equal("ids are unique", new Set(ids).size, ids.length);
  equal("each table has a caption", all("table").every((t) => t.caption && t.caption.textContent), true);
  equal("links lead somewhere", all("a").every((a) => one(a.getAttribute("href"))), true);
  equal(
    "buttons and boxes have names", all("button").every((b) => b.textContent || b.getAttribute("aria-label")), true);

  const out = document.createElement("output");
  out.id = "checked";
  out.textContent = failures.length ? failures.join("\n") : checks + " checks hold";
  document.body.append(out);
})();
