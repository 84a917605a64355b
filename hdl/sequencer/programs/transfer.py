"""READ and WRITE: words one after the other, from or to the registers or the core."""

from __future__ import annotations

from ...contract.core_config import CoreConfig
from ...contract.memory_map import REGION_SHIFT, SYNAPSE_REGIONS
from ...contract.widths import clog2
from ..instruction import HALF_BITS

_REGION_SHIFT = REGION_SHIFT - HALF_BITS
"""Of the region, in the high half of an address."""

_BEGIN = """
write:      one -> writes
transfer:   while no_request
            load request -> length
            while no_request
            load request -> address.low put address_low
            while no_request
            load request -> address.high put address_high
"""

_WORDS = """
            while sending
            load opcode put send
            while sending
            load length put send

next_word:  decrement length -> length
            if no_carry goto transferred            # it was 0
            load writes
            if zero goto read_word
            while no_request
            load request -> value.low put data_low
            while no_request
            load request -> value.high put data_high
            load address.high
            if negative goto write_core             # regions from 4 on
            if bit_14 goto write_core
            goto write_register
write_core: pulse write
            while accessing
            if bus_error goto bad_write
onward:     increment address.low -> address.low put address_low
            load_carry address.high -> address.high put address_high
"""

_GAPS = """
            load row_mask
            and address.low
            subtract_from row_words
            if nonzero goto next_word
            load row_gap                            # to the first word of the next row
            add address.low -> address.low put address_low
            load_carry address.high -> address.high put address_high
"""

_END = """
            goto next_word
bad_write:  one -> status                           # BAD_ADDRESS
            goto onward

transferred: load writes
            if zero goto say_status
            goto say_step

# The word at `address`, for transfers and monitors.
read_word:  load address.high
            if negative goto read_core
            if bit_14 goto read_core
            goto read_register
read_core:  pulse read
            while accessing
            if bus_error goto failed_core
say_word:   while sending
            load word.low put send
            while sending
            load word.high put send
word_said:  load monitors_next
            if zero goto onward
            goto next_slot
failed_core: one -> status                          # and the word is 0
            goto say_word
"""


def program(core: CoreConfig) -> str:
    """The text, with the gaps between a core's rows of synapses where there are any."""
    rows: dict[int, list[int]] = {}
    for field in core.layout.synapse_fields.values():
        if field.words_per_row != 1 << clog2(field.words_per_row):
            region = SYNAPSE_REGIONS[field.name] << _REGION_SHIFT
            rows.setdefault(field.words_per_row, []).append(region)
    if not rows:
        return _BEGIN + _WORDS + _END
    text, last = f"            and ={0xF << _REGION_SHIFT}\n", 0
    for words, regions in rows.items():
        for region in regions:
            # The accumulator is `last` − region, whatever comes before.
            how = f"add ={region - last}" if last else f"subtract_from ={region}"
            text += f"            {how}\n            if zero goto rows_{words}\n"
            last = region
    text += "            zero -> row_mask\n            goto no_rows\n"
    for words in rows:
        mask = (1 << clog2(words)) - 1
        text += f"""
rows_{words}: load ={mask}
            store -> row_mask
            load ={words}
            store -> row_words
            load ={mask + 1 - words}
            store -> row_gap
            goto rows_known
"""
    text += """
no_rows:    one -> row_words
rows_known: store
"""
    return _BEGIN + text + _WORDS + _GAPS + _END
