// The page's own files, embedded into the program.
#pragma once

#include <string_view>

namespace mj::report::html_parts {

extern const std::string_view page;  ///< page.html: {{name}} marks what the program fills in
extern const std::string_view style, script;
/// Of the texts above, as 64 hex digits: the page's security policy allows just these two.
extern const std::string_view style_sha256, script_sha256;

}  // namespace mj::report::html_parts
