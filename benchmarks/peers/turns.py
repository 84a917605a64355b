"""How a simulator takes turns with others: it builds a workload, and runs it once for each line it gets.

Each simulator has a script and an environment of its own.  The script prints a line of JSON when it is
ready, and one for each run: `model_speed.py` asks one after the other, so that what else a machine
does meets all of them.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def processor_seconds(run):
    """Processor time of a call, of all threads of this process."""
    began = time.process_time()
    run()
    return time.process_time() - began


def serve(run, **about):
    """Say that the simulator is ready, with its version and what else there is; run for each line.

    `run` returns the processor time of a run in seconds, without building or compiling.
    """
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        print(json.dumps({"seconds": run()}), flush=True)
