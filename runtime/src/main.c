// The firmware around a network: fill the input, run one inference, print what came out.
//
// The input is a fixed pseudo-random pattern, so that a run can be compared with any other: x = x * 1664525 +
// 1013904223 (mod 2^32) from x = 1, one step a byte, the byte is x >> 24. float32 inputs take (signed byte) / 128. A
// host that has placed its own input sets mjrt_host_input to MJRT_HOST_INPUT_SET before reset; both survive the
// start-up code.
#include <stddef.h>

#include "mjrt/model.h"
#include "mjrt/port.h"

#define MJRT_HOST_INPUT_SET 0x4D4A494Eu  // "MJIN"

__attribute__((section(".noinit"), used)) volatile uint32_t mjrt_host_input;

static void put_text(const char* s) {
  while (*s) mjrt_console_put(*s++);
}

static void put_hex(uint32_t value, int digits) {
  while (digits-- > 0) mjrt_console_put("0123456789abcdef"[value >> (4 * digits) & 15u]);
}

static void put_decimal(uint32_t value) {
  char digits[10];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  while (n > 0) mjrt_console_put(digits[--n]);
}

static void fill(const mjrt_tensor* t, uint32_t* x) {
  uint8_t* bytes = t->data;
  const uint32_t count = t->type == MJRT_FLOAT32 ? t->bytes / 4 : t->bytes;
  for (uint32_t i = 0; i < count; ++i) {
    *x = *x * 1664525u + 1013904223u;
    if (t->type == MJRT_FLOAT32) {
      ((float*)t->data)[i] = (float)(int8_t)(*x >> 24) / 128.0F;
    } else {
      bytes[i] = (uint8_t)(*x >> 24);
    }
  }
}

// CRC-32 as in zip and Ethernet (reflected polynomial 0xEDB88320).
static uint32_t crc32(const uint8_t* bytes, uint32_t count) {
  uint32_t crc = 0xFFFFFFFFu;
  while (count-- > 0) {
    crc ^= *bytes++;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1u ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

static uint32_t argmax(const mjrt_tensor* t) {
  uint32_t best = 0;
  const uint32_t count = t->type == MJRT_FLOAT32 ? t->bytes / 4 : t->bytes;
  for (uint32_t i = 1; i < count; ++i) {
    int better = 0;
    switch (t->type) {
      case MJRT_FLOAT32:
        better = ((const float*)t->data)[i] > ((const float*)t->data)[best];
        break;
      case MJRT_UINT8:
        better = ((const uint8_t*)t->data)[i] > ((const uint8_t*)t->data)[best];
        break;
      case MJRT_INT8:
        better = ((const int8_t*)t->data)[i] > ((const int8_t*)t->data)[best];
        break;
    }
    if (better) best = i;
  }
  return best;
}

static void print_output(const mjrt_tensor* t) {
  enum { SHOWN = 16 };
  const uint8_t* bytes = t->data;
  put_text("output ");
  put_text(t->name);
  put_text(" crc32=");
  put_hex(crc32(bytes, t->bytes), 8);
  put_text(" argmax=");
  put_decimal(argmax(t));
  put_text(" bytes=");
  put_decimal(t->bytes);
  put_text(" first=");
  for (uint32_t i = 0; i < t->bytes && i < SHOWN; ++i) put_hex(bytes[i], 2);
  put_text("\n");
}

int main(void) {
  mjrt_clock_init();
  mjrt_console_init();
  put_text("mjrt ");
  put_text(mjrt_model_name);
  put_text("\n");
  if (mjrt_host_input != MJRT_HOST_INPUT_SET) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < mjrt_input_count; ++i) fill(&mjrt_inputs[i], &x);
  }
  mjrt_invoke();
  for (uint32_t i = 0; i < mjrt_output_count; ++i) print_output(&mjrt_outputs[i]);
  return 0;
}
