// Names as people read them: demangled, without parameters, without the compiler's clone suffixes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mj::profile {

/// Itanium C++ demangling; a name that isn't mangled, or that could become longer than 16 MiB, comes back unchanged.
std::string demangle(const std::string& name);

/// demangle() for the names of one file: behind 32 MiB of text all together, names come back unchanged.
class Demangler {
 public:
  std::string operator()(const std::string& name);

 private:
  std::size_t left_ = std::size_t{32} << 20;
};

/// A linker name without what GCC appends to clones: .constprop.0, .isra.0, .part.0, .lto_priv.0, .cold, .localalias.
/// "foo.constprop.0.isra.0" -> "foo".
std::string without_clone_suffix(std::string_view linkage_name);

/// A demangled name without parameters, return type, anonymous namespaces and clone notes:
/// "void tflite::(anonymous namespace)::Eval<int>(int) [clone .isra.0]" -> "tflite::Eval<int>".
std::string short_name(std::string_view demangled);

/// The last component of a path.
std::string_view file_basename(std::string_view path);

}  // namespace mj::profile
