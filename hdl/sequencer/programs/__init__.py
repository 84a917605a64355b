"""The sequencer's programs: commands, one file for each kind, and the round of the counters."""
