// What is told about firmware that goes wrong, whole: each case's explanation is a file in words/ (written anew by
// MJ_WRITE_WORDS=1, to be read before it is committed). Addresses are those of Debian 12's compilers.
#include <fstream>

#include "tests/run/expect.h"
#include "tests/run/trouble.h"

namespace mj::test {
namespace {

struct Case {
  const char* image;
  const char* board;
  const char* options = "";
};

/// How the run ended and why, a fact a line.
std::string explanation(const json& result) {
  const auto lines = [](const json& list, const std::string& label) {
    std::string text;
    for (const json& line : list) text += label + ": " + line.get<std::string>() + "\n";
    return text;
  };
  const json& stop = result.at("stop");
  std::string text = "ended: " + stop.at("message").get<std::string>() + "\n";
  text += lines(stop.at("backtrace"), "  in");
  if (stop.at("hint") != "") text += "likely: " + stop.at("hint").get<std::string>() + "\n";
  const json& fault = result.at("fault");
  if (!fault.is_null()) {
    text += fault.at("exception").get<std::string>() + ": " + fault.at("what").get<std::string>() + "\n";
    text += "  at: " + fault.at("pc").get<std::string>() + " " + fault.at("where").get<std::string>() + "\n";
    text += lines(fault.at("status"), "  status");
    text += lines(fault.at("backtrace"), "  in");
    text += "  likely: " + fault.at("hint").get<std::string>() + "\n";
  }
  for (const json& d : result.at("diagnostics"))
    if (d.at("kind") == "stack-overflow" || d.at("kind") == "uninitialised" || d.at("kind") == "null")
      text += d.at("kind").get<std::string>() + ": " + d.at("where").get<std::string>() + ": " +
              d.at("text").get<std::string>() + " (" + std::to_string(d.at("count").get<int>()) + ")\n";
  return text;
}

class Words : public Firmware, public testing::WithParamInterface<Case> {
 protected:
  void compare() const {
    const Case& c = GetParam();
    const std::string elf = fixture(c.image);
    if (elf.empty()) GTEST_SKIP() << c.image << " was not built: no cross compiler here";
    const Ran ran = run(elf, std::string("--board ") + c.board + " " + c.options);
    ASSERT_FALSE(ran.result.is_null()) << ran.answer.err;
    std::string name = c.image;
    if (std::string(c.options).find("--detect") != std::string::npos) name += ".detect";
    const std::string golden = std::string(MJ_WORDS) + "/" + name + ".txt", now = explanation(ran.result);
    if (std::getenv("MJ_WRITE_WORDS")) std::ofstream(golden) << now;
    EXPECT_EQ(now, slurp(golden)) << golden;
  }
};

TEST_P(Words, AreAsWritten) { compare(); }

constexpr const char* nucleo = "nucleo-l4r5zi";
constexpr const char* ibex = "ibex-demo";

INSTANTIATE_TEST_SUITE_P(
    CortexM4, Words,
    testing::Values(Case{"nucleo_spins", nucleo}, Case{"nucleo_computes_for_ever", nucleo, "--max-cycles 100k"},
                    Case{"nucleo_sleeps_for_ever", nucleo}, Case{"nucleo_loads_from_nowhere", nucleo},
                    Case{"nucleo_stores_to_flash", nucleo}, Case{"nucleo_undefined_instruction", nucleo},
                    Case{"nucleo_calls_null", nucleo}, Case{"nucleo_stack_overflow", nucleo},
                    Case{"nucleo_divides_by_zero", nucleo}, Case{"nucleo_unaligned_with_trap", nucleo},
                    Case{"nucleo_locks_up", nucleo}, Case{"nucleo_writes_null_field", nucleo},
                    Case{"nucleo_calls_null_operation", nucleo}, Case{"nucleo_runs_data", nucleo},
                    Case{"nucleo_jumps_nowhere", nucleo}, Case{"nucleo_smashes_the_stack", nucleo},
                    Case{"nucleo_polls_a_register", nucleo, "--max-cycles 100k"},
                    Case{"nucleo_waits_for_a_flag", nucleo}, Case{"nucleo_unhandled_interrupt", nucleo},
                    Case{"nucleo_interrupt_without_vector", nucleo}, Case{"nucleo_interrupt_on_a_full_stack", nucleo},
                    Case{"nucleo_asserts", nucleo}, Case{"nucleo_traps", nucleo},
                    Case{"nucleo_bad_exception_return", nucleo}, Case{"nucleo_stack_over_data", nucleo},
                    Case{"nucleo_heap_too_small", nucleo}, Case{"nucleo_arena_too_small", nucleo},
                    Case{"nucleo_fpu_is_off", nucleo}, Case{"nucleo_rtos_heap_too_small", nucleo},
                    Case{"nucleo_assertion_fails", nucleo}),
    [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(CortexM0Plus, Words,
                         testing::Values(Case{"pico_loads_from_nowhere", "pico"}, Case{"pico_stack_overflow", "pico"},
                                         Case{"pico_calls_null", "pico"}, Case{"pico_unaligned_without_trap", "pico"},
                                         Case{"pico_writes_null_field", "pico"}, Case{"pico_uses_cortex_m4", "pico"}),
                         [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(
    RiscV, Words,
    testing::Values(
        Case{"ibex_spins", ibex}, Case{"ibex_sleeps_for_ever", ibex}, Case{"ibex_loads_from_nowhere", ibex},
        Case{"ibex_stores_to_nowhere", ibex}, Case{"ibex_calls_null", ibex}, Case{"ibex_illegal_instruction", ibex},
        Case{"ibex_uses_atomics", ibex}, Case{"hazard3_loads_misaligned", "rtl-hazard3-2port"},
        Case{"ibex_writes_null_field", ibex}, Case{"ibex_calls_null_operation", ibex}, Case{"ibex_runs_data", ibex},
        Case{"ibex_jumps_nowhere", ibex}, Case{"ibex_polls_a_register", ibex, "--max-cycles 100k"},
        Case{"ibex_waits_for_a_flag", ibex}, Case{"ibex_unhandled_interrupt", ibex}, Case{"ibex_asserts", ibex},
        Case{"ibex_traps", ibex}, Case{"ibex_no_trap_handler", ibex}, Case{"ibex_stack_over_data", ibex},
        Case{"ibex_heap_too_small", ibex}, Case{"ibex_arena_too_small", ibex}, Case{"ibex_sbrk_finds_no_memory", ibex},
        Case{"ibex_aborts", ibex}, Case{"virt32_fpu_is_off", "virt32"}, Case{"hifive1b_stores_to_flash", "hifive1b"}),
    [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(Detected, Words,
                         testing::Values(Case{"nucleo_goes_below_its_stack", nucleo, "--detect stack-overflow"},
                                         Case{"nucleo_stack_over_data", nucleo, "--detect stack-overflow"},
                                         Case{"nucleo_reads_unwritten", nucleo, "--detect uninitialised"},
                                         Case{"nucleo_reads_null_field", nucleo, "--detect null"},
                                         Case{"mps2_writes_null_field", "mps2-an386", "--detect null"},
                                         Case{"ibex_goes_below_its_stack", ibex, "--detect stack-overflow"},
                                         Case{"ibex_reads_unwritten", ibex, "--detect uninitialised"}),
                         [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(
    ArmFaults, Words,
    testing::Values(Case{"nucleo_returns_to_even", nucleo}, Case{"nucleo_leaves_the_reset_handler", nucleo},
                    Case{"nucleo_runs_erased_flash", nucleo}, Case{"nucleo_calls_a_peripheral", nucleo},
                    Case{"nucleo_even_vector", nucleo}, Case{"nucleo_vtor_nowhere", nucleo},
                    Case{"nucleo_vtor_into_data", nucleo}, Case{"nucleo_svc_with_interrupts_off", nucleo},
                    Case{"nucleo_stack_pointer_nowhere", nucleo}, Case{"nucleo_psp_never_set", nucleo},
                    Case{"nucleo_unaligned_ldrd", nucleo}, Case{"nucleo_unaligned_ldm", nucleo},
                    Case{"nucleo_behind_the_ram", nucleo}, Case{"nucleo_hits_the_guard", nucleo},
                    Case{"nucleo_hits_the_guard_at_entry", nucleo}, Case{"nucleo_unprivileged_store", nucleo},
                    Case{"nucleo_unprivileged_scb", nucleo}, Case{"nucleo_gives_up_waiting", nucleo},
                    Case{"nucleo_resets_for_ever", nucleo}, Case{"nucleo_resets_on_hardfault", nucleo},
                    Case{"nucleo_waits_with_interrupts_off", nucleo, "--max-cycles 100k"},
                    Case{"nucleo_svc_in_handler", nucleo}, Case{"nucleo_udf_in_handler", nucleo},
                    Case{"nucleo_frame_overwritten", nucleo}, Case{"nucleo_lr_overwritten", nucleo},
                    Case{"nucleo_never_cleared", nucleo, "--max-cycles 100k"},
                    Case{"nucleo_overflow_in_hardfault", nucleo}, Case{"pico_stores_to_rom", "pico"},
                    Case{"pico_asks_the_rom", "pico"}, Case{"pico_waits_for_core1", "pico"},
                    Case{"nucleo_asks_a_coprocessor", nucleo}, Case{"pico_svc_with_interrupts_off", "pico"},
                    Case{"pico_stack_pointer_nowhere", "pico"}, Case{"pico_even_vector", "pico"},
                    Case{"an505_below_the_limit", "mps2-an505"}, Case{"an505_below_the_limit_at_entry", "mps2-an505"},
                    Case{"an505_even_vector", "mps2-an505"}, Case{"tz_non_secure_load", "mps2-an505"},
                    Case{"tz_no_gateway", "mps2-an505"}, Case{"tz_secure_function_called", "mps2-an505"},
                    Case{"tz_branches_without_blxns", "mps2-an505"}, Case{"tz_vtor_ns_never_set", "mps2-an505"}),
    [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(
    RiscVFaults, Words,
    testing::Values(Case{"ibex_returns_from_no_trap", ibex}, Case{"ibex_calls_the_environment", ibex},
                    Case{"ibex_reads_no_csr", ibex}, Case{"ibex_writes_a_constant_csr", ibex},
                    Case{"ibex_stack_pointer_never_set", ibex},
                    Case{"ibex_timer_never_cleared", ibex, "--max-cycles 100k"},
                    Case{"max_traps_nowhere", "virt32-max"}, Case{"max_csr_of_machine_mode", "virt32-max"},
                    Case{"max_store_that_pmp_denies", "virt32-max"}, Case{"max_code_that_pmp_denies", "virt32-max"},
                    Case{"max_locked_entry", "virt32-max"}),
    [](const auto& c) { return std::string(c.param.image); });

INSTANTIATE_TEST_SUITE_P(
    Stripped, Words,
    testing::Values(Case{"nucleo_stack_overflow_stripped", nucleo}, Case{"nucleo_calls_null_stripped", nucleo},
                    Case{"nucleo_heap_too_small_stripped", nucleo}, Case{"nucleo_unhandled_interrupt_stripped", nucleo},
                    Case{"nucleo_stack_over_data_stripped", nucleo}, Case{"nucleo_jumps_nowhere_stripped", nucleo},
                    Case{"nucleo_stores_to_flash_stripped", nucleo},
                    Case{"nucleo_reads_null_field_stripped", nucleo, "--detect null"},
                    Case{"pico_writes_null_field_stripped", "pico"}, Case{"ibex_calls_null_stripped", ibex},
                    Case{"ibex_heap_too_small_stripped", ibex}, Case{"ibex_aborts_stripped", ibex},
                    Case{"ibex_stack_over_data_stripped", ibex}, Case{"ibex_waits_for_a_flag_stripped", ibex}),
    [](const auto& c) { return std::string(c.param.image); });

class Detect : public Firmware {};

TEST_F(Detect, WhatIsFoundEndsAWellBehavedRunWithExitCode4AndMovesNoCycle) {
  const std::string elf = fixture("nucleo_reads_null_field");
  if (elf.empty()) GTEST_SKIP() << "no cross compiler here";
  const Ran plain = run(elf, "--board nucleo-l4r5zi");
  EXPECT_EQ(plain.answer.code, 0);
  const Ran detected = run(elf, "--board nucleo-l4r5zi --detect all");
  EXPECT_EQ(detected.answer.code, 4);
  EXPECT_EQ(detected.result.at("totals"), plain.result.at("totals"));
  EXPECT_EQ(detected.result.at("functions"), plain.result.at("functions"));
  // The fixture's start doesn't clear .bss either, so the pointer itself was never written.
  std::vector<std::string> kinds;
  for (const json& d : detected.result.at("diagnostics")) kinds.push_back(d.at("kind"));
  EXPECT_THAT(kinds, testing::IsSupersetOf({"uninitialised", "null"}));
  EXPECT_THAT(detected.answer.out,
              testing::AllOf(testing::HasSubstr("  null  "), testing::HasSubstr("null pointer; called by main")));
}

TEST_F(Detect, NamesAreChecked) {
  refuses("run x.elf --detect stack", 2, {"'stack' is nothing that can be detected", "stack-overflow"});
  refuses("run x.elf --detect all --gdb :0", 7, {});
}

// ---- a whole report -------------------------------------------------------------------------------------------------

class WholeReport : public Firmware {};

/// The report of a key word spotting network at 100 columns, as people read it. Its cycles are those of the compiler of
/// Debian 12: another one's code is another firmware. MJ_WRITE_WORDS=1 ctest -R WholeReport writes it anew.
TEST_F(WholeReport, OfAKeyWordSpotterIsAsWritten) {
  if (!installed("arm-none-eabi-gcc")) GTEST_SKIP() << "no arm-none-eabi-gcc here";
  const std::string network = std::string(MJ_NETWORKS_DIR) + "/kws.tflite";
  const Answer built = microjoule("build '" + network + "' --board nucleo-l4r5zi -o kws.elf");
  ASSERT_EQ(built.code, 0) << built.err;
  const Answer ran = microjoule("run kws.elf --board nucleo-l4r5zi --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string golden = std::string(MJ_WORDS) + "/kws_report.txt";
  if (std::getenv("MJ_WRITE_WORDS")) std::ofstream(golden) << ran.out;
  const std::string expected = slurp(golden);
  const auto compiler = [](const std::string& report) {
    const std::size_t at = report.find("\n  compiler ");
    return report.substr(at, report.find('\n', at + 1) - at);
  };
  if (compiler(ran.out) != compiler(expected)) GTEST_SKIP() << "another compiler:" << compiler(ran.out);
  EXPECT_EQ(ran.out, expected) << golden;
}

}  // namespace
}  // namespace mj::test
