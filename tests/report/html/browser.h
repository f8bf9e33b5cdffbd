// A page loaded in headless Chromium: what became of it.
#pragma once

#include <string>
#include <vector>

namespace mj::test {

struct Loaded {
  std::string document;               ///< as HTML, after the scripts ran
  std::vector<std::string> console;   ///< what the page logged: errors, policy violations, console.log
  std::vector<std::string> requests;  ///< addresses that the page asked the network for

  /// Text content of the element that is written `<output id="ID"...>`, with entities resolved; empty if there is none.
  std::string output(const std::string& id) const;
};

/// Whether there is a Chromium to load pages in.
bool has_browser();

/// Loads the page, from a file, in a window of that many CSS pixels. A browser that doesn't end is stopped after a
/// minute and counts as an empty document.
Loaded load(const std::string& page, int width = 1280);

}  // namespace mj::test
