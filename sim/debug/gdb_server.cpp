#include "sim/debug/gdb_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "isa/rv32/fcsr.h"
#include "isa/rv32/registers.h"
#include "isa/thumb/registers.h"

namespace mj::debug {

namespace {

namespace thumb = isa::thumb;

constexpr unsigned poll_every = 4096;  ///< instructions between two looks for ^C

// Numbers of the registers in target_xml(); behind these those of the FPU, if there is one, and the system's. Arm:
constexpr unsigned arm_pc = 15, arm_xpsr = 16, arm_d0 = 17, arm_fpscr = 33;
// RV32:
constexpr unsigned rv32_pc = 32, rv32_f0 = 33, rv32_fflags = 65, rv32_fcsr = 67;

std::string little(std::uint32_t v) {
  std::string s(4, '\0');
  for (unsigned i = 0; i < 4; ++i) s[i] = static_cast<char>(v >> (8 * i));
  return s;
}

std::uint32_t word(std::string_view bytes) {
  std::uint32_t v = 0;
  for (unsigned i = 0; i < 4; ++i) v |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  return v;
}

/// XPSR (ARMv7-M B1.4.2) with ITSTATE split as EPSR has it; the T bit is always set.
std::uint32_t xpsr(const std::uint32_t* r, std::uint32_t it) {
  return (r[thumb::nf] & 0x80000000u) | std::uint32_t{r[thumb::zf] == 0} << 30 | (r[thumb::cf] & 1) << 29 |
         (r[thumb::vf] >> 31) << 28 | (r[thumb::qf] & 1) << 27 | (it & 3) << 25 | 1u << 24 |
         (r[thumb::ge] & 0xf) << 16 | (it >> 2 & 0x3f) << 10 | (r[thumb::ipsr] & 0x1ff);
}
std::uint32_t itstate(std::uint32_t xpsr) { return (xpsr >> 25 & 3) | (xpsr >> 10 & 0x3f) << 2; }

}  // namespace

// ---- connection -----------------------------------------------------------------------------------------------------

Result<std::unique_ptr<GdbServer>> GdbServer::listen(const std::string& where) {
  std::string_view text = where;
  for (const std::string_view host : {"localhost", "127.0.0.1"})
    if (text.starts_with(host) && text.substr(host.size()).starts_with(":")) text.remove_prefix(host.size());
  if (text.starts_with(":")) text.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || failed != std::errc() || rest != text.data() + text.size())
    return Error{ExitCode::usage, fmt::format("'{}' is no port of this host", where), "--gdb",
                 "gdb can be attached from this host only", "--gdb :3333"};
  std::unique_ptr<GdbServer> server(new GdbServer);
  server->listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (server->listener_ < 0 || setsockopt(server->listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(server->listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(server->listener_, 1) != 0 ||
      getsockname(server->listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return Error{ExitCode::usage, fmt::format("cannot listen on port {}", port), "--gdb", std::strerror(errno),
                 "another port, or :0 for one that is free"};
  server->port_ = ntohs(address.sin_port);
  return server;
}

GdbServer::~GdbServer() {
  disconnect();
  if (listener_ >= 0) close(listener_);
}

Result<void> GdbServer::accept() {
  do {
    connection_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  } while (connection_ < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (connection_ < 0) return Error{ExitCode::usage, "gdb could not connect", "--gdb", std::strerror(errno), ""};
  const int on = 1;
  setsockopt(connection_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {};
}

void GdbServer::disconnect() {
  if (connection_ >= 0) close(connection_);
  connection_ = -1;
  breakpoints_.clear();
  watches_.clear();
  stop_next_.reset();
  found_.clear();
}

void GdbServer::send(std::string_view bytes) {
  while (!bytes.empty() && connection_ >= 0) {
    const ssize_t n = ::send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return disconnect();
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool GdbServer::receive(bool wait) {
  if (connection_ < 0) return false;
  pollfd look{connection_, POLLIN, 0};
  const int ready = ::poll(&look, 1, wait ? -1 : 0);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return true;
  std::array<char, 4096> bytes;
  const ssize_t n = recv(connection_, bytes.data(), bytes.size(), 0);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) {
    disconnect();
    return false;
  }
  send(framing_.feed({bytes.data(), static_cast<std::size_t>(n)}));
  return connection_ >= 0;
}

/// While the target runs gdb sends nothing but ^C; a packet then is out of turn and dropped.
bool GdbServer::interrupted() {
  receive(false);
  bool found = false;
  while (const auto item = framing_.next()) found |= item->kind == GdbFraming::Item::Kind::interrupt;
  return found;
}

void GdbServer::say_found() {
  if (!found_.empty()) send(framing_.frame(GdbSession::console(std::exchange(found_, {}))));
}

void GdbServer::serve(const GdbStop& stop, bool announce) {
  stop_next_.reset();
  if (announce) say_found();
  const std::string payload = session_.stopped(stop);
  if (announce) send(framing_.frame(payload));
  announce_ = true;  // whatever makes the target go on waits for the next stop
  while (connection_ >= 0) {
    const auto item = framing_.next();
    if (!item) {
      receive(true);
      continue;
    }
    if (item->kind == GdbFraming::Item::Kind::interrupt) continue;  // it stands still already
    const GdbSession::Answer answer = session_.handle(item->packet);
    if (!answer.silent) send(framing_.frame(answer.payload));
    if (answer.no_ack) framing_.stop_acknowledging();
    if (reset_wanted_) {
      // To gdb the target stands still all the time: it isn't told of the stop at the new beginning.
      announce_ = false;
      machine_.engine->request_exit(0);
      return;
    }
    switch (answer.action) {
      case GdbAction::none:
        break;
      case GdbAction::resume:
        return;
      case GdbAction::step:
        stop_next_ = GdbStop{GdbStop::Kind::stepped};
        return;
      case GdbAction::detach:
        return disconnect();
      case GdbAction::kill:
        killed_ = true;
        machine_.engine->request_exit(0);
        return disconnect();
    }
  }
}

// ---- the run --------------------------------------------------------------------------------------------------------

void GdbServer::begin(GdbMachine machine) {
  machine_ = std::move(machine);
  reset_wanted_ = false;
  found_.clear();
  if (connection_ >= 0) stop_next_ = GdbStop{GdbStop::Kind::interrupted};
}

void GdbServer::before(const isa::Insn& insn, const isa::Effects&, std::uint32_t mode, Cycle now) {
  if (connection_ < 0) return;
  if (++since_poll_ >= poll_every) {
    since_poll_ = 0;
    if (interrupted()) stop_next_ = GdbStop{GdbStop::Kind::interrupted};
  }
  const bool here = !breakpoints_.empty() && breakpoints_.count(insn.pc);
  if (!stop_next_ && !here) return;
  pc_ = insn.pc;
  mode_ = mode;
  now_ = now;
  GdbStop stop = stop_next_.value_or(GdbStop{GdbStop::Kind::breakpoint});
  serve(stop, announce_);
}

void GdbServer::accessed(const engine::DataAccess& a) {
  for (const Watch& w : watches_) {
    const bool kind = w.kind == WatchKind::access || (w.kind == WatchKind::write) == a.write;
    if (!kind || std::uint64_t{a.address} + a.size <= w.address || std::uint64_t{w.address} + w.size <= a.address)
      continue;
    stop_next_ = GdbStop{GdbStop::Kind::watchpoint, 0, w.kind, std::max(a.address, w.address)};
  }
}

void GdbServer::found(const std::string& text) {
  if (connection_ < 0) return;
  found_ += text;
  stop_next_ = GdbStop{GdbStop::Kind::fault};
}

void GdbServer::poll() {
  if (connection_ < 0 || !interrupted()) return;
  pc_ = machine_.engine->pc();
  mode_ = machine_.engine->mode();
  now_ = machine_.engine->now();
  serve({GdbStop::Kind::interrupted}, true);
}

void GdbServer::ended(const GdbStop& stop, const std::string& text) {
  if (connection_ < 0 || reset_wanted_ || killed_) return;
  pc_ = machine_.engine->pc();
  mode_ = machine_.engine->mode();
  now_ = machine_.engine->now();
  say_found();  // the last instruction's
  send(framing_.frame(GdbSession::console(text + "\n")));
  const bool looks = stop.kind != GdbStop::Kind::exited;
  if (looks) serve(stop, true);
  // Gone on from where nothing goes on: now it is over for gdb, too.
  if (connection_ >= 0 && !reset_wanted_) {
    send(framing_.frame(session_.stopped({GdbStop::Kind::exited, stop.status})));
    disconnect();
  }
}

// ---- the machine ----------------------------------------------------------------------------------------------------

std::string GdbServer::target_xml() const {
  std::string xml = "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n";
  const auto reg = [&](std::string_view name, std::string_view type = "int", int bits = 32) {
    xml += fmt::format("<reg name=\"{}\" bitsize=\"{}\" type=\"{}\"/>\n", name, bits, type);
  };
  if (machine_.thumb) {
    xml += "<architecture>arm</architecture>\n<feature name=\"org.gnu.gdb.arm.m-profile\">\n";
    for (unsigned i = 0; i < 13; ++i) reg(fmt::format("r{}", i));
    reg("sp", "data_ptr");
    reg("lr");
    reg("pc", "code_ptr");
    reg("xpsr");
    if (machine_.fpu) {
      xml += "</feature>\n<feature name=\"org.gnu.gdb.arm.vfp\">\n";
      for (unsigned i = 0; i < 16; ++i) reg(fmt::format("d{}", i), "ieee_double", 64);
      reg("fpscr");
    }
    xml += "</feature>\n<feature name=\"org.gnu.gdb.arm.m-system\">\n";
  } else {
    xml += "<architecture>riscv:rv32</architecture>\n<feature name=\"org.gnu.gdb.riscv.cpu\">\n";
    for (unsigned i = 0; i < rv32_pc; ++i)
      reg(machine_.engine->arch().register_name(i), i == 1 ? "code_ptr" : i >= 2 && i <= 4 ? "data_ptr" : "int");
    reg("pc", "code_ptr");
    if (machine_.fpu) {
      xml += "</feature>\n<feature name=\"org.gnu.gdb.riscv.fpu\">\n";
      for (unsigned i = 0; i < rv32_fflags - rv32_f0; ++i) reg(fmt::format("f{}", i), "ieee_single");
      for (const char* name : {"fflags", "frm", "fcsr"}) reg(name);
    }
    xml += "</feature>\n<feature name=\"org.gnu.gdb.riscv.csr\">\n";
  }
  for (const GdbMachine::SystemRegister& one : machine_.system_registers)
    reg(one.name, one.name.ends_with("sp") ? "data_ptr" : "int");
  return xml + "</feature>\n</target>\n";
}

unsigned GdbServer::register_count() const {
  if (!machine_.thumb) return machine_.fpu ? rv32_fcsr + 1 : rv32_pc + 1;
  return machine_.fpu ? arm_fpscr + 1 : arm_xpsr + 1;
}

const GdbMachine::SystemRegister* GdbServer::system_register(unsigned number) const {
  const std::size_t at = number - std::size_t{register_count()};
  return number >= register_count() && at < machine_.system_registers.size() ? &machine_.system_registers[at] : nullptr;
}

std::string GdbServer::read_register(unsigned number) {
  const std::uint32_t* r = machine_.engine->state().r;
  if (const GdbMachine::SystemRegister* one = system_register(number)) {
    const auto value = machine_.read_system(one->number);
    return value ? little(*value) : "";
  }
  if (number >= register_count()) return "";
  if (!machine_.thumb) {
    if (number >= rv32_fflags)
      return little(isa::rv32::read_fp_csr(number - rv32_fflags + isa::rv32::csr_fflags, r[isa::rv32::fp_control]));
    if (number >= rv32_f0) return little(r[isa::rv32::f0 + number - rv32_f0]);
    return little(number == rv32_pc ? pc_ : r[number]);
  }
  if (number < arm_pc) return little(r[number]);
  if (number >= arm_d0 && number < arm_fpscr) {
    const unsigned s = thumb::s0 + 2 * (number - arm_d0);
    return little(r[s]) + little(r[s + 1]);
  }
  return little(number == arm_pc ? pc_ : number == arm_xpsr ? xpsr(r, mode_) : r[thumb::fpscr]);
}

bool GdbServer::write_register(unsigned number, std::string_view bytes) {
  std::uint32_t* r = machine_.engine->state().r;
  if (const GdbMachine::SystemRegister* one = system_register(number))
    return bytes.size() == 4 && machine_.write_system(one->number, word(bytes));
  if (number >= register_count()) return false;
  const bool is_double = machine_.thumb && number >= arm_d0 && number < arm_fpscr;
  if (bytes.size() != (is_double ? 8u : 4u)) return false;
  const std::uint32_t v = word(bytes);
  const auto jump = [&](Address to, std::uint32_t mode) {
    if (to == pc_ && mode == mode_) return;
    pc_ = to;
    mode_ = mode;
    machine_.engine->move_to(to, mode);
  };
  if (!machine_.thumb) {
    if (number == rv32_pc)
      jump(v & ~1u, 0);
    else if (number >= rv32_fflags)
      r[isa::rv32::fp_control] =
          isa::rv32::write_fp_csr(number - rv32_fflags + isa::rv32::csr_fflags, v, r[isa::rv32::fp_control]);
    else if (number >= rv32_f0)
      r[isa::rv32::f0 + number - rv32_f0] = v;
    else if (number != 0)
      r[number] = v;
    return true;
  }
  if (is_double) {
    const unsigned s = thumb::s0 + 2 * (number - arm_d0);
    r[s] = v;
    r[s + 1] = word(bytes.substr(4));
    return true;
  }
  switch (number) {
    case thumb::sp:
      r[thumb::sp] = v & ~3u;
      return true;
    case arm_pc:  // an IT block ends where the program leaves it
      if ((v & ~1u) != pc_) jump(v & ~1u, 0);
      return true;
    case arm_xpsr:  // the exception number is the core's
      r[thumb::nf] = v;
      r[thumb::zf] = !(v >> 30 & 1);
      r[thumb::cf] = v >> 29 & 1;
      r[thumb::vf] = v << 3;
      r[thumb::qf] = v >> 27 & 1;
      r[thumb::ge] = v >> 16 & 0xf;
      jump(pc_, itstate(v));
      return true;
    case arm_fpscr:
      r[thumb::fpscr] = v;
      return true;
    default:
      r[number] = v;
      return true;
  }
}

std::string GdbServer::read_memory(Address address, std::size_t size) {
  memory::Bus& bus = machine_.engine->bus();
  std::string out(size, '\0');
  const auto read = [&](std::size_t at, std::size_t n) {
    return bus.peek(static_cast<Address>(address + at), reinterpret_cast<std::uint8_t*>(out.data()) + at, n);
  };
  // A register of a device is told if reading it does nothing else; what would clear a flag or take a byte is not.
  const auto peek = [&](std::size_t at) {
    const auto address_at = static_cast<Address>(address + at);
    const memory::Region* r = bus.find(address_at);
    if (!r || r->kind != memory::RegionKind::device) return false;
    const std::uint32_t offset = address_at - r->base;
    const auto value = r->device->peek(offset & ~3u);
    if (value) out[at] = static_cast<char>(*value >> 8 * (offset & 3));
    return value.has_value();
  };
  if (read(0, size)) return out;
  std::size_t n = 0;
  while (n < size && (read(n, 1) || peek(n))) ++n;
  out.resize(n);
  return out;
}

bool GdbServer::write_memory(Address address, std::string_view bytes) {
  memory::Bus& bus = machine_.engine->bus();
  // The bus tells the engine if these bytes were decoded as code: it decodes them anew.
  if (bus.poke(address, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())) {
    if (machine_.wrote) machine_.wrote(address, bytes.size());
    return true;
  }
  // A register of a device: written as the program would write it now, with all that follows from it.
  const auto size = static_cast<unsigned>(bytes.size());
  const memory::Region* r = bus.find(address);
  if (!r || r->kind != memory::RegionKind::device || (size != 1 && size != 2 && size != 4) || address % size)
    return false;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  const bool written = bus.write(address, size, value, now_).fault == memory::AccessFault::none;
  machine_.engine->kick();
  return written;
}

void GdbServer::set_breakpoint(Address address, bool on) {
  const Address at = address & ~1u;
  if (on)
    breakpoints_.insert(at);
  else
    breakpoints_.erase(at);
}

void GdbServer::set_watchpoint(WatchKind kind, Address address, std::uint32_t size, bool on) {
  const Watch w{kind, address, size};
  if (on)
    watches_.insert(w);
  else
    watches_.erase(w);
}

std::string GdbServer::monitor(const std::string& command) {
  // What IDEs send to a probe's server, too.
  if (command == "halt") return "the machine stands still\n";
  if (command == "reset" || command == "reset halt" || command == "reset init") {
    reset_wanted_ = true;
    return "the machine begins anew; gdb has to forget its registers: maintenance flush register-cache\n";
  }
  if (std::string text = machine_.tell ? machine_.tell(command, now_) : ""; !text.empty()) return text;
  const std::string help =
      "monitor cycles      cycles and simulated time so far\n"
      "monitor layer       the network's layer that is running\n"
      "monitor energy      joules so far, up to the current block\n"
      "monitor detections  what --detect has found so far\n"
      "monitor reset       the machine begins anew and stands in front of its first instruction\n"
      "monitor help        this\n";
  return command == "help" ? help : fmt::format("no monitor command '{}'\n{}", command, help);
}

}  // namespace mj::debug
