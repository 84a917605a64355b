// Traffic for a verilated mesh: sources that know nothing of the mesh, a queue in front of each core.
//
// Ports: `valid`, `ready`, `delivered` have a bit for each core, `place` and `source` a byte: the column in the low
// half of the byte and the row in the high one, and the core that a packet came from.

#include TRAFFIC_HEADER
#include "verilated.h"

#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <random>
#include <vector>

double sc_time_stamp() { return 0; }

namespace {

enum Pattern { UNIFORM, HOTSPOT, BURSTY, TRANSPOSE };

template <typename Port> bool bit(const Port& port, int n) {
    return reinterpret_cast<const uint8_t*>(&port)[n / 8] >> (n % 8) & 1;
}

template <typename Port> void set_bit(Port& port, int n, bool value) {
    uint8_t& byte = reinterpret_cast<uint8_t*>(&port)[n / 8];
    byte = uint8_t((byte & ~(1 << n % 8)) | value << n % 8);
}

template <typename Port> uint8_t& byte(Port& port, int n) { return reinterpret_cast<uint8_t*>(&port)[n]; }

struct Packet {
    uint64_t born;
    int target;
};

class Source {
  public:
    Source(Pattern pattern, int side, int core, double load, double part, double burst)
        : pattern_(pattern), side_(side), core_(core), load_(load), part_(part), burst_(burst) {}

    // Whether a packet is born in this cycle.
    bool fires(std::mt19937_64& random) {
        std::uniform_real_distribution<double> unit(0, 1);
        if (pattern_ != BURSTY) return unit(random) < load_;
        // Bursts of a mean length, one packet per cycle; pauses such that the load is right.
        if (load_ >= 1) return true;
        if (on_) on_ = unit(random) >= 1 / burst_;
        else on_ = unit(random) < load_ / (1 - load_) / burst_;
        return on_;
    }

    int target(std::mt19937_64& random) {
        const int cores = side_ * side_;
        std::uniform_real_distribution<double> unit(0, 1);
        if (pattern_ == TRANSPOSE) return core_ % side_ * side_ + core_ / side_;
        if (pattern_ == HOTSPOT && unit(random) < part_) return side_ / 2 * side_ + side_ / 2;
        return int(random() % uint64_t(cores));
    }

  private:
    Pattern pattern_;
    int side_, core_;
    double load_, part_, burst_;
    bool on_ = false;
};

}  // namespace

// Returns 0, or 1 if a packet came to the wrong core, out of order, or not at all.
// `accepted`: packets delivered while it was measured.  `histogram[n]`: how many of those that were born then took n
// cycles from birth to delivery; the last is for all that took longer.
extern "C" __attribute__((visibility("default"))) int traffic(
    int pattern, int side, double load, double part, double burst, uint64_t warm_up, uint64_t measured,
    uint64_t seed, uint64_t* accepted, uint64_t* histogram, int bins) {
    auto context = std::make_unique<VerilatedContext>();
    auto top = std::make_unique<TRAFFIC_CLASS>(context.get());
    const int cores = side * side;
    std::mt19937_64 random(seed);
    std::vector<Source> sources;
    std::vector<std::deque<Packet>> waiting(cores);
    std::vector<std::deque<uint64_t>> flows(size_t(cores) * cores);
    for (int k = 0; k < cores; k++)
        sources.emplace_back(Pattern(pattern), side, k, load, part, burst);
    uint64_t under_way = 0;
    *accepted = 0;
    std::memset(histogram, 0, sizeof(uint64_t) * size_t(bins));
    top->rst = 0;
    const uint64_t end = warm_up + measured;
    // Then no more are born, and all have to arrive.
    for (uint64_t now = 0; now < end || under_way; now++) {
        if (now > end + 1000000) return 1;
        for (int k = 0; k < cores; k++) {
            if (now < end && sources[k].fires(random)) {
                waiting[k].push_back({now, sources[k].target(random)});
                under_way++;
            }
            set_bit(top->valid, k, !waiting[k].empty());
            if (!waiting[k].empty()) {
                const int target = waiting[k].front().target;
                byte(top->place, k) = uint8_t(target % side | target / side << 4);
            }
        }
        top->clk = 0;
        top->eval();
        for (int k = 0; k < cores; k++) {
            if (!waiting[k].empty() && bit(top->ready, k)) {
                const Packet& packet = waiting[k].front();
                flows[size_t(k) * cores + packet.target].push_back(packet.born);
                waiting[k].pop_front();
            }
            if (!bit(top->delivered, k)) continue;
            auto& flow = flows[size_t(byte(top->source, k)) * cores + k];
            if (flow.empty()) return 1;
            const uint64_t born = flow.front();
            flow.pop_front();
            under_way--;
            if (now >= warm_up && now < end) ++*accepted;
            if (born >= warm_up) {
                const uint64_t taken = now - born;
                histogram[taken < uint64_t(bins) ? taken : uint64_t(bins - 1)]++;
            }
        }
        top->clk = 1;
        top->eval();
    }
    top->final();
    return 0;
}
