"""Data and server of `judgesmith demo`, and simulated data for it and for `judgesmith simulate`."""
