"""Thin Lightning around the mathematics: data, modules, callbacks, the run."""
