// Bytes that layers moved in and out of memories.
#include <algorithm>

#include "tools/report/format.h"
#include "tools/report/sections.h"

namespace mj::report {
namespace {

using namespace profile;

const BytesMoved* of_region(const Traffic& traffic, const std::string& region) {
  const auto at = std::find_if(traffic.begin(), traffic.end(), [&](const BytesMoved& b) { return b.region == region; });
  return at == traffic.end() ? nullptr : &*at;
}

void add(Traffic& sum, const Traffic& other) {
  for (const BytesMoved& b : other) {
    auto at = std::find_if(sum.begin(), sum.end(), [&](const BytesMoved& s) { return s.region == b.region; });
    if (at == sum.end()) at = sum.insert(sum.end(), BytesMoved{b.region, 0, 0, 0});
    at->read += b.read;
    at->written += b.written;
    at->instructions += b.instructions;
  }
}

bool several(const std::string& region) { return region.find(", ") != std::string::npos; }

}  // namespace

Table traffic(const RunResult& r) {
  // A column for each thing that networks did with a region at all.
  struct What {
    const char* name;
    std::uint64_t BytesMoved::*bytes;
  };
  static constexpr What whats[] = {
      {" read", &BytesMoved::read}, {" written", &BytesMoved::written}, {" code", &BytesMoved::instructions}};
  struct Cell {
    std::string region;
    const What* what;
  };
  Table table{{{"#", Align::right}, {"", Align::left, Shrink::keep_ends}}, {}};
  if (r.layers.empty()) return table;
  std::vector<Cell> cells;
  Traffic inside;
  for (const Layer& l : r.layers) add(inside, l.bytes_moved);
  for (const Network& n : r.networks) add(inside, n.between_bytes_moved);
  // Data first: of a wide table the code's columns are the first to go.
  for (const bool code : {false, true})
    for (const BytesMoved& b : r.totals.bytes_moved)
      for (const What& what : whats) {
        const BytesMoved* of_it = of_region(inside, b.region);
        if (!of_it || of_it->*what.bytes == 0 || code != (what.bytes == &BytesMoved::instructions)) continue;
        cells.push_back({b.region, &what});
        table.columns.push_back({(several(b.region) ? "memory" : b.region) + what.name, Align::right, Shrink::drop});
      }
  if (cells.empty()) return table;
  const auto row = [&](const std::string& number, const std::string& name, const Traffic& traffic, bool quiet) {
    Row out{{number, name}, 0, quiet};
    for (const Cell& cell : cells) {
      const BytesMoved* b = of_region(traffic, cell.region);
      out.cells.push_back(b && b->*cell.what->bytes ? bytes(b->*cell.what->bytes) : "-");
    }
    table.rows.push_back(std::move(out));
  };
  for (const Layer& l : r.layers) row(layer_number(r, l), l.op, l.bytes_moved, false);
  for (const Network& n : r.networks)
    row("", r.networks.size() > 1 ? "between layers of " + n.name : "between layers", n.between_bytes_moved, true);
  Traffic outside;
  for (const Phase& p : r.phases) add(outside, p.bytes_moved);
  row("", "outside of inference", outside, true);
  row("", "total", r.totals.bytes_moved, true);
  return table;
}

std::string traffic_remark(const RunResult& r) {
  std::string text = "moved by instructions, themselves included";
  for (const BytesMoved& b : r.totals.bytes_moved)
    if (several(b.region)) text += "; memory: " + b.region + ", which run --traffic tells apart";
  return text;
}

}  // namespace mj::report
