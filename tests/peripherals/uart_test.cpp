// UARTs as firmware sees them: set up, wait for ready, send, get interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peripherals/uart.h"
#include "tests/peripherals/bench.h"

namespace mj::peripherals {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(Stm32UsartV3, AcknowledgesTheTransmitterAndSends) {
  Bench b;
  auto& usart = b.make("stm32-usart-v3", {70});
  EXPECT_EQ(usart.read(0x1C, 4, 0) >> 21 & 3, 0u);  // TEACK, REACK: off
  usart.write(0x00, 4, 1 | 1 << 3 | 1 << 2, 0);     // UE, TE, RE
  EXPECT_EQ(usart.read(0x1C, 4, 0) >> 21 & 3, 3u);
  for (const char c : {'h', 'i'}) {
    ASSERT_TRUE(usart.read(0x1C, 4, 0) & 1 << 7);  // TXE
    usart.write(0x28, 1, static_cast<std::uint32_t>(c), 0);
  }
  EXPECT_TRUE(usart.read(0x1C, 4, 0) & 1 << 6);  // TC
  EXPECT_EQ(b.output, "hi");
  EXPECT_THAT(b.reports, IsEmpty());
}

TEST(Stm32UsartV3, AByteWithoutTransmitterIsReportedNotSent) {
  Bench b;
  b.make("stm32-usart-v3").write(0x28, 4, 'x', 0);
  EXPECT_EQ(b.output, "");
  EXPECT_THAT(b.reports, SizeIs(1));
}

TEST(Stm32UsartV3, InterruptsFollowEnableAndFlag) {
  Bench b;
  auto& usart = dynamic_cast<Uart&>(b.make("stm32-usart-v3", {70}));
  usart.write(0x00, 4, 1 | 1 << 2 | 1 << 3, 0);
  EXPECT_FALSE(b.irq[70]);
  usart.write(0x00, 4, 1 | 1 << 2 | 1 << 3 | 1 << 7, 0);  // TXEIE: empty right now
  EXPECT_TRUE(b.irq[70]);
  usart.write(0x00, 4, 1 | 1 << 2 | 1 << 3 | 1 << 5, 0);  // RXNEIE only
  EXPECT_FALSE(b.irq[70]);
  usart.receive('a');
  EXPECT_TRUE(b.irq[70]);
  EXPECT_EQ(usart.read(0x24, 4, 0), 'a');
  EXPECT_FALSE(b.irq[70]);
  usart.write(0x00, 4, 1 | 1 << 3 | 1 << 6, 0);  // TCIE
  EXPECT_TRUE(b.irq[70]);
  usart.write(0x20, 4, 1 << 6, 0);  // TCCF
  EXPECT_FALSE(b.irq[70]);
}

TEST(Stm32UsartV2, SendsThroughDr) {
  Bench b;
  auto& usart = b.make("stm32-usart-v2", {38});
  usart.write(0x0C, 4, 1 << 13 | 1 << 3, 0);
  ASSERT_TRUE(usart.read(0x00, 4, 0) & 1 << 7);
  usart.write(0x04, 4, 'A', 0);
  EXPECT_EQ(b.output, "A");
  usart.write(0x0C, 4, 1 << 13 | 1 << 3 | 1 << 7, 0);
  EXPECT_TRUE(b.irq[38]);
}

TEST(NrfUarte, SendsABufferFromRamAndRaisesItsEvents) {
  Bench b;
  b.ram = "..hello";
  auto& uarte = b.make("nrf-uart", {2});
  uarte.write(0x500, 4, 8, 0);
  uarte.write(0x544, 4, 0x20000002, 0);
  uarte.write(0x548, 4, 5, 0);
  uarte.write(0x304, 4, 1 << 8, 0);  // INTENSET.ENDTX
  EXPECT_FALSE(b.irq[2]);
  uarte.write(0x008, 4, 1, 0);  // TASKS_STARTTX
  EXPECT_EQ(b.output, "hello");
  EXPECT_EQ(uarte.read(0x54C, 4, 0), 5u);  // AMOUNT
  EXPECT_EQ(uarte.read(0x120, 4, 0), 1u);  // EVENTS_ENDTX
  EXPECT_EQ(uarte.read(0x11C, 4, 0), 1u);  // EVENTS_TXDRDY
  EXPECT_TRUE(b.irq[2]);
  uarte.write(0x120, 4, 0, 0);
  EXPECT_FALSE(b.irq[2]);
  EXPECT_EQ(uarte.read(0x158, 4, 0), 0u);
  uarte.write(0x00C, 4, 1, 0);             // TASKS_STOPTX
  EXPECT_EQ(uarte.read(0x158, 4, 0), 1u);  // EVENTS_TXSTOPPED
}

TEST(NrfUarte, ABufferOutsideMemoryEndsTheTransferWithAReport) {
  Bench b;
  b.ram = "ab";
  auto& uarte = b.make("nrf-uart");
  uarte.write(0x500, 4, 8, 0);
  uarte.write(0x544, 4, 0x20000001, 0);
  uarte.write(0x548, 4, 100, 0);
  uarte.write(0x008, 4, 1, 0);
  EXPECT_EQ(b.output, "b");
  EXPECT_EQ(uarte.read(0x54C, 4, 0), 1u);
  EXPECT_EQ(uarte.read(0x120, 4, 0), 1u);
  EXPECT_THAT(b.reports, SizeIs(1));
}

TEST(NrfUart, SendsByteByByte) {
  Bench b;
  auto& uart = b.make("nrf-uart");
  uart.write(0x500, 4, 4, 0);
  uart.write(0x008, 4, 1, 0);
  uart.write(0x51C, 4, 'z', 0);
  EXPECT_EQ(uart.read(0x11C, 4, 0), 1u);
  EXPECT_EQ(b.output, "z");
}

TEST(NrfUart, WhatIsTypedArrivesByteByByteOnceItListens) {
  Bench b(16'000'000);
  auto& device = b.make("nrf-uart", {2});
  dynamic_cast<Uart&>(device).feed("ok");
  EXPECT_EQ(b.events.next(), EventQueue::never) << "nobody listens yet";
  device.write(0x500, 4, 4, 0);
  device.write(0x304, 4, 1 << 2, 0);  // INTENSET.RXDRDY
  device.write(0x000, 4, 1, 100);     // TASKS_STARTRX
  EXPECT_EQ(b.events.next(), 100u + 16'000);
  b.events.run_due(16'100);
  EXPECT_TRUE(b.irq[2]);
  EXPECT_EQ(b.events.next(), EventQueue::never) << "the second byte waits until the first was taken";
  device.write(0x108, 4, 0, 20'000);
  EXPECT_EQ(device.read(0x518, 4, 20'000), static_cast<unsigned>('o'));
  EXPECT_EQ(b.events.next(), 20'000u + 1388);  // 10 bits at 115,200 baud
  b.events.run_due(21'388);
  EXPECT_EQ(device.read(0x108, 4, 21'388), 1u);
  EXPECT_EQ(device.read(0x518, 4, 21'388), static_cast<unsigned>('k'));
  EXPECT_EQ(b.events.next(), EventQueue::never);
}

TEST(Pl011, IsEmptyWhenItStartsAndSendsOnceEnabled) {
  Bench b;
  auto& uart = b.make("pl011", {20}, {{"atomic_aliases", {1}}});
  EXPECT_EQ(uart.read(0x18, 4, 0), 0x90u);  // TXFE, RXFE
  uart.write(0x2030, 4, 1, 0);              // set alias of CR: UARTEN beside TXE and RXE of the reset value
  EXPECT_EQ(uart.read(0x30, 4, 0), 0x301u);
  uart.write(0x38, 4, 1 << 5, 0);
  EXPECT_FALSE(b.irq[20]);
  uart.write(0x00, 1, 'p', 0);
  EXPECT_EQ(b.output, "p");
  EXPECT_TRUE(b.irq[20]);
  uart.write(0x44, 4, 1 << 5, 0);
  EXPECT_FALSE(b.irq[20]);
}

TEST(CmsdkUart, KeepsAByteUntilTheTransmitterIsOn) {
  Bench b;
  auto& uart = b.make("cmsdk-uart", {0, 1});
  uart.write(0x00, 4, 'q', 0);
  EXPECT_EQ(uart.read(0x04, 4, 0), 1u);  // TXFULL
  EXPECT_EQ(b.output, "");
  uart.write(0x08, 4, 1 | 4, 0);  // TXEN, TXINTEN
  EXPECT_EQ(b.output, "q");
  EXPECT_EQ(uart.read(0x04, 4, 0), 0u);
  EXPECT_TRUE(b.irq[1]);
  uart.write(0x0C, 4, 1, 0);
  EXPECT_FALSE(b.irq[1]);
}

TEST(Ns16550, ReadyToSendAndDivisorBehindDlab) {
  Bench b;
  auto& uart = b.make("ns16550");
  uart.write(3, 1, 0x80, 0);
  uart.write(0, 1, 0x12, 0);
  EXPECT_EQ(uart.read(0, 1, 0), 0x12u);
  EXPECT_EQ(b.output, "");
  uart.write(3, 1, 0x03, 0);
  ASSERT_TRUE(uart.read(5, 1, 0) & 0x20);
  uart.write(0, 1, 'v', 0);
  EXPECT_EQ(b.output, "v");
}

TEST(IbexUart, NeverFull) {
  Bench b;
  auto& uart = dynamic_cast<Uart&>(b.make("ibex-uart"));
  EXPECT_EQ(uart.read(8, 4, 0), 1u);  // receiver empty, transmitter not full
  uart.write(4, 4, 'I', 0);
  EXPECT_EQ(b.output, "I");
  uart.receive('k');
  EXPECT_EQ(uart.read(8, 4, 0), 0u);
  EXPECT_EQ(uart.read(0, 4, 0), 'k');
}

}  // namespace
}  // namespace mj::peripherals
