// Puts the page together from the result, checks that its parts sum to the whole, and says so in the footer.

function fact(list, what, ...value) {
  const last = list.querySelector("dt:last-of-type");
  const same = last && last.textContent === what;
  list.append(el("dt", {class: same ? "hidden" : ""}, what), el("dd", {}, value));
}

const tier_words = (tier) => el("span", {class: "tier"}, tier || "no tier given");

const states = new Map([
  ["exited", ["ended", "good"]],
  ["reset", ["reset the chip", "bad"]],
  ["spin_forever", ["idles in a loop", "good"]],
  ["sleep_forever", ["asleep for good", "good"]],
  ["limit", ["stopped at a limit", "warn"]],
  ["fault", ["fault", "bad"]],
  ["lockup", ["locked up", "bad"]],
]);

function head_section(result) {
  const {provenance: p, stop, totals} = result;
  const clocks = totals.clocks.slice().sort((a, b) => b.cycles - a.cycles);
  document.title = shown_name(p.firmware || "result", 80) + " – microjoule";
  $("version").textContent = p.tool_version;
  $("firmware").replaceChildren(name_of(p.firmware || "(no firmware name)", 120));
  const [word, kind] =
    stop.kind === "exited" && stop.exit_code === 1 ? ["reported failure", "bad"] : states.get(stop.kind) || [stop.kind || "unknown end", "warn"];
  $("state").textContent = shown_name(word, 40);
  $("state").classList.add(kind);
  $("subtitle").textContent =
    [
      p.board_title || p.board || "unknown board", p.core_title || p.core || "unknown core",
      clocks.length ? (clocks.length > 1 ? "mostly " : "") + clock_rate(clocks[0].clock_hz) : "clock unknown"
    ].map((t) => shown_name(t, 120))
      .join(" · ");
  const held = [];
  if (p.held_clock_hz) held.push("the clock held at " + clock_rate(p.held_clock_hz));
  if (p.held_wait_states)
    held.push(
      "flash wait states " +
      (p.held_wait_states === "auto" ? "as that clock needs" : "held at " + shown_name(p.held_wait_states, 20)));
  $("whatif").hidden = !held.length;
  $("whatif").textContent = "What if: " + held.join(", ") + ", whatever the firmware programmed.";
}

function cards_section(result) {
  const {totals: t, networks, memory: m, energy_model: model} = result;
  const cards = [], c = t.cycles_estimate;
  const known = c.high > c.low && c.value > 0;
  const add = (title, value, mark, ...lines) => cards.push(el(
    "div", {class: "card"}, el("h3", {}, title), el("p", {class: "value"}, value), mark,
    lines.filter(Boolean).map((line) => el("p", {class: "line"}, line))));
  const interval = (low, high, format) => format(low) + " to " + format(high);
  const ran = networks.filter((n) => n.inferences > 0);
  for (const n of ran.slice(0, 4)) {
    const s = n.time_s / n.inferences;
    add(
      "Latency", duration(s), known ? range_mark(s * c.low / c.value, s, s * c.high / c.value) : "",
      known ? interval(s * c.low / c.value, s * c.high / c.value, duration) : "no interval known",
      el("span", {}, "per inference of ", name_of(n.name, 40), ", " + plural(n.inferences, "inference")));
  }
  if (!ran.length)
    add(
      "Simulated time", duration(t.time_s), known ? range_mark(c.low, c.value, c.high) : "",
      known ? interval(t.time_s * c.low / c.value, t.time_s * c.high / c.value, duration) : "no interval known");
  add(
    "Cycles", count(t.cycles), known ? range_mark(c.low, c.value, c.high) : "",
    known ? interval(c.low, c.high, count) : "no interval known",
    count(t.instructions) + " instructions" +
      (t.instructions ? ", " + decimal(t.cycles / t.instructions, 3) + " cycles each" : ""));
  const e = t.energy, n = ran[0];
  if (e) {
    const per = n && n.energy ? n.energy : null, k = per ? n.inferences : 1, shown = per || e;
    add(
      "Energy", joules(shown.value_j / k), range_mark(shown.low_j, shown.value_j, shown.high_j),
      interval(shown.low_j / k, shown.high_j / k, joules),
      el(
        "span", {}, per ? "per inference; " + joules(e.value_j) + " whole run, " : "whole run, ",
        tier_words(shown.tier)));
    add(
      "Average power", watts(model.average_power_w),
      range_mark(model.average_power_low_w, model.average_power_w, model.average_power_high_w),
      interval(model.average_power_low_w, model.average_power_high_w, watts),
      "over the whole run" + (t.idle_cycles ? ", " + percent(t.idle_cycles, t.cycles) + " asleep" : ""));
  } else {
    add("Energy", el("span", {class: "unknown"}, "unknown"), "", shown_name(energy_unknown(result), 160));
  }
  const gauge = (parts, size) => size ?
    el(
      "div", {class: "gauge", "aria-hidden": "true"},
      parts.map(
        ([n2, kind]) => el("i", {class: kind, style: {width: (100 * Math.min(1, n2 / size)).toFixed(3) + "%"}}))) :
    "";
  const of = (used, size) => size ? percent(used, size) + " of " + bytes(size) + (used > size ? ": does not fit" : "") :
                                    "the board's limit is not known";
  add(
    "Flash", bytes(m.flash_used_bytes), gauge([[m.flash_used_bytes, ""]], m.flash_size_bytes),
    of(m.flash_used_bytes, m.flash_size_bytes));
  // A heap in an array of the image is static RAM already.
  const heap = (m.heaps || []).reduce((sum, h) => sum + (h.in_static ? 0 : h.taken_bytes || h.peak_bytes), 0);
  const ram = m.ram_static_bytes + heap + m.stack.used_bytes;
  add(
    "RAM", bytes(ram), gauge([[m.ram_static_bytes, ""], [heap + m.stack.used_bytes, "second"]], m.ram_size_bytes),
    of(ram, m.ram_size_bytes), bytes(m.ram_static_bytes) + (heap ? " static + heap + stack" : " static + stack"));
  add(
    "Stack", bytes(m.stack.used_bytes), gauge([[m.stack.used_bytes, "second"]], m.ram_size_bytes),
    m.ram_size_bytes ? percent(m.stack.used_bytes, m.ram_size_bytes) + " of RAM" : "",
    m.stack.chain.length ? el(
                             "span", {title: shown_name(m.stack.chain.join(" › "), 2000)}, "deepest in ",
                             name_of(m.stack.chain[m.stack.chain.length - 1], 60)) :
                           "depth not known");
  $("cards").replaceChildren(...cards);
}

function verdict_section(result) {
  const {stop, totals: t, diagnostics, provenance: p} = result;
  const list = $("verdict"), c = t.cycles_estimate;
  const where = stop.where && !stop.message.includes(stop.where) ? ", at " + stop.where : "";
  fact(
    list, "ended", shown_name((stop.message || stop.kind || "unknown") + where, 600) + "; exit code " + stop.exit_code);
  if (stop.hint) fact(list, "likely", shown_name(stop.hint, 1000));
  fact(
    list, "cycles",
    c.high > c.low ? signed_percent(c.low, c.value) + " to " + signed_percent(c.high, c.value) + ": " : "no interval: ",
    shown_name(c.source || "no source given", 600));
  const e = t.energy;
  if (e)
    fact(
      list, "energy", signed_percent(e.low_j, e.value_j) + " to " + signed_percent(e.high_j, e.value_j) + ", ",
      tier_words(e.tier), result.energy_model.source ? ": " + shown_name(result.energy_model.source, 600) : "");
  else
    fact(list, "energy", "unknown: " + shown_name(energy_unknown(result), 600));
  const guessed = diagnostics.filter((d) => d.kind === "not_modelled" || d.kind === "stub").length;
  fact(
    list, "not modelled",
    guessed ? el("a", {href: "#notes"}, plural(guessed, "thing") + " that this run touched") :
              "nothing that this run touched");
  if (t.exceptions_taken)
    fact(
      list, "exceptions",
      count(t.exceptions_taken) + " taken, " + count(t.exception_cycles) + " cycles to enter and leave them");
  fact(list, "models", "timing model " + shown_name(p.timing_model_version || "not named", 60));

  const found = $("found");
  fact(
    found, "board",
    shown_name(
      (p.board_title || p.board || "unknown") + (p.board ? " (" + p.board + ")" : "") +
        (p.board_proposed ? ", proposed from the image" : ""),
      300));
  fact(
    found, "core",
    shown_name(
      (p.core_title || p.core || "unknown") + (p.core ? " (" + p.core + ")" : "") +
        (p.isa ? ", firmware for " + p.isa : ""),
      300));
  const clocks = t.clocks, some = clocks.slice(0, 4).map((k) => clock_rate(k.clock_hz) + " for " + count(k.cycles));
  fact(
    found, "clock",
    clocks.length ?
      some.join(", ") + " cycles" + (clocks.length > 4 ? ", and " + plural(clocks.length - 4, "more change") : "") :
      "unknown");
  for (const n of result.networks) {
    const layers = result.layers.filter((l) => result.networks[l.network] === n).length;
    fact(
      found, "model",
      shown_name(n.name || "(unnamed)", 120) + ": " + plural(layers, "layer") + ", " + plural(n.macs, "MAC") +
        " per inference, " + plural(n.inferences, "inference") + " ran");
    fact(found, "runtime", shown_name(n.runtime + (n.recognised_by ? ": " + n.recognised_by : ""), 300));
  }
  const silent = result.silent_runtimes || [];
  for (const s of silent)
    fact(
      found, "runtime",
      shown_name(s.runtime, 120) + " (" + s.confidence_percent + " % sure), but no layer of it was seen to run" +
        (s.reasons.length ? ": " + shown_name(s.reasons[0], 300) : ""));
  if (!result.networks.length && !silent.length) fact(found, "runtime", "no network was found; --layers FILE says which functions are layers");
  fact(found, "compiler", shown_name(p.compiler || "unknown: the firmware does not say", 300));
  fact(found, "image", bytes(p.firmware_bytes) + ", CRC-32 " + shown_name(p.firmware_crc32 || "unknown", 20));

  const f = result.fault;
  $("fault").hidden = !f;
  if (!f) return;
  const facts = el("dl", {class: "facts"});
  const some_of = (items, most) =>
    items.slice(0, most).concat(items.length > most ? [plural(items.length - most, "more line")] : []);
  fact(facts, "at", f.pc + " ", name_of(f.where, 300), ", cycle " + count(f.cycle));
  for (const line of some_of(f.status, 30)) fact(facts, "status", shown_name(line, 400));
  if (f.backtrace.length)
    fact(
      facts, "backtrace",
      el("ol", {start: 0}, some_of(f.backtrace, 40).map((line) => el("li", {}, name_of(line, 400)))));
  if (f.registers.length)
    fact(facts, "registers", el("code", {}, shown_name(some_of(f.registers, 80).join("   "), 4000)));
  if (f.hint) fact(facts, "likely", shown_name(f.hint, 1000));
  $("fault").replaceChildren(el("h3", {}, shown_name((f.exception || "Fault") + ": " + f.what, 600)), facts);
}

/// What stands on the page, summed from the page itself where it stands in full, for the footer and for tests.
function check_sums(result, rows, flame, timeline) {
  const sum = (list, value) => list.reduce((s, x) => s + value(x), 0);
  const shown = (selector, attribute) =>
    sum([...document.querySelectorAll(selector)], (n) => Number(n.getAttribute(attribute)));
  const whole = result.totals.cycles;
  const drawn = document.querySelectorAll("#layers-table tbody tr").length;
  const in_full = drawn === rows.filter((r) => !r.rest).length;
  const of_layers = (attribute, value) => !rows.length ? null :
    in_full ? shown("#layers-table tr:not(.total)[" + attribute + "]", attribute) :
              sum(rows, value);
  const sums = {
    cycles: whole,
    layers: of_layers("data-cycles", (r) => r.cycles),
    reasons: whole ? shown("#why-legend [data-value]", "data-value") : null,
    functions: result.functions.length ? sum(result.functions, (f) => f.self_cycles) : null,
    lines: result.lines.length ? sum(result.lines, (l) => l.cycles) : null,
    call_tree: flame ? flame.self_cycles : null,
  };
  const names =
    {layers: "layers", reasons: "reasons", functions: "functions", lines: "source lines", call_tree: "the call tree"};
  const there = Object.keys(names).filter((k) => sums[k] !== null), wrong = there.filter((k) => sums[k] !== whole);
  const footer = $("sums");
  if (wrong.length) {
    footer.className = "bad";
    footer.textContent = "These numbers do not add up: of " + count(whole) + " cycles " +
      wrong.map((k) => names[k] + " sum to " + count(sums[k])).join(", ") + ". The saved result is damaged.";
  } else if (there.length) {
    footer.textContent =
      "Each of " + there.map((k) => names[k]).join(", ") + " sums to all " + count(whole) + " cycles.";
  }
  const e = result.totals.energy;
  $("selftest").textContent = JSON.stringify({
    ...sums,
    flame_root: flame ? flame.root_cycles() : null,
    energy_fj: e ? shown("#energy-legend [data-fj]", "data-fj") : null,
    layers_fj: e ? of_layers("data-fj", (r) => r.split ? total_fj(r.split) : 0) : null,
    layer_rows: drawn,
    families: shown("#families-table tbody [data-cycles]", "data-cycles"),
    families_fj: e ? shown("#families-table tbody [data-fj]", "data-fj") : null,
    layer_spans: timeline ? timeline.layer_spans : null,
    add_up: !wrong.length,
    elements: document.getElementsByTagName("*").length,
  });
}

function start() {
  const result = JSON.parse($("result").textContent), words = JSON.parse($("words").textContent);
  const drop = (id, there) => {
    if (!there) $(id).remove();
  };
  start_tips();
  head_section(result);
  cards_section(result);
  verdict_section(result);
  const rows = layer_rows(result, words.families);
  layers_section(result, rows);
  drop("why", why_section(result, rows, words.reasons));
  drop("families", families_section(result, words.families));
  energy_section(result, rows);
  const flame = flame_graph(result);
  drop("flame", flame);
  drop("functions", functions_section(result, flame));
  drop("lines", lines_section(result));
  drop("regions", regions_section(result));
  memory_section(result);
  const timeline = timeline_chart(result);
  drop("timeline", timeline);
  notes_section(result);
  drop("console", console_section(result));
  $("sections")
    .replaceChildren(...[...document.querySelectorAll("main > section")].map(
      (s) => el("li", {}, el("a", {href: "#" + s.id}, s.dataset.title))));
  $("made").textContent = "This page is complete in itself and asks nothing of any network.";
  check_sums(result, rows, flame, timeline);
  // On paper nothing can be opened.
  const unfold = (open) => () => document.querySelectorAll("details").forEach((d) => {
    d.open = open;
  });
  addEventListener("beforeprint", unfold(true));
  addEventListener("afterprint", unfold(false));
}

start();
