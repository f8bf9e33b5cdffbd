// Which memory is Secure: the Security Attribution Unit's registers and what the chip says beside it (its IDAU), as
// pure state (Armv8-M ARM DDI 0553 B8.2, B8.3). It answers; who asks, and which fault a refusal becomes, is the
// caller's.
//
// UNPREDICTABLE, what we do: RNR beyond the last region is ignored; a region whose limit lies below its base matches
// nothing.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace mj::isa::thumb {

enum class Attribution : std::uint8_t {
  secure,
  callable,  ///< Secure, and Non-secure code may enter it by an SG instruction (NSC)
  non_secure,
  exempt,  ///< belongs to the state that asks
};

/// What the chip says of a part of the address space (IDAU).
struct IdauRange {
  static constexpr std::uint8_t no_callable_bit = 0xff;
  std::uint32_t first = 0, last = 0;  ///< inclusive
  Attribution attribution = Attribution::non_secure;
  std::uint8_t region = 0;  ///< IREGION of TT
  /// This bit of the chip's own register (set_callable) makes a Secure range callable.
  std::uint8_t callable_bit = no_callable_bit;
};

struct SauConfig {
  unsigned regions = 8;         ///< 0..max_regions
  std::vector<IdauRange> idau;  ///< without overlap; the rest of the address space is up to the SAU alone
};

class Sau {
 public:
  static constexpr unsigned max_regions = 8;

  explicit Sau(SauConfig config);
  /// All registers 0: everything is Secure.
  void reset();
  /// Another number after each change.
  std::uint64_t version() const { return version_; }

  // ---- registers (DDI0553 D1.2: SAU_TYPE, SAU_CTRL, SAU_RNR, SAU_RBAR, SAU_RLAR) -----------------------------------

  std::uint32_t type() const { return config_.regions; }
  std::uint32_t ctrl() const { return ctrl_; }
  void set_ctrl(std::uint32_t value);
  std::uint32_t rnr() const { return rnr_; }
  void set_rnr(std::uint32_t value);
  std::uint32_t rbar() const { return config_.regions ? regions_[rnr_].base : 0; }
  void set_rbar(std::uint32_t value);
  std::uint32_t rlar() const { return config_.regions ? regions_[rnr_].limit : 0; }
  void set_rlar(std::uint32_t value);
  /// The chip's register that makes parts of the IDAU's Secure ranges callable.
  void set_callable(std::uint32_t bits);

  // ---- what is Secure ----------------------------------------------------------------------------------------------

  struct Answer {
    Attribution attribution = Attribution::secure;
    bool has_sau_region = false, has_idau_region = false;
    std::uint8_t sau_region = 0, idau_region = 0;
  };
  Answer at(std::uint32_t address) const;

  struct Range {
    std::uint32_t first = 0, last = 0;  ///< inclusive
    Attribution attribution = Attribution::secure;
    bool operator==(const Range&) const = default;
  };
  /// The whole address space: sorted, without gaps, neighbours differ.
  std::vector<Range> flatten() const;

 private:
  struct Region {
    std::uint32_t base = 0;
    std::uint32_t limit = 0;  ///< RLAR: LADDR, NSC, ENABLE
    std::uint32_t last() const { return limit | 31; }
    bool contains(std::uint32_t a) const { return (limit & 1) != 0 && a >= base && a <= last(); }
  };
  void changed() { ++version_; }

  SauConfig config_;
  std::uint32_t ctrl_ = 0, rnr_ = 0, callable_ = 0;
  std::array<Region, max_regions> regions_{};
  std::uint64_t version_ = 1;
};

}  // namespace mj::isa::thumb
