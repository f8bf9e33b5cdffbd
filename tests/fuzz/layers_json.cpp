// A user's mapping of functions to layers (run --layers), for an image whose functions the seeds name.
#include "sim/profile/recognisers/mapping.h"

#include "sim/user_costs.h"
#include "tests/fuzz/target.h"

using namespace mj;

namespace {

Program image() {
  auto elf = memory::ElfImage::load(MJ_IMAGE);
  fuzz::require(elf.ok(), "the fixture can be read");
  return Program(std::move(elf).value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Scratch scratch;
  static const Program program = image();
  const auto mapping = profile::read_mapping(scratch.write("layers.json", fuzz::text_of(data, size)), program);
  if (!mapping.ok()) {
    fuzz::require_refusal(mapping.error());
    return 0;
  }
  const auto costs = read_user_costs(scratch.write("layers.json", fuzz::text_of(data, size)), program);
  if (!costs.ok()) {
    fuzz::require_refusal(costs.error());
    return 0;
  }
  for (const UserCost& cost : *costs)
    fuzz::require((cost.function || cost.address) && !cost.name.empty() && cost.energy_j >= 0,
                  "a cost is of a call or a write and has a name");
  fuzz::require(mapping->networks.empty() == mapping->layers.empty(), "a network that is taken has layers");
  fuzz::require(!mapping->networks.empty() || !costs->empty(), "a file that is taken says something");
  std::vector<std::uint64_t> macs(mapping->networks.size());
  for (const profile::Layer& layer : mapping->layers) {
    fuzz::require(layer.network >= 0 && static_cast<std::size_t>(layer.network) < macs.size(),
                  "a layer is of one of the networks");
    std::uint64_t& sum = macs[static_cast<std::size_t>(layer.network)];
    fuzz::require(sum + layer.macs >= sum, "multiply-accumulates can be added up");
    sum += layer.macs;
    fuzz::require(!layer.name.empty() && !layer.op.empty(), "a layer has a name and an operator");
  }
  for (std::size_t i = 0; i < macs.size(); ++i)
    fuzz::require(mapping->networks[i].macs == macs[i], "a network's multiply-accumulates are its layers'");
  return 0;
}
