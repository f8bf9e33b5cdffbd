#include "tools/cli/cli.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "sim/base/did_you_mean.h"
#include "tools/report/format.h"

namespace mj::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

po::options_description described(const Syntax& syntax) {
  po::options_description all;
  all.add_options()("help,h", "");
  for (const Option& o : syntax.options)
    if (*o.value)
      all.add_options()(o.name, po::value<std::string>(), "");
    else
      all.add_options()(o.name, "");
  return all;
}

bool repeats(const Syntax& syntax, const std::string& name) {
  return std::any_of(syntax.options.begin(), syntax.options.end(),
                     [&](const Option& o) { return o.repeats && o.long_name() == name; });
}

Error usage(const Syntax& syntax, std::string what, std::string why = "") {
  return {ExitCode::usage, std::move(what), "", std::move(why), fmt::format("microjoule {} --help", syntax.verb)};
}

Error unknown_option(const Syntax& syntax, const std::string& name) {
  std::vector<std::string> known{"--help"};
  for (const Option& o : syntax.options) known.push_back("--" + o.long_name());
  return usage(syntax, fmt::format("unknown option '{}'{}", name, did_you_mean(name, known)));
}

Error bad_number(const std::string& text, const std::string& option, std::string why, std::string example) {
  return {ExitCode::usage, fmt::format("'{}' is no value for --{}", text, option), "", std::move(why),
          std::move(example)};
}

unsigned stdout_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<unsigned>(size.ws_col, 80, 140);
}

}  // namespace

std::string Syntax::help() const {
  std::string out = fmt::format("usage: microjoule {} [options] {}\n\n", verb, operands);
  for (const std::string& line : report::wrap(what, 100)) out += line + "\n";
  out += "\noptions:\n";
  const auto row = [&](const Option& o) {
    const std::string_view name = o.name;
    const auto comma = name.find(',');
    std::string left = comma == std::string_view::npos ? "      " : fmt::format("  -{}, ", name.substr(comma + 1));
    left += "--" + o.long_name() + (*o.value ? std::string(" ") + o.value : "");
    for (const std::string& line : report::wrap(o.what, 68)) {
      out += fmt::format("{:<30}  {}\n", left, line);
      left.clear();
    }
  };
  for (const Option& o : options) row(o);
  row({"help,h", "", "this text"});
  return out + "\nexamples:\n" + std::string(examples);
}

std::string Parsed::get(const std::string& name, std::string otherwise) const {
  const auto found = values.find(name);
  return found == values.end() ? std::move(otherwise) : found->second;
}

Result<Parsed> parse(const Syntax& syntax, const Args& args) {
  using Style = po::command_line_style::style_t;
  constexpr int style = Style::unix_style & ~Style::allow_guessing;
  Parsed parsed;
  try {
    po::options_description described_options = described(syntax);
    // Options are taken as they come: an operand may stand anywhere, "--" ends the options.
    po::positional_options_description operand;
    po::options_description all = described_options;
    all.add_options()("operand", po::value<std::vector<std::string>>(), "");
    operand.add("operand", -1);
    for (const auto& o : po::command_line_parser(args).options(all).positional(operand).style(style).run().options) {
      if (o.string_key == "operand") {
        parsed.operands.insert(parsed.operands.end(), o.value.begin(), o.value.end());
      } else if (repeats(syntax, o.string_key)) {
        parsed.lists[o.string_key].push_back(o.value.empty() ? "" : o.value[0]);
      } else if (!parsed.values.emplace(o.string_key, o.value.empty() ? "" : o.value[0]).second) {
        return usage(syntax, fmt::format("--{} is given twice", o.string_key));
      }
    }
  } catch (const po::unknown_option& e) {
    if (std::find(args.begin(), args.end(), "--help") == args.end()) return unknown_option(syntax, e.get_option_name());
    parsed.help = true;
    return parsed;
  } catch (const po::error& e) {
    return usage(syntax, "wrong option", e.what());
  }
  parsed.help = parsed.has("help");
  if (parsed.help) return parsed;
  if (parsed.operands.size() < syntax.least)
    return usage(syntax, fmt::format("{}: {} is missing", syntax.verb, syntax.operands));
  if (parsed.operands.size() > syntax.most)
    return usage(syntax, fmt::format("'{}' is one argument too many", parsed.operands[syntax.most]));
  return parsed;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* nearest = nearest_word(word, known);
  return nearest ? fmt::format("; did you mean '{}'?", *nearest) : "";
}

Result<std::uint64_t> parse_count(const std::string& text, const std::string& option) {
  const auto bad = [&](const char* why) {
    return bad_number(text, option, why, "a whole number: 1000, 2_000_000, 10M, 1.5G, 1e9");
  };
  std::string digits;
  int power = 0;
  bool fraction = false;
  std::size_t i = 0;
  for (; i < text.size() && (std::isdigit(static_cast<unsigned char>(text[i])) || text[i] == '_' || text[i] == '.');
       ++i) {
    if (text[i] == '_') continue;
    if (text[i] == '.') {
      if (std::exchange(fraction, true)) return bad("it has two points");
      continue;
    }
    digits += text[i];
    power -= fraction;
  }
  const std::string rest = text.substr(i);
  if (digits.empty()) return bad("it doesn't begin with a digit");
  if (rest == "k" || rest == "K") {
    power += 3;
  } else if (rest == "M") {
    power += 6;
  } else if (rest == "G") {
    power += 9;
  } else if (rest.size() >= 2 && rest.size() <= 3 && (rest[0] == 'e' || rest[0] == 'E') &&
             std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    power += std::stoi(rest.substr(1));
  } else if (!rest.empty()) {
    return bad("what follows the digits is no k, M, G or exponent");
  }
  for (; power < 0 && digits.size() > 1 && digits.back() == '0'; ++power) digits.pop_back();
  if (power < 0) return bad("it is no whole number");
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return bad("it must be at least 1");
  digits.append(static_cast<std::size_t>(power), '0');
  if (digits.size() > 20 || (digits.size() == 20 && digits > "18446744073709551615"))
    return bad("it is above 2^64 - 1");
  return std::stoull(digits);
}

Result<double> parse_seconds(const std::string& text, const std::string& option) {
  constexpr std::pair<const char*, double> units[] = {{"", 1},     {"s", 1},    {"ms", 1e-3}, {"us", 1e-6},
                                                      {"min", 60}, {"h", 3600}, {"d", 86400}};
  const std::size_t end = std::min(text.find_first_not_of("0123456789.eE-+"), text.size());
  char* rest = nullptr;
  const std::string number = text.substr(0, end), unit = text.substr(end);
  const double value = std::strtod(number.c_str(), &rest);
  for (const auto& [name, size] : units)
    if (unit == name && !number.empty() && *rest == '\0' && value > 0 && std::isfinite(value)) return value * size;
  return bad_number(text, option, "it is no positive time", "seconds: 0.5, 2s, 500ms, 10us; 5min, 1h, 1d");
}

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::error_code failed;
  if (!fs::exists(path, failed)) return Error{ExitCode::unreadable, "no such file", path, "", "check the path"};
  if (fs::is_directory(path, failed)) return Error{ExitCode::unreadable, "a folder, not a file", path, "", ""};
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ExitCode::unreadable, "cannot read a file", path, "", "check its permissions"};
  return text;
}

Result<void> check_writable(const std::string& path) {
  std::error_code failed;
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, failed))
    return Error{ExitCode::unreadable, "cannot write a file", path, "there is no such folder", "create it first"};
  if (fs::is_directory(path, failed))
    return Error{ExitCode::unreadable, "cannot write a file", path, "it is a folder", ""};
  return {};
}

Result<void> write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Error{ExitCode::unreadable, "cannot write a file", path, "", "check the folder and its free space"};
  return {};
}

Result<int> print_text(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return 0;
  return Error{ExitCode::unreadable, "cannot write to stdout", "", "it is closed or its disk is full", ""};
}

std::vector<Option> with_report_options(std::vector<Option> options) {
  static const std::string format_names = [] {
    std::string names;
    for (const report::Format& f : report::formats()) names += (names.empty() ? "" : "|") + std::string(f.name);
    return "what stdout gets: " + names + " (default: text)";
  }();
  options.push_back({"format,f", "NAME", format_names.c_str()});
  return with_terminal_options(std::move(options));
}

std::vector<Option> with_terminal_options(std::vector<Option> options) {
  options.push_back({"rows", "N", "most rows of functions, notes and symbols shown (default: 12)"});
  options.push_back(
      {"color", "WHEN", "auto, always or never; auto: when stdout is a terminal and NO_COLOR is not set"});
  return options;
}

Result<report::Options> report_options(const Parsed& parsed) {
  report::Options options;
  const std::string when = parsed.get("color", "auto");
  if (when != "auto" && when != "always" && when != "never")
    return Error{ExitCode::usage, fmt::format("'{}' is no value for --color", when), "", "", "auto, always or never"};
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = isatty(STDOUT_FILENO) && !(no_color && *no_color);
  options.colour = when == "always" || (when == "auto" && wanted);
  options.width = stdout_width();
  if (parsed.has("rows")) {
    const auto rows = parse_count(parsed.get("rows"), "rows");
    if (!rows) return rows.error();
    options.rows = *rows;
  }
  return options;
}

void complain(const Error& error) { std::fputs(("microjoule: " + error.text() + "\n").c_str(), stderr); }

}  // namespace mj::cli
