// Start-up for Arm M-profile cores: vector table, memory, FPU, then main().
#include "mjrt/mem.h"
#include "mjrt/port.h"

// From the linker script.
extern uint32_t mjrt_stack_top[], mjrt_data_load[], mjrt_data_start[], mjrt_data_end[], mjrt_bss_start[],
    mjrt_bss_end[];

_Noreturn void Reset_Handler(void);
void Fault_Handler(void);

typedef union vector {
  uint32_t* stack;
  void (*handler)(void);
} vector;

__attribute__((section(".vectors"), used)) const vector mjrt_vectors[16] = {
    {.stack = mjrt_stack_top},
    {.handler = Reset_Handler},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
    {.handler = 0},
    {.handler = 0},
    {.handler = 0},
    {.handler = 0},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
    {.handler = 0},
    {.handler = Fault_Handler},
    {.handler = Fault_Handler},
};

#define SCB_VTOR 0xE000ED08u   // Armv7-M B3.2.2
#define SCB_CPACR 0xE000ED88u  // Armv7-M B3.2.20

_Noreturn void Reset_Handler(void) {
  memcpy(mjrt_data_start, mjrt_data_load, (size_t)((char*)mjrt_data_end - (char*)mjrt_data_start));
  memset(mjrt_bss_start, 0, (size_t)((char*)mjrt_bss_end - (char*)mjrt_bss_start));
  MJRT_REG(SCB_VTOR) = (uint32_t)(uintptr_t)mjrt_vectors;
#ifdef __ARM_FP
  MJRT_REG(SCB_CPACR) |= 0xFu << 20;  // full access to CP10 and CP11
  __asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
  mjrt_exit((uint32_t)main());
}

// Every exception that this firmware doesn't expect. A second one, from the exit itself, stops here.
void Fault_Handler(void) {
  static volatile int seen;
  if (!seen) {
    seen = 1;
    mjrt_exit(125);
  }
  for (;;) {
  }
}
