// The twin's C interface: a verilated chip, its clock, and the other end of its line.
//
// The top module's ports are named by macros, so that one harness drives RTL and netlists alike:
// TWIN_HEADER, TWIN_CLASS, TWIN_CLOCK, TWIN_RX, TWIN_TX, and TWIN_RESET where there is one.
// TWIN_LINE names the signal that says how fast the chip's UART is, in the header TWIN_ROOT.
// TWIN_MUTANT names an input that chooses a mutant of the chip.
// With TWIN_STREAMS the line is the chip's byte streams, with random stalls, in place of a UART.

#include TWIN_HEADER
#include "verilated.h"
#ifdef TWIN_LINE
#include TWIN_ROOT
#endif

#include <cstdint>
#include <deque>
#include <memory>
#include <random>

double sc_time_stamp() { return 0; }

namespace {

#ifdef TWIN_STREAMS

// Byte streams: each side stalls as often and as long as the seed says.  Verilator writes the second of
// two underscores as ___05F.
class Line {
  public:
    Line(uint64_t seed, double) : random_(seed) {
        for (auto* longest : {&longest_in_, &longest_out_}) *longest = LONGEST[random_() % 4];
    }

    std::deque<uint8_t> outgoing, incoming;

    bool sending() const { return !outgoing.empty(); }

    // Before a clock cycle: decide the inputs, and what the cycle will move.
    void cycle(TWIN_CLASS& top) {
        top.received___05Fvalid = 0;
        if (wait_in_ > 0) {
            wait_in_--;
        } else if (!outgoing.empty() && top.received___05Fready) {
            top.received___05Fvalid = 1;
            top.received___05Fpayload = outgoing.front();
            outgoing.pop_front();
            wait_in_ = stall(longest_in_);
        }
        top.sent___05Fready = wait_out_ == 0;
        if (wait_out_ > 0) {
            wait_out_--;
        } else if (top.sent___05Fvalid) {
            incoming.push_back(top.sent___05Fpayload);
            wait_out_ = stall(longest_out_);
        }
    }

    void set_bit(double) {}

    static void idle(TWIN_CLASS& top) {
        top.received___05Fvalid = 0;
        top.sent___05Fready = 0;
    }

  private:
    static constexpr int LONGEST[4] = {0, 2, 8, 40};

    int stall(int longest) { return longest && random_() % 4 == 0 ? int(random_() % longest) + 1 : 0; }

    std::mt19937_64 random_;
    int longest_in_, longest_out_, wait_in_ = 0, wait_out_ = 0;
};

#else

// A UART, 8N1, whose bit is any number of clock cycles long.
class Line {
  public:
    Line(uint64_t, double cycles_per_bit) : bit_(cycles_per_bit) {}

    void set_bit(double cycles) { bit_ = cycles; }

    std::deque<uint8_t> outgoing, incoming;
    uint64_t framing_errors = 0;

    // Before a clock cycle: look at the chip's tx, decide its rx.
    void cycle(TWIN_CLASS& top) {
        receive(top.TWIN_TX);
        top.TWIN_RX = send();
    }

    static void idle(TWIN_CLASS& top) { top.TWIN_RX = 1; }

    bool sending() const { return send_left_ != 0 || !outgoing.empty(); }

  private:
    bool send() {
        if (send_left_ == 0) {
            if (outgoing.empty()) return true;
            frame_ = 0x200u | (uint32_t(outgoing.front()) << 1);
            outgoing.pop_front();
            send_left_ = 10;
            send_time_ += bit_;
        }
        bool level = frame_ & 1;
        send_time_ -= 1;
        if (send_time_ <= 0) {
            frame_ >>= 1;
            if (--send_left_ != 0) send_time_ += bit_;
        }
        return level;
    }

    void receive(bool line) {
        if (receive_left_ == 0) {
            if (line) return;
            receive_left_ = 10;
            receive_time_ = bit_ / 2;
            received_ = 0;
            return;
        }
        receive_time_ -= 1;
        if (receive_time_ > 0) return;
        receive_time_ += bit_;
        received_ = (received_ >> 1) | (line ? 0x200u : 0);
        if (--receive_left_ != 0) return;
        if (line)
            incoming.push_back(uint8_t(received_ >> 1));
        else
            framing_errors++;
    }

    double bit_, send_time_ = 0, receive_time_ = 0;
    uint32_t frame_ = 0, received_ = 0;
    int send_left_ = 0, receive_left_ = 0;
};

#endif

struct Twin {
    Twin(uint64_t seed, double cycles_per_bit) : line(seed, cycles_per_bit) {
        context.randReset(2);  // memories start with random contents
        context.randSeed(int(seed % 0x7FFFFFFF) + 1);
        top = std::make_unique<TWIN_CLASS>(&context);
        Line::idle(*top);
        reset();
    }

    void reset() {
#ifdef TWIN_RESET
        top->TWIN_RESET = 1;
        for (int i = 0; i < 4; i++) clock();
        top->TWIN_RESET = 0;
#endif
    }

    void clock() {
        top->TWIN_CLOCK = 0;
        top->eval();
        top->TWIN_CLOCK = 1;
        top->eval();
        cycles++;
    }

    // Before a clock cycle: what the line does.
    void move_line() {
#ifdef TWIN_LINE
        if (turn > 0 && top->rootp->TWIN_LINE != phase_step) {
            phase_step = top->rootp->TWIN_LINE;
            line.set_bit(turn / phase_step);
        }
#endif
        line.cycle(*top);
    }

    VerilatedContext context;
    std::unique_ptr<TWIN_CLASS> top;
    Line line;
    uint64_t cycles = 0;
    double turn = 0;  // phase of a bit, while the line follows the chip's rate
    uint32_t phase_step = 0;
};

}  // namespace

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT Twin* twin_new(uint64_t seed, double cycles_per_bit) { return new Twin(seed, cycles_per_bit); }

EXPORT void twin_delete(Twin* twin) { delete twin; }

EXPORT uint64_t twin_cycles(const Twin* twin) { return twin->cycles; }

EXPORT void twin_send(Twin* twin, const uint8_t* data, size_t count) {
    twin->line.outgoing.insert(twin->line.outgoing.end(), data, data + count);
}

// Clock cycles of a bit from now on.
EXPORT void twin_set_rate(Twin* twin, double cycles_per_bit) { twin->line.set_bit(cycles_per_bit); }

// From now on the line is as fast as the chip's UART: a bit is so much of its phase.
EXPORT void twin_follow(Twin* twin, double turn) { twin->turn = turn; }

#ifdef TWIN_MUTANT
// Be this mutant from a reset on.
EXPORT void twin_mutate(Twin* twin, uint32_t number) {
    twin->top->TWIN_MUTANT = number;
    twin->reset();
}
#endif

// Bytes that the chip has not been sent yet.
EXPORT size_t twin_unsent(const Twin* twin) { return twin->line.outgoing.size(); }

EXPORT size_t twin_available(const Twin* twin) { return twin->line.incoming.size(); }

EXPORT size_t twin_take(Twin* twin, uint8_t* data, size_t count) {
    auto& queue = twin->line.incoming;
    if (count > queue.size()) count = queue.size();
    for (size_t i = 0; i < count; i++) {
        data[i] = queue.front();
        queue.pop_front();
    }
    return count;
}

// Run until `wanted` bytes have come or `most` cycles are over.
EXPORT void twin_run(Twin* twin, uint64_t most, size_t wanted) {
    for (uint64_t i = 0; i < most && twin->line.incoming.size() < wanted; i++) {
        twin->move_line();
        twin->clock();
    }
}

// Run until everything has been sent or `most` cycles are over.
EXPORT void twin_drain(Twin* twin, uint64_t most) {
    for (uint64_t i = 0; i < most && twin->line.sending(); i++) {
        twin->move_line();
        twin->clock();
    }
}
