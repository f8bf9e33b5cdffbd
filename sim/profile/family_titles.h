// How results and reports call works and helpers (families.h), in the order in which they are counted.
#pragma once

#include <string_view>

namespace mj::profile {

struct FamilyTitle {
  std::string_view name, title;
};
inline constexpr FamilyTitle work_titles[] = {{"", ""},
                                              {"printing", "printing"},
                                              {"features", "feature extraction"},
                                              {"quantising", "quantising"},
                                              {"post_processing", "post-processing"},
                                              {"network_setup", "set-up of the network"},
                                              {"hardware_setup", "set-up of the hardware"},
                                              {"heap", "heap"},
                                              {"waiting", "waiting"},
                                              {"interrupts", "interrupt handlers"}};
inline constexpr FamilyTitle helper_titles[] = {{"", ""},
                                                {"soft_float", "soft-float"},
                                                {"copying", "copying memory"},
                                                {"integer", "integer helpers"},
                                                {"math", "math functions"},
                                                {"unnamed", "functions without names"}};

/// "post_processing" is "post-processing"; what is unknown stays as it is.
inline std::string_view family_title(std::string_view family) {
  for (const FamilyTitle& t : work_titles)
    if (t.name == family) return t.title;
  for (const FamilyTitle& t : helper_titles)
    if (t.name == family) return t.title;
  return family;
}

}  // namespace mj::profile
