"""RUN: steps and events in turn.

`left` steps have not begun: of the run, or in a live one, of those that the cursor has passed.  Ids wait,
pass or are dropped as the flags say, without this program.
"""

PROGRAM = """
run:        while busy
            while no_request
            load request
            subtract_from step.low
            store -> difference.low
            while no_request
            load request
            subtract_from step.high
            store -> difference.high
            while no_request
            load request -> left.low
            while no_request
            load request -> left.high
            zero -> distance.low
            store -> distance.high
            store -> ended
            store -> stepping
            store -> silent
            store -> refused
            store -> live
            load left.low
            load_carry left.high
            if nonzero goto judge
            one -> live
judge:      load image.low
            load_carry image.high
            if zero goto no_image
            load difference.low
            load_carry difference.high
            if zero goto accept
            load =WRONG_START
            goto refuse
no_image:   load =NO_IMAGE
refuse:     store -> status
            store -> refused
            zero -> left.low
            store -> left.high
            store -> live
accept:     flags running
            while sending
            load opcode put send
            while sending
            load status put send
            while sending
            load step.low put send
            while sending
            load step.high put send

# Between steps: begin one, or look at what the host sends.
decide:     pulse stepped
            load left.low
            load_carry left.high
            if zero goto over
            if due goto start
            flags running
            load ended
            if nonzero goto await_due
            load distance.low
            load_carry distance.high
            if zero goto at_step
            if negative goto behind
poll:       while quiet
            if due goto start
            goto take
behind:     flags running drop late
            goto poll
at_step:    flags running pass
            goto poll
await_due:  if due goto start
            while busy                              # never: here a new connection gets in
            goto await_due

# All steps of the run have begun.
over:       load ended
            if nonzero goto finish
            load refused
            if nonzero goto ignore
            load distance.low
            load_carry distance.high
            if zero goto next_run
            flags running drop late
            goto wait
next_run:   flags running pass
            goto wait
ignore:     flags running drop
wait:       while no_event

take:       flags running
            load request -> event
            subtract_from =END
            if zero goto ended
            load event
            if bit_14 goto bitmap
            add =-ADVANCE
            store -> amount
            add distance.low -> distance.low
            load_carry distance.high -> distance.high
            load live
            if zero goto taken
            load amount
            add left.low -> left.low
            load_carry left.high -> left.high
taken:      load stepping
            if nonzero goto plan
            goto decide
bitmap:     pulse bitmap
            goto taken
ended:      one -> ended
            goto taken

start:      while sending
            flags running
            load step.low put step_low
            load step.high put start
            increment step.low -> step.low
            load_carry step.high -> step.high
            increment steps.0 -> steps.0
            load_carry steps.1 -> steps.1
            decrement distance.low -> distance.low
            decrement_carry distance.high -> distance.high
            decrement left.low -> left.low
            decrement_carry left.high -> left.high
            increment silent -> silent
            one -> stepping
plan:       load =MAX_ADVANCE
            subtract_from silent
            if zero goto in_step
{monitors}
            load left.low
            load_carry left.high
            if zero goto in_step
fast:       while busy                              # the next step is known
            if spikes goto report
            if due goto start
            zero -> stepping
            goto decide

# While the core is in a step, events are taken, but no ids.
in_step:    load ended
            if nonzero goto await_core
watch:      if ready goto stepped
            if event goto take
            goto watch
await_core: while busy
stepped:    zero -> stepping
            if spikes goto report

reported:
{report_monitors}
done:       load =MAX_ADVANCE
            subtract_from silent
            if nonzero goto decide
            load =FULL_ADVANCE
            while sending
            store put send
            zero -> silent
            goto decide

# Steps before this one were silent.
report:     zero -> stepping
            decrement silent
            if zero goto spikes
            add =ADVANCE
            while sending
            store put send
spikes:     flags running flush
            one -> silent
next_spike: while no_spike
            while sending
            load spike put send
            if spikes goto next_spike
            goto reported

finish:     load silent
            if zero goto end_run
            add =ADVANCE
            while sending
            store put send
            goto end_run
"""

_MONITORS = """
            load monitor_count.low
            if nonzero goto in_step
"""

_REPORT = """
            load monitor_count.low
            if zero goto done
            store -> slots
            decrement silent
            if zero goto monitors
            add =ADVANCE
            while sending
            store put send
monitors:   one -> silent
            store -> monitors_next
            load =MONITOR
            while sending
            add slots put send
            load =MONITORS
            store -> slot put x
next_address: store
            load [x] put address_low
            store -> address.low
            load [x].1 put address_high
            store -> address.high
            goto read_word
next_slot:  load =2
            add slot -> slot put x
            decrement slots -> slots
            if nonzero goto next_address
            goto done
"""

_NO_REPORT = """
            goto done
next_slot:  goto done                               # never
"""


def program(*, monitors: int) -> str:
    """The text, with the reports of monitors where there are any."""
    return PROGRAM.format(
        monitors=_MONITORS if monitors else "",
        report_monitors=_REPORT if monitors else _NO_REPORT,
    )
