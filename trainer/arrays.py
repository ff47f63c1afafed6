"""Array types by element; shapes are given where the arrays are used."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
