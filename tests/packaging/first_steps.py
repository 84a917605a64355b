"""What a newcomer does with the installed package: `first_steps.py DEVICE`, away from any checkout."""

import sys

import numpy as np

import spikeloom

net = spikeloom.Network(dt=1e-3)
eye = net.input("eye", 16)
cells = net.population("cells", 8, spikeloom.LIF(tau_mem=20e-3, tau_syn=5e-3, v_threshold=1.0))
net.connect(eye, cells, np.random.default_rng(0).uniform(0, 0.2, (16, 8)))
net.connect(cells, cells, -0.05 * np.ones((8, 8)))

design = spikeloom.compile(net, lanes=4)
design.save("net.slm")
spikes = np.random.default_rng(1).random((200, 16)) < 0.1
with spikeloom.open(sys.argv[1], spikeloom.Design.load("net.slm")) as device:
    run = device.run({"eye": spikes})
    print("spikes", int(np.count_nonzero(run["cells"])))
