"use strict";
// Numbers as people read them, the same way in every browser's language: thousands separated, a unit always written.

const thin = "\u202f";  // between a number and its unit

function separated(digits) { return digits.replace(/\B(?=(\d{3})+$)/g, ","); }

function decimal(value, digits) {
  if (!Number.isFinite(value)) return "–";
  const [whole, rest] = Math.abs(value).toFixed(digits).split(".");
  return (value < 0 ? "−" : "") + separated(whole) + (rest ? "." + rest : "");
}

/// Something that isn't nothing doesn't look like it.
function small_decimal(value, digits) {
  const least = 10 ** -digits;
  return value > 0 && value < least / 2 ? "<" + decimal(least, digits) : decimal(value, digits);
}

function count(n) { return decimal(Math.round(n), 0); }

function plural(n, singular, several) {
  return n === 1 ? "1 " + singular : count(n) + " " + (several || singular + "s");
}

/// Four digits and the unit that leaves at least one before the point.
function scaled(value, unit, smallest) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0" + thin + unit;
  const prefixes = [["", 1], ["m", 1e-3], ["µ", 1e-6], ["n", 1e-9], ["p", 1e-12], ["f", 1e-15]];
  const size = Math.abs(value);
  const last = prefixes.findIndex((p) => p[0] === smallest);
  let i = prefixes.findIndex((p) => size >= p[1] * 0.99995);
  if (i < 0 || i > last) i = last;
  const v = value / prefixes[i][1];
  const a = Math.abs(v);
  return decimal(v, a < 9.9995 ? 3 : a < 99.995 ? 2 : a < 999.95 ? 1 : 0) + thin + prefixes[i][0] + unit;
}

const duration = (s) => scaled(s, "s", "n");
const joules = (j) => scaled(j, "J", "f");
const watts = (w) => scaled(w, "W", "p");

function clock_rate(hz) {
  const [v, unit] = hz >= 1e6 ? [hz / 1e6, "MHz"] : hz >= 1e3 ? [hz / 1e3, "kHz"] : [hz, "Hz"];
  return String(Number(v.toPrecision(6))) + thin + unit;
}

/// No decimals means exactly that many.
function bytes(n) {
  const kib = 1024, mib = kib * kib;
  if (n < kib) return n + thin + "B";
  const large = n >= 10 * mib || n % mib === 0;
  const unit = large ? mib : kib;
  return decimal(n / unit, n % unit ? 1 : 0) + thin + (large ? "MiB" : "KiB");
}

/// "100 %" only for all of it.
function percent(part, whole) {
  if (!(whole > 0)) return "–";
  if (part === whole) return "100" + thin + "%";
  const p = 100 * part / whole;
  return (part > 0 && p < 0.05 ? "<0.1" : decimal(p, 1)) + thin + "%";
}

function signed_percent(value, base) {
  if (!(base > 0)) return "–";
  const p = 100 * (value - base) / base;
  return (p < 0 ? "−" : "+") + decimal(Math.abs(p), 1) + thin + "%";
}

function shape(dims) {
  const shown = dims.length > 1 && dims[0] === 1 ? dims.slice(1) : dims;
  return shown.length ? shown.join("×") : "scalar";
}

/// As many decimals as tell the column's largest value in about four digits.
function column_digits(values) {
  const most = values.reduce((m, v) => (v > m ? v : m), 0);
  return most >= 10000 ? 0 : most >= 1000 ? 1 : most >= 100 ? 2 : 3;
}

/// A name from the firmware, for display: without control characters, and short enough for the page to stay quick.
function shown_name(text, most = 240) {
  const clean = String(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
  return clean.length <= most ? clean : clean.slice(0, most / 2) + "…" + clean.slice(-most / 2);
}
