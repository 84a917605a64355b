"""Accesses of IDENTITY, CONTROL, COUNTERS and MONITORS: the address is judged, then X finds the word."""

from __future__ import annotations

_READ = """
# The accumulator is the high half of the address.
read_register: and =WITHIN_REGION
            if nonzero goto bad_read
            load address.high
            if zero goto identity
            add =-REGION
            if zero goto control
            add =-REGION
            if zero goto counter
{monitor}
identity:   load address.low
            subtract_from =LAST_IDENTITY
            if no_carry goto bad_read
            load =IDENTITY
            goto find

control:    load address.low
            if zero goto bad_read                   # RESET
            subtract_from =LAST_REGISTER
            if no_carry goto bad_read
{line}
control_word: load =REGISTERS
            goto find

counter:    load address.low
            subtract_from =LAST_COUNTER_WORD
            if no_carry goto {no_counter}
            pulse round_seen                        # after a whole round everything is there
            while no_round
            pulse round_seen
            load address.low
            add address.low put x
            while no_round
read_pair:  load [x]
            store -> value.low
            load [x].1
            store -> value.high
say_value:  while sending
            load value.low put send
            while sending
            load value.high put send
            goto word_said
bad_read:   one -> status
            zero -> value.low
            store -> value.high
            goto say_value

find:       add address.low
            add address.low put x
            goto read_pair
"""

_LINE = """
            if nonzero goto control_word
            if line_set goto control_word
            load =FIRST_LINE put x
            goto read_pair
"""

_MONITOR = """
            load address.low
            subtract_from =LAST_MONITOR
            if no_carry goto bad_read
            load =MONITORS
            goto find
"""

_WRITE = """
write_register: and =WITHIN_REGION
            if nonzero goto bad_write
            load address.high
            add =-REGION
            if zero goto write_control
{write_monitor}
write_control: load address.low
            if zero goto reset
            add =-1
            if zero goto write_pair                 # IMAGE
            add =-1
            if zero goto write_pair                 # STEP
            add =-1
            if zero goto tick_period
            add =-1
            if zero goto monitor_count
            add =-2                                 # not CLOCK_HZ
            if nonzero goto bad_write
{write_line}

tick_period: load value.low {period_low}
            load_carry value.high {period_high}
{ticks}
            goto write_pair

monitor_count: load value.high
            if nonzero goto bad_write
            load value.low
            subtract_from =MONITOR_SLOTS
            if no_carry goto bad_write

write_pair: load =REGISTERS
write_found: add address.low
            add address.low put x
            load value.low
            store -> [x]
            load value.high
            store -> [x].1
            goto onward
"""

_WRITE_MONITOR = """
            add =-TWO_REGIONS
            if nonzero goto bad_write
            load address.low
            subtract_from =LAST_MONITOR
            if no_carry goto bad_write
            load =MONITORS
            goto write_found
"""

_WRITE_LINE = """
            load value.high
            subtract_from =LARGEST_LINE_HIGH
            if no_carry goto bad_write
            load value.low put line_low
            load value.high put line_high
            goto write_pair
"""

_TICKS = """
            if zero goto no_ticks
            one put ticking
            goto write_pair
no_ticks:   zero put ticking
"""

_NO_TICKS = """
            if nonzero goto bad_write
"""

_RESET = """
reset:      load value.high
            if nonzero goto bad_write
            load value.low
            add =-1
            if zero goto clears                     # RESET_STATE
            add =-1
            if nonzero goto bad_write               # RESET_ALL
clears:     while not_ready
            pulse round_seen                        # all counts are in the memory
            while no_round
            pulse round_seen
            while no_round
            load =LAST_CORE_COUNTER

# Clears all counters up to that one: each halfword twice, since a visit may be about to write it.
clear:      store -> index put x
            zero
            store -> [x]
            store
            store
            store -> [x]
            decrement index -> index
            if carry goto clear
            zero -> step.low
            store -> step.high
            load value.low
            add =-1
            if zero goto cleared
            zero -> image.low
            store -> image.high
            store -> tick_period.low put period_low
            store -> tick_period.high put period_high
            store -> monitor_count.low
            store -> monitor_count.high
            store put ticking
cleared:    if booted goto clear_core               # the core clears itself at power-up
            pulse booted
            goto command
clear_core: pulse clear
            store
            while not_ready
            goto onward
"""


def program(*, monitors: int, line: bool, ticks: bool, fabric: bool) -> str:
    """The text, for a chip with so many monitors, a rate that may change, ticks, or cores' own overruns."""
    read = _READ.format(
        monitor=_MONITOR if monitors else "            goto bad_read",
        line=_LINE if line else "",
        no_counter="read_core" if fabric else "bad_read",
    )
    write = _WRITE.format(
        write_monitor=_WRITE_MONITOR if monitors else "            goto bad_write",
        write_line=_WRITE_LINE if line else "            goto bad_write",
        ticks=_TICKS if ticks else _NO_TICKS,
        period_low="put period_low" if ticks else "",
        period_high="put period_high" if ticks else "",
    )
    return read + write + _RESET
