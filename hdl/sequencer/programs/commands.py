"""Which command it is, how it ends, and what comes before the first one."""

PROGRAM = """
# A new connection begins here, and so does everything after power-up.
restart:    flags                                   # of a run that was cut short nothing goes on
            pulse fresh
            if booted goto command
            load =RESET_ALL
            store -> value.low
            load =LAST_COUNTER
            goto clear                              # comes to `booted` in the end

command:    while no_request
            load request -> opcode
            zero -> status
            store -> monitors_next
            store -> writes
            load opcode
            subtract_from =READ
            if zero goto transfer                   # READ − opcode is 0, −1, −2
            add =1
            if zero goto write
            add =1
            if zero goto run
            while sending
            load =PROTOCOL_ERROR put send
            while sending
            load opcode put last
halt:       while no_request                        # until a new connection
            load request
            goto halt

# How commands end: END and the step for RUN, the step for WRITE, the status.
end_run:    while sending
            load =END put send
            flags
say_step:   while sending
            load step.low put send
            while sending
            load step.high put send
say_status: while sending
            load status put last
            increment commands.0 -> commands.0
            load_carry commands.1 -> commands.1
            goto command
"""
