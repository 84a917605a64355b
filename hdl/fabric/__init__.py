"""The gateware between cores: packets, routers, the mesh."""
