// Whether this is a build with AddressSanitizer: tests that compare very many inputs take fewer of them there, always
// the same ones. What they prove is the other builds' to prove; here the question is only what the code does to memory.
#pragma once

namespace mj::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

/// `all` of them, or `few` under the sanitizer.
constexpr unsigned count(unsigned all, unsigned few) { return sanitized ? few : all; }

}  // namespace mj::test
