"""Limit of numpy to one thread."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment that limits numpy to one thread; numpy reads it when it is imported.

With one thread the same seed gives the same bits, jobs do not compete for cores, and the server's scores equal those
that the training process compared.
"""
