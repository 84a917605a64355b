"""Pictures, tables and progress bars: arrays and text in, files and markup out.

It knows no device, design or network.
"""

__all__ = [
    "conversion_plots",
    "explain_plot",
    "html",
    "learning_plots",
    "plots",
    "progress",
    "spike_text",
    "style",
    "weight_changes",
    "weight_maps",
]
