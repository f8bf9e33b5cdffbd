// Names as people read them: demangled, without parameters, without the compiler's clone suffixes.
#pragma once

#include <string>
#include <string_view>

namespace mj::profile {

/// Itanium C++ demangling; a name that isn't mangled comes back unchanged.
std::string demangle(const std::string& name);

/// A linker name without what GCC appends to clones: .constprop.0, .isra.0, .part.0, .lto_priv.0, .cold, .localalias.
/// "foo.constprop.0.isra.0" -> "foo".
std::string without_clone_suffix(std::string_view linkage_name);

/// A demangled name without parameters, return type, anonymous namespaces and clone notes:
/// "void tflite::(anonymous namespace)::Eval<int>(int) [clone .isra.0]" -> "tflite::Eval<int>".
std::string short_name(std::string_view demangled);

/// The last component of a path.
std::string_view file_basename(std::string_view path);

}  // namespace mj::profile
