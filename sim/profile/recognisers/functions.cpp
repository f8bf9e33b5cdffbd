#include "sim/profile/recognisers/functions.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace mj::profile {

namespace {

class FunctionSource final : public LayerSource {
 public:
  FunctionSource(std::vector<FunctionNetwork> networks, const Stage& stage) : stage_(stage) {
    for (FunctionNetwork& n : networks) {
      const int network = stage_.recorder.add_network(std::move(n.network));
      if (n.inference) inference_of_.emplace(n.inference, network);
      has_function_.push_back(n.inference != 0);
      first_layer_.push_back(-1);
      for (FunctionLayer& l : n.layers) {
        l.layer.network = network;
        const int layer = stage_.recorder.add_layer(std::move(l.layer), l.function);
        tensors_.emplace(layer, std::move(l.tensors));
        if (first_layer_.back() < 0) first_layer_.back() = layer;
        Rows& rows = rows_of(l.function, l.call_site);
        rows.layers.push_back(layer);
      }
    }
  }

  void entered(Address function, std::size_t depth) override {
    if (const auto network = inference_of_.find(function); network != inference_of_.end()) {
      if (stage_.recorder.running_network() == network->second) return;
      begin_inference(network->second, depth);
      return;
    }
    const auto known = functions_.find(function);
    if (known == functions_.end() || stage_.recorder.running_layer() >= 0) return;
    Rows* rows = nullptr;
    for (Rows& r : known->second)
      if (r.call_site == 0 || called_from(r.call_site)) rows = &r;
    if (!rows) return;
    const int layer = rows->layers[rows->next++ % rows->layers.size()];
    const int network = stage_.recorder.layer(layer).network;
    if (!has_function_[static_cast<std::size_t>(network)]) {
      const bool again = layer == first_layer_[static_cast<std::size_t>(network)];
      if (again && stage_.recorder.running_network() == network) stage_.recorder.end_inference();
      if (stage_.recorder.running_network() != network) {
        begin_inference(network, depth ? depth - 1 : 0);
        rows->next = 1;  // this call is the first of the inference
      }
    }
    stage_.recorder.begin_layer(layer, depth, function);
  }

  LayerTensors tensors(int layer) override { return tensors_.at(layer); }

 private:
  struct Rows {
    Address call_site = 0;
    std::vector<int> layers;
    std::size_t next = 0;  ///< of the calls of this inference
  };

  Rows& rows_of(Address function, Address call_site) {
    auto& list = functions_[function];
    const auto at = std::find_if(list.begin(), list.end(), [&](const Rows& r) { return r.call_site == call_site; });
    if (at != list.end()) return *at;
    // Rows of a call site stand behind the one of any: they are found last and win.
    if (call_site == 0) return *list.insert(list.begin(), Rows{});
    list.push_back({call_site, {}, 0});
    return list.back();
  }

  /// The call at `site` is 2 or 4 bytes long.
  bool called_from(Address site) const {
    const Address back = stage_.guest.return_address();
    return back == site + 2 || back == site + 4;
  }

  void begin_inference(int network, std::size_t depth) {
    for (auto& [function, list] : functions_)
      for (Rows& r : list)
        if (stage_.recorder.layer(r.layers.front()).network == network) r.next = 0;
    stage_.recorder.begin_inference(network, depth);
  }

  const Stage& stage_;
  std::unordered_map<Address, int> inference_of_;
  std::unordered_map<Address, std::vector<Rows>> functions_;
  std::unordered_map<int, LayerTensors> tensors_;
  std::vector<bool> has_function_;
  std::vector<int> first_layer_;
};

}  // namespace

std::unique_ptr<LayerSource> listen_to_functions(std::vector<FunctionNetwork> networks, const Stage& stage) {
  return std::make_unique<FunctionSource>(std::move(networks), stage);
}

}  // namespace mj::profile
