// Work on several threads at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace mj::sweep {

/// Calls work(0) ... work(n - 1), each once, on at most `jobs` threads; begins them in order.
template <class Work>
void for_each_index(std::size_t n, unsigned jobs, Work work) {
  std::atomic<std::size_t> next = 0;
  const auto worker = [&] {
    for (std::size_t i = next++; i < n; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(jobs, n); ++i) others.emplace_back(worker);
  worker();
}

}  // namespace mj::sweep
