"""The boards that come with SpikeLoom: a file for each, with its definitions (`BOARDS`).

A new file in this folder is a new board; nothing else has to name it.
"""
