#include "sim/profile/families.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "sim/profile/call_tree.h"
#include "sim/profile/family_titles.h"
#include "sim/profile/recognisers/glob.h"

namespace mj::profile {

namespace {

enum class Work : std::uint8_t {
  none,
  printing,
  features,
  quantising,
  post_processing,
  network_setup,
  hardware_setup,
  heap,
  waiting,
  interrupts,
  count
};
enum class Helper : std::uint8_t { none, soft_float, copying, integer, mathematics, unnamed, count };

static_assert(std::size(work_titles) == static_cast<std::size_t>(Work::count));
static_assert(std::size(helper_titles) == static_cast<std::size_t>(Helper::count));
static_assert(std::size(work_titles) * std::size(helper_titles) <= CallTree::most_parts);

constexpr PartId part(Work w, Helper h) {
  return static_cast<PartId>(static_cast<std::size_t>(w) * std::size(helper_titles) + static_cast<std::size_t>(h));
}
constexpr Work work_of(PartId p) { return static_cast<Work>(p / std::size(helper_titles)); }
constexpr Helper helper_of(PartId p) { return static_cast<Helper>(p % std::size(helper_titles)); }

/// Letters without their case, and without what linkers put before wrapped functions.
std::string plain(std::string_view name) {
  for (const std::string_view prefix : {"__wrap_", "__real_"})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string out(name);
  for (char& ch : out)
    if (ch >= 'A' && ch <= 'Z') ch = static_cast<char>(ch - 'A' + 'a');
  return out;
}

}  // namespace

/// Names, in small letters, alternatives separated by `|`, `*` for anything.
struct Families::Row {
  Work work;
  Helper helper;
  int confidence;
  std::string_view why, names;
};

std::span<const Families::Row> Families::rows() {
  // The first row that fits counts. Sources: Run-time ABI for the Arm Architecture (IHI 0043), GCC internals "The GCC
  // low-level runtime library", RISC-V psABI and ELF names of libgcc; newlib, picolibc; the runtimes' public headers.
  static constexpr Row table[] = {
      {Work::none, Helper::soft_float, 99, "the Arm run-time ABI's name of a floating-point routine",
       "__aeabi_f*|__aeabi_d*|__aeabi_cfcmp*|__aeabi_cfrcmp*|__aeabi_cdcmp*|__aeabi_cdrcmp*|__aeabi_i2f|__aeabi_i2d|"
       "__aeabi_ui2f|__aeabi_ui2d|__aeabi_l2f|__aeabi_l2d|__aeabi_ul2f|__aeabi_ul2d|__aeabi_h2f*"},
      {Work::none, Helper::soft_float, 99, "the name of a floating-point routine of libgcc and compiler-rt",
       "__*sf3|__*df3|__*tf3|__*hf3|__*sf2|__*df2|__*tf2|__*hf2|__fixsf*|__fixdf*|__fixtf*|__fixunssf*|__fixunsdf*|"
       "__fixunstf*|__floatsi*|__floatdi*|__floatunsi*|__floatundi*|__mulsc3|__muldc3|__divsc3|__divdc3|__gnu_h2f*|"
       "__gnu_f2h*|__gnu_d2h*"},
      {Work::none, Helper::copying, 99, "a function of <string.h>, or the Arm run-time ABI's name of it",
       "memcpy|memmove|memset|mempcpy|wmemcpy|bcopy|bzero|__aeabi_memcpy*|__aeabi_memmove*|__aeabi_memset*|"
       "__aeabi_memclr*|__memcpy*|__memset*|__memmove*"},
      {Work::none, Helper::copying, 90, "the name of a kernel library's own copy",
       "arm_memcpy_*|arm_memset_*|riscv_memcpy_*|riscv_memset_*|muriscv_nn_memcpy*|muriscv_nn_memset*|esp_memcpy*"},
      {Work::none, Helper::integer, 99, "the Arm run-time ABI's name of an integer routine",
       "__aeabi_idiv*|__aeabi_uidiv*|__aeabi_ldivmod|__aeabi_uldivmod|__aeabi_lmul|__aeabi_llsl|__aeabi_llsr|"
       "__aeabi_lasr|__aeabi_lcmp|__aeabi_ulcmp"},
      {Work::none, Helper::integer, 95, "the name of an integer or jump routine of libgcc and compiler-rt",
       "__*di3|__*si3|__*di2|__*si2|__udivmoddi4|__udivmodsi4|__divmoddi4|__divmodsi4|__gnu_thumb1_case_*|"
       "__gnu_ldivmod_helper|__gnu_uldivmod_helper|__riscv_save_*|__riscv_restore_*|__switch8|__switch16|"
       "__ashldi3*|__lshrdi3*"},
      {Work::none, Helper::mathematics, 95, "a function of <math.h>, or of a C library behind it",
       "sin|sinf|cos|cosf|tan|tanf|asin|asinf|acos|acosf|atan|atanf|atan2|atan2f|sinh|sinhf|cosh|coshf|tanh|tanhf|exp|"
       "expf|exp2|exp2f|expm1|expm1f|log|logf|log2|log2f|log10|log10f|log1p|log1pf|pow|powf|sqrt|sqrtf|cbrt|cbrtf|"
       "hypot|hypotf|floor|floorf|ceil|ceilf|round|roundf|lround|lroundf|lrint|lrintf|rint|rintf|nearbyint|nearbyintf|"
       "trunc|truncf|fmod|fmodf|frexp|frexpf|ldexp|ldexpf|scalbn|scalbnf|fabs|fabsf|fmin|fminf|fmax|fmaxf|erf|erff|"
       "__ieee754_*|__math_*"},
      {Work::printing, Helper::none, 95, "a function of <stdio.h>, or of a C library behind it",
       "printf|vprintf|fprintf|vfprintf|sprintf|snprintf|vsprintf|vsnprintf|asprintf|dprintf|iprintf|viprintf|fiprintf|"
       "vfiprintf|siprintf|sniprintf|vsiprintf|vsniprintf|_*printf_r|_svfprintf*|_svfiprintf*|puts|_puts_r|fputs|"
       "_fputs_r|putchar|_putchar_r|putc|_putc_r|fputc|_fputc_r|fwrite|_fwrite_r|fflush|_fflush_r|perror|__sfvwrite_r|"
       "_write|_write_r|__swrite|write|std::basic_ostream*|std::ostream*|std::operator<<*"},
      {Work::printing, Helper::none, 90, "the name of a runtime's or vendor's output function",
       "microprintf|vmicroprintf|*::microprintf|debuglog|debugvsnprintf|*vdebuglog|*errorreporter::report*|ei_printf*|"
       "ee_printf|th_printf|th_vprintf|tfp_printf|xprintf|trace_printf|ets_printf|esp_rom_printf|esp_log_write|"
       "nrf_log_*|segger_rtt_*|itm_sendchar|hal_uart_transmit*|hal_usart_transmit*|stdio_put*|*print::print*"},
      {Work::printing, Helper::none, 70, "a name like that of a serial port's output function",
       "uart_put*|uart_write*|uart_tx*|uart_send*|uart_transmit*|uart_print*|*uart*_put*|*uart*_write*|*uart*_tx*|"
       "*uart*_send*|*uart*_transmit*|usart_put*|usart_write*|usart_send*|serial_put*|serial_write*|serial_print*|"
       "console_put*|console_write*|console_print*|*semihost*|sys_write*|_putchar|putch|outbyte|log_printf*|"
       "print|print_*|*_print|*_printf"},
      {Work::features, Helper::none, 90, "the name of a library's signal processing in front of a network",
       "extract_*_features|ei::spectral*|ei::speechpy*|ei::numpy::*|ei::dsp*|frontendprocess*|windowprocess*|"
       "filterbankconvert*|filterbankaccumulate*|filterbanksqrt*|filterbanklog*|noisereductionapply*|"
       "pcangaincontrolapply*|logscaleapply*|fftcompute|*generatefeatures|*generatemicrofeatures|*populatefeaturedata|"
       "arm_rfft*|arm_cfft*|arm_mfcc*|arm_dct4*|arm_fir*|arm_biquad*|kiss_fft*|dsps_fft*"},
      {Work::features, Helper::none, 60, "a name like that of a step in front of a network",
       "preprocess*|*preprocess|*_preprocess*|*extract_features*|compute_features*|*mfcc*|*spectrogram*|"
       "normalize_input*|normalise_input*"},
      {Work::quantising, Helper::none, 70, "a name like that of a step from real numbers to a network's and back",
       "quantize|quantize_*|quantise|quantise_*|dequantize|dequantize_*|dequantise|dequantise_*|*_quantize|*_"
       "dequantize|"
       "*::quantizeinput*|*::dequantizeoutput*"},
      {Work::post_processing, Helper::none, 90, "the name of a step behind the network in Edge Impulse's library",
       "run_kmeans_anomaly|run_gmm_anomaly|*fill_result_struct*|process_classification_*|ei_run_*anomaly*"},
      {Work::post_processing, Helper::none, 60, "a name like that of a step behind a network",
       "postprocess*|*postprocess|*_postprocess*|argmax|argmax_*|*_argmax|*processlatestresults|*respondtocommand|nms|"
       "*_nms|non_max_suppression*|decode_boxes*|decode_detections*"},
      {Work::network_setup, Helper::none, 95, "the name of a runtime's preparation",
       "tflite::microinterpreter::allocatetensors|tflite::microinterpreter::microinterpreter|"
       "tflite::microinterpretergraph::*init*|tflite::microallocator::create|tflite::micromutableopresolver*|"
       "tflite::microinterpreter::~*|tflite_learn_*_init|trained_model_init|model_compile|ai_*_create|ai_*_init|"
       "stai_*_init"},
      {Work::hardware_setup, Helper::none, 70, "a name like that of a vendor's start-up code",
       "systeminit|systemclock_config|systemcoreclockupdate|hal_init|hal_*_init|hal_rcc*|hal_gpio_*|hal_msp*|board_"
       "init|"
       "board_*_init|mx_*_init|bsp_init|clock_init*|clocks_init*|runtime_init*|nrfx_*_init|*_clock_config"},
      {Work::heap, Helper::none, 95, "an allocator's name",
       "malloc|free|calloc|realloc|memalign|_malloc_r|_free_r|_calloc_r|_realloc_r|_memalign_r|operator new*|"
       "operator delete*|pvportmalloc|vportfree|k_malloc|k_free|ei_malloc|ei_calloc|ei_free"},
      {Work::waiting, Helper::none, 95, "the name of an operating system's idle thread",
       "prvidletask|vapplicationidlehook|vportsuppressticksandsleep|osrtxidlethread|os_idle_demon|idle_thread_entry|"
       "rt_thread_idle_entry|k_cpu_idle|arch_cpu_idle"},
      {Work::waiting, Helper::none, 70, "a name like that of a function that waits",
       "hal_delay|delay|delay_*|*_delay|*_delay_ms|*_delay_us|sleep_ms|sleep_us|usleep|msleep|nanosleep|k_sleep|k_"
       "msleep|"
       "vtaskdelay*|wait_ms|wait_us|busy_wait*|ets_delay_us"},
  };
  return table;
}

const Families::Row* Families::row_of(const Symbol& s) {
  const std::string base = plain(s.base_name), name = plain(s.name);
  for (const Row& row : rows()) {
    if (one_of(row.names, base) || one_of(row.names, name)) return &row;
    for (const std::string& alias : s.aliases)
      if (one_of(row.names, plain(alias))) return &row;
  }
  return nullptr;
}

const Families::Row* Families::known(Address function) {
  const auto [at, first] = rows_of_.try_emplace(function, nullptr);
  if (first)
    if (const Symbol* s = symbols_.function_at(function)) at->second = row_of(*s);
  return at->second;
}

PartId Families::part_of(PartId around, Address function, bool exception) {
  if (exception) return part(Work::interrupts, Helper::none);
  Work work = work_of(around);
  Helper helper = helper_of(around);
  const Row* row = known(function);
  if (!row) {
    if (!symbols_.function_at(function)) return part(work, helper == Helper::none ? Helper::unnamed : helper);
    return part(work, helper == Helper::unnamed ? Helper::none : helper);
  }
  if (row->work != Work::none) {
    if (work != Work::printing && work != Work::interrupts) work = row->work;
    // Work that a helper calls is no part of the helper.
    return part(work, Helper::none);
  }
  return part(work, helper == Helper::soft_float ? helper : row->helper);
}

std::vector<FamilyMember> Families::members() const {
  std::vector<FamilyMember> out;
  for (const auto& [function, row] : rows_of_) {
    if (!row) continue;
    const FamilyTitle& t = row->work != Work::none ? work_titles[static_cast<std::size_t>(row->work)]
                                                   : helper_titles[static_cast<std::size_t>(row->helper)];
    out.push_back(
        {symbols_.function_at(function)->display, std::string(t.name), row->confidence, std::string(row->why)});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.function < b.function; });
  return out;
}

std::vector<Part> parts_of(const std::vector<energy::Activities>& by_part) {
  std::vector<Part> out;
  for (std::size_t i = 0; i < by_part.size(); ++i) {
    const auto nothing = [](const energy::Activity& a) { return a == energy::Activity{}; };
    if (std::all_of(by_part[i].begin(), by_part[i].end(), nothing)) continue;
    const auto id = static_cast<PartId>(i);
    Part& p = out.emplace_back();
    p.work = work_titles[static_cast<std::size_t>(work_of(id))].name;
    p.helper = helper_titles[static_cast<std::size_t>(helper_of(id))].name;
    p.activity = by_part[i];
    for (const energy::Activity& a : p.activity) p.cycles += a.cycles();
  }
  return out;
}

}  // namespace mj::profile
